// Something comes back: the whole sale, or an amount of it.

import { html, useState } from "../lib/html.js";
import { money, number, unit } from "../lib/format.js";
import { Memory } from "../lib/memory.js";
import { Button, Failure, Notice, refusalOf, Sheet, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { minorOf, typedOn } from "./counter.js";
import { Keypad } from "./keypad.js";
import { takeBack } from "./recording.js";

const memory = new Memory("till-refunds");

/** Asks whether all of the sale is to be taken back. `done` is called with SaleRefunded. */
export function UndoSheet({ terminal, sale, onClose, done }) {
  const [problem, setProblem] = useState("");
  const work = useRefund(terminal, sale, done, setProblem);
  const left = leftOf(sale);
  return html`<${Sheet} title=${t("Undo this sale?")} onClose=${onClose}>
    <p>${t("{amount} comes back, receipt {number}. The points that it gave are taken back, and what was spent for it is given back.", { amount: money(left), number: sale.receiptNumber })}</p>
    <${Problem} problem=${problem} error=${work.error} />
    <${Button} kind="danger" busy=${work.busy} onPress=${() => work.start(null)}>${t("Undo the sale")}<//>
    <${Button} kind="second" onPress=${onClose}>${t("Leave it")}<//>
  <//>`;
}

/** Asks how much of the sale comes back. */
export function RefundSheet({ terminal, sale, onClose, done }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState("");
  const work = useRefund(terminal, sale, done, setProblem);
  const left = leftOf(sale);
  const amountMinor = minorOf(typed, sale.total.currency);
  const tooMuch = amountMinor > left.amountMinor;
  return html`<${Sheet} title=${t("How much comes back?")} onClose=${onClose}>
    <output class="amount-number" aria-label=${t("Amount")}>${money({ amountMinor, currency: sale.total.currency })}</output>
    <p class="hint">${tooMuch ? t("That is more than the {amount} that are left of this sale.", { amount: money(left) }) : t("{amount} are left of this sale.", { amount: money(left) })}</p>
    <${Keypad} press=${(key) => setTyped(typedOn(typed, key, sale.total.currency))} currency=${sale.total.currency} label=${t("Amount")} />
    <${Problem} problem=${problem} error=${work.error} />
    <${Button} kind="danger" busy=${work.busy} disabled=${!amountMinor || tooMuch} onPress=${() => work.start(amountMinor)}>${t("Take it back")}<//>
  <//>`;
}

/** What was taken back, in one sentence. */
export function refundWords({ card, pointsTakenBack, refundDue }) {
  return t("{points} were taken back. Give the customer {amount}.", { points: `${number(pointsTakenBack)} ${unit(pointsTakenBack, card)}`, amount: money(refundDue) });
}

/** What was paid, by whatever means, and has not come back. */
function leftOf({ due, tenders, refunded }) {
  const paid = tenders.reduce((sum, tender) => sum + tender.paid.amountMinor, due.amountMinor);
  return { amountMinor: Math.max(paid - refunded.amountMinor, 0), currency: due.currency };
}

/** The key stands until the refund is answered, so that one whose answer was lost is the same one when it is tried again. */
function useRefund(terminal, sale, done, setProblem) {
  return useWork(async (amountMinor) => {
    const name = `${sale.id} ${sale.refunded.amountMinor} ${amountMinor ?? "all"}`;
    const result = await takeBack(terminal, sale, memory.key(name), amountMinor);
    if (!result) return;
    memory.set(name, undefined);
    result.__typename === "SaleRefunded" ? done(result) : setProblem(refusalOf(result));
  });
}

function Problem({ problem, error }) {
  return html`${problem && html`<${Notice} kind="problem"><p>${problem}</p><//>`}${error && html`<${Failure} error=${error} />`}`;
}
