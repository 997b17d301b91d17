// The code before the scanner: large, on white, with its digits below.

import { html, useEffect } from "../lib/html.js";
import { grouped, hour } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { t } from "../lib/words.js";

/** What is shown at the counter. `shown` is what codes.js knows; `number` is the card's. */
export function Code({ shown, number }) {
  useAwake(shown.code !== null);
  const { code } = shown;
  return html`<div class="code">
    <div class="code-square">${code ? html`<${Picture} code=${code} />` : html`<${NoCode} shown=${shown} />`}</div>
    <span class="lasting" aria-hidden="true">${code && html`<${Lasting} code=${code} />`}</span>
    <p class="digits-below"><${Digits} shown=${shown} number=${number} /></p>
    <p class="code-news" role="status">${newsOf(shown)}</p>
  </div>`;
}

function Picture({ code }) {
  const source = `data:image/svg+xml,${encodeURIComponent(code.qrSvg)}`;
  return html`<img class="qr" src=${source} alt=${t("QR code to show at the counter")} width="49" height="49" />`;
}

/** How much of its time is left. */
function Lasting({ code }) {
  const runs = { animationDuration: `${code.endsAt - code.askedAt}ms` };
  return html`<i key=${code.shortCode} style=${runs}></i>`;
}

/** The digits that a till can be told instead; without a code those of the card, for a person to find it by. */
function Digits({ shown, number }) {
  const named = (words) => html`<span class="hidden-words">${words} </span>`;
  if (shown.code) return html`${named(t("The digits to type instead:"))}${grouped(shown.code.shortCode, 5)}`;
  if (shown.trouble === "lost")
    return html`<span class="card-number">${named(t("The number of your card:"))}${grouped(number)}</span>`;
  return "\u00a0";
}

/** How to go on where there is none. */
export function withoutCode() {
  return t("At the counter, say the e-mail address or the telephone number that you signed up with: your purchase counts all the same. Spending needs a code.");
}

/** In the place of the code, as large as it. */
function NoCode({ shown }) {
  if (shown.trouble === "lost")
    return html`<div class="no-code"><${Icon} name="offline" size=${32} />
      <p><strong>${t("No network, so no code.")}</strong></p>
      <p>${withoutCode()}</p>
    </div>`;
  if (shown.waitUntil)
    return html`<div class="no-code"><${Icon} name="clock" size=${32} />
      <p><strong>${t("Those were many codes in a short time.")}</strong></p>
      <p>${t("The next one comes by itself at {hour}.", { hour: hour(shown.waitUntil) })}</p>
    </div>`;
  return html`<div class="no-code coming" role="status" aria-label=${t("One moment…")}></div>`;
}

function newsOf({ code, trouble }) {
  if (!code || trouble !== "lost") return "";
  return t("No network. This code still works until {hour}.", { hour: hour(code.endsAt) });
}

/** The screen stays on while there is something to scan (w3.org/TR/screen-wake-lock). */
function useAwake(wanted) {
  useEffect(() => {
    if (!wanted || !navigator.wakeLock) return;
    let lock = null;
    let over = false;
    const hold = async () => {
      if (document.visibilityState !== "visible") return;
      const held = await navigator.wakeLock.request("screen").catch(() => null);
      if (over) held?.release();
      else lock = held;
    };
    hold();
    addEventListener("visibilitychange", hold);
    return () => {
      over = true;
      removeEventListener("visibilitychange", hold);
      lock?.release();
    };
  }, [wanted]);
}
