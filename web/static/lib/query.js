// Answers to queries: shown at once from what is known, asked for again, kept on the device for when there is no network.

import { useEffect, useState } from "./html.js";
import { ask, Lost, Refused } from "./graphql.js";

const SHELF = "answers";
const known = new Map();
const lookers = new Set();
let store = null;
let accepted = () => true;

/**
 * Answers are kept in this store of lib/store.js, which has a shelf "answers". What `accept` says no to is neither shown
 * nor kept: it is an answer to somebody else than whom the page belongs to.
 */
export function keepAnswersIn(opened, accept = () => true) {
  store = opened;
  accepted = accept;
}

/** Nothing of whoever was signed in is left on the device. */
export async function forgetAnswers() {
  known.clear();
  await store?.clear(SHELF);
}

/**
 * What is known of the answer: `data` (undefined until there is any), `error` (Lost or Refused, of the last try),
 * `asOf` (when the data came, in ms), `asking`; and `again`, which asks once more and returns a promise.
 */
export function useAnswer(document, variables = {}) {
  const key = keyOf(document, variables);
  const [, draw] = useState(0);
  const entry = entryOf(key);
  useEffect(() => {
    const listen = () => draw((count) => count + 1);
    entry.listeners.add(listen);
    refresh(document, variables);
    return () => entry.listeners.delete(listen);
  }, [entry]); // Another one has the same key once the answers were forgotten.
  return { ...entry.now, again: () => refresh(document, variables) };
}

/** Of all that is shown now: whether the last try got no answer (`lost`), and when the oldest of it came (`asOf`, in ms). */
export function useStanding() {
  const [, draw] = useState(0);
  useEffect(() => {
    const look = () => draw((count) => count + 1);
    lookers.add(look);
    return () => lookers.delete(look);
  }, []);
  const shown = [...known.values()].filter((entry) => entry.listeners.size);
  const times = shown.map((entry) => entry.now.asOf).filter(Boolean);
  return { lost: shown.some((entry) => entry.now.error instanceof Lost), asOf: times.length ? Math.min(...times) : null };
}

/** Asks, whether or not it is known. Never rejects: how it ended is in the answer. */
export async function refresh(document, variables = {}) {
  const entry = entryOf(keyOf(document, variables));
  entry.asking ??= renewed(entry, document, variables).finally(() => (entry.asking = null));
  return entry.asking;
}

/** All that is shown of this document is asked for again, with whatever variables it was shown. */
export function refreshAll(document) {
  for (const [key, entry] of known) {
    if (key.startsWith(`${document.name} `) && entry.listeners.size) refresh(document, JSON.parse(key.slice(document.name.length + 1)));
  }
}

/** What is known is changed by `change`, from data to data, until the server is asked again. */
export function amend(document, variables, change) {
  const entry = entryOf(keyOf(document, variables));
  if (entry.now.data) put(entry, { ...entry.now, data: change(entry.now.data) });
}

async function renewed(entry, document, variables) {
  const key = keyOf(document, variables);
  put(entry, { ...entry.now, asking: true });
  if (!entry.now.data) {
    const kept = await store?.get(SHELF, key).catch(() => undefined);
    if (kept && !entry.now.data) put(entry, { ...entry.now, data: kept.data, asOf: kept.asOf });
  }
  try {
    const answer = { data: await ask(document, variables), asOf: Date.now() };
    if (known.get(key) !== entry || !accepted(answer.data)) return; // Forgotten meanwhile, or not for this page.
    put(entry, { ...answer, error: null, asking: false });
    await store?.set(SHELF, key, answer).catch(() => {});
  } catch (error) {
    if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
    put(entry, { ...entry.now, error, asking: false });
    if (error instanceof Refused && error.signedOut) dispatchEvent(new Event("signed-out"));
  }
}

function keyOf(document, variables) {
  return `${document.name} ${JSON.stringify(variables)}`;
}

function entryOf(key) {
  if (!known.has(key)) known.set(key, { now: { data: undefined, error: null, asOf: null, asking: false }, listeners: new Set(), asking: null });
  return known.get(key);
}

function put(entry, now) {
  entry.now = now;
  for (const listen of [...entry.listeners, ...lookers]) listen();
}
