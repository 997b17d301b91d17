// Who stands at the till: a PIN, asked for once, known to this page alone, and forgotten when nobody has touched it for a while.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { digitsOf } from "../lib/digits.js";
import { Button, Field, Sheet, useEvery } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { shown } from "./shown.js";

const IDLE_MS = 5 * 60_000;

/** `pin`: of who stands here, or null. `wanted`: why it is being asked for, or null. */
export const operator = shown({ pin: null, wanted: null });

let touched = Date.now();
let given = [];

/** The PIN, asked for if it is not known; null if the person would rather not say it. */
export function pinOf(terminal) {
  if (!terminal.operatorsNeeded || operator.value.pin) return Promise.resolve(operator.value.pin);
  return askPin("");
}

/** Asks for a PIN, whatever was known. `problem` is why. */
export function askPin(problem) {
  operator.set({ pin: null, wanted: { problem } });
  return new Promise((resolve) => given.push(resolve));
}

export function lock() {
  answer(null);
}

/** What is sent beside everything: the PIN where one is known. */
export function said() {
  return operator.value.pin ? { operatorPin: operator.value.pin } : {};
}

function answer(pin) {
  operator.set({ pin, wanted: null });
  const waiting = given;
  given = [];
  for (const resolve of waiting) resolve(pin);
}

/** Forgets the PIN once nobody has touched the till for some minutes, at the latest when somebody does. */
export function useIdleLock() {
  const look = () => operator.value.pin && Date.now() - touched > IDLE_MS && lock();
  useEffect(() => {
    const touch = () => {
      look();
      touched = Date.now();
    };
    const kinds = ["pointerdown", "keydown"];
    for (const kind of kinds) addEventListener(kind, touch, true);
    return () => kinds.forEach((kind) => removeEventListener(kind, touch, true));
  }, []);
  useEvery(10_000, look);
}

/** The sheet that asks for the PIN, while it is wanted. */
export function OperatorSheet() {
  const { wanted } = operator.use();
  return wanted && html`<${Asked} problem=${wanted.problem} />`;
}

function Asked({ problem }) {
  const [pin, setPin] = useState("");
  const [slip, setSlip] = useState(problem);
  const field = useRef(null);
  function enter(event) {
    event.preventDefault();
    const digits = digitsOf(pin);
    if (digits.length >= 4 && digits.length <= 8) return answer(digits);
    setSlip(t("A PIN has four to eight digits."));
    field.current.focus();
  }
  return html`<${Sheet} title=${t("Who stands at the till?")} atField onClose=${() => answer(null)}>
    <form noValidate onSubmit=${enter}>
      <${Field} label=${t("Your PIN")} hint=${t("It is forgotten when nobody has touched the till for five minutes.")} class="digits" type="password" inputmode="numeric"
        autocomplete="off" autofocus value=${pin} onValue=${setPin} problem=${slip} fieldRef=${field} />
      <${Button} type="submit">${t("Go on")}<//>
    </form>
  <//>`;
}
