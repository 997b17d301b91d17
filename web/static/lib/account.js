// Who is signed in on this device. Scripts cannot see the session, so what they know by themselves is only that somebody
// once signed in here: who nobody has, need not ask.

import * as documents from "../documents.js";
import { askOne, Refused } from "./graphql.js";
import { openStore } from "./store.js";

const NAME = "regulars signed in";
const PATIENCE_MS = 6_000;

// What the app calls its store and its channel between tabs (app/session.js).
const APP = "regulars app";
const SHELVES = ["answers", "customer"];

/** What the device keeps for the app: the answers to one customer, and under "id" which one that is. */
export function openApp() {
  return openStore(APP, SHELVES);
}

/** Between the tabs of the app; null where the browser has no such thing. */
export function openTabs() {
  return globalThis.BroadcastChannel ? new BroadcastChannel(APP) : null;
}

/** Somebody has just signed in. */
export function rememberSignIn() {
  try {
    localStorage.setItem(NAME, "yes");
  } catch {
    // A browser that keeps nothing: the address will be asked for again.
  }
}

/**
 * This customer has just signed in on a page that is not the app: the app is told, and once this returns the device
 * keeps no answers to another one.
 */
export async function welcome({ id }) {
  rememberSignIn();
  const store = await openApp();
  const known = await store.get("customer", "id").catch(() => null);
  if (known !== id) await store.clear("answers").catch(() => {});
  openTabs()?.postMessage({ signedIn: id });
}

/** Nobody is signed in any more. */
export function forgetSignIn() {
  try {
    localStorage.removeItem(NAME);
  } catch {
    // It was never kept.
  }
}

export function hasSignedIn() {
  try {
    return localStorage.getItem(NAME) !== null;
  } catch {
    return false;
  }
}

/** The customer who is signed in, or null: also where that cannot be found out now. */
export async function whoIsHere() {
  try {
    const viewer = await askOne(documents.account, {}, { patience: PATIENCE_MS });
    viewer ? rememberSignIn() : forgetSignIn();
    return viewer;
  } catch (error) {
    if (error instanceof Refused && error.signedOut) forgetSignIn();
    return null;
  }
}

/**
 * Signs out of this browser, on a page that is not the app: nothing of the customer is left in it, and the app is told.
 * Throws Lost or Refused, and then all is as it was.
 */
export async function signOut() {
  try {
    await askOne(documents.signOut);
  } catch (error) {
    // Whoever is signed out already wanted nothing else.
    if (!(error instanceof Refused) || !error.signedOut) throw error;
  }
  forgetSignIn();
  sessionStorage.clear();
  openTabs()?.postMessage({ left: true });
  // Emptied and not deleted: a store that another tab has open cannot go, and whoever opens it next would wait for that.
  const store = await openApp();
  await Promise.all(SHELVES.map((shelf) => store.clear(shelf).catch(() => {})));
}
