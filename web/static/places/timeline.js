// What has become of a gift, and what will.

import { html } from "../lib/html.js";
import { moment } from "../lib/format.js";
import { t } from "../lib/words.js";
import { lastDay } from "../app/days.js";
import { isOpen, isWaiting } from "./worth.js";

/** The events in their order, and then what comes if nothing else does. */
export function Timeline({ gift }) {
  const past = gift.events.map((event, at) => ({
    at: event.at,
    words: wordsOf(gift, event, at),
    status: event.status,
  }));
  if (gift.remindedAt) past.push({ at: gift.remindedAt, words: t("You both were reminded of it"), status: "REMINDED" });
  past.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return html`<section aria-labelledby="life">
    <h2 id="life">${t("What happened")}</h2>
    <ol class="timeline">
      ${past.map(({ at, words, status }) => html`<li key=${`${at} ${status}`}
        class=${status.toLowerCase()}><span>${words}</span><time datetime=${at}>${moment(at)}</time></li>`)}
      ${coming(gift).map(({ at, words, said }) => html`<li key=${words} class="coming"><span>${words}</span><time
        datetime=${at}>${said}</time></li>`)}
    </ol>
  </section>`;
}

function coming(gift) {
  if (!isOpen(gift) || gift.status === "AWAITING_PAYMENT") return [];
  const leaves = gift.heldUntil ?? gift.deliverAt;
  const found = [];
  if (gift.heldUntil || isWaiting(gift)) {
    const words = gift.heldUntil ? t("Its mail leaves by then at the latest") : t("Its mail leaves");
    found.push({ at: leaves, words, said: moment(leaves) });
  }
  found.push({
    at: gift.claimableUntil,
    words: t("Comes back to you if nobody claims it"),
    said: t("after {day}", { day: lastDay(gift.claimableUntil) }),
  });
  return found;
}

function wordsOf(gift, { status }, at) {
  if (at === 0) return t("You made the gift");
  if (status === "SCHEDULED") {
    const paid = gift.payment && gift.events.slice(0, at).every((earlier) => earlier.status === "AWAITING_PAYMENT");
    return paid ? t("You paid for it") : t("You sent it on its way anew");
  }
  const name = gift.recipientName;
  if (status === "AWAITING_PAYMENT") return t("It waits for its payment");
  if (status === "SENT") return t("The mail left");
  if (status === "DELIVERED") return t("The mail arrived");
  if (status === "BOUNCED") return t("The mail did not arrive");
  if (status === "VIEWED") return t("{name} opened it", { name });
  if (status === "CLAIMED") return t("{name} claimed it", { name });
  if (status === "SPENT") return t("All of it is used");
  if (status === "DECLINED") return t("{name} declined it, and it came back to you", { name });
  if (status === "CANCELLED")
    return gift.payment && !gift.payment.paid
      ? t("It was cancelled, and nothing was paid")
      : t("It was cancelled, and came back to you");
  return t("Nobody claimed it in time, and it came back to you");
}
