// What stands around every place of the app: the ways to its parts, and what is to be known of network and page.

import { html, useEffect, useLayoutEffect, useState } from "../lib/html.js";
import { hour, moment } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { useOnline } from "../lib/network.js";
import { useStanding } from "../lib/query.js";
import { Link } from "../lib/router.js";
import { Button } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { renewPage } from "../lib/worker.js";

const SCROLL_SETTLED_MS = 120;

export function Frame({ path, children }) {
  usePlace(path);
  return html`<${Ways} path=${path} />
    <main id="place">${children}</main>
    <${Bars} />`;
}

function Ways({ path }) {
  const ways = [
    { to: "/app", icon: "card", name: t("Cards"), here: /^\/app(\/?$|\/cards|\/gift-cards)/.test(path) },
    { to: "/app/gifts", icon: "gift", name: t("Gifts"), here: path.startsWith("/app/gifts") },
    { to: "/app/me", icon: "person", name: t("Me"), here: path.startsWith("/app/me") },
  ];
  return html`<nav class="ways" aria-label=${t("Parts of the app")}>
    <p class="brand" aria-hidden="true"><img src="/static/icons/app.svg" alt="" width="32" height="32" />Regulars</p>
    ${ways.map(
      ({ to, icon, name, here }) => html`<${Link} to=${to} key=${to} aria-current=${here ? (path === to ? "page" : "true") : null}>
        <${Icon} name=${icon} /><span>${name}</span>
      <//>`,
    )}
  </nav>`;
}

/** Laid over the foot of the page, so that nothing moves when the network goes. */
function Bars() {
  const online = useOnline();
  const { lost, asOf } = useStanding();
  const newer = useNewer();
  const away = !online || lost;
  const what = asOf ? seen(asOf) : t("No network.");
  return html`<div class="bars" role="status">
    ${away && html`<p class="bar"><${Icon} name="offline" size=${20} /><span>${what}</span></p>`}
    ${newer &&
    html`<p class="bar">
      <span>${t("A newer version of this page is ready.")}</span>
      <${Button} kind="plain" onPress=${() => renewPage("/app")}>${t("Show it")}<//>
    </p>`}
  </div>`;
}

function seen(asOf) {
  const today = new Date(asOf).toDateString() === new Date().toDateString();
  return t("No network. You see what was there at {moment}.", { moment: today ? hour(asOf) : moment(asOf) });
}

let newerWaits = false;

/** To be told by lib/worker.js that a newer version waits. */
export function announceNewer() {
  newerWaits = true;
  dispatchEvent(new Event("newer"));
}

function useNewer() {
  const [newer, setNewer] = useState(newerWaits);
  useEffect(() => {
    const look = () => setNewer(newerWaits);
    addEventListener("newer", look);
    return () => removeEventListener("newer", look);
  }, []);
  return newer;
}

/** Every place is found where it was left, by the way back as by a reload of what the browser holds. */
function usePlace(path) {
  useLayoutEffect(() => {
    history.scrollRestoration = "manual";
    scrollTo(0, history.state?.scroll ?? 0);
    let timer = null;
    const keep = () => history.replaceState({ ...history.state, scroll: scrollY }, "");
    const settle = () => {
      clearTimeout(timer);
      timer = setTimeout(keep, SCROLL_SETTLED_MS);
    };
    addEventListener("scroll", settle, { passive: true });
    return () => {
      clearTimeout(timer);
      removeEventListener("scroll", settle);
    };
  }, [path]);
}
