// The wallet: all cards of the customer.

import { html, useEffect } from "../lib/html.js";
import * as documents from "../documents.js";
import { money } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { refresh, useAnswer } from "../lib/query.js";
import { go, Link } from "../lib/router.js";
import { Empty, Failure, useEvery, Waiting } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { Face } from "./face.js";
import { Page } from "./page.js";
import { lastDay } from "./days.js";

const RENEWED_MS = 30_000;
const opened = performance.getEntriesByType("navigation")[0]?.type === "navigate" && location.pathname === "/app";
let looked = false;

export function Wallet() {
  const { data, error, again } = useAnswer(documents.wallet);
  useEvery(RENEWED_MS, () => refresh(documents.wallet));
  useStraightToTheOnlyCard(data?.viewer);
  return html`<${Page} title=${t("Your cards")}>
    ${data && html`<${Cards} customer=${data.viewer} />`}
    ${!data && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} lines=${6} />`)}
  <//>`;
}

/** Whoever opens the app with a single card wants its code; the wallet is one step back. */
function useStraightToTheOnlyCard(customer) {
  useEffect(() => {
    if (!customer || looked) return;
    looked = true;
    const { cards, giftCards } = customer;
    if (opened && cards.length === 1 && !giftCards.length) go(`/app/cards/${cards[0].id}`, { replace: true });
  }, [customer]);
}

function Cards({ customer }) {
  const { cards, giftCards } = customer;
  return html`${cards.length === 0 && html`<${NoCards} />`}
    <ul class="wallet">${cards.map((card) => html`<li key=${card.id}><${CardLink} card=${card} /></li>`)}</ul>
    ${giftCards.length > 0 &&
    html`<section aria-labelledby="gift-cards"><h2 id="gift-cards">${t("Gift cards")}</h2>
      <ul class="slim-cards">${giftCards.map((card) => html`<li key=${card.id}><${GiftCardLink} card=${card} /></li>`)}</ul>
    </section>`}`;
}

function CardLink({ card }) {
  const vouchers = card.vouchers.length;
  const hint = n("{count} voucher to use", "{count} vouchers to use", vouchers);
  return html`<${Link} class="card-link" to=${`/app/cards/${card.id}`}><${Face} card=${card} /><//>
    ${vouchers > 0 &&
    html`<${Link} class="voucher-hint" to=${`/app/cards/${card.id}/rewards`}><${Icon} name="ticket" size=${20} />${hint}<//>`}`;
}

function GiftCardLink({ card }) {
  const { last4, expiresAt, balance, state } = card;
  const until = expiresAt ? t("until {day}", { day: lastDay(expiresAt) }) : "";
  return html`<${Link} class="slim-card" to=${`/app/gift-cards/${card.id}`}>
    <${Icon} name="gift" />
    <span class="names"><strong>${money(balance)}</strong><small>${t("Gift card …{last4}", { last4 })}</small></span>
    <small class="until">${state === "ACTIVE" ? until : t("Not usable now")}</small>
  <//>`;
}

function NoCards() {
  return html`<${Empty} icon="card" title=${t("Your cards will be here")}>
    <p>${t("Scan the poster of a shop that you like with your camera, or ask at its counter.")}</p>
    <p>${t("Somebody sent you a gift? Open the link in its mail: the card comes with it.")}</p>
  <//>`;
}
