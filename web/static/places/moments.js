// Moments as fields of the type datetime-local and date have them: in the time zone of the device.

const MINUTE_MS = 60_000;

/** E.g. "2026-11-22T15:30". */
export function typedMoment(moment) {
  const at = new Date(moment);
  return new Date(at - at.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

/** E.g. "2026-11-22". */
export function typedDay(moment) {
  return typedMoment(moment).slice(0, 10);
}

/** The moment that was typed, as the API takes it; null for what is none. */
export function momentOf(typed) {
  const at = new Date(typed);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** What the device calls its time zone. */
export const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
