// Days as people speak of them.

import { day } from "../lib/format.js";
import { language, t } from "../lib/words.js";

const DAY_MS = 24 * 60 * 60_000;
const DAY = { weekday: "long", day: "numeric", month: "long" };
const thisYear = new Intl.DateTimeFormat(language, DAY);
const otherYear = new Intl.DateTimeFormat(language, { ...DAY, year: "numeric" });

/** The last day on which something that ends at the moment is there: what ends at midnight is not there on the next. */
export function lastDay(moment) {
  return day(Date.parse(moment) - 1);
}

/** The heading of a day: today, yesterday, or its date. */
export function headingOf(moment) {
  const at = new Date(moment);
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return t("Today");
  if (at.toDateString() === new Date(now - DAY_MS).toDateString()) return t("Yesterday");
  return (at.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(at);
}

/** Things with `occurredAt`, newest first, put together by the day on which they happened, here where the reader is. */
export function byDay(lines) {
  const days = [];
  for (const line of lines) {
    const key = new Date(line.occurredAt).toDateString();
    if (days.at(-1)?.key !== key) days.push({ key, heading: headingOf(line.occurredAt), lines: [] });
    days.at(-1).lines.push(line);
  }
  return days;
}
