// Vouchers: rewards that were bought or given, until they are handed over.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { day, points } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { Icon } from "../lib/icons.js";
import { useAnswer } from "../lib/query.js";
import { Link } from "../lib/router.js";
import { Button, Failure, Sheet, Waiting } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { lastDay } from "../app/days.js";
import { Ended, useOnce } from "./once.js";

/** Where the code is shown with which points, vouchers and gift cards can be spent. */
export function spendingAt(cardId) {
  return `/app/cards/${cardId}?spend`;
}

/** Those that can be used. `told` is called with what has just happened. */
export function Vouchers({ card, told }) {
  const [chosen, choose] = useState(null);
  if (!card.vouchers.length) return null;
  return html`<section aria-labelledby="vouchers">
    <h2 id="vouchers">${t("Yours to use")}</h2>
    <ul class="vouchers">${card.vouchers.map((voucher) => html`<li key=${voucher.id}><${Ticket} voucher=${voucher}
      choose=${choose} /></li>`)}</ul>
    <${Link} class="button" to=${spendingAt(card.id)}><${Icon} name="scan" />${t("Show the code at the counter")}<//>
    ${chosen && html`<${Cancel} voucher=${chosen} program=${card.program} close=${() => choose(null)} told=${told} />`}
  </section>`;
}

function Ticket({ voucher, choose }) {
  const { reward, usableUntil } = voucher;
  return html`<article class="voucher">
    <${Icon} name="ticket" />
    <div>
      <h3>${reward.name}</h3>
      ${reward.description && html`<p class="quiet">${reward.description}</p>`}
      <p class="quiet">${usableUntil ? t("To be used until {day}", { day: lastDay(usableUntil) }) : t("To be used at any time")}</p>
      <${Button} kind="plain" onPress=${() => choose(voucher)}
        aria-label=${t("Cancel the voucher {reward}", { reward: reward.name })}>${t("Cancel this voucher")}<//>
    </div>
  </article>`;
}

function Cancel({ voucher, program, close, told }) {
  const [refused, refuse] = useState(null);
  const { reward } = voucher;
  const send = (idempotencyKey) =>
    askOne(documents.cancelVoucher, { input: { voucherId: voucher.id, idempotencyKey } });
  const cancelling = useOnce(`cancel ${voucher.id}`, send, (result) => {
    if (result.voucher) return told(t("{reward} is cancelled.", { reward: reward.name }));
    refuse(result);
  });
  return html`<${Sheet} title=${t("Cancel this voucher?")} onClose=${close}>
    <p><strong>${reward.name}</strong></p>
    <p>${comesBack(voucher, program)}</p>
    <${Ended} refused=${refused} work=${cancelling} />
    <${Button} kind="danger" busy=${cancelling.busy} onPress=${() => cancelling.start()}>${t("Cancel the voucher")}<//>
    <${Button} kind="second" onPress=${close}>${t("Keep it")}<//>
  <//>`;
}

function comesBack({ pointsBack, stampsBack }, program) {
  if (pointsBack) return t("{points} come back to your card.", { points: points(pointsBack, program) });
  if (stampsBack)
    return n("{count} stamp comes back to your card.", "{count} stamps come back to your card.", stampsBack);
  return t("Somebody gave it to you, so nothing comes back to your card.");
}

/** Those that were used, cancelled or have lapsed: asked for when somebody wants to see them. */
export function PastVouchers({ cardId }) {
  const [shown, show] = useState(false);
  if (!shown)
    return html`<p><${Button} kind="plain" onPress=${() => show(true)}>${t("Show used and past vouchers")}<//></p>`;
  return html`<${Past} cardId=${cardId} />`;
}

function Past({ cardId }) {
  const { data, error, again } = useAnswer(documents.pastVouchers, { cardId });
  const vouchers = data?.node?.vouchers;
  return html`<section aria-labelledby="past">
    <h2 id="past">${t("Used and past vouchers")}</h2>
    ${!vouchers && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} />`)}
    ${vouchers?.length === 0 && html`<p class="quiet">${t("None yet.")}</p>`}
    <ul class="rows">${vouchers?.map((voucher) => html`<li key=${voucher.id}><span>${voucher.reward.name}</span><span
      class="quiet">${fateOf(voucher)}</span></li>`)}</ul>
  </section>`;
}

function fateOf({ state, usedAt, usableUntil, storeName }) {
  if (state === "CANCELLED") return t("Cancelled");
  if (state === "LAPSED")
    return usableUntil ? t("Not used until {day}", { day: lastDay(usableUntil) }) : t("Not used in time");
  return storeName
    ? t("Used on {day} at {store}", { day: day(usedAt), store: storeName })
    : t("Used on {day}", { day: day(usedAt) });
}
