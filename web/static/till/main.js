// The till: a device that was activated once, and then serves one customer after another.

import { html, render, useEffect, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { Refused } from "../lib/graphql.js";
import { Later } from "../lib/later.js";
import { forgetAnswers, keepAnswersIn, useAnswer } from "../lib/query.js";
import { Failure, Waiting as Blank } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { register } from "../lib/worker.js";
import { Activation } from "./activation.js";
import { open, SCOPE } from "./device.js";
import { settle } from "./queue.js";

const counter = () => import("./frame.js").then(({ Frame }) => Frame);

function Till() {
  const { data, error, asOf, again } = useAnswer(documents.terminal);
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
  if (data) return html`<${Later} load=${counter} terminal=${data.terminal} asOf=${asOf} outdated=${outdated} />`;
  return html`<main class="panel"><h1 class="hidden-words">${t("Regulars till")}</h1>${error ? html`<${Failure} error=${error} again=${again} />` : html`<${Blank} />`}</main>`;
}

keepAnswersIn(await open());
render(html`<${Till} />`, document.querySelector("#page"));
