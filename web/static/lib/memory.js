// What one browser tab remembers, so that a reload or a broken connection loses nothing. Secrets are never kept here.

import { uuid } from "./uuid.js";

export class Memory {
  #name;
  #kept;

  constructor(name) {
    this.#name = name;
    this.#kept = read(name);
  }

  get(key) {
    return this.#kept[key];
  }

  set(key, value) {
    this.#kept[key] = value;
    write(this.#name, this.#kept);
  }

  /** As if nothing had been remembered. */
  forget() {
    this.#kept = {};
    write(this.#name, this.#kept);
  }

  /** The key of what is done once, by its name: made once, and the same for every retry. */
  key(name) {
    if (!this.get(name)) this.set(name, uuid());
    return this.get(name);
  }
}

function read(name) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name));
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

function write(name, kept) {
  try {
    sessionStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing: this page still works, until it is left.
  }
}
