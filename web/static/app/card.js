// One card: its code for the counter, what is on it, and the ways on.

import { html, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { grouped } from "../lib/format.js";
import { Lost } from "../lib/graphql.js";
import { Icon } from "../lib/icons.js";
import { useAnswer } from "../lib/query.js";
import { Link } from "../lib/router.js";
import { Button, Failure, Sheet, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { News, useLiveCard } from "./arrivals.js";
import { Balance, Standing } from "./balance.js";
import { Choice } from "./choice.js";
import { Code, withoutCode } from "./code.js";
import { useCode } from "./codes.js";
import { colours, Face, Mark } from "./face.js";
import { Line } from "./lines.js";
import { NoSuchCard } from "./nowhere.js";
import { Page } from "./page.js";

/** The address ends in ?spend while the code is for spending, so that other places can lead there. */
const SPENDING = "?spend";

export function CardPage({ cardId }) {
  const { data, error, again, told, news } = useLiveCard(cardId);
  const card = data?.node;
  if (data && card?.__typename !== "Card") return html`<${NoSuchCard} />`;
  if (!card)
    return html`<${Page} title=${t("Your card")} home="/app">
      ${error ? html`<${Unopened} cardId=${cardId} error=${error} again=${again} />` : html`<${Waiting} lines=${8} />`}
    <//>`;
  return html`<${Page} title=${card.program.name} home="/app">
    <${News} news=${news} program=${card.program} />
    <div class="card-page">
      <${Counter} card=${card} told=${told} />
      <${About} card=${card} />
    </div>
  <//>`;
}

/** A card that was not opened here before. Without a network there is what the wallet knows of it. */
function Unopened({ cardId, error, again }) {
  const { data } = useAnswer(documents.wallet);
  const card = data?.viewer.cards.find(({ id }) => id === cardId);
  return html`<${Failure} error=${error} again=${again} />
    ${card && error instanceof Lost && html`<${Face} card=${card} /><p>${withoutCode()}</p>`}`;
}

/** What is held out at the counter. */
function Counter({ card, told }) {
  const [spending, setSpending] = useSpending();
  const shown = useCode(card.id, spending ? "REDEEM" : "EARN");
  // Whatever changed the card at a counter has used the code up.
  useEffect(() => {
    if (told) shown.renew();
  }, [told]);
  const { program } = card;
  return html`<section class="counter" style=${colours(program)} aria-label=${t("For the counter")}>
    <div class="counter-top">
      <${Mark} program=${program} /><${Balance} card=${card} />
      ${card.tier && html`<span class="tier-name">${card.tier.name}</span>`}
    </div>
    <${Purpose} spending=${spending} choose=${setSpending} />
    <${Code} shown=${shown} number=${card.number} />
  </section>`;
}

function useSpending() {
  const [spending, setSpending] = useState(location.search === SPENDING);
  return [spending, (now) => {
    history.replaceState(history.state, "", now ? SPENDING : location.pathname);
    setSpending(now);
  }];
}

/** Two codes: one that only collects, and one that lets the till take points, vouchers or gift cards. */
function Purpose({ spending, choose }) {
  const choices = [
    [false, t("Collect")],
    [true, t("Spend points or a voucher")],
  ];
  const legend = t("What the code is for");
  return html`<${Choice} name="purpose" legend=${legend} choices=${choices} chosen=${spending} choose=${choose} />`;
}

function About({ card }) {
  const [rules, setRules] = useState(false);
  const { program } = card;
  const latest = card.history.edges.map(({ node }) => node);
  const place = `/app/cards/${card.id}`;
  const gives = program.giftLimits.maxPoints > 0 || program.giftLimits.max.amountMinor > 0;
  return html`<div class="about">
    <section class="panel" aria-label=${t("What is on the card")}><${Standing} card=${card} />
      <nav class="ways-on" aria-label=${t("More about this card")}>
        <${Link} to=${`${place}/rewards`}><${Icon} name="star" /><span>${t("Rewards")}</span><//>
        ${gives && html`<${Link} to=${`${place}/send`}><${Icon} name="gift" /><span>${t("Send a gift")}</span><//>`}
        <${Link} to=${`${place}/history`}><${Icon} name="list" /><span>${t("History")}</span><//>
      </nav>
    </section>
    <section class="panel" aria-labelledby="latest"><h2 id="latest">${t("Latest")}</h2>
      ${latest.length === 0 && html`<p class="quiet">${t("Nothing yet. Show the code with your next purchase.")}</p>`}
      <ol class="lines">${latest.map((line) => html`<${Line} key=${line.id} line=${line} program=${program} dated />`)}</ol>
    </section>
    <p class="card-foot">
      <${Button} kind="plain" onPress=${() => setRules(true)}>${t("How this program works")}<//>
      <span class="quiet">${t("Card number {number}", { number: grouped(card.number) })}</span>
    </p>
    ${rules &&
    html`<${Sheet} title=${t("How this program works")} onClose=${() => setRules(false)}>
      <ul class="rules">${program.terms.map((term) => html`<li>${term}</li>`)}</ul>
    <//>`}
  </div>`;
}
