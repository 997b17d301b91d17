// Who is signed in on this device. Scripts cannot see the session, so what they know by themselves is only that somebody
// once signed in here: who nobody has, need not ask.

import * as documents from "../documents.js";
import { askOne, Refused } from "./graphql.js";

const NAME = "regulars signed in";
const PATIENCE_MS = 6_000;

/** What the app calls its store and its channel between tabs (app/session.js). */
export const APP = "regulars app";

/** Somebody has just signed in. */
export function rememberSignIn() {
  try {
    localStorage.setItem(NAME, "yes");
  } catch {
    // A browser that keeps nothing: the address will be asked for again.
  }
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
  new BroadcastChannel(APP).postMessage({ left: true });
  indexedDB.deleteDatabase(APP);
}
