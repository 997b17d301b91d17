// The languages of the pages, as their readers call them, to choose from.

import { html } from "../lib/html.js";
import { useId } from "../lib/ui.js";

const LANGUAGES = { en: "English", bn: "বাংলা", hi: "हिन्दी", ml: "മലയാളം", te: "తెలుగు", th: "ไทย" };

/** A choice of the languages that we speak, each in its own script. */
export function Languages({ label, value, onValue }) {
  const id = useId("language");
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onValue(event.target.value)}>
      ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}
    </select></div>`;
}
