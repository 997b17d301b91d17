// Sales on their way to the server. Each is on the device before it is sent, and leaves it when its answer has come.
//
// An entry is { id, key, kind, sale, … }: of kind "checkout" (of a visit) or "offline" (of a code that this till checked
// by itself). `key` makes a sale that is sent again the same sale; `state` is "waiting", or "refused" with the `reason`.

import * as documents from "../documents/pos.js";
import { askOne, Lost, Refused } from "../lib/graphql.js";
import { uuid } from "../lib/uuid.js";
import { alone, store } from "./device.js";
import { sealed, unsealed } from "./pins.js";
import { shown } from "./shown.js";

const BATCH = 20;
const PATIENCE_MS = 8_000;
const AGAIN_MS = 5_000;
/** So long the server takes what a till sold without a network. */
export const OLDEST_MS = 72 * 3_600_000;

/** All entries of this device, the oldest first, whichever tab made them. */
export const queue = shown([]);

/** Whether the last request of this page got no answer. */
export const unreachable = shown(false);

const answered = new Map();
const tabs = globalThis.BroadcastChannel ? new BroadcastChannel("regulars till") : null;
let timer = null;
let begun = false;

/** Begins: what was left is sent, now and whenever the network comes back. */
export async function begin() {
  if (begun) return settle();
  begun = true;
  tabs?.addEventListener("message", look);
  addEventListener("online", settle);
  addEventListener("visibilitychange", () => globalThis.document.visibilityState === "visible" && settle());
  await look();
  settle();
}

/** A new entry, on the device once this returns. `facts` as above, beside what this adds. */
export async function keep(facts, pin) {
  const at = Date.now();
  const key = uuid();
  const entry = { id: `${at}-${key}`, key, at, state: "waiting", reason: "", pin: await sealed(pin), ...facts };
  await write(entry);
  return entry;
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

/** An entry waits again, if it does not: the answer that it had was for somebody else, or is gone. */
export async function restore(entry) {
  if (!(await store.get("sales", entry.id))) await write({ ...entry, state: "waiting" });
}

/** Calls `tell` with the result of an entry that waits, whenever that is; it returns whether anybody looked at it. */
export function whenAnswered(key, tell) {
  answered.set(key, tell);
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
  for (;;) {
    const waiting = (await store.all("sales")).filter(({ state }) => state === "waiting");
    const offline = waiting.filter(({ kind }) => kind === "offline").slice(0, BATCH);
    const checkouts = waiting.filter(({ kind }) => kind === "checkout");
    let done = 0;
    for (const entry of checkouts) done += await again(entry);
    if (offline.length) await settleBatch(offline);
    if (!done && !offline.length) return;
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
  const tell = answered.get(entry.key);
  answered.delete(entry.key);
  if (!tell?.(result)) return false;
  await remove(entry);
  return true;
}

async function finish(entry, result) {
  if (result.__typename === "SaleRecorded") return remove(entry);
  const { code } = entry;
  // The visit ended before the sale arrived. What its code is good for without a network, it is good for now.
  if (entry.kind === "checkout" && result.__typename === "NotFound" && code && !redeems(entry.sale)) {
    const { customer, ...sale } = entry.sale;
    await write({ ...entry, kind: "offline", key: uuid(), sale: { ...sale, occurredAt: new Date(entry.at).toISOString() } });
  } else await write({ ...entry, state: "refused", reason: result.problems?.map(({ message }) => message).join(" ") || result.message });
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
  tabs?.postMessage("changed");
  await look();
}

async function look() {
  queue.set(await store.all("sales"));
  clearTimeout(timer);
  if (queue.value.some(({ state }) => state === "waiting")) timer = setTimeout(settle, AGAIN_MS);
}
