// A gift before it is sent: what was typed and chosen so far, kept in this tab until it is sent.

import { useState } from "../lib/html.js";
import { digitsOf } from "../lib/digits.js";
import { money, points } from "../lib/format.js";
import { Memory } from "../lib/memory.js";
import { t } from "../lib/words.js";
import { minorOf } from "./amount.js";
import { momentOf } from "./moments.js";

const MESSAGE_MAX = 280;
const drafts = new Memory("app-sending");
// `designId`: undefined as long as nobody chose, null for no picture.
const EMPTY = {
  kind: null,
  points: "",
  amount: "",
  rewardId: null,
  giftCardId: null,
  name: "",
  email: "",
  message: "",
  later: false,
  at: "",
};

/** The draft of a card, and what changes parts of it. */
export function useDraft(cardId) {
  const [draft, setDraft] = useState(() => ({ ...EMPTY, ...drafts.get(cardId) }));
  const change = (part) =>
    setDraft((before) => {
      const next = { ...before, ...part };
      drafts.set(cardId, next);
      return next;
    });
  return [draft, change];
}

export function forgetDraft(cardId) {
  drafts.set(cardId, undefined);
}

/** What can be sent from the card at all. */
export function kindsOf({ program, rewards }) {
  const { maxPoints, max, perDay } = program.giftLimits;
  if (!perDay) return [];
  const found = [];
  if (maxPoints) found.push("POINTS");
  if (max.amountMinor) found.push("VALUE");
  if (rewards.some(isGiven)) found.push("REWARD");
  return found;
}

/** A punch card is its owner's alone: what costs stamps is not given away. */
export function isGiven({ reward }) {
  return reward.costPoints !== null;
}

/** The customer's own gift cards that money can come out of. */
export function pursesOf(card, giftCards) {
  const now = Date.now();
  return giftCards.filter(
    ({ program, state, balance, expiresAt }) =>
      program.id === card.program.id &&
      state === "ACTIVE" &&
      balance.amountMinor > 0 &&
      (!expiresAt || Date.parse(expiresAt) > now),
  );
}

/** What is wrong with what is sent, by the field of the API; nothing if nothing is. */
export function wrongWithWhat(draft, card, purses) {
  if (draft.kind === "POINTS") return wrongPoints(pointsOf(draft), card);
  if (draft.kind === "VALUE") return wrongAmount(draft, card, purses);
  if (draft.kind !== "REWARD") return { kind: t("Choose what you want to send.") };
  const offer = card.rewards.find(({ reward }) => reward.id === draft.rewardId);
  if (!offer) return { rewardId: t("Choose a reward.") };
  return offer.available ? {} : { rewardId: offer.reasons.join(" ") };
}

function wrongPoints(count, { program, balance }) {
  const { minPoints, maxPoints } = program.giftLimits;
  if (!count) return { points: t("Type how many you want to send.") };
  if (count < minPoints) return { points: t("Send {points} at least.", { points: points(minPoints, program) }) };
  if (count > maxPoints)
    return { points: t("{points} can be sent at most in one gift.", { points: points(maxPoints, program) }) };
  if (count > balance.active) return { points: t("You have {points}.", { points: points(balance.active, program) }) };
  return {};
}

function wrongAmount(draft, { program }, purses) {
  const { min, max } = program.giftLimits;
  const amount = minorOf(draft.amount, program.currency);
  if (!amount) return { valueMinor: t("Type an amount.") };
  if (amount < min.amountMinor) return { valueMinor: t("Send {amount} at least.", { amount: money(min) }) };
  if (amount > max.amountMinor)
    return { valueMinor: t("{amount} can be sent at most in one gift.", { amount: money(max) }) };
  if (!draft.giftCardId) return {};
  const purse = purses.find(({ id }) => id === draft.giftCardId);
  if (!purse) return { giftCardId: t("This gift card cannot be used now. Choose another way to pay.") };
  return amount > purse.balance.amountMinor
    ? { giftCardId: t("There is only {amount} on this gift card.", { amount: money(purse.balance) }) }
    : {};
}

/** What is wrong with whom it goes to, and when. */
export function wrongWithWhom({ name, email, message, later, at }) {
  const wrong = {};
  if (!name.trim()) wrong.recipientName = t("Type a name.");
  if (!/^\S+@\S+$/.test(email.trim())) wrong.recipientEmail = t("Type an e-mail address.");
  if ([...message].length > MESSAGE_MAX) wrong.message = t("This message is too long.");
  if (later && !momentOf(at)) wrong.deliverAt = t("Choose a day and an hour.");
  else if (later && Date.parse(momentOf(at)) < Date.now())
    wrong.deliverAt = t("This moment is over. Choose a later one.");
  return wrong;
}

function pointsOf(draft) {
  return Number(digitsOf(draft.points).slice(0, 12));
}

/** The picture that goes with it: the first one until somebody chooses. */
export function designOf(draft, { program }) {
  const designs = program.giftDesigns;
  return draft.designId === undefined
    ? (designs[0] ?? null)
    : (designs.find(({ id }) => id === draft.designId) ?? null);
}

/** What the API is told of the gift, both to show it and to send it. */
export function giftOf(draft, card) {
  const worth = {
    POINTS: () => ({ points: pointsOf(draft) }),
    VALUE: () => ({ valueMinor: minorOf(draft.amount, card.program.currency) }),
    REWARD: () => ({ rewardId: draft.rewardId }),
  };
  return {
    cardId: card.id,
    ...worth[draft.kind](),
    designId: designOf(draft, card)?.id ?? null,
    recipientName: draft.name.trim(),
    message: draft.message.trim() || null,
    deliverAt: draft.later ? momentOf(draft.at) : null,
  };
}

/** The gift as lists and tickets show one. */
export function shownOf(draft, card) {
  const { points: count = 0, valueMinor } = giftOf(draft, card);
  const value = draft.kind === "VALUE" ? { amountMinor: valueMinor, currency: card.program.currency } : null;
  const reward = card.rewards.find((offer) => offer.reward.id === draft.rewardId)?.reward ?? null;
  return { kind: draft.kind, points: count, value, reward, design: designOf(draft, card), card };
}
