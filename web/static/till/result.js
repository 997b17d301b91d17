// What has become of the sale, to be read from across the counter; then the next customer.

import { html, useEffect, useState } from "../lib/html.js";
import { change, grouped, money, number, unit } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Later } from "../lib/later.js";
import { Button, Notice, useLead, useWork } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { clear, counter } from "./counter.js";
import { nameOf } from "./customer.js";
import { store } from "./device.js";
import { useKeyboard } from "./keyboard.js";
import { resume } from "./recording.js";

const undo = () => import("./refund.js").then(({ UndoSheet }) => UndoSheet);

const NEXT_MS = 30_000;
const next = () => clear();

/** The sale was sent, and no answer has come yet. */
export function Asking({ terminal }) {
  const { entry } = counter.use();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    resume(entry, terminal);
    const timer = setTimeout(setSlow, 2_500, true);
    return () => clearTimeout(timer);
  }, [entry.key]);
  return html`<section class="result asking" role="status">
    <span class="spinner big" aria-hidden="true"></span>
    <h1 tabindex="-1">${t("Recording…")}</h1>
    <p class="result-amount">${money(entry)}</p>
    <div class="result-slow">${slow && html`
      <p>${t("No answer yet. The sale is on this device and is sent again by itself, and never recorded twice.")}</p>
      <${Lasting} />
      <${Button} kind="second" onPress=${next}>${t("Serve the next customer meanwhile")}<//>`}
    </div>
  </section>`;
}

export function Result({ terminal }) {
  const { result } = counter.use();
  useKeyboard(terminal, next);
  return result.kept ? html`<${KeptForLater} />` : html`<${Recorded} result=${result} terminal=${terminal} />`;
}

function Recorded({ result, terminal }) {
  const { sale, card, giftCardsSold } = result;
  const [undoing, setUndoing] = useState(false);
  const [undone, setUndone] = useState(null);
  const heading = useLead(sale.id, undone);
  useNext(!giftCardsSold.length && !undoing, sale.id);
  if (undone) return html`<${Undone} undone=${undone} heading=${heading} />`;
  return html`<section class="result">
    <p class="result-mark"><${Icon} name="check" size=${56} /></p>
    <h1 ref=${heading} tabindex="-1"><bdi>${nameOf(card)}</bdi></h1>
    <p class="result-points"><strong>${change(sale.points)}</strong> <bdi>${unit(sale.points, card)}</bdi></p>
    ${sale.stamps > 0 && html`<p class="result-line">${n("+{count} stamp", "+{count} stamps", sale.stamps)}</p>`}
    <p class="result-line">${t("Balance: {balance}", { balance: `${number(card.active)} ${unit(card.active, card)}` })}</p>
    <p class="result-due">${t("To pay")} <strong>${money(sale.due)}</strong></p>
    ${sale.inReview && html`<${Notice} icon="clock"><p>${t("The sale is recorded. Its points come once the shop's owner has had a look at it; the customer has done nothing wrong.")}</p><//>`}
    ${giftCardsSold.map((sold) => html`<${SoldCard} key=${sold.number} sold=${sold} terminal=${terminal} />`)}
    <${Button} kind="next" onPress=${next}>${t("Next customer")}<//>
    <p class="choices">
      <${Button} kind="plain" onPress=${() => setUndoing(true)}><${Icon} name="undo" size=${20} /> ${t("Undo")}<//>
      <${CopyReceipt} text=${sale.receiptText} />
      ${giftCardsSold.length > 0 && html`<${Button} kind="plain" onPress=${() => print()}><${Icon} name="print" size=${20} /> ${t("Print")}<//>`}
    </p>
    <p class="quiet">${t("Receipt {number}", { number: sale.receiptNumber })}</p>
    ${undoing && html`<${Later} sheet load=${undo} terminal=${terminal} sale=${sale} onClose=${() => setUndoing(false)} done=${(refunded) => (setUndoing(false), setUndone(refunded))} />`}
  </section>`;
}

/** Said of what is kept, where the browser keeps nothing. */
function Lasting() {
  return !store.lasting && html`<${Notice} kind="problem"><p>${t("This window keeps nothing: do not close it before everything is sent. Use an ordinary window for the till.")}</p><//>`;
}

function KeptForLater() {
  const { entry } = counter.use();
  const heading = useLead(entry.key);
  useNext(true, entry.key);
  return html`<section class="result">
    <p class="result-mark"><${Icon} name="clock" size=${56} /></p>
    <h1 ref=${heading} tabindex="-1">${t("Kept on this device")}</h1>
    <p class="result-amount">${money(entry)}</p>
    <p class="result-line">${t("It is sent by itself when the network is back. The customer gets the points then.")}</p>
    <${Lasting} />
    <${Button} kind="next" onPress=${next}>${t("Next customer")}<//>
    <p class="quiet">${t("Receipt {number}", { number: entry.sale.receiptNumber })}</p>
  </section>`;
}

function Undone({ undone, heading }) {
  const { card, pointsTakenBack, refundDue } = undone;
  return html`<section class="result">
    <p class="result-mark"><${Icon} name="undo" size=${56} /></p>
    <h1 ref=${heading} tabindex="-1">${t("The sale is undone")}</h1>
    <p class="result-points"><strong>${change(-pointsTakenBack)}</strong> <bdi>${unit(pointsTakenBack, card)}</bdi></p>
    <p class="result-due">${t("Give back")} <strong>${money(refundDue)}</strong></p>
    <${Button} kind="next" onPress=${next}>${t("Next customer")}<//>
  </section>`;
}

function SoldCard({ sold }) {
  return html`<div class="sold">
    <h2>${t("Gift card of {amount}", { amount: money(sold.balance) })}</h2>
    <dl>
      <div><dt>${t("Number")}</dt><dd dir="ltr">${grouped(sold.number)}</dd></div>
      <div><dt>${t("PIN")}</dt><dd dir="ltr">${sold.pin}</dd></div>
    </dl>
    <p class="quiet">${t("Print it or write it down now: these numbers are shown once.")}</p>
  </div>`;
}

function CopyReceipt({ text }) {
  const [copied, setCopied] = useState(false);
  const copy = useWork(async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  });
  if (!navigator.clipboard) return null;
  return html`<${Button} kind="plain" onPress=${copy.start}><${Icon} name=${copied ? "check" : "copy"} size=${20} /> ${copied ? t("Copied") : t("Copy the line for the receipt")}<//>`;
}

function useNext(may, of) {
  useEffect(() => {
    if (!may) return undefined;
    const timer = setTimeout(next, NEXT_MS);
    return () => clearTimeout(timer);
  }, [may, of]);
}
