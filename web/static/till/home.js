// Waiting for a customer: the camera, a scanner, ten digits, an address, or somebody new.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { digitsOf } from "../lib/digits.js";
import { grouped, money } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Later } from "../lib/later.js";
import { Button, Field, Notice, Sheet, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { arrive } from "./arriving.js";
import { clear, counter, isBegun, totalOf } from "./counter.js";
import { Keypad } from "./keypad.js";

const WAYS = {
  enrol: () => import("./enrol.js").then(({ Enrol }) => Enrol),
  lookup: () => import("./lookup.js").then(({ LookUp }) => LookUp),
};

export function Home({ terminal }) {
  const { note, sale } = counter.use();
  const [way, setWay] = useState(null);
  const close = () => setWay(null);
  return html`<section class="home">
    <h1 tabindex="-1" class="hidden-words">${t("Waiting for a customer")}</h1>
    <div class="home-note" aria-live="assertive">
      ${note?.kind === "problem" && html`<${Notice} kind="problem" key=${note.at}><p>${note.words}</p><//>`}
      ${note?.kind === "good" && html`<${Notice} kind="good" icon="check" key=${note.at}><p>${note.words}</p><//>`}
      ${note?.kind === "busy" && html`<p class="busy-note"><span class="spinner" aria-hidden="true"></span> ${t("One moment…")}</p>`}
    </div>
    ${isBegun(sale) && html`<${Waits} sale=${sale} currency=${terminal.currency} />`}
    <div class="ways">
      <button type="button" class="way" onClick=${() => setWay("digits")}><${Icon} name="keyboard" size=${28} /> ${t("Type the ten digits")}</button>
      <button type="button" class="way" onClick=${() => setWay("lookup")}><${Icon} name="search" size=${28} /> ${t("Find by phone or e-mail")}</button>
      <button type="button" class="way" onClick=${() => setWay("enrol")}><${Icon} name="plus" size=${28} /> ${t("New customer")}</button>
    </div>
    ${way === "digits" && html`<${Digits} onClose=${close} />`}
    ${way === "lookup" && html`<${Later} sheet load=${WAYS.lookup} terminal=${terminal} onClose=${close} enrol=${() => setWay("enrol")} />`}
    ${way === "enrol" && html`<${Later} sheet load=${WAYS.enrol} terminal=${terminal} onClose=${close} />`}
  </section>`;
}

/** A sale whose customer has to be known once more. */
function Waits({ sale, currency }) {
  return html`<div class="notice waits">
    <p>${t("A sale of {amount} waits for its customer.", { amount: money({ amountMinor: totalOf(sale, currency), currency }) })}</p>
    <${Button} kind="plain" onPress=${() => clear()}>${t("Throw it away")}<//>
  </div>`;
}

function Digits({ onClose }) {
  const [typed, setTyped] = useState("");
  const field = useRef(null);
  const { note, step } = counter.use();
  const work = useWork(async (digits) => {
    await arrive(digits);
    setTyped("");
    field.current?.focus();
  });
  useEffect(() => void (step !== "home" && onClose()), [step]);
  const put = (text) => {
    const digits = digitsOf(text).slice(0, 10);
    setTyped(digits);
    if (digits.length === 10) work.start(digits);
  };
  const press = (key) => put(key === "back" ? typed.slice(0, -1) : typed + key);
  return html`<${Sheet} title=${t("The ten digits under the code")} atField onClose=${onClose}>
    <form noValidate onSubmit=${(event) => (event.preventDefault(), work.start(typed))}>
      <${Field} label=${t("The ten digits")} class="digits" inputmode="none" autocomplete="off" maxlength="16" fieldRef=${field} autofocus
        value=${grouped(typed, 5)} onValue=${put} problem=${note?.kind === "problem" ? note.words : ""} />
    </form>
    <${Keypad} press=${press} label=${t("The ten digits")} />
  <//>`;
}
