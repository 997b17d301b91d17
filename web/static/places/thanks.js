// A gift as whoever claimed it sees it: what came of it, and a thank-you.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { day } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { refresh } from "../lib/query.js";
import { Link } from "../lib/router.js";
import { Button } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Message } from "./message.js";
import { Ended, useOnce } from "./once.js";
import { Ticket } from "./ticket.js";
import { worthOf } from "./worth.js";

export function ReceivedGift({ gift }) {
  return html`<${Ticket} gift=${gift} />
    ${gift.message && html`<blockquote class="message">${gift.message}</blockquote>`}
    <p>${t("You claimed it on {day}.", { day: day(gift.claimedAt) })} ${cameOf(gift)}</p>
    <${WhereItIs} gift=${gift} />
    ${gift.thanks ? html`<figure class="thanks"
      role="status"><figcaption>${t("You said thank you:")}</figcaption><blockquote>${gift.thanks}</blockquote></figure>` : html`<${Thank}
      gift=${gift} />`}`;
}

function cameOf(gift) {
  if (gift.status === "SPENT") return t("All of it is used.");
  if (gift.spent?.amountMinor > 0)
    return t("You have used {amount} of it.", { amount: worthOf({ ...gift, value: gift.spent }) });
  return "";
}

function WhereItIs({ gift }) {
  if (gift.giftCardId)
    return html`<${Link} class="button second"
      to=${`/app/gift-cards/${gift.giftCardId}`}>${t("See the gift card")}<//>`;
  if (gift.kind === "REWARD")
    return html`<${Link} class="button second"
      to=${`/app/cards/${gift.card.id}/rewards`}>${t("See your vouchers")}<//>`;
  return html`<${Link} class="button second" to=${`/app/cards/${gift.card.id}`}>${t("See the card")}<//>`;
}

function Thank({ gift }) {
  const [message, setMessage] = useState("");
  const [problem, setProblem] = useState("");
  const [refused, refuse] = useState(null);
  const send = (idempotencyKey) =>
    askOne(documents.thankForGift, { input: { giftId: gift.id, message, idempotencyKey } });
  const work = useOnce(`thank ${gift.id}`, send, (result) => {
    refuse(result.message ? result : null);
    return refresh(documents.gift, { giftId: gift.id });
  });
  const submit = (event) => {
    event.preventDefault();
    setProblem(message.trim() ? "" : t("Write a few words first."));
    if (message.trim()) work.start();
  };
  return html`<section class="panel" aria-labelledby="thank">
    <h2 id="thank">${t("Say thank you")}</h2>
    <form noValidate onSubmit=${submit}>
      <${Message} label=${t("A few words for {name}", { name: gift.senderName })} value=${message} onValue=${setMessage}
        problem=${problem} />
      <${Ended} refused=${refused} work=${work} />
      <${Button} type="submit" busy=${work.busy}>${t("Send your thanks")}<//>
    </form>
  </section>`;
}
