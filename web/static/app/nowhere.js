// Addresses that lead nowhere, and the way on.

import { html } from "../lib/html.js";
import { Link } from "../lib/router.js";
import { Empty } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Page } from "./page.js";

export function Nowhere() {
  return html`<${Page} title=${t("Nothing is here")} home="/app">
    <${Empty} icon="card" title=${t("This address leads nowhere.")}>
      <p>${t("It may have been mistyped, or what was here is gone.")}</p>
      <${Link} class="button" to="/app">${t("To your cards")}<//>
    <//>
  <//>`;
}

export function NoSuchCard() {
  return html`<${Page} title=${t("This card is not here")} home="/app">
    <${Empty} icon="card" title=${t("You have no card at this address.")}>
      <p>${t("Perhaps it is somebody else's, or you are signed in with another e-mail address.")}</p>
      <${Link} class="button" to="/app">${t("To your cards")}<//>
    <//>
  <//>`;
}
