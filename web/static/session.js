// The session of this page. Its tokens live in this module and nowhere else; whoever leaves the page is signed out.

import * as documents from "./documents.js";
import { ask, Refused } from "./graphql.js";

let tokens = null;

export function begin(found) {
  tokens = found;
}

export function isOpen() {
  return tokens !== null;
}

export function forget() {
  tokens = null;
}

/** As `ask`, by whoever is signed in. A session that is over is renewed first, once. */
export async function askSignedIn(query, variables) {
  if (!tokens) throw new Refused("UNAUTHENTICATED");
  try {
    return await ask(query, variables, tokens.accessToken);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "UNAUTHENTICATED") throw error;
  }
  const { refreshSession } = await ask(documents.refreshSession, { input: { refreshToken: tokens.refreshToken } });
  if (refreshSession.__typename !== "SessionRefreshed") throw new Refused("UNAUTHENTICATED");
  tokens = refreshSession.tokens;
  return await ask(query, variables, tokens.accessToken);
}

/** This page is done with the session; nobody else has its tokens, so it is not left open. */
export function leave() {
  if (!tokens) return;
  const { accessToken } = tokens;
  tokens = null;
  ask(documents.signOut, {}, accessToken, { keepalive: true }).catch(() => {});
}

addEventListener("pagehide", leave);
