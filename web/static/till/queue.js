// Sales on their way to the server. Each is on the device before it is sent, and leaves it when its answer has come.
//
// An entry is { id, key, kind, place, sale, … }: of kind "checkout" (of a visit) or "offline" (of a code that this till
// checked by itself). `key` makes a sale that is sent again the same sale; `place` is the only one that it is sent from;
// `state` is "waiting", "refused" with the `reason`, or "unseen": recorded, and its gift cards' numbers nobody has read.

import * as documents from "../documents/pos.js";
import { ask, askOne, Lost, Refused } from "../lib/graphql.js";
import { uuid } from "../lib/uuid.js";
import { now } from "./clock.js";
import { clear } from "./counter.js";
import { alone, store } from "./device.js";
import { sealed, unsealed } from "./pins.js";
import { shown } from "./shown.js";

const BATCH = 20;
const PATIENCE_MS = 8_000;
const AGAIN_MS = 5_000;
const LATER_MS = 60_000;
/** So long the server takes what a till sold without a network. */
export const OLDEST_MS = 72 * 3_600_000;

/** All entries of this device, the oldest first, whichever tab made them. */
export const queue = shown([]);

/** Whether the last request of this page got no answer. */
export const unreachable = shown(false);

/** Where this device is a till, as the server said last; null until then. */
export const here = shown(null);

const answered = new Map();
const tabs = globalThis.BroadcastChannel ? new BroadcastChannel("regulars till") : null;
let timer = null;
let pause = AGAIN_MS;
let begun = false;

/** Begins: what was left is sent, now and whenever the network comes back. */
export async function begin() {
  if (begun) return settle();
  begun = true;
  tabs?.addEventListener("message", ({ data }) => hear(data));
  addEventListener("online", settle);
  addEventListener("beforeunload", (event) => !store.lasting && queue.value.length && event.preventDefault());
  addEventListener("visibilitychange", () => globalThis.document.visibilityState === "visible" && settle());
  await look();
  settle();
}

/** A new entry, not yet on the device. `facts` as above, beside what this adds. */
export function newEntry(facts) {
  const at = now();
  const key = uuid();
  return { id: `${at}-${key}`, key, at, state: "waiting", reason: "", ...facts };
}

/** It is on the device once this returns. Throws where the device keeps nothing more. */
export async function keep(entry, pin) {
  await write({ ...entry, pin: await sealed(pin) });
}

/** The place of a terminal. The same store may get another terminal, and a terminal another name. */
export function placeOf({ id, programSlug, merchantName, storeName }) {
  return { id, programSlug, merchantName, storeName };
}

export function isSamePlace(one, other) {
  return one.id === other.id || ["programSlug", "merchantName", "storeName"].every((fact) => one[fact] === other[fact]);
}

/** Whether it was sold where this device is a till no more. */
export function isElsewhere({ place }) {
  return Boolean(here.value) && !isSamePlace(place, here.value);
}

/** This device is a till of this terminal from now on. Customers and their sales of another place leave the counter. */
export async function move(terminal) {
  const place = placeOf(terminal);
  const before = await store.get("device", "place").catch(() => null);
  await store.set("device", "place", place).catch(() => {});
  here.set(place);
  if (before && isSamePlace(before, place)) return;
  clear();
  tabs?.postMessage({ moved: true });
}

/**
 * Sends a checkout now and returns its result, recorded or refused. Throws Lost or Refused: then it goes on waiting.
 * `isWatched` says whether the result is going to be looked at: a refusal that nobody looks at stays in sight here.
 */
export function send(entry, said, isWatched) {
  return alone(`sale ${entry.key}`, async () => {
    const result = await heard(askOne(documents.checkout, checkoutOf(entry, said), { patience: PATIENCE_MS }));
    await (isWatched() ? remove(entry) : finish(entry, result));
    return result;
  });
}

/**
 * An entry waits again, if it does not: the answer that it had was for somebody else, or is gone. False if it waits as
 * another one by now, see `finish`.
 */
export async function restore(entry) {
  const kept = await store.get("sales", entry.id);
  if (kept && kept.key !== entry.key) return false;
  if (kept?.state !== "waiting") await write({ ...entry, ...kept, state: "waiting", reason: "" });
  return true;
}

/**
 * Calls `tell` with the result of an entry that waits, whenever that is, or with { kept: true } if it waits as another
 * one by now; it returns whether anybody looked at it.
 */
export function whenAnswered(entry, tell) {
  answered.set(entry.key, { entry, tell });
}

/** Somebody has seen that it was refused. */
export function remove(entry) {
  return store.remove("sales", entry.id).then(told);
}

/** Sends all that waits, the oldest first, one tab at a time. Never rejects. */
export async function settle() {
  clearTimeout(timer);
  if (!navigator.onLine) return look();
  await alone("settling", async (granted) => {
    if (!granted) return;
    try {
      await settleAll();
    } catch (error) {
      if (error.signedOut) dispatchEvent(new Event("signed-out"));
      else if (!(error instanceof Lost)) console.error(error);
    }
  }, { ifAvailable: true });
  await look();
}

/** Waits for an answer, and writes down whether one came. */
export async function heard(answer) {
  try {
    const data = await answer;
    if (unreachable.value) unreachable.set(false);
    return data;
  } catch (error) {
    const lost = error instanceof Lost;
    if (unreachable.value !== lost) unreachable.set(lost);
    throw error;
  }
}

async function settleAll() {
  const stuck = new Set();
  pause = AGAIN_MS;
  if (!(await store.all("sales")).some(({ state }) => state === "waiting")) return;
  // The cookie says where this device is a till, whatever another tab has made of it since this page was loaded.
  here.set(placeOf((await heard(ask(documents.terminal))).terminal));
  for (;;) {
    const waiting = (await store.all("sales")).filter((entry) => entry.state === "waiting" && !stuck.has(entry.id) && !isElsewhere(entry));
    const offline = waiting.filter(({ kind }) => kind === "offline").slice(0, BATCH);
    const checkouts = waiting.filter(({ kind }) => kind === "checkout");
    let done = 0;
    for (const entry of checkouts) done += await apart([entry], () => again(entry), stuck);
    if (offline.length) await apart(offline, settleBatch, stuck);
    if (!done && !offline.length) break;
  }
  if (stuck.size) pause = LATER_MS;
}

/** What the server cannot take at all keeps nothing else from it: it is `stuck`, and tried again later. */
async function apart(entries, work, stuck) {
  try {
    return await work(entries);
  } catch (error) {
    if (!(error instanceof Refused) || error.signedOut) throw error;
    if (entries.length > 1) for (const entry of entries) await apart([entry], work, stuck);
    else stuck.add(entries[0].id);
    return 0;
  }
}

/** A checkout whose answer was lost. 1 if it is answered now, 0 if another tab is at it. */
function again({ id, key }) {
  return alone(`sale ${key}`, async (granted) => {
    const entry = granted && (await store.get("sales", id));
    if (!entry) return 0;
    const result = await heard(askOne(documents.checkout, checkoutOf(entry, await unsealed(entry.pin)), { patience: PATIENCE_MS }));
    if (!(await isTaken(entry, result))) await finish(entry, result);
    return 1;
  }, { ifAvailable: true });
}

async function settleBatch(entries) {
  const sales = await Promise.all(entries.map(async (entry) => ({
    sale: { ...entry.sale, customer: { code: entry.code }, ...(await unsealed(entry.pin)) },
    scannedAt: entry.scannedAt,
    idempotencyKey: entry.key,
  })));
  const answer = await heard(askOne(documents.settleOffline, { input: { sales } }));
  if (answer.__typename !== "OfflineSettled") throw new Refused(answer.message);
  for (const [at, result] of answer.results.entries()) await finish(entries[at], result);
}

/** Whoever looks at this sale is told, and it is no longer kept here. False if nobody looks. */
async function isTaken(entry, result) {
  const waits = answered.get(entry.key);
  answered.delete(entry.key);
  if (!waits?.tell(result)) return false;
  if (!result.kept) await remove(entry);
  return true;
}

async function finish(entry, result) {
  const end = await written(entry, result);
  // It may be another tab that waits for it.
  tabs?.postMessage({ key: entry.key, result: end });
}

async function written(entry, result) {
  if (result.__typename === "SaleRecorded") {
    await (result.giftCardsSold?.length ? write({ ...entry, state: "unseen" }) : remove(entry));
    return result;
  }
  const { code } = entry;
  // The visit ended before the sale arrived, so nothing was recorded under its key. By its code it can still earn.
  if (entry.kind === "checkout" && result.__typename === "NotFound" && code && !redeems(entry.sale)) {
    const { customer, ...sale } = entry.sale;
    await write({ ...entry, kind: "offline", key: uuid(), sale: { ...sale, occurredAt: new Date(entry.at).toISOString() } });
    return { kept: true };
  }
  await write({ ...entry, state: "refused", reason: result.problems?.map(({ message }) => message).join(" ") || result.message });
  return result;
}

function redeems(sale) {
  return Boolean(sale.rewardIds?.length || sale.voucherIds?.length || sale.tenders?.length);
}

function checkoutOf(entry, said) {
  const input = { sale: { ...entry.sale, ...said }, idempotencyKey: entry.key };
  return { input: entry.quoteId ? { ...input, quoteId: entry.quoteId } : input };
}

async function write(entry) {
  await store.set("sales", entry.id, entry);
  await told();
}

async function told() {
  tabs?.postMessage({});
  await look();
}

/** Another tab has changed the queue, has the result of a sale that may be waited for here, or has moved the device. */
async function hear({ key, result, moved }) {
  if (moved) {
    clear();
    return location.reload();
  }
  if (answered.has(key)) await isTaken(answered.get(key).entry, result);
  await look();
}

/** Reads what is on this device. */
export async function look() {
  const found = await store.all("sales").catch(() => null);
  if (found) queue.set(found);
  clearTimeout(timer);
  if (queue.value.some((entry) => entry.state === "waiting" && !isElsewhere(entry))) timer = setTimeout(settle, pause);
}
