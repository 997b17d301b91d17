// The code that a card shows: asked for, renewed before it ends, the same in every tab, never asked for in a pocket.

import { useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { askOne, Lost, Refused } from "../lib/graphql.js";

const AGAIN_MS = 3_000;
const AGAIN_AT_MOST_MS = 30_000;
const PATIENCE_MS = 8_000;
/** A tab that was given another's code leaves it to that one to ask for the next. */
const LEAVE_MS = 2_000;

/**
 * `code` (null while there is none that holds), `trouble` ("lost", "gone", or null), `waitUntil` (ISO 8601, where too
 * many were asked for), and `renew`, which replaces a code that was used.
 */
export function useCode(cardId, purpose) {
  const [shown, setShown] = useState({ code: null, trouble: null, waitUntil: null });
  const [keeper, setKeeper] = useState(null);
  useEffect(() => {
    setShown((before) => ({ ...before, code: null }));
    const begun = new CodeKeeper(cardId, purpose, (news) => setShown((before) => ({ ...before, ...news })));
    setKeeper(begun);
    return () => begun.stop();
  }, [cardId, purpose]);
  return { ...shown, renew: () => keeper?.ask() };
}

class CodeKeeper {
  #cardId;
  #purpose;
  #tell;
  #tabs = globalThis.BroadcastChannel ? new BroadcastChannel("regulars codes") : null;
  #next = null;
  #end = null;
  #asking = 0;
  #misses = 0;
  #stopped = false;
  #look = () => this.#onceSeen();
  /** A page that the browser had put aside, for example behind the way back (HTML, "page lifecycle"). */
  #restore = ({ persisted }) => persisted && this.#onceSeen();

  constructor(cardId, purpose, tell) {
    this.#cardId = cardId;
    this.#purpose = purpose;
    this.#tell = tell;
    if (this.#tabs) this.#tabs.onmessage = ({ data }) => this.#adopt(data);
    addEventListener("visibilitychange", this.#look);
    addEventListener("pageshow", this.#restore);
    addEventListener("online", this.#look);
    this.#onceSeen();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#next);
    clearTimeout(this.#end);
    this.#tabs?.close();
    removeEventListener("visibilitychange", this.#look);
    removeEventListener("pageshow", this.#restore);
    removeEventListener("online", this.#look);
  }

  /** A fresh code, now. Of answers that overtake each other the last one asked for counts. */
  async ask() {
    clearTimeout(this.#next);
    const turn = (this.#asking += 1);
    const askedAt = Date.now();
    const input = { cardId: this.#cardId, purpose: this.#purpose };
    let said;
    try {
      said = await askOne(documents.createCheckInCode, { input }, { patience: PATIENCE_MS });
    } catch (error) {
      if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
      if (this.#stopped || turn !== this.#asking) return;
      if (error.signedOut) return dispatchEvent(new Event("signed-out"));
      return this.#missed();
    }
    if (this.#stopped || turn !== this.#asking) return;
    if (said.__typename === "CheckInCode") this.#show(timed(said, askedAt), { own: true });
    else if (said.__typename === "TooManyAttempts") this.#wait(said.retryAt);
    else this.#tell({ code: null, trouble: "gone" });
  }

  #onceSeen() {
    if (document.visibilityState === "visible") this.ask();
  }

  #show(code, { own }) {
    this.#misses = 0;
    clearTimeout(this.#end);
    clearTimeout(this.#next);
    this.#end = setTimeout(() => this.#tell({ code: null }), code.endsAt - Date.now());
    this.#next = setTimeout(this.#look, Math.max(code.renewAt - Date.now(), 0) + (own ? 0 : LEAVE_MS));
    this.#tell({ code, trouble: null, waitUntil: null });
    if (own) this.#tabs?.postMessage({ cardId: this.#cardId, purpose: this.#purpose, code });
  }

  /** A second tab has asked for a code of the same card: it may have ended ours. */
  #adopt({ cardId, purpose, code }) {
    if (cardId !== this.#cardId || purpose !== this.#purpose) return;
    this.#asking += 1;
    this.#show(code, { own: false });
  }

  #missed() {
    this.#misses += 1;
    this.#tell({ trouble: "lost" });
    this.#next = setTimeout(this.#look, Math.min(AGAIN_MS * 2 ** (this.#misses - 1), AGAIN_AT_MOST_MS));
  }

  #wait(retryAt) {
    this.#tell({ waitUntil: retryAt, trouble: null });
    this.#next = setTimeout(this.#look, Math.max(Date.parse(retryAt) - Date.now(), AGAIN_MS));
  }
}

/** The code with its hours on this device's clock, which may be wrong: what counts is how long it lasts. */
function timed({ qrSvg, shortCode, refreshAt, expiresAt, serverTime }, askedAt) {
  const local = (moment) => askedAt + Date.parse(moment) - Date.parse(serverTime);
  return { qrSvg, shortCode, askedAt, renewAt: local(refreshAt), endsAt: local(expiresAt) };
}
