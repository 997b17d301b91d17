// What points and stamps buy on one card, and what was bought and not yet used.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { number, points } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { refresh, useAnswer } from "../lib/query.js";
import { Button, Empty, Failure, Notice, Sheet, Waiting } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { colours } from "../app/face.js";
import { NoSuchCard } from "../app/nowhere.js";
import { Ended, useOnce } from "./once.js";
import { Page } from "../app/page.js";
import { PastVouchers, Vouchers } from "./vouchers.js";

/** The rewards of a card's program, and the card's vouchers. */
export function Rewards({ cardId }) {
  const { data, error, again } = useAnswer(documents.rewards, { cardId });
  const card = data?.node;
  const home = `/app/cards/${cardId}`;
  if (data && !card) return html`<${NoSuchCard} />`;
  return html`<${Page} title=${t("Rewards")} name=${card?.program.name} home=${home}>
    ${card ? html`<${Offered} card=${card} />` : error ? html`<${Failure} error=${error}
      again=${again} />` : html`<${Waiting} lines=${6} />`}
  <//>`;
}

function Offered({ card }) {
  const [chosen, choose] = useState(null);
  const [news, setNews] = useState(null);
  const { program, rewards } = card;
  const told = (sentence) => {
    choose(null);
    setNews(sentence);
    refresh(documents.rewards, { cardId: card.id });
    refresh(documents.pastVouchers, { cardId: card.id });
  };
  return html`<div style=${colours(program)}>
    <${Purse} card=${card} />
    <div role="status">${news && html`<${Notice} kind="good" icon="check"><p>${news}</p><//>`}</div>
    <${Vouchers} card=${card} told=${told} />
    <section aria-labelledby="offers">
      <h2 id="offers">${t("What you can get")}</h2>
      ${rewards.length === 0 && html`<${Empty} icon="star"
        title=${t("No rewards yet")}><p>${t("{merchant} has no rewards at the moment. Your {points} stay yours.", { merchant: program.merchantName, points: program.pointNamePlural })}</p><//>`}
      <ul class="offers">${rewards.map((offer) => html`<li key=${offer.reward.id}><${Offer} offer=${offer} card=${card}
        choose=${choose} /></li>`)}</ul>
    </section>
    <${PastVouchers} cardId=${card.id} />
    ${chosen && html`<${Claim} card=${card} reward=${chosen} close=${() => choose(null)} told=${told} />`}
  </div>`;
}

/** What there is to spend. */
function Purse({ card }) {
  const { balance, stamps, program } = card;
  return html`<p class="purse">
    <span><strong>${number(balance.active)}</strong> ${balance.active === 1 ? program.pointName : program.pointNamePlural}</span>
    ${stamps && html`<span>${n("{count} stamp", "{count} stamps", stamps.collected)}</span>`}
  </p>`;
}

/** What a reward costs, in words. */
export function priceOf({ costPoints, costStamps }, program) {
  if (costPoints !== null) return points(costPoints, program);
  return n("{count} stamp", "{count} stamps", costStamps);
}

function Offer({ offer, card, choose }) {
  const { reward, available, reasons } = offer;
  return html`<article class=${`offer ${available ? "" : "not-yet"}`}>
    <h3>${reward.name}</h3>
    ${reward.description && html`<p class="quiet">${reward.description}</p>`}
    <p class="price">${priceOf(reward, card.program)}</p>
    ${!available && html`<${Progress} card=${card} reward=${reward} />`}
    ${reasons.map((reason) => html`<p class="why" key=${reason}>${reason}</p>`)}
    ${available && html`<${Button} onPress=${() => choose(reward)}
      aria-label=${t("Get {reward}", { reward: reward.name })}>${t("Get it")}<//>`}
  </article>`;
}

/** How far it is; the words beside it say the same. */
function Progress({ card, reward }) {
  const needed = reward.costPoints ?? reward.costStamps;
  const there = reward.costPoints !== null ? card.balance.active : (card.stamps?.collected ?? 0);
  if (there >= needed) return null;
  const share = Math.max(0, Math.floor((there * 100) / needed));
  return html`<span class="progress" aria-hidden="true"><i style=${{ width: `${share}%` }}></i></span>`;
}

function Claim({ card, reward, close, told }) {
  const [refused, refuse] = useState(null);
  const { program } = card;
  const send = (idempotencyKey) =>
    askOne(documents.claimReward, { input: { cardId: card.id, rewardId: reward.id, idempotencyKey } });
  const claiming = useOnce(`claim ${card.id} ${reward.id}`, send, (result) => {
    if (result.voucher)
      return told(t("{reward} is yours. Show its code at the counter to use it.", { reward: reward.name }));
    refresh(documents.rewards, { cardId: card.id });
    refuse(result);
  });
  return html`<${Sheet} title=${reward.name} onClose=${close}>
    ${reward.description && html`<p>${reward.description}</p>`}
    <dl class="sums">
      <div><dt>${t("It costs")}</dt><dd>${priceOf(reward, program)}</dd></div>
      ${reward.costPoints !== null && html`<div><dt>${t("You then have")}</dt><dd>${points(card.balance.active - reward.costPoints, program)}</dd></div>`}
    </dl>
    <p class="quiet">${t("You get a voucher to use at the counter. As long as it is not used, you can cancel it.")}</p>
    <${Ended} refused=${refused} work=${claiming} />
    <${Button} busy=${claiming.busy}
      onPress=${() => claiming.start()}>${t("Get it for {price}", { price: priceOf(reward, program) })}<//>
    <${Button} kind="second" onPress=${close}>${t("Not now")}<//>
  <//>`;
}
