// The few words that go with a gift, or thank for one.

import { html } from "../lib/html.js";
import { Field } from "../lib/ui.js";
import { n } from "../lib/words.js";

const LENGTH_MAX = 280;

/** A field for a message, which says how much more fits in. */
export function Message({ value, ...attributes }) {
  const left = LENGTH_MAX - [...value].length;
  const hint =
    left >= 0
      ? n("{count} character left", "{count} characters left", left)
      : n("{count} character too many", "{count} characters too many", -left);
  return html`<${Field} as="textarea" rows="4" hint=${hint} value=${value} ...${attributes} />`;
}
