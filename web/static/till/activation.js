// A device becomes a till, once: by the eight letters that the owner of the shop was given.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { askOne } from "../lib/graphql.js";
import { Button, Failure, Field, Notice, refusalOf, useLead, useWork } from "../lib/ui.js";
import { language, n, t } from "../lib/words.js";
import { changeLanguage } from "../lib/worker.js";
import { Languages } from "./languages.js";
import { counter, isBegun } from "./counter.js";
import { look, move, queue } from "./queue.js";

/** `ended`: this device was a till, and is none any more. `done` gets the Terminal. */
export function Activation({ ended, done }) {
  const [code, setCode] = useState("");
  const [name, setName] = useState(t("Till"));
  const [problem, setProblem] = useState("");
  const field = useRef(null);
  const heading = useLead(ended);
  const { step, sale } = counter.use();
  // What is being recorded is in the queue already.
  const open = ["home", "sale"].includes(step) && isBegun(sale);
  const kept = queue.use().length + (open ? 1 : 0);
  useEffect(() => void look(), []);
  const work = useWork(async () => {
    const letters = lettersOf(code);
    if (letters.length !== 8) return wrong(t("The activation code has eight letters, for example BCDF-GHJK."));
    const input = { activationCode: code.trim(), deviceName: name.trim() || t("Till") };
    const result = await askOne(documents.activateTerminal, { input });
    if (result.__typename === "TerminalActivated") {
      await move(result.terminal);
      return done(result.terminal);
    }
    wrong(refusalOf(result));
  });
  function wrong(sentence) {
    setProblem(sentence);
    field.current.focus();
    field.current.select();
  }
  return html`<main class="activation">
    <form class="panel" noValidate onSubmit=${(event) => (event.preventDefault(), work.start())}>
      <img src="/static/icons/till.svg" alt="" width="72" height="72" />
      <h1 ref=${heading} tabindex="-1">${ended ? t("This till was signed out") : t("Make this device a till")}</h1>
      ${ended && html`<${Notice}><p>${t("Somebody took its permission back, or it was not used for long. With a new activation code it goes on.")}</p><//>`}
      ${kept > 0 && html`<${Notice}><p>${n("{count} sale is still on this device and goes on afterwards.", "{count} sales are still on this device and go on afterwards.", kept)}</p><//>`}
      <p>${t("The owner of the shop gets an activation code for each till. It is good for fifteen minutes, and once.")}</p>
      <${Field} label=${t("Activation code")} class="letters" autocomplete="off" autocapitalize="characters" spellcheck=${false} maxlength="24" dir="ltr"
        value=${code} onValue=${(text) => setCode(asShown(text))} problem=${problem} fieldRef=${field} />
      <${Field} label=${t("What to call this device")} autocomplete="off" maxlength="80" value=${name} onValue=${setName} />
      ${work.error && html`<${Failure} error=${work.error} />`}
      <${Button} type="submit" busy=${work.busy}>${t("Activate")}<//>
      <${Languages} label=${t("Language of this till")} value=${language.slice(0, 2)} onValue=${(tag) => changeLanguage(tag, "/till")} />
    </form>
  </main>`;
}

function lettersOf(text) {
  return text.toUpperCase().replace(/[^A-Z]/g, "");
}

/** In capitals, two groups of four, as it was given. */
function asShown(text) {
  const letters = lettersOf(text).slice(0, 8);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}
