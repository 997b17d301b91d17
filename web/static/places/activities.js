// What happened on a gift card.

import { html } from "../lib/html.js";
import * as documents from "../documents.js";
import { hour, money } from "../lib/format.js";
import { Failure, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { byDay } from "../app/days.js";
import { More, useEndless } from "./endless.js";

export function Activities({ giftCardId }) {
  const { nodes, first, more } = useEndless(
    documents.giftCardActivities,
    { giftCardId },
    (data) => data.node?.activities,
  );
  return html`<section aria-labelledby="activities">
    <h2 id="activities">${t("What happened")}</h2>
    ${!nodes && (first.error ? html`<${Failure} error=${first.error} again=${first.again} />` : html`<${Waiting}
      lines=${5} />`)}
    ${nodes && byDay(nodes).map((day) => html`<section key=${day.key} class="day"><h3>${day.heading}</h3><ul
      class="rows">${day.lines.map((line) => html`<li key=${line.id}><${Line} line=${line} /></li>`)}</ul></section>`)}
    ${nodes && html`<${More} more=${more} />`}
  </section>`;
}

function Line({ line }) {
  const { kind, amount, balanceAfter, occurredAt, storeName } = line;
  return html`<span><strong>${nameOf(kind, amount)}</strong><small
    class="quiet">${[storeName, hour(occurredAt)].filter(Boolean).join(" · ")}</small></span>
    <span class="sum"><strong>${amount.amountMinor === 0 ? "" : signed(amount)}</strong><small
      class="quiet">${t("then {amount}", { amount: money(balanceAfter) })}</small></span>`;
}

function signed(amount) {
  const said = money({ ...amount, amountMinor: Math.abs(amount.amountMinor) });
  return amount.amountMinor > 0 ? `+${said}` : `−${said}`;
}

function nameOf(kind, amount) {
  switch (kind) {
    case "ACTIVATE":
    case "IMPORT":
      return t("Begun");
    case "LOAD":
      return t("Loaded");
    case "REDEEM":
      return t("Paid with it");
    case "REFUND":
      return t("Paid back to it");
    case "ADJUST":
      return t("Corrected by the shop");
    case "TRANSFER_IN":
      return t("Moved here");
    case "TRANSFER_OUT":
      return t("Moved away");
    case "BLOCK":
      return t("Blocked");
    case "UNBLOCK":
      return t("No longer blocked");
    case "EXPIRE":
      return t("Expired");
    default:
      return amount.amountMinor < 0 ? t("Ended, and emptied") : t("Ended");
  }
}
