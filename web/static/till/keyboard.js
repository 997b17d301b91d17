// The physical keyboard types the amount at once, wherever the focus is but in a field; scanners are told from people.

import { useEffect } from "../lib/html.js";
import { go } from "../lib/router.js";
import { t } from "../lib/words.js";
import { arrive } from "./arriving.js";
import { changeLine, counter, tell, typedOn } from "./counter.js";
import { wake } from "./sounds.js";
import { listenToScanner } from "./wedge.js";

const KEYS = { Backspace: "back", NumpadDecimal: ".", Period: ".", Comma: "." };

/** Listens to scanners, on every part of the till: whoever is scanned is served. */
export function useScanner() {
  useEffect(() => {
    addEventListener("pointerdown", wake, { once: true });
    return listenToScanner({
      scanned: (code) => {
        go("/till");
        arrive(code);
      },
      misread: () => tell("problem", t("The scanner did not read a check-in code. Please scan it again.")),
      remember,
    });
  }, []);
}

/** Listens to whoever types an amount. `done` is what Enter does. */
export function useKeyboard(terminal, done) {
  useEffect(() => {
    const type = (event) => hear(event, terminal, done);
    addEventListener("keydown", type);
    return () => removeEventListener("keydown", type);
  }, [terminal.currency, done]);
}

function hear(event, { currency }, done) {
  wake();
  const { step, sale } = counter.value;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select")) return;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  const key = digit ?? KEYS[event.code];
  if (key && step === "sale" && sale.customer) {
    event.preventDefault();
    const line = sale.lines.at(-1);
    changeLine(line.id, { typed: typedOn(line.typed, key, currency) });
  } else if (["Enter", "NumpadEnter"].includes(event.code) && !event.target.closest?.("button, a, summary")) done();
}

/** How to undo what a scanner's keys have typed into the amount. */
function remember() {
  const { step, sale } = counter.value;
  return () => step === "sale" && counter.value.sale && counter.change({ sale: { ...counter.value.sale, lines: sale.lines } });
}
