// Who is there: the name, the balance, and what they can use now.

import { html } from "../lib/html.js";
import { money, number, unit } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { useLead } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { changeSale } from "./counter.js";

/** The head of a sale. `leave` sends the customer away. */
export function Customer({ customer, leave }) {
  const { card } = customer;
  const heading = useLead(customer.visitId ?? customer.code);
  return html`<header class="customer">
    <div class="customer-words">
      <h1 ref=${heading} tabindex="-1">${card ? html`<bdi>${nameOf(card)}</bdi>` : t("Customer without a connection")}</h1>
      ${card ? html`<${Standing} card=${card} />` : html`<p>${t("The code is good. The points come when the network is back.")}</p>`}
    </div>
    ${card && html`<p class="balance"><strong>${number(card.active)}</strong> <bdi>${unit(card.active, card)}</bdi></p>`}
    <button type="button" class="round" aria-label=${t("Send the customer away")} onClick=${leave}><${Icon} name="close" /></button>
  </header>`;
}

/** What to call somebody who may have given no name. */
export function nameOf(card) {
  return card.displayName || t("Card •••• {last4}", { last4: card.numberLast4 });
}

function Standing({ card }) {
  const { tier, stamps, pending } = card;
  return html`<p>
    ${tier && html`<span><${Icon} name="star" size=${18} /> ${tier.name}</span>`}
    ${stamps && html`<span><${Icon} name="ticket" size=${18} /> ${t("{collected} of {needed} stamps", { collected: number(stamps.collected), needed: number(stamps.needed) })}</span>`}
    ${pending > 0 && html`<span><${Icon} name="clock" size=${18} /> ${t("{count} pending", { count: number(pending) })}</span>`}
  </p>`;
}

/** How many things the customer could use now. */
export function usablesOf({ card }) {
  if (!card) return [];
  return [
    ...card.vouchers.filter(({ state }) => state === "USABLE").map(({ id, reward }) => ({ shelf: "vouchers", id, name: reward.name, icon: "ticket", cost: t("Voucher"), available: true })),
    ...card.rewards.map(({ reward, available, reasons }) => ({ shelf: "rewards", id: reward.id, name: reward.name, icon: "star", cost: costOf(reward, card), available, reasons })),
    ...card.giftCards.filter(({ state }) => state === "ACTIVE").map(({ id, last4, balance }) => ({ shelf: "tenders", id, name: t("Gift card •••• {last4}", { last4 }), icon: "gift", cost: money(balance), available: balance.amountMinor > 0 })),
  ];
}

function costOf({ costPoints, costStamps }, card) {
  if (costStamps) return n("{count} stamp", "{count} stamps", costStamps);
  return costPoints ? `${number(costPoints)} ${unit(costPoints, card)}` : t("Free");
}

export function isChosen(sale, { shelf, id }) {
  return shelf === "tenders" ? sale.tenders.some((tender) => tender.id === id) : sale[shelf].includes(id);
}

/** Chooses it, or not any more. */
export function toggle(sale, { shelf, id, name }) {
  const chosen = isChosen(sale, { shelf, id });
  if (shelf === "tenders") return changeSale({ tenders: chosen ? sale.tenders.filter((tender) => tender.id !== id) : [...sale.tenders, { id, name }] });
  changeSale({ [shelf]: chosen ? sale[shelf].filter((other) => other !== id) : [...sale[shelf], id] });
}

/** One of them, as a switch. */
export function Usable({ sale, usable, full = false }) {
  const { name, icon, cost, available, reasons } = usable;
  return html`<button type="button" class=${`usable${full ? " full" : ""}`} aria-pressed=${isChosen(sale, usable) ? "true" : "false"} disabled=${!available} onClick=${() => toggle(sale, usable)}>
    <${Icon} name=${isChosen(sale, usable) ? "check" : icon} size=${20} />
    <span><bdi>${name}</bdi> <small>${cost}</small>${full && reasons?.length > 0 && html`<small class="why">${reasons.join(" ")}</small>`}</span>
  </button>`;
}
