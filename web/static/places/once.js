// What is done once, however often it is pressed and sent: its key survives a reload and an answer that was lost.

import { html } from "../lib/html.js";
import { Memory } from "../lib/memory.js";
import { Failure, Notice, refusalOf, useWork } from "../lib/ui.js";

const keys = new Memory("app-keys");

/**
 * As useWork. `send` is called with the key of `name`, and `hear` with the answer. The key stays the same until it is
 * known that something was done under it. A refusal does not say that: of an earlier try no answer may have come.
 */
export function useOnce(name, send, hear) {
  return useWork(async (...facts) => {
    const result = await send(keys.key(name), ...facts);
    if (isDone(result)) keys.set(name, undefined);
    await hear(result, ...facts);
  });
}

function isDone({ __typename, message }) {
  return message === undefined || __typename === "IdempotencyKeyReused";
}

/** How it ended, where it did not end well. */
export function Ended({ refused, work }) {
  return html`
    ${refused && html`<${Notice} kind="problem"><p>${refusalOf(refused)}</p>${refused.reasons?.map((reason) => html`<p
      key=${reason}>${reason}</p>`)}<//>`}
    ${work.error && html`<${Failure} error=${work.error} />`}`;
}
