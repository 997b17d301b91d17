// What this device keeps: how it was set, the keys that sign codes, how many receipts it has written.

import { openStore } from "../lib/store.js";
import { uuid } from "../lib/uuid.js";
import { shown } from "./shown.js";

export const SCOPE = "/till";
const KEYS_LAST_MS = 24 * 3_600_000;
const SETTINGS = { sound: true, camera: false, facing: "environment", categories: [] };
// What people cannot mistake for one another when they read a receipt out.
const LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/** The store of lib/store.js; there once `open` has returned. */
export let store = null;

/** The numbers in the check-in codes of this till's merchant; none while they are not known. */
export const programs = shown([]);

/** How this device was set: sound, camera, facing, and the categories that were typed here before. */
export const settings = shown(SETTINGS);

export async function open() {
  store = await openStore("regulars-till", ["answers", "device", "sales"]);
  // What waits here to be sent is not what a browser that is short of room may take away.
  navigator.storage?.persist?.().catch(() => {});
  settings.set({ ...SETTINGS, ...(await store.get("device", "settings").catch(() => null)) });
  return store;
}

export function choose(partly) {
  settings.change(partly);
  store?.set("device", "settings", settings.value).catch(() => {});
}

/** Alone on this device, whatever other tabs there are; where the browser cannot say so, in this tab. */
export function alone(name, work, options = {}) {
  return navigator.locks ? navigator.locks.request(`regulars till ${name}`, options, work) : work({});
}

/** A receipt's number that no other has: letters of this device, the day, and how many there were. */
export async function newReceiptNumber(now = new Date()) {
  return counted(now).catch(() => `${newLetters()}-${dayOf(now)}-001`); // Nobody is turned away by a full device.
}

function counted(now) {
  return alone("receipts", async () => {
    const day = dayOf(now);
    const kept = (await store.get("device", "receipts")) ?? { letters: newLetters(), day, count: 0 };
    const next = { ...kept, day, count: kept.day === day ? kept.count + 1 : 1 };
    await store.set("device", "receipts", next);
    return `${next.letters}-${day}-${String(next.count).padStart(3, "0")}`;
  });
}

/** The public keys that sign codes, fetched anew once a day while there is a network. Undefined if none were ever had. */
export async function keys() {
  const kept = await store.get("device", "keys").catch(() => undefined);
  if (kept && Date.now() - kept.asOf < KEYS_LAST_MS) return kept.keys;
  try {
    const answer = await fetch("/.well-known/jwks.json", { credentials: "omit", signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) return kept?.keys;
    const found = (await answer.json()).keys;
    await store.set("device", "keys", { keys: found, asOf: Date.now() }).catch(() => {});
    return found;
  } catch {
    return kept?.keys;
  }
}

function dayOf(moment) {
  return `${moment.getMonth() + 1}`.padStart(2, "0") + `${moment.getDate()}`.padStart(2, "0");
}

function newLetters() {
  const random = uuid().replace(/-/g, "");
  return [0, 2, 4, 6].map((at) => LETTERS[parseInt(random.slice(at, at + 2), 16) % LETTERS.length]).join("");
}
