// The one button: the sale is recorded, once, whatever becomes of the answer.

import { askOne, Lost } from "../lib/graphql.js";
import * as documents from "../documents/pos.js";
import { refusalOf } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { now } from "./clock.js";
import { changeSale, clear, counter, inputOf, isSpending, tell, totalOf } from "./counter.js";
import { choose, settings } from "./device.js";
import { askPin, pinOf, said } from "./operator.js";
import { heard, keep, newEntry, placeOf, restore, send, settle, whenAnswered } from "./queue.js";
import { quoted, quoteOf, wordsOf } from "./quoting.js";
import { sound } from "./sounds.js";

let live = "";

/** Records the sale at the counter. A customer who was read without a network: it is kept, and sent later. */
export async function record(terminal) {
  const { sale } = counter.value;
  const pin = await pinOf(terminal);
  if (terminal.operatorsNeeded && !pin) return;
  rememberCategories(sale);
  const { visitId, code, scannedAt, card } = sale.customer;
  const { customer, ...facts } = inputOf(sale, terminal.currency);
  const shared = {
    code,
    scannedAt,
    place: placeOf(terminal),
    name: card?.displayName ?? null,
    amountMinor: totalOf(sale, terminal.currency),
    currency: terminal.currency,
    sale: facts,
  };
  if (!visitId) {
    if (sale.lines.some(({ kind }) => kind === "GIFT_CARD_SALE")) return tell("problem", t("Without a connection no gift card can be sold."));
    return keepForLater(newEntry({ kind: "offline", ...shared, sale: { ...facts, occurredAt: new Date(now()).toISOString() } }), pin);
  }
  const quote = quoteOf(sale, terminal);
  if (isSpending(sale) && !quote) return tell("problem", t("Spending needs a connection. Try again in a moment, or leave it out."));
  const entry = newEntry({ kind: "checkout", ...shared, sale: { customer, ...facts }, quoteId: quote?.id ?? null });
  if (!(await isKept(entry, pin))) return;
  try {
    const result = await send(entry, said(), () => isAtCounter(entry));
    if (isAtCounter(entry)) await take(result, entry, terminal);
  } catch (error) {
    if (error.signedOut) dispatchEvent(new Event("signed-out"));
    else if (!(error instanceof Lost)) console.error(error);
  } finally {
    live = "";
  }
  if (isAtCounter(entry)) wait(entry, terminal);
}

async function keepForLater(entry, pin) {
  if (!(await isKept(entry, pin))) return;
  live = "";
  if (isAtCounter(entry)) keptForLater();
  settle();
}

function keptForLater() {
  sound("recorded");
  counter.change({ step: "done", result: { kept: true }, note: null });
}

/** Whether the device keeps it. From here on a reload finds the sale that is being recorded, and not one to record. */
async function isKept(entry, pin) {
  live = entry.key;
  counter.change({ step: "asking", entry, note: null });
  try {
    await keep(entry, pin);
    return true;
  } catch (error) {
    console.error(error);
    live = "";
    counter.change({ step: "sale", entry: null });
    sound("refused");
    tell("problem", t("This device could not keep the sale, so nothing was recorded. Make room on it, or load this page again."));
    return false;
  }
}

/** Whether the counter waits for this very sale. */
function isAtCounter({ key }) {
  return counter.value.step === "asking" && counter.value.entry?.key === key;
}

/** Waits for the answer of a sale that was sent before this page was loaded. Nothing is done twice: its key is the same. */
export async function resume(entry, terminal) {
  if (live === entry.key) return;
  if (!(await restore(entry))) return void (isAtCounter(entry) && keptForLater());
  if (entry.kind === "checkout") return wait(entry, terminal);
  keptForLater();
  settle();
}

function wait(entry, terminal) {
  whenAnswered(entry, (result) => {
    if (!isAtCounter(entry)) return false;
    take(result, entry, terminal);
    return true;
  });
  settle();
}

/** What has become of it, on the screen. Every refusal leads on, and what was typed stays. */
async function take(result, entry, terminal) {
  if (result.kept) return keptForLater();
  if (result.__typename === "SaleRecorded") {
    sound("recorded");
    return counter.change({ step: "done", result, note: null });
  }
  sound("refused");
  const { sale } = counter.value;
  if (!sale) return clear({ kind: "problem", words: wordsOf(result) });
  counter.change({ step: "sale", entry: null });
  switch (result.__typename) {
    case "OperatorUnknown":
      if (await askPin(refusalOf(result))) await record(terminal);
      return;
    case "QuoteChanged":
      quoted(sale, terminal, result.quote);
      return tell("problem", t("Something has changed meanwhile, and nothing was recorded. These are the new amounts: look at them, then record."));
    case "NotFound":
      return visitOver();
    default:
      return tell("problem", wordsOf(result));
  }
}

/** Fifteen minutes are over. The amount stays; the customer has to be known again. */
export function visitOver() {
  changeSale({ customer: null });
  counter.change({ step: "home", note: { kind: "problem", words: t("The visit is over. Scan the customer's code once more: what you typed is still here.") } });
}

/** Takes back all that is left of a sale, or `amountMinor` of it. The result, or null if nobody said their PIN. Throws Lost. */
export async function takeBack(terminal, sale, key, amountMinor) {
  const pin = await pinOf(terminal);
  if (terminal.operatorsNeeded && !pin) return null;
  const input = { saleId: sale.id, idempotencyKey: key, ...said(), ...(amountMinor ? { amountMinor } : {}) };
  const result = await heard(askOne(documents.refund, { input }));
  if (result.__typename !== "OperatorUnknown") return result;
  return (await askPin(refusalOf(result))) ? takeBack(terminal, sale, key, amountMinor) : null;
}

function rememberCategories(sale) {
  const typed = sale.lines.map(({ category }) => category.trim()).filter(Boolean);
  if (typed.length) choose({ categories: [...new Set([...typed, ...settings.value.categories])].slice(0, 30) });
}
