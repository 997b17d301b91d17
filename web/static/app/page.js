// What every place of the app has: its name, the way back, and where the keyboard begins.

import { html, useEffect, useRef } from "../lib/html.js";
import { Icon } from "../lib/icons.js";
import { back } from "../lib/router.js";
import { t } from "../lib/words.js";

/**
 * A place with its heading. `home` is where the way back leads whoever came from elsewhere; without it there is none.
 * `name` is what it is about, for the window's title, where the heading alone would not say.
 */
export function Page({ title, name, home, side, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = [title, name, "Regulars"].filter(Boolean).join(" · ");
  }, [title, name]);
  useEffect(() => {
    // Not on the first page: there the browser begins where it always does.
    if (arrived) heading.current.focus({ preventScroll: true });
    arrived = true;
  }, []);
  return html`<header class="page-head">
      ${home &&
      html`<button type="button" class="round" aria-label=${t("Back")} onClick=${() => back(home)}>
        <${Icon} name="back" />
      </button>`}
      <h1 ref=${heading} tabindex="-1">${title}</h1>
      ${side}
    </header>
    ${children}`;
}

let arrived = false;
