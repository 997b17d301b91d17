// What is done once, however often it is pressed and sent: its key survives a reload and an answer that was lost.

import { html } from "../lib/html.js";
import { Memory } from "../lib/memory.js";
import { Failure, Notice, refusalOf, useWork } from "../lib/ui.js";

const keys = new Memory("app-keys");

/**
 * As useWork. `send` is called with the key of `name`, which stays the same until an answer has come; then `hear` is
 * called with that answer. A refusal is an answer, too: nothing was done, and the next try is another one.
 */
export function useOnce(name, send, hear) {
  return useWork(async (...facts) => {
    const result = await send(keys.key(name), ...facts);
    keys.set(name, undefined);
    await hear(result, ...facts);
  });
}

/** How it ended, where it did not end well. */
export function Ended({ refused, work }) {
  return html`
    ${refused && html`<${Notice} kind="problem"><p>${refusalOf(refused)}</p>${refused.reasons?.map((reason) => html`<p
      key=${reason}>${reason}</p>`)}<//>`}
    ${work.error && html`<${Failure} error=${work.error} />`}`;
}
