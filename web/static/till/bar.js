// The bar at the top: where this is, how it is connected, and the ways to the other parts.

import { html, useState } from "../lib/html.js";
import { moment } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Later } from "../lib/later.js";
import { Link } from "../lib/router.js";
import { n, t } from "../lib/words.js";
import { queue, unreachable } from "./queue.js";
import { endsSoon } from "./waiting.js";

const settings = () => import("./settings.js").then(({ Settings }) => Settings);

export function Bar({ terminal, shown, online, outdated }) {
  const [open, setOpen] = useState(false);
  const entries = queue.use();
  const lost = unreachable.use() || !online;
  const refused = entries.filter(({ state }) => state === "refused").length;
  const unseen = entries.filter(({ state }) => state === "unseen").length;
  const waiting = entries.length - refused - unseen;
  const ends = endsSoon(entries);
  return html`<header class="bar">
    <${Link} to="/till" class="bar-home" aria-current=${["today", "waiting"].includes(shown) ? null : "page"}>
      ${terminal.logoUrl ? html`<img src=${terminal.logoUrl} alt="" width="36" height="36" />` : html`<span class="bar-dot" aria-hidden="true"></span>`}
      <bdi>${terminal.storeName}</bdi>
    <//>
    <p class="bar-state" role="status">
      ${lost && html`<span class="pill"><${Icon} name="offline" size=${18} /> <span class="hidden-words">${t("No connection")}</span><span class="wide" aria-hidden="true">${t("No connection")}</span></span>`}
      ${entries.length > 0 && html`<${Link} to="/till/waiting" class=${`pill${refused || unseen || ends ? " alarm" : ""}`}>
        ${waiting > 0 && n("{count} sale to send", "{count} sales to send", waiting)}
        ${waiting > 0 && refused > 0 && " · "}
        ${refused > 0 && n("{count} refused", "{count} refused", refused)}
        ${unseen > 0 && `${waiting + refused > 0 ? " · " : ""}${t("Gift card to show")}`}
        ${ends && ` · ${t("before {moment}", { moment: moment(ends) })}`}
      <//>`}
      ${outdated && html`<button type="button" class="pill" onClick=${outdated}>${t("New version: load it")}</button>`}
    </p>
    <nav aria-label=${t("Till")}>
      <${Link} to="/till/today" class="round" aria-label=${t("Today")} aria-current=${shown === "today" ? "page" : null}><${Icon} name="list" /><//>
      <button type="button" class="round" aria-label=${t("Settings")} onClick=${() => setOpen(true)}><${Icon} name="settings" /></button>
    </nav>
  </header>
  ${open && html`<${Later} sheet load=${settings} terminal=${terminal} onClose=${() => setOpen(false)} />`}`;
}
