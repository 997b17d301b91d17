// The first step of a gift: points, money or a reward, and a picture.

import { html, useEffect } from "../lib/html.js";
import { money, number, points } from "../lib/format.js";
import { Button, Field } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { designOf, isGiven, kindsOf } from "./draft.js";
import { Choice, Step } from "./step.js";

const NO_PICTURE = "none";

export function What({ card, draft, edit, wrong, lead, purses, next }) {
  const kinds = kindsOf(card);
  useEffect(() => {
    if (kinds.length === 1 && draft.kind !== kinds[0]) edit({ kind: kinds[0] });
  }, []);
  const parts = { POINTS: Count, VALUE: Amount, REWARD: Reward };
  const Part = kinds.includes(draft.kind) ? parts[draft.kind] : null;
  return html`<${Step} title=${t("What do you want to send?")} lead=${lead} wrong=${wrong} next=${next}>
    ${kinds.length > 1 && html`<${Choice} legend=${t("Choose one")} kind="tiles"
      options=${kinds.map((kind) => optionOf(kind, card))} value=${draft.kind} problem=${wrong.kind}
      onValue=${(kind) => edit({ kind }, "kind", "points", "valueMinor", "rewardId", "giftCardId")} />`}
    ${Part && html`<${Part} key=${draft.kind} card=${card} draft=${draft} edit=${edit} wrong=${wrong}
      purses=${purses} />`}
    ${Part && html`<${Picture} card=${card} draft=${draft} edit=${edit} wrong=${wrong} />`}
    <p class="quiet">${limitOf(card.program.giftLimits)}</p>
    <${Button} type="submit">${t("Next: for whom")}<//>
  <//>`;
}

function optionOf(kind, { program }) {
  if (kind === "POINTS") return { value: kind, label: program.pointNamePlural, hint: t("from your card") };
  if (kind === "VALUE")
    return { value: kind, label: t("Money"), hint: t("to spend at {merchant}", { merchant: program.merchantName }) };
  return { value: kind, label: t("A reward"), hint: t("paid with your {points}", { points: program.pointNamePlural }) };
}

/** How many gifts there can be, said before one is begun in vain. */
function limitOf({ perDay, newAccountDays, newAccountPerDay }) {
  const always = n("You can send {count} gift in 24 hours.", "You can send {count} gifts in 24 hours.", perDay);
  if (!newAccountDays || newAccountPerDay >= perDay) return always;
  return `${always} ${n("In your first {count} day it is {gifts}.", "In your first {count} days it is {gifts}.", newAccountDays, { gifts: number(newAccountPerDay) })}`;
}

function Count({ card, draft, edit, wrong }) {
  const { program, balance } = card;
  const { minPoints, maxPoints } = program.giftLimits;
  const most = Math.min(maxPoints, balance.active);
  const have = t("You have {points}.", { points: points(balance.active, program) });
  const range =
    most >= minPoints
      ? t("From {least} to {most}.", { least: number(minPoints), most: number(most) })
      : t("A gift begins at {points}.", { points: points(minPoints, program) });
  return html`<${Field} label=${t("How many {points}?", { points: program.pointNamePlural })} hint=${`${have} ${range}`}
    inputmode="numeric" autocomplete="off" class="large" value=${draft.points} problem=${wrong.points}
    onValue=${(typed) => edit({ points: typed }, "points")} />`;
}

function Amount({ card, draft, edit, wrong, purses }) {
  const { min, max, heldAbove, mailboxAbove } = card.program.giftLimits;
  const hints = [
    t("From {least} to {most}.", { least: money(min), most: money(max) }),
    max.amountMinor > heldAbove.amountMinor &&
      t("A first gift of more than {amount} is looked at before it leaves.", { amount: money(heldAbove) }),
    max.amountMinor > mailboxAbove.amountMinor &&
      t("More than {amount} can be claimed only with the address that it is sent to.", { amount: money(mailboxAbove) }),
  ];
  const ways = [
    { value: null, label: t("Pay for it"), hint: t("on a page that opens when you send it") },
    ...purses.map(({ id, last4, balance }) => ({
      value: id,
      label: t("Gift card …{last4}", { last4 }),
      hint: t("{amount} on it", { amount: money(balance) }),
    })),
  ];
  return html`<${Field} label=${t("How much?")} hint=${hints.filter(Boolean).join(" ")} inputmode="decimal"
    autocomplete="off" class="large" value=${draft.amount} problem=${wrong.valueMinor}
    onValue=${(amount) => edit({ amount }, "valueMinor", "giftCardId")} />
    ${(purses.length > 0 || wrong.giftCardId) && html`<${Choice} legend=${t("Where does it come from?")} options=${ways}
      value=${draft.giftCardId} problem=${wrong.giftCardId}
      onValue=${(giftCardId) => edit({ giftCardId }, "giftCardId")} />`}`;
}

function Reward({ card, draft, edit, wrong }) {
  const options = card.rewards.filter(isGiven).map(({ reward, available, reasons }) => ({
    value: reward.id,
    label: reward.name,
    hint: available ? points(reward.costPoints, card.program) : reasons.join(" "),
    closed: !available,
  }));
  return html`<${Choice} legend=${t("Which reward?")} options=${options} value=${draft.rewardId}
    problem=${wrong.rewardId} onValue=${(rewardId) => edit({ rewardId }, "rewardId", "points")} />`;
}

function Picture({ card, draft, edit, wrong }) {
  const designs = card.program.giftDesigns;
  if (!designs.length) return null;
  const options = [
    ...designs.map(({ id, altText, imageUrl }) => ({ value: id, label: altText, picture: new URL(imageUrl).pathname })),
    { value: NO_PICTURE, label: t("No picture") },
  ];
  const chosen = designOf(draft, card)?.id ?? NO_PICTURE;
  return html`<${Choice} legend=${t("A picture to go with it")} kind="pictures" options=${options} value=${chosen}
    problem=${wrong.designId} onValue=${(id) => edit({ designId: id === NO_PICTURE ? null : id }, "designId")} />`;
}
