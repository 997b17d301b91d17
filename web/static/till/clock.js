// The server's clock, by which codes are judged and sales are dated, also while the server cannot be asked: somebody may
// have set this device's by hand.

let ahead = 0;

/** At `asOf` of this device's clock (ms) the server's was `serverTime`. */
export function learn(serverTime, asOf) {
  ahead = serverTime ? Date.parse(serverTime) - asOf : 0;
}

/** The server's time, in ms. */
export function now() {
  return Date.now() + ahead;
}
