// A customer is there: what they pay is typed, what that does is shown, one button records it.

import { html, useCallback, useEffect, useState } from "../lib/html.js";
import { change, money, number, unit } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Later } from "../lib/later.js";
import { Button, Notice, useLead, useWork } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { begin } from "./arriving.js";
import { changeLine, changeSale, clear, counter, isSpending, minorOf, newLine, totalOf, typedOn } from "./counter.js";
import { Customer, nameOf, Usable, usablesOf } from "./customer.js";
import { useKeyboard } from "./keyboard.js";
import { Keypad } from "./keypad.js";
import { pinOf } from "./operator.js";
import { useQuote } from "./quoting.js";
import { record, visitOver } from "./recording.js";

const SHEETS = {
  lines: () => import("./more.js").then(({ LinesSheet }) => LinesSheet),
  use: () => import("./more.js").then(({ UseSheet }) => UseSheet),
};

const SHOWN_AT_ONCE = 3;
const NAMED_AT_ONCE = 2;

export function Sale({ terminal }) {
  const { sale, other, note } = counter.use();
  const { currency } = terminal;
  const [sheet, setSheet] = useState(null);
  const quote = useQuote(sale, terminal);
  const recording = useWork(() => record(terminal));
  const total = totalOf(sale, currency);
  const ready = total > 0 || isSpending(sale);
  const blocked = Boolean(quote.refusal) || (isSpending(sale) && !quote.quote);
  const recordNow = useCallback(() => ready && !blocked && !other && recording.start(), [ready, blocked, other]);
  useKeyboard(terminal, recordNow);
  useEffect(() => void pinOf(terminal), []);
  useEffect(() => void (quote.refusal?.kind === "NotFound" && visitOver()), [quote.refusal]);
  const line = sale.lines.at(-1);
  const press = (key) => changeLine(line.id, { typed: typedOn(line.typed, key, currency) });
  const more = () => changeSale({ lines: [...sale.lines, newLine()] });
  return html`<section class="sale">
    <div class="sale-who">
      <${Customer} customer=${sale.customer} leave=${() => clear()} />
      ${other && html`<${Other} sale=${sale} other=${other} />`}
      ${note?.kind === "problem" && html`<${Notice} kind="problem"><p>${note.words}</p><//>`}
      <${Usables} sale=${sale} open=${() => setSheet("use")} />
    </div>
    <div class="sale-what">
      <${Amount} sale=${sale} currency=${currency} total=${total} open=${() => setSheet("lines")} />
      <${Outcome} quote=${quote} sale=${sale} total=${total} terminal=${terminal} />
      <${Keypad} press=${press} currency=${currency} label=${t("Amount")} />
      <div class="sale-do">
        <button type="button" class="key extra" aria-label=${t("One more line")} disabled=${!minorOf(line.typed, currency)} onClick=${more}><${Icon} name="plus" /></button>
        <button type="button" class="key extra" aria-label=${t("What is bought")} onClick=${() => setSheet("lines")}><${Icon} name="list" /></button>
        <${Button} kind="record" busy=${recording.busy} disabled=${!ready || blocked} onPress=${recordNow}>${t("Record")}<//>
      </div>
    </div>
    ${sheet === "lines" && html`<${Later} sheet load=${SHEETS.lines} sale=${sale} currency=${currency} onClose=${() => setSheet(null)} />`}
    ${sheet === "use" && html`<${Later} sheet load=${SHEETS.use} sale=${sale} onClose=${() => setSheet(null)} />`}
  </section>`;
}

/** The first few as switches where there is room; all of them behind one button, which names them. */
function Usables({ sale, open }) {
  const usables = usablesOf(sale.customer).filter(({ available }) => available);
  if (!sale.customer.visitId) return null;
  return html`<div class="usables">
    ${usables.slice(0, SHOWN_AT_ONCE).map((usable) => html`<${Usable} key=${usable.id} sale=${sale} usable=${usable} />`)}
    <button type="button" class="usable more" onClick=${open}>
      <${Icon} name="gift" size=${20} />
      <span>${t("Rewards and gift cards")}${usables.length > 0 && html` <small>${usables.slice(0, NAMED_AT_ONCE).map(({ name }) => name).join(", ")}</small>`}</span>
    </button>
  </div>`;
}

function Amount({ sale, currency, total, open }) {
  const line = sale.lines.at(-1);
  const several = sale.lines.length > 1;
  const shown = line.typed ? typedMoney(line.typed, currency) : money({ amountMinor: 0, currency });
  return html`<div class="amount">
    ${several && html`<button type="button" class="amount-lines" onClick=${open}>
      ${n("{count} line", "{count} lines", sale.lines.length)} · ${t("{amount} together", { amount: money({ amountMinor: total, currency }) })}
    </button>`}
    <output class=${`amount-number${line.typed ? "" : " nothing"}`} aria-label=${t("Amount")}>${shown}</output>
  </div>`;
}

/** As it was typed so far: the decimals appear as they are typed. */
function typedMoney(typed, currency) {
  const [, part] = typed.split(".");
  const style = { style: "currency", currency, minimumFractionDigits: part?.length ?? 0, maximumFractionDigits: part?.length ?? 0 };
  const shown = new Intl.NumberFormat(document.documentElement.lang, style).format(Number(typed));
  return part === "" ? `${shown}.` : shown;
}

/** What the sale does: in the same place and height whether it is known, asked or cannot be asked. */
function Outcome({ quote, sale, total, terminal }) {
  return html`<div class="outcome" aria-live="polite">${words(quote, sale, total, terminal)}</div>`;
}

function words(quote, sale, total, terminal) {
  if (!sale.customer.visitId) return html`<p>${t("Without a connection a sale earns, and the points come later. Nothing can be spent.")}</p>`;
  if (quote.refusal) return html`<${Refusal} refusal=${quote.refusal} />`;
  if (quote.lost) return html`<p>${t("No connection. You can record the sale: it is sent by itself.")}</p>`;
  const shown = quote.quote ?? (quote.asking ? quote.last : null);
  if (!shown || !(total || isSpending(sale))) return html`<p class="quiet">${t("Type what the customer pays.")}</p>`;
  const card = sale.customer.card ?? terminal;
  const why = shown.lines.find(({ status }) => status !== "EARNED")?.reason;
  return html`<div class=${quote.asking ? "stale" : ""}>
    <p class="earns"><strong>${change(shown.earns)} <bdi>${unit(shown.earns, card)}</bdi></strong>
      ${shown.stamps > 0 && html`<strong>${n("+{count} stamp", "+{count} stamps", shown.stamps)}</strong>`}
      <span>${t("then {balance}", { balance: number(shown.balanceAfter) })}</span></p>
    ${shown.discounts.map(({ reward, amount }) => html`<p class="off"><bdi>${reward.name}</bdi> <span>${amount.amountMinor ? `−${money(amount)}` : ""}</span></p>`)}
    ${shown.tenders.map(({ last4, paid }) => html`<p class="off">${t("Gift card •••• {last4}", { last4 })} <span>−${money(paid)}</span></p>`)}
    ${shown.due.amountMinor !== shown.total.amountMinor && html`<p class="due">${t("To pay")} <strong>${money(shown.due)}</strong></p>`}
    ${shown.tierAfter && html`<p class="off">${t("New tier: {tier}", { tier: shown.tierAfter })}</p>`}
    ${!shown.earns && why && html`<p class="quiet">${why}</p>`}
  </div>`;
}

function Refusal({ refusal }) {
  if (refusal.kind === "RedeemCodeNeeded") {
    return html`<p class="problem">${t("Ask the customer to touch “{choice}”, and scan the new code. What you typed stays.", { choice: t("Spend points or a voucher") })}</p>`;
  }
  return html`<p class="problem">${refusal.words || t("That did not work. Please try again.")}</p>`;
}

function Other({ sale, other }) {
  const heading = useLead(other.visitId);
  const name = (customer) => (customer.card ? nameOf(customer.card) : t("Customer without a connection"));
  return html`<div class="notice other" role="alertdialog" aria-labelledby="other">
    <div>
      <p id="other" ref=${heading} tabindex="-1">${t("{name} has come meanwhile. What you typed was for {other}.", { name: name(other), other: name(sale.customer) })}</p>
      <div class="choices">
        <${Button} kind="second" onPress=${() => begin(other)}>${t("Serve {name}", { name: name(other) })}<//>
        <${Button} kind="second" onPress=${() => counter.change({ other: null })}>${t("Stay with {name}", { name: name(sale.customer) })}<//>
      </div>
    </div>
  </div>`;
}
