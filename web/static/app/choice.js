// One of a few, side by side.

import { html } from "../lib/html.js";

/** `choices` are pairs of a value and its words; `legend` says what is chosen. */
export function Choice({ kind = "", name, legend, choices, chosen, choose }) {
  return html`<fieldset class=${`purpose ${kind}`}><legend class="hidden-words">${legend}</legend>
    ${choices.map(
      ([value, words]) => html`<label key=${words}>
        <input type="radio" name=${name} checked=${chosen === value} onChange=${() => choose(value)} /><span>${words}</span>
      </label>`,
    )}
  </fieldset>`;
}
