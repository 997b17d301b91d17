// For somebody who is not signed in: what this is, and the way in.

import { html, useEffect } from "../lib/html.js";
import { SignIn } from "../lib/signin.js";
import { t } from "../lib/words.js";
import { begin } from "./session.js";

export function Welcome() {
  useEffect(() => {
    document.title = `${t("Sign in")} · Regulars`;
  }, []);
  return html`<main class="welcome">
    <div class="welcome-cards" aria-hidden="true"><span></span><span></span><span></span></div>
    <h1>${t("All your cards in one place")}</h1>
    <p class="lead">${t("Show your code at the counter, watch your points arrive, and send a little something to a friend.")}</p>
    <div class="panel"><${SignIn} title=${t("Sign in")} done=${begin} /></div>
    <p class="quiet">${t("New here? It is the same way in: your first card comes when you join a shop's program.")}</p>
  </main>`;
}
