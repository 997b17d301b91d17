// What the device keeps for this page: survives a reload, a closed browser, a flat battery. In IndexedDB, since more
// than one tab may write; never secrets.

const VERSION = 1;

/** Opens the store of that name with these shelves. Where the browser keeps nothing (a private window), memory serves. */
export async function openStore(name, shelves) {
  try {
    const open = () => opened(name, shelves);
    return new Kept(await open(), open);
  } catch {
    return new Forgetful(shelves);
  }
}

class Kept {
  #database;
  #open;
  lasting = true;

  constructor(database, open) {
    this.#database = database;
    this.#open = open;
  }

  get(shelf, key) {
    return this.#do(shelf, "readonly", (found) => found.get(key));
  }

  /** All values of the shelf, in the order of their keys. */
  all(shelf) {
    return this.#do(shelf, "readonly", (found) => found.getAll());
  }

  /** Once this returns, it is on the device. */
  set(shelf, key, value) {
    return this.#do(shelf, "readwrite", (found) => found.put(value, key));
  }

  remove(shelf, key) {
    return this.#do(shelf, "readwrite", (found) => found.delete(key));
  }

  clear(shelf) {
    return this.#do(shelf, "readwrite", (found) => found.clear());
  }

  async #do(shelf, mode, work) {
    try {
      return await this.#once(shelf, mode, work);
    } catch (error) {
      // Browsers close a database by themselves: their storage crashed, or its data was cleared.
      if (error.name !== "InvalidStateError") throw error;
      this.#database = await this.#open();
      return this.#once(shelf, mode, work);
    }
  }

  #once(shelf, mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(shelf, mode, { durability: "strict" });
      const request = work(transaction.objectStore(shelf));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

class Forgetful {
  #shelves;
  lasting = false;

  constructor(shelves) {
    this.#shelves = Object.fromEntries(shelves.map((shelf) => [shelf, new Map()]));
  }

  async get(shelf, key) {
    return this.#shelves[shelf].get(key);
  }

  async all(shelf) {
    return [...this.#shelves[shelf].entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
  }

  async set(shelf, key, value) {
    this.#shelves[shelf].set(key, value);
  }

  async remove(shelf, key) {
    this.#shelves[shelf].delete(key);
  }

  async clear(shelf) {
    this.#shelves[shelf].clear();
  }
}

function opened(name, shelves) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => shelves.forEach((shelf) => request.result.createObjectStore(shelf));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}
