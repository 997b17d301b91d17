// The till: a device that was activated once, and then serves one customer after another.

import { html, render, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { Refused } from "../lib/graphql.js";
import { Later } from "../lib/later.js";
import { useOnline } from "../lib/network.js";
import { forgetAnswers, keepAnswersIn, useAnswer } from "../lib/query.js";
import { usePath } from "../lib/router.js";
import { Failure, Waiting as Blank } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { register, renewPage } from "../lib/worker.js";
import { Activation } from "./activation.js";
import { Bar } from "./bar.js";
import { Camera } from "./camera.js";
import { counter } from "./counter.js";
import { keys, open } from "./device.js";
import { Home } from "./home.js";
import { useScanner } from "./keyboard.js";
import { OperatorSheet, useIdleLock } from "./operator.js";
import { begin, settle } from "./queue.js";
import { Asking, Result } from "./result.js";
import { Sale } from "./sale.js";
import { Waiting } from "./waiting.js";

const today = () => import("./today.js").then(({ Today }) => Today);

const SCOPE = "/till";

function Till() {
  const { data, error, again } = useAnswer(documents.terminal);
  const [ended, setEnded] = useState(false);
  const [outdated, setOutdated] = useState(false);
  useEffect(() => {
    const out = () => setEnded(true);
    addEventListener("signed-out", out);
    register(SCOPE, { outdated: () => setOutdated(true) });
    return () => removeEventListener("signed-out", out);
  }, []);
  async function activated() {
    await forgetAnswers();
    await again();
    setEnded(false);
    settle();
  }
  const signedOut = error instanceof Refused && error.signedOut;
  if (ended || signedOut) return html`<${Activation} ended=${Boolean(data)} done=${activated} />`;
  if (data) return html`<${Counter} terminal=${data.terminal} outdated=${outdated} />`;
  return html`<main class="panel"><h1 class="hidden-words">${t("Regulars till")}</h1>${error ? html`<${Failure} error=${error} again=${again} />` : html`<${Blank} />`}</main>`;
}

function Counter({ terminal, outdated }) {
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

keepAnswersIn(await open());
render(html`<${Till} />`, document.querySelector("#page"));
