// The day at the counter: what was sold, what it came to, what can be undone.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { ask } from "../lib/graphql.js";
import { hour, money, number, unit } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { refresh, useAnswer } from "../lib/query.js";
import { Button, Empty, Failure, useLead, useWork, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { RefundSheet, refundWords, UndoSheet } from "./refund.js";

export function Today({ terminal }) {
  const { data, error, again } = useAnswer(documents.today, {});
  const [pages, setPages] = useState([]);
  const [open, setOpen] = useState(null);
  const [news, setNews] = useState("");
  const heading = useLead();
  const first = data?.today.sales;
  const { hasNextPage, endCursor } = (pages.at(-1) ?? first)?.pageInfo ?? {};
  const more = useWork(async () => {
    const next = await ask(documents.today, { after: endCursor });
    setPages([...pages, next.today.sales]);
  });
  const end = useEnd(hasNextPage && !more.error, more.start);
  const edges = [first, ...pages].flatMap((page) => page?.edges ?? []);
  const shut = () => setOpen(null);
  const done = (refunded) => {
    shut();
    setNews(refundWords(refunded));
    setPages([]);
    refresh(documents.today, {});
  };
  return html`<section class="list-page">
    <h1 ref=${heading} tabindex="-1">${t("Today")}</h1>
    <p class="news" role="status">${news}</p>
    ${data && html`<${Sums} today=${data.today} terminal=${terminal} />`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!data && !error && html`<${Waiting} lines=${6} />`}
    ${data && !edges.length && html`<${Empty} icon="list" title=${t("No sales yet today")}><p>${t("Each sale that you record stands here, and can be undone from here.")}</p><//>`}
    <ul class="operations">${edges.map(({ node }) => html`<${Operation} key=${node.sale.id} node=${node} terminal=${terminal} open=${setOpen} />`)}</ul>
    <div ref=${end}>${more.error ? html`<${Failure} error=${more.error} again=${more.start} />` : more.busy && html`<${Waiting} lines=${2} />`}</div>
    ${open?.what === "all" && html`<${UndoSheet} terminal=${terminal} sale=${open.sale} onClose=${shut} done=${done} />`}
    ${open?.what === "part" && html`<${RefundSheet} terminal=${terminal} sale=${open.sale} onClose=${shut} done=${done} />`}
  </section>`;
}

function Sums({ today, terminal }) {
  const { salesCount, points, stamps, taken } = today;
  return html`<dl class="sums">
    <div><dt>${t("Sales")}</dt><dd>${number(salesCount)}</dd></div>
    <div><dt>${t("Taken")}</dt><dd>${taken ? money(taken) : "—"}</dd></div>
    <div><dt>${t("Given")}</dt><dd>${number(points)} <bdi>${unit(points, terminal)}</bdi></dd></div>
    ${stamps > 0 && html`<div><dt>${t("Stamps")}</dt><dd>${number(stamps)}</dd></div>`}
  </dl>`;
}

function Operation({ node, terminal, open }) {
  const { sale, customerName, whollyRefunded, refunded, canBeUndone, reason } = node;
  const points = sale.points - sale.refundedPoints;
  return html`<li class=${`operation${whollyRefunded ? " undone" : ""}`}>
    <div class="operation-words">
      <p><strong><bdi>${customerName}</bdi></strong> <span>${hour(node.occurredAt)}</span></p>
      <p class="quiet">${t("Receipt {number}", { number: sale.receiptNumber })}</p>
      ${sale.inReview && html`<p class="mark"><${Icon} name="clock" size=${18} /> ${t("Points wait for the owner")}</p>`}
      ${refunded && html`<p class="mark"><${Icon} name="undo" size=${18} /> ${whollyRefunded ? t("Taken back") : t("{amount} taken back", { amount: money(sale.refunded) })}</p>`}
    </div>
    <div class="operation-sums"><p><strong>${money(sale.total)}</strong></p><p>${number(points)} <bdi>${unit(points, terminal)}</bdi></p></div>
    ${canBeUndone
      ? html`<div class="operation-do">
          <${Button} kind="plain" onPress=${() => open({ what: "all", sale })} aria-label=${t("Undo the sale of {name}, receipt {number}", { name: customerName, number: sale.receiptNumber })}>${t("Undo")}<//>
          <${Button} kind="plain" onPress=${() => open({ what: "part", sale })} aria-label=${t("Take back a part of the sale of {name}, receipt {number}", { name: customerName, number: sale.receiptNumber })}>${t("A part of it")}<//>
        </div>`
      : !whollyRefunded && html`<p class="operation-why quiet">${reason}</p>`}
  </li>`;
}

/** Calls `reached` when the end of the list comes into sight, as long as there is more. */
function useEnd(more, reached) {
  const end = useRef(null);
  useEffect(() => {
    if (!more) return undefined;
    const watcher = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && reached(), { rootMargin: "300px" });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  });
  return end;
}
