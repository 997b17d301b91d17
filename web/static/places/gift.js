// The life of one gift, for whoever sent it and for whoever claimed it.

import { html, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { moment } from "../lib/format.js";
import { watch } from "../lib/live.js";
import { amend, refresh, useAnswer } from "../lib/query.js";
import { Button, Empty, Failure, Notice, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { CancelGift, CorrectGift, MoveGift } from "./mending.js";
import { Page } from "../app/page.js";
import { Unpaid } from "./paying.js";
import { ReceivedGift } from "./thanks.js";
import { Ticket } from "./ticket.js";
import { Timeline } from "./timeline.js";
import { isOpen, isWaiting, standOf, worthOf } from "./worth.js";

/** The gift of an address. */
export function GiftLife({ giftId }) {
  const { data, error, again } = useAnswer(documents.gift, { giftId });
  const gift = data?.node;
  const title = !gift
    ? t("Gift")
    : gift.senderName
      ? t("Gift from {name}", { name: gift.senderName })
      : t("Gift for {name}", { name: gift.recipientName });
  const home = gift?.senderName ? "/app/gifts?received" : "/app/gifts";
  return html`<${Page} title=${title} home=${home}>
    ${!data && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} lines=${8} />`)}
    ${data && !gift && html`<${Empty} icon="gift"
      title=${t("You have no such gift.")}><p>${t("It may be another customer's, or the address was mistyped.")}</p><//>`}
    ${gift && (gift.senderName ? html`<${ReceivedGift} gift=${gift} />` : html`<${SentGift} gift=${gift} />`)}
  <//>`;
}

function SentGift({ gift }) {
  const [sheet, open] = useState(null);
  const [news, setNews] = useState("");
  useLife(gift.id);
  const close = () => open(null);
  const told = (sentence) => {
    close();
    setNews(sentence);
    refresh(documents.gift, { giftId: gift.id });
  };
  const { words, tone } = standOf(gift);
  return html`<${Ticket} gift=${gift} />
    <p class="life-stand" role="status"><span class=${`stand ${tone}`}>${words}</span></p>
    <div role="status">${news && html`<${Notice} kind="good" icon="check"><p>${news}</p><//>`}</div>
    <${Attention} gift=${gift} correct=${() => open("correct")} />
    ${gift.thanks && html`<figure
      class="thanks"><figcaption>${t("{name} says thank you:", { name: gift.recipientName })}</figcaption><blockquote>${gift.thanks}</blockquote></figure>`}
    <${Facts} gift=${gift} />
    <${Timeline} gift=${gift} />
    ${isOpen(gift) && html`<${Ways} gift=${gift} open=${open} />`}
    ${sheet === "cancel" && html`<${CancelGift} gift=${gift} close=${close} told=${told} />`}
    ${sheet === "correct" && html`<${CorrectGift} gift=${gift} close=${close} told=${told} />`}
    ${sheet === "move" && html`<${MoveGift} gift=${gift} close=${close} told=${told} />`}`;
}

/** What becomes of it is seen as it happens. */
function useLife(giftId) {
  useEffect(
    () =>
      watch(
        documents.giftChanged,
        { giftId },
        {
          tell: ({ giftChanged }) => amend(documents.gift, { giftId }, (data) => ({ ...data, node: giftChanged })),
          renew: documents.account,
          over: () => dispatchEvent(new Event("signed-out")),
        },
      ),
    [giftId],
  );
}

/** What its sender should know of, and can do something about. */
function Attention({ gift, correct }) {
  if (gift.status === "AWAITING_PAYMENT") return html`<${Unpaid} gift=${gift} />`;
  if (gift.heldUntil) return html`<${Notice} icon="clock"><p>${gift.deliveryProblem}</p><//>`;
  if (!gift.deliveryProblem || !isOpen(gift)) return null;
  return html`<${Notice} kind="problem">
    <p>${gift.deliveryProblem}</p>
    <${Button} kind="plain" onPress=${correct}>${t("Correct the address")}<//>
  <//>`;
}

function Facts({ gift }) {
  const { payment } = gift;
  const facts = [
    [t("For"), gift.recipientName],
    [t("E-mail"), gift.recipientEmail],
    isWaiting(gift) && [t("Mail leaves"), moment(gift.deliverAt)],
    gift.spent?.amountMinor > 0 &&
      gift.status !== "SPENT" && [t("Used so far"), worthOf({ ...gift, value: gift.spent })],
    payment?.refunded && [t("Payment"), t("Paid back")],
    payment?.paid && !payment.refunded && [t("Payment"), t("Paid")],
  ].filter(Boolean);
  return html`<dl class="details">${facts.map(([name, value]) => html`<div
    key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${gift.message && html`<blockquote class="message">${gift.message}</blockquote>`}`;
}

function Ways({ gift, open }) {
  return html`<section class="doings" aria-labelledby="doings">
    <h2 id="doings">${t("Change something")}</h2>
    <${Button} kind="second"
      onPress=${() => open("correct")}>${gift.sentAt ? t("Send the mail again") : t("Correct the address")}<//>
    ${isWaiting(gift) && html`<${Button} kind="second" onPress=${() => open("move")}>${t("Choose another moment")}<//>`}
    <${Button} kind="danger" onPress=${() => open("cancel")}>${t("Cancel the gift")}<//>
  </section>`;
}
