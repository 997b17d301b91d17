// What the sale would do, asked while it is typed. The last question wins, whichever answer comes first.

import { useEffect } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { askOne, Lost } from "../lib/graphql.js";
import { refusalOf, useEvery } from "../lib/ui.js";
import { inputOf, isSpending, totalOf } from "./counter.js";
import { askPin, operator, said } from "./operator.js";
import { heard } from "./queue.js";
import { shown } from "./shown.js";

const PAUSE_MS = 180;
const PATIENCE_MS = 6_000;
const NOTHING = { of: "", quote: null, refusal: null, lost: false };

/** The newest answer, and the sale (as it was asked) that it is `of`. */
const quoting = shown(NOTHING);

let wanted = "";

/** `quote`, `refusal` or `lost` for the sale as it is now, `asking` while there is none; all empty for an empty sale. */
export function useQuote(sale, terminal) {
  const now = quoting.use();
  const { pin } = operator.use();
  const of = nameOf(sale, terminal);
  const again = () => question(sale, terminal, of);
  useEffect(() => {
    wanted = of;
    if (!of || (of === quoting.value.of && quoting.value.quote) || (terminal.operatorsNeeded && !pin)) return undefined;
    const timer = setTimeout(again, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [of, pin]);
  useEvery(4_000, () => quoting.value.lost && of && again());
  if (!of) return NOTHING;
  return now.of === of ? now : { ...NOTHING, asking: true, last: now.quote };
}

/** The quote of exactly this sale, if it is known. */
export function quoteOf(sale, terminal) {
  const of = nameOf(sale, terminal);
  return of && quoting.value.of === of ? quoting.value.quote : null;
}

/** The server says by itself what this sale does now. */
export function quoted(sale, terminal, quote) {
  quoting.set({ ...NOTHING, of: nameOf(sale, terminal), quote });
}

function nameOf(sale, { currency }) {
  if (!sale.customer?.visitId || !(totalOf(sale, currency) || isSpending(sale))) return "";
  return JSON.stringify(inputOf(sale, currency));
}

async function question(sale, terminal, of) {
  const done = (end) => wanted === of && quoting.set({ ...NOTHING, of, ...end });
  try {
    const input = { ...inputOf(sale, terminal.currency), ...said() };
    const result = await heard(askOne(documents.quote, { input }, { patience: PATIENCE_MS }));
    if (result.__typename === "Quote") done({ quote: result });
    else if (result.__typename === "OperatorUnknown") askPin(refusalOf(result));
    else done({ refusal: { kind: result.__typename, words: wordsOf(result) } });
  } catch (error) {
    if (error.signedOut) dispatchEvent(new Event("signed-out"));
    done({ lost: error instanceof Lost, refusal: error instanceof Lost ? null : { kind: "", words: "" } });
  }
}

/** Of a reward that cannot be had, why not. */
export function wordsOf(result) {
  return [refusalOf(result), ...(result.reasons ?? [])].join(" ");
}
