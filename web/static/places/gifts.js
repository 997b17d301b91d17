// The gifts that the customer sent, and those that they claimed.

import { html } from "../lib/html.js";
import * as documents from "../documents.js";
import { day, moment } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Link, useSearch } from "../lib/router.js";
import { Empty, Failure, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { More, useEndless } from "./endless.js";
import { colours } from "../app/face.js";
import { Page } from "../app/page.js";
import { isWaiting, standOf, worthOf } from "./worth.js";

const RECEIVED = "?received";

/** Both lists, one at a time: the address says which. */
export function Gifts() {
  const received = useSearch() === RECEIVED;
  return html`<${Page} title=${t("Gifts")}>
    <nav class="switch" aria-label=${t("Which gifts")}>
      <${Link} to="/app/gifts" aria-current=${received ? null : "page"}>${t("Sent")}<//>
      <${Link} to=${`/app/gifts${RECEIVED}`} aria-current=${received ? "page" : null}>${t("Received")}<//>
    </nav>
    ${received ? html`<${Received} key="received" />` : html`<${Sent} key="sent" />`}
  <//>`;
}

function Sent() {
  const list = useEndless(documents.sentGifts, {}, (data) => data.viewer?.sentGifts);
  return html`<${List} list=${list} lineOf=${sentLine}>
    <${Empty} icon="gift" title=${t("You have sent no gift yet")}>
      <p>${t("Points, money or a reward: choose a card, and make somebody's day.")}</p>
      <${Link} class="button" to="/app">${t("Choose a card")}<//>
    <//>
  <//>`;
}

function Received() {
  const list = useEndless(documents.receivedGifts, {}, (data) => data.viewer?.receivedGifts);
  return html`<${List} list=${list} lineOf=${receivedLine}>
    <${Empty} icon="gift" title=${t("No gift has come yet")}>
      <p>${t("When somebody sends you a gift, a mail brings you its link. What you claim there is listed here.")}</p>
    <//>
  <//>`;
}

function List({ list, lineOf, children }) {
  const { nodes, first, more } = list;
  if (!nodes)
    return first.error
      ? html`<${Failure} error=${first.error} again=${first.again} />`
      : html`<${Waiting} lines=${8} />`;
  if (!nodes.length) return children;
  return html`<ul class="gifts">${nodes.map((gift) => html`<li key=${gift.id}><${Line} gift=${gift}
    said=${lineOf(gift)} /></li>`)}</ul>
    <${More} more=${more} />`;
}

function Line({ gift, said }) {
  return html`<${Link} class="gift-line" to=${`/app/gifts/${gift.id}`} style=${colours(gift.card.program)}>
    <span class="gift-mark"><${Icon} name="gift" /></span>
    <span class="gift-words">
      <strong>${worthOf(gift)}</strong>
      <span>${said.whom}</span>
      <small class="quiet">${said.when}</small>
    </span>
    ${said.stand && html`<span class=${`stand ${said.stand.tone}`}>${said.stand.words}</span>`}
  <//>`;
}

function sentLine(gift) {
  const when = isWaiting(gift) ? t("Leaves on {moment}", { moment: moment(gift.deliverAt) }) : day(gift.createdAt);
  return { whom: t("for {name}", { name: gift.recipientName }), when, stand: standOf(gift) };
}

function receivedLine(gift) {
  const stand =
    gift.status === "SPENT"
      ? { words: t("Used up"), tone: "over" }
      : gift.thanks
        ? { words: t("Thanked"), tone: "good" }
        : null;
  return { whom: t("from {name}", { name: gift.senderName }), when: day(gift.claimedAt), stand };
}
