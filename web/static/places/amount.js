// Amounts of money as people type them.

import { digitsOf } from "../lib/digits.js";
import { decimals } from "../lib/format.js";

const POINTS = /[.,\u066b]/g;

/** The amount in the minor unit, or null for what is no amount. "1,200", "1.200,50" and "१२००" are amounts. */
export function minorOf(text, currency) {
  const typed = text.replace(/[\s\p{Sc}']/gu, "");
  if (!/^[\p{Nd}.,\u066b]+$/u.test(typed) || !/\p{Nd}/u.test(typed)) return null;
  const digits = decimals(currency);
  const last = [...typed.matchAll(POINTS)].at(-1)?.index ?? -1;
  const behind = last < 0 ? "" : digitsOf(typed.slice(last));
  const fraction = behind.length > 0 && behind.length <= digits ? behind : "";
  // Three digits behind a point are thousands, and nobody writes those after a nought.
  if (last >= 0 && !fraction && (behind.length !== 3 || digitsOf(typed).startsWith("0"))) return null;
  const whole = digitsOf(fraction ? typed.slice(0, last) : typed);
  const amount = Number(`${whole}${fraction.padEnd(digits, "0")}`);
  return Number.isSafeInteger(amount) ? amount : null;
}

/** The amount as one would type it: what a field begins with. */
export function typedOf({ amountMinor, currency }) {
  const digits = decimals(currency);
  const whole = Math.trunc(amountMinor / 10 ** digits);
  const rest = amountMinor % 10 ** digits;
  return rest ? `${whole}.${String(rest).padStart(digits, "0")}` : String(whole);
}
