// What a claimed gift is to be shown as.

import { day, grouped, money, number, unit } from "../lib/format.js";

/** What there is to show: points on a card, money on a gift card, or a voucher. `yours` and `onCard` choose the words. */
export function resultOf({ giftId, points, senderName, card, giftCard, voucher }, email) {
  const { program } = card;
  const onCard = !giftCard && !voucher;
  const worth = giftCard ? money(giftCard.balance) : voucher?.reward.name;
  const until = giftCard?.expiresAt ?? voucher?.usableUntil;
  return {
    giftId,
    cardId: card.id,
    onCard,
    yours: !onCard,
    inWords: Boolean(voucher),
    look: { color: program.color, onColor: program.onColor },
    programName: program.name,
    merchantName: program.merchantName,
    senderName,
    email,
    points: worth ?? `+${number(points)}`,
    unit: onCard ? unit(points, program) : "",
    cardNumber: giftCard ? null : grouped(card.number),
    giftCardNumber: giftCard ? `•••• ${giftCard.last4}` : null,
    balance: giftCard ? worth : voucher ? null : number(card.balance.active),
    balanceUnit: onCard ? unit(card.balance.active, program) : "",
    until: until ? day(until) : null,
  };
}
