// The sales that are still on this device: on their way, or refused until somebody has seen it.

import { html } from "../lib/html.js";
import { moment, money } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { go } from "../lib/router.js";
import { Button, Empty, Notice, useLead, useWork } from "../lib/ui.js";
import { n, t } from "../lib/words.js";
import { now } from "./clock.js";
import { counter, isBegun } from "./counter.js";
import { store } from "./device.js";
import { here, isElsewhere, OLDEST_MS, queue, remove, settle } from "./queue.js";

const WARN_MS = 24 * 3_600_000;

/** When the server stops taking what is oldest here, in ms; null where that is far off. */
export function endsSoon(entries) {
  const oldest = entries.filter(({ code, state }) => code && state === "waiting").map(({ at }) => at).sort((one, other) => one - other)[0];
  return oldest !== undefined && oldest + OLDEST_MS - now() < WARN_MS ? oldest + OLDEST_MS : null;
}

export function Waiting() {
  const entries = queue.use();
  const heading = useLead();
  const sending = useWork(settle);
  const ends = endsSoon(entries);
  here.use();
  const waiting = entries.filter((entry) => entry.state === "waiting" && !isElsewhere(entry));
  return html`<section class="list-page">
    <h1 ref=${heading} tabindex="-1">${t("Sales on this device")}</h1>
    ${!store.lasting && html`<${Notice} kind="problem"><p>${t("This window keeps nothing: do not close it before everything is sent. Use an ordinary window for the till.")}</p><//>`}
    ${ends && html`<${Notice} kind="problem" icon="clock"><p>${t("Bring this device online before {moment}: what is older than three days is not taken any more.", { moment: moment(ends) })}</p><//>`}
    ${!entries.length && html`<${Empty} icon="check" title=${t("Everything is sent")}><p>${t("Sales that are made without a connection wait here until they are sent.")}</p><//>`}
    ${waiting.length > 0 && html`<p>${n("{count} sale is sent by itself when the network is back.", "{count} sales are sent by themselves when the network is back.", waiting.length)}</p>
      <${Button} kind="second" busy=${sending.busy} onPress=${sending.start}>${t("Try now")}<//>`}
    <ul class="operations">${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ul>
  </section>`;
}

function Entry({ entry }) {
  const refused = entry.state === "refused";
  return html`<li class="operation">
    <div class="operation-words">
      <p><strong><bdi>${entry.name ?? t("Customer without a connection")}</bdi></strong> <span>${moment(entry.at)}</span></p>
      <p class="quiet">${t("Receipt {number}", { number: entry.sale.receiptNumber })}</p>
      ${refused ? html`<p class="problem">${t("Not recorded: {reason}", { reason: entry.reason })}</p>` : html`<p class="mark"><${Icon} name="clock" size=${18} /> ${standing(entry)}</p>`}
    </div>
    <div class="operation-sums"><p><strong>${money(entry)}</strong></p></div>
    ${refused && html`<div class="operation-do"><${Button} kind="plain" onPress=${() => remove(entry)}>${t("I have seen it")}<//></div>`}
    ${entry.state === "unseen" && html`<div class="operation-do"><${Button} kind="plain" disabled=${isElsewhere(entry) || !isFree(counter.value)} onPress=${() => show(entry)}>${t("Show it")}<//></div>`}
  </li>`;
}

function standing(entry) {
  if (isElsewhere(entry)) return t("Sold at {store}: it is sent once this device is its till again.", { store: entry.place.storeName });
  return entry.state === "unseen" ? t("Gift card to show") : t("Waits for the network");
}

function isFree({ step, sale }) {
  return step === "done" || (step === "home" && !sale) || (step === "sale" && !isBegun(sale));
}

/** The same sale is asked for once more: its answer has the numbers again. */
function show(entry) {
  counter.change({ step: "asking", entry: { ...entry, pin: null }, sale: null, other: null, result: null, note: null });
  go("/till");
}
