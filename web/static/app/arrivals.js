// What comes to a card while somebody looks at it, or came while they looked away: told once.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { Icon } from "../lib/icons.js";
import { watch } from "../lib/live.js";
import { amend, refresh, useAnswer } from "../lib/query.js";
import { useEvery } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { amountOf, changed, nameOf } from "./lines.js";

const TOLD_MS = 12_000;
const COMPARED_MS = 30_000;
const BUZZ = [60, 60, 120];

/** The answer about the card as lib/query.js has it, kept to what happens; `news` are the lines that are new. */
export function useLiveCard(cardId) {
  const variables = { id: cardId };
  const answer = useAnswer(documents.card, variables);
  const [told, setTold] = useState(null);
  useEffect(() => watch(documents.cardChanged, { cardId }, {
    tell: ({ cardChanged }) => {
      amend(documents.card, variables, (data) => ({ ...data, node: withChange(data.node, cardChanged) }));
      refresh(documents.card, variables);
      setTold(cardChanged.card.revision);
    },
    ready: () => refresh(documents.card, variables),
    renew: documents.account,
    over: () => dispatchEvent(new Event("signed-out")),
  }), [cardId]);
  useEvery(COMPARED_MS, () => refresh(documents.card, variables));
  useReturn(() => refresh(documents.card, variables));
  return { ...answer, told, news: useNews(answer.data?.node) };
}

/** An event that was overtaken by a query says nothing new. */
function withChange(card, { card: changed, entry }) {
  if (!card || changed.revision <= card.revision) return card;
  const edges = card.history.edges;
  const latest = entry ? [{ node: entry }, ...edges].slice(0, Math.max(edges.length, 3)) : edges;
  return { ...card, ...changed, history: { ...card.history, edges: latest } };
}

function useReturn(work) {
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && work();
    addEventListener("visibilitychange", look);
    addEventListener("online", look);
    return () => {
      removeEventListener("visibilitychange", look);
      removeEventListener("online", look);
    };
  }, []);
}

/** The lines that were not there when the card was first seen, until they were shown for a while. */
function useNews(card) {
  const seen = useRef(null);
  const [news, setNews] = useState([]);
  const newest = card?.history.edges.map(({ node }) => node) ?? [];
  useEffect(() => {
    if (!card) return;
    const fresh = seen.current ? newest.filter((line) => !seen.current.has(line.id)) : [];
    seen.current ??= new Set();
    for (const line of newest) seen.current.add(line.id);
    if (!fresh.length) return;
    setNews(fresh);
    if (fresh.some((line) => amountOf(line) > 0)) navigator.vibrate?.(BUZZ);
  }, [newest[0]?.id]);
  useEffect(() => {
    if (!news.length) return;
    const timer = setTimeout(() => setNews([]), TOLD_MS);
    return () => clearTimeout(timer);
  }, [news]);
  return { lines: news, dismiss: () => setNews([]) };
}

/** Over the foot of the page, so that nothing moves; the same stays to be read under "Latest". */
export function News({ news, program }) {
  return html`<div class="arrival-place" role="status">
    ${news.lines.length > 0 &&
    html`<div class="arrival">
      <div>${news.lines.map((line) => html`<${Told} key=${line.id} line=${line} program=${program} />`)}</div>
      <button type="button" class="round" aria-label=${t("Close")} onClick=${news.dismiss}>
        <${Icon} name="close" />
      </button>
    </div>`}
  </div>`;
}

function Told({ line, program }) {
  const name = nameOf(line, program);
  return html`<p>
    <strong>${amountOf(line) ? changed(line, program) : name}</strong>
    ${amountOf(line) !== 0 && html`<span>${[name, line.storeName].filter(Boolean).join(", ")}</span>`}
    ${line.reasons.map((reason) => html`<span>${reason}</span>`)}
  </p>`;
}
