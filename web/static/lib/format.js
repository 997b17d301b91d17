// Numbers, money and dates as the reader writes them.

import { language } from "./language.js";

const whole = new Intl.NumberFormat(language);
// Of the server, too. A browser says what is usual in a shop: in Chromium a Pakistani rupee has no paisa, in Firefox it has.
const NOT_TWO = {
  0: ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"],
  3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
  4: ["CLF", "UYW"],
};
const signed = new Intl.NumberFormat(language, { signDisplay: "exceptZero" });

export function number(value) {
  return whole.format(value);
}

/** With its sign: +12, −3, 0. */
export function change(value) {
  return signed.format(value);
}

/** "12 beans", by the names of a program or of a member's card. */
export function points(value, { pointName, pointNamePlural }) {
  return `${whole.format(value)} ${unit(value, { pointName, pointNamePlural })}`;
}

export function unit(value, { pointName, pointNamePlural }) {
  return Math.abs(value) === 1 ? pointName : pointNamePlural;
}

/** How many decimals the currency's minor unit has (ISO 4217, amendment 176). */
export function decimals(currency) {
  return Number(Object.keys(NOT_TWO).find((digits) => NOT_TWO[digits].includes(currency)) ?? 2);
}

/** The amount as the reader writes money; a whole one has no decimals. */
export function money({ amountMinor, currency }) {
  const digits = decimals(currency);
  const amount = amountMinor / 10 ** digits;
  const shown = Number.isInteger(amount) ? 0 : digits;
  const style = { style: "currency", currency, minimumFractionDigits: shown, maximumFractionDigits: shown };
  return new Intl.NumberFormat(language, style).format(amount);
}

/** E.g. "22 November 2026". */
export function day(moment) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(moment));
}

/** E.g. "3:15 pm". */
export function hour(moment) {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(moment));
}

/** The hour of something of today, else the day and the hour. */
export function moment(moment) {
  const at = new Date(moment);
  if (at.toDateString() === new Date().toDateString()) return hour(at);
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

/** A card's number in groups of four, a short code's in two of five. */
export function grouped(digits, size = 4) {
  return digits.replace(new RegExp(`(.{${size}})(?=.)`, "g"), "$1 ");
}
