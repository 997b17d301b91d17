// All that happened to a card, as a person reads it: what, why, where, and what was there afterwards.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { points } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Link } from "../lib/router.js";
import { Button, Empty, Failure, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Choice } from "./choice.js";
import { byDay, lastDay } from "./days.js";
import { Line } from "./lines.js";
import { NoSuchCard } from "./nowhere.js";
import { Page } from "./page.js";
import { usePast } from "./past.js";

export function History({ cardId }) {
  const [kinds, setKinds] = useState(history.state?.kinds ?? "all");
  const past = usePast(cardId, kinds);
  const choose = (now) => {
    history.replaceState({ ...history.state, kinds: now }, "");
    setKinds(now);
  };
  const card = past.card;
  if (card === null) return html`<${NoSuchCard} />`;
  return html`<${Page} title=${t("History")} name=${card?.program.name} home=${`/app/cards/${cardId}`}>
    ${card?.expiring.length > 0 && html`<${Expiring} card=${card} />`}
    <${Filter} kinds=${kinds} choose=${choose} />
    ${card && html`<${Lines} past=${past} all=${kinds === "all"} cardId=${cardId} />`}
    ${!card && (past.error ? html`<${Failure} error=${past.error} again=${past.again} />` : html`<${Waiting} lines=${8} />`)}
  <//>`;
}

function Filter({ kinds, choose }) {
  const choices = [
    ["all", t("All")],
    ["earned", t("Earned")],
    ["spent", t("Spent")],
  ];
  const legend = t("What to show");
  return html`<${Choice} kind="filter" name="kinds" legend=${legend} choices=${choices} chosen=${kinds} choose=${choose} />`;
}

function Expiring({ card }) {
  return html`<section class="panel expiring" aria-labelledby="expiring">
    <h2 id="expiring"><${Icon} name="clock" />${t("What lasts until when")}</h2>
    <ul>${card.expiring.map(
      ({ points: many, expiresAt }) => html`<li key=${expiresAt}>
        <span>${points(many, card.program)}</span><span>${t("until {day}", { day: lastDay(expiresAt) })}</span>
      </li>`,
    )}</ul>
  </section>`;
}

function Lines({ past, all, cardId }) {
  const { lines, card, hasMore } = past;
  if (!lines.length) return html`<${Nothing} all=${all} cardId=${cardId} />`;
  return html`${byDay(lines).map(
    (day) => html`<section class="day" key=${day.key}><h2>${day.heading}</h2>
      <ol class="lines panel">
        ${day.lines.map((line) => html`<${Line} key=${line.id} line=${line} program=${card.program} />`)}
      </ol>
    </section>`,
  )}
  ${hasMore ? html`<${More} past=${past} />` : html`<p class="quiet the-end">${t("This is where it began.")}</p>`}`;
}

function Nothing({ all, cardId }) {
  return html`<${Empty} icon="list" title=${all ? t("Nothing has happened yet") : t("Nothing of this kind yet")}>
    <p>${t("What you collect and spend will be here, with the reason for every point.")}</p>
    <${Link} class="button" to=${`/app/cards/${cardId}`}>${t("Show the code")}<//>
  <//>`;
}

/** The next page comes when the end is near; whoever uses a keyboard, or has lost the network, presses for it. */
function More({ past }) {
  const end = useRef(null);
  const { more, lines } = past;
  useEffect(() => {
    if (more.error) return;
    const looker = new IntersectionObserver(([seen]) => seen.isIntersecting && more.start(), { rootMargin: "600px" });
    looker.observe(end.current);
    return () => looker.disconnect();
  }, [lines.length, more.error]);
  return html`<div class="more" ref=${end}>
    ${more.error && html`<${Failure} error=${more.error} />`}
    <${Button} kind="second" busy=${more.busy} onPress=${() => more.start()}>${t("Show earlier ones")}<//>
  </div>`;
}
