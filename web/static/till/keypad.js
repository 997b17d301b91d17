// Numbers by big keys, for fingers. A keyboard types the same, see keyboard.js.

import { html } from "../lib/html.js";
import { Icon } from "../lib/icons.js";
import { decimals } from "../lib/format.js";
import { language, t } from "../lib/words.js";

const ROWS = ["7", "8", "9", "4", "5", "6", "1", "2", "3"];
const POINT = new Intl.NumberFormat(language).formatToParts(1.5).find(({ type }) => type === "decimal").value;
const written = new Intl.NumberFormat(language);

/** `press` gets "0" to "9", "." or "back". Without `currency` there is no decimal point. */
export function Keypad({ press, currency, label }) {
  // A pointer does not lead the keyboard here: Enter would press the key once more, and not record.
  const stay = (event) => event.preventDefault();
  const key = (name, shown, words) => html`<button type="button" class="key" key=${name} aria-label=${words} onMouseDown=${stay} onClick=${() => press(name)}>${shown}</button>`;
  return html`<div class="keypad" role="group" aria-label=${label}>
    ${ROWS.map((digit) => key(digit, written.format(Number(digit))))}
    ${currency && decimals(currency) ? key(".", POINT, t("Decimal point")) : html`<span></span>`}
    ${key("0", written.format(0))}
    ${key("back", html`<${Icon} name="erase" />`, t("Delete the last digit"))}
  </div>`;
}
