// What stands around the counter: the bar, the camera, and the step at which the one who is served stands.

import { html, useEffect } from "../lib/html.js";
import { Later } from "../lib/later.js";
import { useOnline } from "../lib/network.js";
import { usePath } from "../lib/router.js";
import { t } from "../lib/words.js";
import { renewPage } from "../lib/worker.js";
import { Bar } from "./bar.js";
import { Camera } from "./camera.js";
import { learn } from "./clock.js";
import { counter } from "./counter.js";
import { keys, programs, SCOPE } from "./device.js";
import { Home } from "./home.js";
import { useScanner } from "./keyboard.js";
import { OperatorSheet, useIdleLock } from "./operator.js";
import { begin } from "./queue.js";
import { Asking, Result } from "./result.js";
import { Sale } from "./sale.js";
import { Waiting } from "./waiting.js";

const today = () => import("./today.js").then(({ Today }) => Today);

/** The counter of an activated till. */
export function Frame({ terminal, asOf, outdated }) {
  const path = usePath();
  const { step, sale } = counter.use();
  const online = useOnline();
  useIdleLock();
  useScanner();
  useEffect(() => {
    begin();
    keys();
  }, []);
  useEffect(() => void (online && keys()), [online]);
  useEffect(() => {
    learn(terminal.serverTime, asOf);
    programs.set(terminal.programNumbers ?? []);
  }, [terminal]);
  const listed = path === "/till/today" || path === "/till/waiting";
  const shown = listed ? path.slice("/till/".length) : step === "sale" && !sale?.customer ? "home" : step;
  useEffect(() => void (globalThis.document.title = `${titleOf(shown)} · ${terminal.storeName}`), [shown]);
  const colours = { "--program": terminal.color, "--on-program": terminal.onColor };
  return html`<div class=${`till-frame at-${shown}`} style=${colours}>
    <${Bar} terminal=${terminal} shown=${shown} online=${online} outdated=${outdated && step === "home" ? () => renewPage(SCOPE) : null} />
    <main>
      ${!listed && html`<${Camera} small=${shown !== "home"} />`}
      ${shown === "home" && html`<${Home} terminal=${terminal} />`}
      ${shown === "sale" && html`<${Sale} terminal=${terminal} />`}
      ${shown === "asking" && html`<${Asking} terminal=${terminal} />`}
      ${shown === "done" && html`<${Result} terminal=${terminal} />`}
      ${shown === "today" && html`<${Later} load=${today} terminal=${terminal} />`}
      ${shown === "waiting" && html`<${Waiting} />`}
    </main>
    <${OperatorSheet} />
  </div>`;
}

function titleOf(shown) {
  return {
    home: t("Waiting for a customer"),
    sale: t("Sale"),
    asking: t("Recording…"),
    done: t("Recorded"),
    today: t("Today"),
    waiting: t("Sales on this device"),
  }[shown];
}
