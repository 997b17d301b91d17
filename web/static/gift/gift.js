// Claiming a gift: by one touch for whoever is signed in on this device; else an address, the mailed code, done. Nothing
// is sent unless a person touches the page or signed in here before: mail scanners run scripts, too.

import * as documents from "../documents.js";
import { forgetSignIn, hasSignedIn, openTabs, whoIsHere } from "../lib/account.js";
import { ask, askOne, Refused } from "../lib/graphql.js";
import { Memory } from "../lib/memory.js";
import { complain, fill, isBusy, onPress, reveal, takeOver, word } from "../page.js";
import * as claimed from "./claimed.js";
import { resultOf } from "./result.js";
import * as signing from "./signing.js";

const token = decodeURIComponent(location.pathname.slice("/g/".length));
const memory = new Memory(`gift ${token}`);
const gift = document.querySelector("#gift");
const forms = Object.fromEntries(
  Array.from(document.querySelectorAll("form[data-step]"), (form) => [form.dataset.step, form]),
);
const OVER = ["done", "ended", "declined", "left"];
let account = null;
let ended = false;
let goOn = null;

// ---- steps

function show(step) {
  document.querySelector("#news").textContent = "";
  for (const part of document.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== step;
  const over = OVER.includes(step);
  const again = !over && Boolean(memory.get("claimed"));
  for (const part of document.querySelectorAll("[data-only]")) {
    part.hidden = again || !part.dataset.only.split(" ").includes(step);
  }
  const unfinished = !gift && !over && !again;
  if (gift) gift.hidden = over || again;
  document.querySelector("#invitation").hidden = over || again || unfinished || step === "decline";
  const holds = { unfinished, again };
  for (const part of document.querySelectorAll("[data-when]")) part.hidden = !holds[part.dataset.when];
  for (const part of document.querySelectorAll("[data-unless]")) part.hidden = holds[part.dataset.unless];
}

/** Shows the step and leads the keyboard and the screen reader there. */
function lead(step) {
  show(step);
  const part = document.querySelector(`[data-step="${step}"]`);
  (part.querySelector("input, [data-focus]") ?? part.querySelector("button")).focus();
}

/** Where a person is who comes here by reload, back or forward. */
function current() {
  const reached = history.state?.step;
  const signingIn = memory.get("attempt") && reached === "code" ? "code" : "address";
  if (memory.get("claimed")) return goOn && history.state?.again ? signingIn : "done";
  if (memory.get("declined")) return "declined";
  if (ended) return "ended";
  if (gift && reached === "decline") return "decline";
  if (account && !history.state?.other) return "ready";
  return signingIn;
}

// ---- signing in

signing.begin(forms, memory, {
  coded() {
    history.pushState({ step: "code", again: history.state?.again, other: true }, "");
    lead("code");
  },
  async signedIn(email) {
    account = email;
    if (memory.get("claimed")) return comeBack();
    fill({ email });
    await claim();
  },
});

/** Asks who is signed in, if anybody may be, and says so. */
async function look() {
  account = hasSignedIn() ? ((await whoIsHere())?.email ?? null) : null;
  if (account) fill({ account });
}

// ---- claiming

async function claim() {
  memory.set("claimSent", true);
  let result;
  try {
    const input = { token, idempotencyKey: memory.key("claimKey") };
    result = await askOne(documents.claimGift, { input });
  } catch (error) {
    if (error instanceof Refused && error.signedOut) return signInAgain();
    history.replaceState({ step: "ready" }, "");
    fill({ account });
    lead("ready");
    return complain(forms.ready, word(error instanceof Refused ? "failed" : "claim_lost"));
  }
  if (result.__typename === "GiftClaimed") {
    memory.set("claimed", resultOf(result, account));
    showClaimed();
    history.replaceState({ step: "done" }, "");
    lead("done");
  } else {
    // Nothing of this tab's is under way any more. After a reload the server's own words are enough.
    memory.set("claimSent", false);
    memory.set("claimKey", null);
    end(result);
  }
}

function signInAgain() {
  forgetSignIn();
  account = null;
  history.replaceState({ step: "address" }, "");
  lead("address");
  complain(forms.address, word("signed_out"));
}

onPress(forms.ready, claim);

forms.ready.querySelector("[data-act=other]").addEventListener("click", () => {
  if (isBusy()) return;
  history.pushState({ step: "address", other: true }, "");
  forms.address.elements.email.value = "";
  lead("address");
});

function showClaimed() {
  const facts = memory.get("claimed");
  fill(facts);
  reveal(facts);
  document.querySelector(".card-points .number").classList.toggle("words", facts.inWords);
  const { style } = document.querySelector(".card");
  style.setProperty("--brand", facts.look.color);
  style.setProperty("--on-brand", facts.look.onColor);
  claimed.settle(memory);
}

function end(refused) {
  ended = true;
  fill({ ended: refused.message });
  lead("ended");
}

// ---- afterwards

/** The session is over: once it is there again, what was begun goes on. */
function toSignInAgain(name) {
  goOn = name;
  forgetSignIn();
  forms.address.elements.email.value = memory.get("claimed").email;
  history.pushState({ step: "address", again: true }, "");
  lead("address");
}

function comeBack() {
  history.replaceState({ step: "done" }, "");
  lead("done");
  const name = goOn;
  goOn = null;
  // The form that signed in is still under way.
  if (name) setTimeout(() => claimed.goOn(name));
}

/** Signed out, here or in another tab: whoever comes to this browser next sees nothing of the claim. */
function leave() {
  const facts = memory.get("claimed");
  if (!facts) return;
  account = null;
  fill({ email: facts.email });
  memory.forget();
  history.replaceState({ step: "left" }, "");
  lead("left");
}

claimed.begin(memory, toSignInAgain, leave);

const tabs = openTabs();
if (tabs) tabs.onmessage = ({ data }) => data.left && leave();

// ---- declining

document.querySelector("#decline")?.addEventListener("click", (event) => {
  event.preventDefault();
  if (isBusy()) return;
  history.pushState({ step: "decline" }, "");
  lead("decline");
});

forms.decline?.querySelector("[data-act=keep]").addEventListener("click", () => {
  if (!isBusy()) history.back();
});

if (forms.decline) {
  onPress(forms.decline, async () => {
    const input = { token, idempotencyKey: memory.key("declineKey") };
    const result = await askOne(documents.declineGift, { input });
    history.replaceState({ step: "declined" }, "");
    if (result.__typename !== "GiftDeclined") return end(result);
    memory.set("declined", { senderName: result.senderName });
    fill(memory.get("declined"));
    lead("declined");
  });
}

// ---- being seen

// Opening the page says nothing: scanners do that, and run scripts. A hand that touches it is a person's.
const GESTURES = ["pointerdown", "keydown", "touchstart", "wheel"];

function seen(event) {
  if (!event.isTrusted) return;
  for (const gesture of GESTURES) removeEventListener(gesture, seen);
  ask(documents.markGiftViewed, { token }).catch(() => {});
}

if (gift) for (const gesture of GESTURES) addEventListener(gesture, seen, { passive: true });

// ---- beginning

/** Another tab may have signed in or out meanwhile. */
async function lookAgain() {
  const shown = current();
  if (document.hidden || isBusy() || !["ready", "address"].includes(shown) || history.state?.other) return;
  if (forms.address.elements.email.value && shown === "address") return;
  await look();
  if (!isBusy() && current() !== shown) show(current());
}

async function begin() {
  const email = memory.get("attempt")?.email ?? memory.get("claimed")?.email ?? "";
  forms.address.elements.email.value = email;
  fill({ email, ...memory.get("declined") });
  if (memory.get("claimed")) showClaimed();
  takeOver();
  document.querySelector("#steps").hidden = false;
  const first = current();
  show(first);
  addEventListener("popstate", () => lead(current()));
  addEventListener("visibilitychange", lookAgain);
  if (OVER.includes(first) || !hasSignedIn()) return;
  if (first === "address" && !history.state?.other) show("looking");
  await look();
  if (current() !== first || first === "address") show(current());
}

// A link that cannot be claimed any more leads nowhere, unless it was this tab that claimed it, or tried to, or declined it.
if (gift || memory.get("claimSent") || memory.get("declined")) begin();
