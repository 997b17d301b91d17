// The last step of a gift: all of it at a glance, how its mail and its page will look, and sending it.

import { html, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { moment } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { Link } from "../lib/router.js";
import { Button, Failure, Notice, refusalOf, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { giftOf, shownOf } from "./draft.js";
import { momentOf } from "./moments.js";
import { Ended } from "./once.js";
import { Step } from "./step.js";
import { Ticket } from "./ticket.js";
import { worthOf } from "./worth.js";

export function Look({ card, draft, purses, wrong, lead, told, to, sending, refused }) {
  const gift = shownOf(draft, card);
  const pays = draft.kind === "VALUE" && !draft.giftCardId;
  return html`<${Step} title=${t("Is it all right?")} lead=${lead} wrong=${wrong} next=${() => sending.start()}>
    <${Ticket} gift=${gift} />
    <${Facts} draft=${draft} gift=${gift} purses=${purses} to=${to} />
    <${Looks} card=${card} draft=${draft} told=${told} />
    ${refused?.__typename === "IdempotencyKeyReused" ? html`<${SentBefore} />` : html`<${Ended} refused=${refused}
      work=${sending} />`}
    <${Button} type="submit"
      busy=${sending.busy}>${pays ? t("Pay {amount} and send", { amount: worthOf(gift) }) : t("Send the gift")}<//>
    <p class="quiet">${pays ? t("The page to pay on opens next. The mail leaves once it is paid.") : t("Until it is claimed you can cancel it.")}</p>
  <//>`;
}

/** An earlier try, of which no answer came, did go through in other words. */
function SentBefore() {
  return html`<${Notice} kind="problem">
    <p>${t("An earlier try did go through, as it was then. Look among your gifts before you send another one.")}</p>
    <p><${Link} to="/app/gifts">${t("To your gifts")}<//></p>
  <//>`;
}

function Facts({ draft, gift, purses, to }) {
  const purse = purses.find(({ id }) => id === draft.giftCardId);
  const what =
    draft.kind === "VALUE" && purse
      ? t("{amount} out of gift card …{last4}", { amount: worthOf(gift), last4: purse.last4 })
      : worthOf(gift);
  const facts = [
    [t("Gift"), what, 1],
    [t("For"), draft.name.trim(), 2],
    [t("E-mail"), draft.email.trim(), 2],
    [t("Mail leaves"), draft.later ? moment(momentOf(draft.at)) : t("Now"), 2],
  ];
  return html`<dl class="details">${facts.map(([name, value]) => html`<div
    key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${draft.message.trim() && html`<blockquote class="message">${draft.message.trim()}</blockquote>`}
    <p class="choices">
      <${Button} kind="plain" onPress=${() => to(1)}>${t("Change the gift")}<//>
      <${Button} kind="plain" onPress=${() => to(2)}>${t("Change the recipient")}<//>
    </p>`;
}

/** The two pages that show it as it will be. Asking for them also finds what the server does not accept. */
function Looks({ card, draft, told }) {
  const [links, setLinks] = useState(null);
  const [refused, refuse] = useState(null);
  const work = useWork(async () => {
    const result = await askOne(documents.giftDraft, { input: giftOf(draft, card) });
    if (result.problems)
      return told(
        Object.fromEntries(result.problems.map((problem) => [problem.field.split(".").at(-1), problem.message])),
      );
    result.mailUrl ? setLinks(result) : refuse(result);
  });
  useEffect(() => void work.start(), []);
  if (work.error) return html`<${Failure} error=${work.error} again=${work.start} />`;
  if (refused) return html`<${Notice} kind="problem"><p>${refusalOf(refused)}</p><//>`;
  return html`<p class="looks">
    <${Elsewhere} to=${links?.mailUrl}>${t("See the mail")}<//>
    <${Elsewhere} to=${links?.pageUrl}>${t("See the page")}<//>
  </p>`;
}

function Elsewhere({ to, children }) {
  return html`<a class="button second" href=${to} target="_blank" rel="noopener"
    aria-disabled=${to ? null : "true"}>${children}<span
    class="hidden-words"> (${t("opens in a new window")})</span></a>`;
}
