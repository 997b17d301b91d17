// One line of a card's history, as a person reads it.

import { html } from "../lib/html.js";
import { change, day, hour, number, unit } from "../lib/format.js";
import { t } from "../lib/words.js";

/** What a line of this kind is called. */
export function nameOf(line, program) {
  const unitName = program.pointNamePlural;
  switch (line.kind) {
    case "EARNED": return t("Purchase");
    case "BONUS": return t("Bonus");
    case "ACTIVATED": return t("Your {points} can be spent now", { points: unitName });
    case "REDEEMED": return t("Spent");
    case "RETURNED": return t("Given back");
    case "REFUNDED": return t("Purchase returned");
    case "EXPIRED": return t("Expired");
    case "ADJUSTED": return t("Corrected by the shop");
    case "REVERSED": return t("Taken back");
    case "GIFT_SENT": return t("Gift sent");
    case "GIFT_RETURNED": return t("Gift came back");
    case "GIFT_RECEIVED": return t("Gift received");
    default: return t("Change");
  }
}

/** How much came or went: what can be spent, else what is on its way. */
export function amountOf(line) {
  return line.points || (line.kind === "ACTIVATED" ? 0 : line.pendingPoints);
}

/** "+12 beans". */
export function changed(line, program) {
  const amount = amountOf(line);
  return `${change(amount)} ${unit(amount, program)}`;
}

export function Line({ line, program, dated = false }) {
  const amount = amountOf(line);
  const receipt = line.receiptNumber && t("receipt {number}", { number: line.receiptNumber });
  const where = [line.storeName, receipt].filter(Boolean).join(", ");
  const spoken = html`<span class="hidden-words"> ${unit(amount, program)}</span>`;
  return html`<li class=${`line ${line.reversedBy ? "undone" : ""}`} id=${anchorOf(line)}>
    <span class="line-what"><strong>${nameOf(line, program)}</strong>
      ${line.reasons.map((reason) => html`<span class="reason">${reason}</span>`)}
      <${Links} line=${line} />
      <small>${[dated ? day(line.occurredAt) : hour(line.occurredAt), where].filter(Boolean).join(" · ")}</small>
    </span>
    <span class="line-much"><strong class=${amount > 0 ? "plus" : ""}>${change(amount)}${spoken}</strong>
      ${line.points === 0 && line.pendingPoints > 0 && html`<small>${t("pending")}</small>`}
      <small class="after">${t("Balance: {points}", { points: number(line.balanceAfter) })}</small>
    </span>
  </li>`;
}

function anchorOf(line) {
  return `line-${line.id}`;
}

/** To the line that this one takes back, or by which it was taken back, where it is on the page. */
function Links({ line }) {
  const { reverses, reversedBy } = line;
  const other = reversedBy ?? reverses;
  if (!other) return null;
  const when = { day: day(other.occurredAt) };
  const words = reversedBy ? t("Taken back on {day}", when) : t("Takes back what came on {day}", when);
  return html`<small><a href=${`#${anchorOf(other)}`} onClick=${lead}>${words}</a></small>`;
}

function lead(event) {
  event.preventDefault();
  const line = document.getElementById(event.currentTarget.getAttribute("href").slice(1));
  if (!line) return;
  line.tabIndex = -1;
  line.focus();
  line.scrollIntoView({ block: "center" });
}
