// A gift card: the money on it, what happened to it, and what can be done with it.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { money } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { refresh, useAnswer } from "../lib/query.js";
import { Link } from "../lib/router.js";
import { Button, Empty, Failure, Notice, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Activities } from "./activities.js";
import { lastDay } from "../app/days.js";
import { colours, Names } from "../app/face.js";
import { MoveMoney } from "./moving.js";
import { Page } from "../app/page.js";
import { spendingAt } from "./vouchers.js";

/** The gift card of an address. */
export function GiftCardPage({ giftCardId }) {
  const { data, error, again } = useAnswer(documents.giftCard, { giftCardId });
  const giftCard = data?.node;
  const title = giftCard ? t("Gift card …{last4}", { last4: giftCard.last4 }) : t("Gift card");
  return html`<${Page} title=${title} name=${giftCard?.program.merchantName} home="/app">
    ${!data && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} lines=${8} />`)}
    ${data && !giftCard && html`<${Empty} icon="card"
      title=${t("You have no such gift card.")}><p>${t("It may be another customer's, or the address was mistyped.")}</p><//>`}
    ${giftCard && html`<${Shown} giftCard=${giftCard} viewer=${data.viewer} />`}
  <//>`;
}

function Shown({ giftCard, viewer }) {
  const [moving, move] = useState(false);
  const [news, setNews] = useState("");
  const { program, balance } = giftCard;
  const usable = isUsable(giftCard);
  const others = viewer.giftCards.filter(
    (other) => other.id !== giftCard.id && other.program.id === program.id && isUsable(other),
  );
  const card = viewer.cards.find((own) => own.program.id === program.id);
  const told = (sentence) => {
    move(false);
    setNews(sentence);
    refresh(documents.giftCard, { giftCardId: giftCard.id });
    refresh(documents.giftCardActivities, { giftCardId: giftCard.id });
  };
  return html`<div style=${colours(program)}>
    <div class="ticket"><p class="worth">${money(balance)}</p><${Names} program=${program} /><p
      class="until">${standOf(giftCard)}</p></div>
    <div role="status">${news && html`<${Notice} kind="good" icon="check"><p>${news}</p><//>`}</div>
    ${usable && balance.amountMinor > 0 && html`<${Paying} card=${card} />`}
    ${usable && html`<${Ways} giftCard=${giftCard} card=${card} others=${others} move=${() => move(true)} />`}
    <${Activities} giftCardId=${giftCard.id} />
    ${moving && html`<${MoveMoney} giftCard=${giftCard} others=${others} close=${() => move(false)} told=${told} />`}
  </div>`;
}

/** Whether money on it can be spent or moved. */
function isUsable({ state, expiresAt }) {
  return state === "ACTIVE" && (!expiresAt || Date.parse(expiresAt) > Date.now());
}

function standOf({ state, expiresAt }) {
  if (state === "PENDING") return t("It is not paid for yet.");
  if (state === "BLOCKED") return t("It is blocked. Please ask the shop.");
  if (state === "DEACTIVATED") return t("It cannot be used any more.");
  if (!expiresAt) return t("It does not expire.");
  return Date.parse(expiresAt) > Date.now()
    ? t("To be used until {day}", { day: lastDay(expiresAt) })
    : t("Its time was over after {day}.", { day: lastDay(expiresAt) });
}

function Paying({ card }) {
  return html`<section class="panel" aria-labelledby="pay">
    <h2 id="pay">${t("Pay with it at the counter")}</h2>
    <p>${t("Say that you pay with your gift card, and show the code of your card. The till then sees it.")}</p>
    ${card && html`<${Link} class="button" to=${spendingAt(card.id)}><${Icon}
      name="scan" />${t("Show the code at the counter")}<//>`}
  </section>`;
}

function Ways({ giftCard, card, others, move }) {
  const { max } = giftCard.program.giftLimits;
  const gives = card && max.amountMinor > 0 && giftCard.balance.amountMinor > 0;
  const moves = others.length > 0 && giftCard.balance.amountMinor > 0;
  if (!gives && !moves) return null;
  return html`<div class="doings">
    ${gives && html`<${Link} class="button second" to=${`/app/cards/${card.id}/send?from=${giftCard.id}`}><${Icon}
      name="gift" />${t("Pass it on as a gift")}<//>`}
    ${moves && html`<${Button} kind="second" onPress=${move}>${t("Move money to another gift card")}<//>`}
  </div>`;
}
