// What stands at the counter: nobody, a customer with what they buy, a sale that is being recorded, or its result.
// A reload of the tab loses nothing of it.

import { Memory } from "../lib/memory.js";
import { decimals } from "../lib/format.js";
import { uuid } from "../lib/uuid.js";
import { shown } from "./shown.js";

const memory = new Memory("till");
const NOBODY = { step: "home", sale: null, other: null, entry: null, result: null, note: null };

/**
 * `step`: home, sale, asking, done. `sale`: { customer, receipt, lines, rewards, vouchers, tenders }, the customer null
 * while they have to show a code once more. `other`: another customer who came meanwhile. `entry`: of queue.js.
 * `result`: SaleRecorded, or { kept: true } without a network. `note`: { kind, words }.
 */
export const counter = shown(restored());

counter.listen(({ step, sale, entry, result }) => {
  // Numbers and PINs of gift cards are not written down: the same sale is asked for once more instead.
  const secret = Boolean(result?.giftCardsSold?.length);
  memory.set("counter", secret ? { step: "asking", sale, entry, result: null } : { step, sale, entry, result });
});

function restored() {
  return { ...NOBODY, ...memory.get("counter") };
}

/** The next customer, please. */
export function clear(note = null) {
  counter.set({ ...NOBODY, note });
}

export function tell(kind, words) {
  counter.change({ note: { kind, words, at: Date.now() } });
}

export function newLine() {
  return { id: uuid().slice(0, 8), kind: "ITEM", category: "", quantity: 1, typed: "" };
}

export function newSale(customer, receipt) {
  return { customer, receipt, lines: [newLine()], rewards: [], vouchers: [], tenders: [] };
}

export function changeSale(partly) {
  counter.change({ sale: { ...counter.value.sale, ...partly }, note: null });
}

/** The line that is being typed is the last one. */
export function changeLine(id, partly) {
  changeSale({ lines: counter.value.sale.lines.map((line) => (line.id === id ? { ...line, ...partly } : line)) });
}

/** Whether anything was typed or chosen for this customer. */
export function isBegun(sale) {
  return Boolean(sale && (sale.lines.length > 1 || sale.lines[0].typed || sale.rewards.length || sale.vouchers.length || sale.tenders.length));
}

/** Whether points or money of the customer pay for something of it. */
export function isSpending(sale) {
  return Boolean(sale.rewards.length || sale.vouchers.length || sale.tenders.length);
}

/** What was typed, in the currency's minor unit. */
export function minorOf(typed, currency) {
  const [whole = "", part = ""] = typed.split(".");
  const digits = decimals(currency);
  return Number(whole || "0") * 10 ** digits + Number(part.padEnd(digits, "0").slice(0, digits) || "0");
}

export function totalOf(sale, currency) {
  return sale.lines.reduce((sum, line) => sum + minorOf(line.typed, currency), 0);
}

/** What one more key makes of what was typed. Whole units come first, as on a cash register. */
export function typedOn(typed, key, currency) {
  const digits = decimals(currency);
  const [whole, part] = typed.split(".");
  if (key === "back") return typed.slice(0, -1);
  if (key === ".") return digits && part === undefined ? `${whole || "0"}.` : typed;
  if (part !== undefined) return part.length < digits ? typed + key : typed;
  if (whole === "0" || whole === "") return key === "0" ? "0" : key;
  return whole.length < 9 - digits ? typed + key : typed;
}

/** The sale as the API takes it. Lines for which nothing was typed are none, unless there is no other. */
export function inputOf(sale, currency) {
  const typed = sale.lines.filter((line) => minorOf(line.typed, currency));
  const lines = (typed.length ? typed : sale.lines.slice(-1)).map((line) => ({
    lineId: line.id,
    kind: line.kind,
    quantity: line.quantity,
    amountMinor: minorOf(line.typed, currency),
    ...(line.category.trim() ? { category: line.category.trim() } : {}),
  }));
  const input = { customer: { visitId: sale.customer?.visitId }, receiptNumber: sale.receipt, currency, lines };
  if (sale.rewards.length) input.rewardIds = sale.rewards;
  if (sale.vouchers.length) input.voucherIds = sale.vouchers;
  if (sale.tenders.length) input.tenders = sale.tenders.map(({ id, number }) => ({ giftCard: id ? { id } : { number } }));
  return input;
}
