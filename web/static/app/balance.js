// What is on a card: what can be spent, what is on its way, what is set aside, and what goes when.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { day, money, number, points, unit } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { useAnswer } from "../lib/query.js";
import { t } from "../lib/words.js";
import { lastDay } from "./days.js";
import { Dots } from "./face.js";

const COUNTED_MS = 900;

/** The number, counting up or down to it when it changes. Who listens hears only the number itself. */
export function Counting({ value }) {
  const [shown, setShown] = useState(value);
  const from = useRef(value);
  useEffect(() => {
    const start = from.current;
    from.current = value;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (start === value || calm || document.hidden) return setShown(value);
    const began = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      const share = Math.min(Math.max((now - began) / COUNTED_MS, 0), 1);
      setShown(Math.round(start + (value - start) * (1 - (1 - share) ** 3)));
      if (share < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [value]);
  return html`<span aria-hidden="true">${number(shown)}</span><span class="hidden-words">${number(value)}</span>`;
}

/** The balance in large numbers, on the card. */
export function Balance({ card }) {
  const { balance, program } = card;
  const active = html`<strong><${Counting} value=${balance.active} /></strong>`;
  return html`<p class="balance">${active} <span>${unit(balance.active, program)}</span></p>`;
}

/** What else there is to know of it, as a list. */
export function Standing({ card }) {
  const { balance, program, expiring, stamps, tier, vouchers } = card;
  const reserved = points(balance.reserved, program);
  return html`<ul class="facts">
    ${stamps && html`<${Stamps} stamps=${stamps} />`}
    ${balance.pending !== 0 && html`<${Pending} card=${card} />`}
    ${balance.reserved > 0 &&
    html`<${Fact} icon="gift" text=${t("{points} set aside for gifts and vouchers that are not finished", { points: reserved })} />`}
    ${expiring[0] && html`<${Expiring} soonest=${expiring[0]} program=${program} />`}
    ${vouchers[0] && html`<${Fact} icon="ticket" text=${vouchers.map(({ reward }) => reward.name).join(", ")} />`}
    ${tier && html`<${Tier} tier=${tier} program=${program} />`}
  </ul>`;
}

function Fact({ icon, text, children }) {
  return html`<li><${Icon} name=${icon} /><div><span>${text}</span>${children}</div></li>`;
}

function Expiring({ soonest, program }) {
  const facts = { points: points(soonest.points, program), day: lastDay(soonest.expiresAt) };
  return html`<${Fact} icon="clock" text=${t("{points} last until {day}", facts)} />`;
}

/** Which of the pending points come when. What the shop has to look at first has no day. */
function Pending({ card }) {
  const { balance, program } = card;
  const { data } = useAnswer(documents.pendingPoints, { id: card.id });
  const waiting = (data?.node?.lots ?? []).filter(({ spendOrder }) => spendOrder === null);
  const next = waiting.map(({ availableAt }) => availableAt).filter((at) => Date.parse(at) > Date.now()).sort()[0];
  const many = points(balance.pending, program);
  const text = next
    ? t("{points} more can be spent from {day}", { points: many, day: day(next) })
    : t("{points} more can be spent later", { points: many });
  return html`<${Fact} icon="clock" text=${text} />`;
}

function Stamps({ stamps }) {
  const text = t("A full card gives: {reward}", { reward: stamps.reward.name });
  return html`<${Fact} icon="star" text=${text}><${Dots} stamps=${stamps} /><//>`;
}

function Tier({ tier, program }) {
  const missing = tier.toNextMoney ? money(tier.toNextMoney) : tier.toNext !== null && points(tier.toNext, program);
  return html`<${Fact} icon="person" text=${t("You are: {tier}", { tier: tier.name })}>
    ${tier.perks.length > 0 && html`<small>${tier.perks.join(" · ")}</small>`}
    ${tier.nextName &&
    missing &&
    html`<small>${t("{missing} more until {tier}", { missing, tier: tier.nextName })}</small>`}
    ${tier.keepUntil && html`<small>${t("Yours at least until {day}", { day: lastDay(tier.keepUntil) })}</small>`}
    ${tier.atRisk && html`<small class="risk">${t("You will lose it soon unless you collect more.")}</small>`}
  <//>`;
}
