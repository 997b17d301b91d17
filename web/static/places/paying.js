// A gift of money that is not paid for yet.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { moment } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { Memory } from "../lib/memory.js";
import { refresh } from "../lib/query.js";
import { Button, Notice, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Ended } from "./once.js";
import { worthOf } from "./worth.js";

const DAY_MS = 24 * 60 * 60_000;
const orders = new Memory("app-payments");

/** What was ordered is remembered by its gift: ordered again in the same words, it is the same gift. */
export function rememberOrder(giftId, input) {
  orders.set(giftId, input);
}

/** Opens the page to pay on, where the provider has one. Whether there is one. */
export function openPayment({ payment }) {
  if (payment.url) location.assign(payment.url);
  return Boolean(payment.url);
}

/** What is to be done about it. */
export function Unpaid({ gift }) {
  const order = orders.get(gift.id);
  const [refused, refuse] = useState(null);
  const [elsewhere, setElsewhere] = useState(false);
  const work = useWork(async () => {
    const result = await askOne(documents.sendGift, { input: order });
    if (!result.payment) return refuse(result);
    if (openPayment(result)) return;
    setElsewhere(Boolean(result.payment.clientSecret));
    refuse(
      result.payment.clientSecret || result.payment.paid
        ? null
        : { message: t("The payment could not be opened. Nothing was taken; try again in a moment.") },
    );
    refresh(documents.gift, { giftId: gift.id });
  });
  const until = moment(Date.parse(gift.createdAt) + DAY_MS);
  return html`<${Notice} kind="problem" icon="clock">
    <p><strong>${t("{amount} is still to be paid.", { amount: worthOf(gift) })}</strong> ${t("Until then no mail leaves. What is not paid by {moment} is cancelled, and costs nothing.", { moment: until })}</p>
    ${elsewhere && html`<p>${t("This shop takes the money in its own app. Open the gift there to pay.")}</p>`}
    ${!order && html`<p>${t("Pay where you began: in that window or on that device. Or cancel this gift and send another one.")}</p>`}
    <${Ended} refused=${refused} work=${work} />
    ${order && !elsewhere && html`<${Button} busy=${work.busy}
      onPress=${() => work.start()}>${t("Pay {amount}", { amount: worthOf(gift) })}<//>`}
  <//>`;
}
