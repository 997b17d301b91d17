// Statements of a card, to take away: one for people, and the same signed, for machines.

import { html, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { grouped } from "../lib/format.js";
import { ask, Refused } from "../lib/graphql.js";
import { Button, Field, useId, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { typedDay } from "./moments.js";
import { Ended } from "./once.js";

const DAY_MS = 24 * 60 * 60_000;
const MONTH_DAYS = 30;

export function Statements({ cards }) {
  if (!cards.length) return null;
  return html`<section class="panel" aria-labelledby="statements">
    <h2 id="statements">${t("Statement of a card")}</h2>
    <p class="quiet">${t("All that happened on a card in some time, to keep or to show. The signed file proves that it is ours.")}</p>
    <${Order} cards=${cards} />
  </section>`;
}

function Order({ cards }) {
  const [cardId, setCard] = useState(cards[0].id);
  const [from, setFrom] = useState(() => typedDay(Date.now() - MONTH_DAYS * DAY_MS));
  const [to, setTo] = useState(() => typedDay(Date.now()));
  const [problem, setProblem] = useState("");
  const [made, setMade] = useState(null);
  const work = useWork(async (period) => {
    const { node } = await statement({ cardId, ...period });
    node
      ? setMade({ ...node.statement, name: `regulars-${from}-${to}` })
      : setProblem(t("This is too much for one statement. Choose fewer days."));
  });
  const submit = (event) => {
    event.preventDefault();
    setMade(null);
    const period = periodOf(from, to);
    setProblem(period ? "" : t("Choose a first and a last day, in this order."));
    if (period) work.start(period);
  };
  return html`<form noValidate onSubmit=${submit}>
    ${cards.length > 1 && html`<${Which} cards=${cards} cardId=${cardId} choose=${setCard} />`}
    <div class="pair">
      <${Field} label=${t("First day")} type="date" value=${from} max=${to} onValue=${setFrom} />
      <${Field} label=${t("Last day")} type="date" value=${to} onValue=${setTo} />
    </div>
    <p class="problem" role="alert">${problem}</p>
    <${Ended} work=${work} />
    <${Button} type="submit" kind="second" busy=${work.busy}>${t("Make the statement")}<//>
    <div role="status">${made && html`<${Files} made=${made} />`}</div>
  </form>`;
}

/** Of more entries than one statement holds there is none: no node. */
async function statement(variables) {
  try {
    return await ask(documents.statement, variables);
  } catch (error) {
    if (error instanceof Refused && error.code === "BAD_USER_INPUT") return { node: null };
    throw error;
  }
}

/** From the first moment of the one day to the last of the other, here where the reader is; null for no such time. */
function periodOf(from, to) {
  const [begins, ends] = [new Date(`${from}T00:00`), new Date(`${to}T00:00`)];
  ends.setDate(ends.getDate() + 1);
  return begins < ends ? { from: begins.toISOString(), to: ends.toISOString() } : null;
}

function Which({ cards, cardId, choose }) {
  const id = useId("card");
  return html`<div class="field">
    <label for=${id}>${t("Card")}</label>
    <select id=${id} value=${cardId} onChange=${(event) => choose(event.target.value)}>
      ${cards.map((card) => html`<option key=${card.id}
        value=${card.id}>${card.program.name}, ${grouped(card.number)}</option>`)}
    </select>
  </div>`;
}

function Files({ made }) {
  const [links, setLinks] = useState(null);
  useEffect(() => {
    const text = URL.createObjectURL(new Blob([made.text], { type: "text/plain" }));
    const jws = URL.createObjectURL(new Blob([made.jws], { type: "application/jose" }));
    setLinks({ text, jws });
    return () => [text, jws].forEach((link) => URL.revokeObjectURL(link));
  }, [made]);
  return html`<p><strong>${t("Your statement is ready.")}</strong></p>
    <p class="looks">
      <a class="button second" href=${links?.text} download=${`${made.name}.txt`}>${t("Download to read")}</a>
      <a class="button second" href=${links?.jws} download=${`${made.name}.jws`}>${t("Download signed")}</a>
    </p>`;
}
