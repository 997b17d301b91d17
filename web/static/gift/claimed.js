// What whoever claimed a gift does next: opens the wallet, shows the code at the counter, says thank you, signs out. Where
// the session that is needed for it is over, `signInAgain` is told what to go on with.

import * as documents from "../documents.js";
import { signOut } from "../lib/account.js";
import { grouped } from "../lib/format.js";
import { askOne, Refused } from "../lib/graphql.js";
import { complain, fill, onPress, refusal, withdrawComplaint, word } from "../page.js";

const SHOWN_MS = 15 * 60_000;
const SOONEST_MS = 1_000;

const counter = document.querySelector("#counter");
const shown = document.querySelector("#code-shown");
const thanks = document.querySelector("#thanks");
const thanked = document.querySelector("#thanked");
const leaving = document.querySelector("#leave");
let shownUntil = 0;

/** Takes its forms into its care. `memory` is the tab's, in which the claim stands; `left` is called after signing out. */
export function begin(memory, signInAgain, left) {
  onPress(counter, () => unlessSignedOut(() => showFirst(memory), "counter", signInAgain));
  onPress(thanks, () => unlessSignedOut(() => sendThanks(memory), "thanks", signInAgain));
  onPress(leaving, () => leave(left));
}

/** The way to the wallet is there, and what was said before is not asked for again. */
export function settle(memory) {
  document.querySelector("#wallet").href = `/app/cards/${encodeURIComponent(memory.get("claimed").cardId)}`;
  thanks.hidden = Boolean(memory.get("thanked"));
  thanked.hidden = !memory.get("thanked");
}

/** Goes on with what was pressed before the session was over. */
export function goOn(name) {
  document.querySelector(`#${name}`).requestSubmit();
}

async function unlessSignedOut(work, name, signInAgain) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused) || !error.signedOut) throw error;
    signInAgain(name);
  }
}

// ---- the code for the counter

async function showFirst(memory) {
  shownUntil = Date.now() + SHOWN_MS;
  if (!(await showCode(memory))) return;
  shown.focus();
  shown.scrollIntoView({ block: "nearest" });
}

/** Shows a fresh code, and the next one when this one is about to end. */
async function showCode(memory) {
  const input = { cardId: memory.get("claimed").cardId, purpose: "REDEEM" };
  const code = await askOne(documents.createCheckInCode, { input });
  if (code.__typename !== "CheckInCode") {
    hideCode();
    complain(counter, refusal(code));
    return false;
  }
  withdrawComplaint(counter);
  const picture = document.createElement("img");
  picture.alt = word("code_picture");
  picture.src = `data:image/svg+xml,${encodeURIComponent(code.qrSvg)}`;
  document.querySelector("#qr").replaceChildren(picture);
  fill({ shortCode: grouped(code.shortCode, 5) });
  shown.hidden = false;
  counter.querySelector("button").hidden = true;
  const left = Date.parse(code.refreshAt) - Date.parse(code.serverTime);
  setTimeout(() => renewCode(memory), Math.max(left, SOONEST_MS));
  return true;
}

/** Nobody's phone shows codes for hours, and none in a pocket. */
async function renewCode(memory) {
  if (document.hidden) return addEventListener("visibilitychange", () => renewCode(memory), { once: true });
  if (Date.now() > shownUntil) return hideCode();
  try {
    await showCode(memory);
  } catch (error) {
    hideCode();
    if (!(error instanceof Refused)) complain(counter, word("lost"));
  }
}

function hideCode() {
  shown.hidden = true;
  document.querySelector("#qr").replaceChildren();
  counter.querySelector("button").hidden = false;
}

// ---- saying thank you

async function sendThanks(memory) {
  const message = thanks.elements.message.value.trim();
  if (!message) return complain(thanks, word("thanks_missing"));
  const input = { giftId: memory.get("claimed").giftId, message, idempotencyKey: memory.key("thanksKey") };
  const result = await askOne(documents.thankForGift, { input });
  // Another message with the same key: the first one did arrive, though its answer did not.
  if (result.__typename !== "GiftThanked" && result.__typename !== "IdempotencyKeyReused") {
    return complain(thanks, refusal(result));
  }
  memory.set("thanked", true);
  settle(memory);
  thanked.focus();
}

// ---- leaving

async function leave(left) {
  await signOut();
  shownUntil = 0;
  hideCode();
  left();
}
