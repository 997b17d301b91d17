// The lines of a history that have been fetched, page after page, and the newest ones whenever they change.

import * as documents from "../documents.js";
import { ask } from "../lib/graphql.js";
import { refresh, useAnswer } from "../lib/query.js";
import { useEvery, useWork } from "../lib/ui.js";

/** What is shown of the lines: every kind of them, or those by which points come, or go. */
const KINDS = {
  all: null,
  earned: ["EARNED", "BONUS", "RETURNED", "GIFT_RECEIVED", "GIFT_RETURNED"],
  spent: ["REDEEMED", "GIFT_SENT", "EXPIRED"],
};

const COMPARED_MS = 30_000;

/** What was fetched, so that the way back leads to where one was. It goes with the page, and that with its customer. */
const fetched = new Map();

/**
 * The answer of lib/query.js for the newest page, and all that was fetched: `card` (null: there is none), `lines`, the
 * newest first, `hasMore`, and `more`, the work that fetches the next page.
 */
export function usePast(cardId, kinds) {
  const variables = { id: cardId, after: null, kinds: KINDS[kinds] };
  const key = `${cardId} ${kinds}`;
  const { data, error, again } = useAnswer(documents.cardHistory, variables);
  useEvery(COMPARED_MS, () => refresh(documents.cardHistory, variables));
  const card = data?.node;
  const past = card ? joined(fetched.get(key), card.history) : null;
  if (past) fetched.set(key, past);
  const more = useWork(() => fetchNext(key, variables));
  return {
    card,
    error,
    again,
    lines: past?.edges.map(({ node }) => node) ?? [],
    hasMore: Boolean(past?.pageInfo.hasNextPage),
    more,
  };
}

async function fetchNext(key, variables) {
  const { endCursor } = fetched.get(key).pageInfo;
  const { node } = await ask(documents.cardHistory, { ...variables, after: endCursor });
  const before = fetched.get(key);
  // The newest page came anew meanwhile, and more was new than it holds.
  if (before?.pageInfo.endCursor !== endCursor || !node) return;
  fetched.set(key, { edges: [...before.edges, ...node.history.edges], pageInfo: node.history.pageInfo });
}

/** The newest page before those that followed it. Where more is new than it holds, it begins anew. */
function joined(before, newest) {
  const last = newest.edges.at(-1)?.cursor;
  const at = before ? before.edges.findIndex(({ cursor }) => cursor === last) : -1;
  if (at < 0 || at === before.edges.length - 1) return newest;
  return { edges: [...newest.edges, ...before.edges.slice(at + 1)], pageInfo: before.pageInfo };
}
