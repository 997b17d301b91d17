// Claiming a gift: an address, the mailed code, done. Nothing is sent unless a person presses a button: mail scanners
// run scripts, too. The session's tokens live in this module and nowhere else.

import * as documents from "./documents.js";
import { ask, Refused } from "./graphql.js";
import { Memory } from "./memory.js";
import { complain, fill, isBusy, onPress, once, refusal, takeOver, withdrawComplaint, word } from "./page.js";

const language = document.documentElement.lang;
const token = decodeURIComponent(location.pathname.slice("/g/".length));
const memory = new Memory(`gift ${token}`);
const gift = document.querySelector("#gift");
const news = document.querySelector("#news");
const forms = Object.fromEntries(
  Array.from(document.querySelectorAll("form[data-step]"), (form) => [form.dataset.step, form]),
);
let session = null;
let ended = false;

// ---- steps

function show(step) {
  news.textContent = "";
  for (const part of document.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== step;
  for (const part of document.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== step;
  const over = step === "done" || step === "ended";
  const unfinished = !gift && !over;
  if (gift) gift.hidden = over;
  document.querySelector("#invitation").hidden = over || unfinished;
  for (const part of document.querySelectorAll('[data-when="unfinished"]')) part.hidden = !unfinished;
}

/** Shows the step and leads the keyboard and the screen reader there. */
function lead(step) {
  show(step);
  const part = document.querySelector(`[data-step="${step}"]`);
  (part.querySelector("input, [data-focus]") ?? part.querySelector("button")).focus();
}

/** Where a person is who comes here by reload, back or forward. */
function current() {
  if (memory.get("claimed")) return "done";
  if (ended) return "ended";
  const reached = history.state?.step;
  if (session) return reached === "retry" || reached === "code" ? "retry" : "address";
  return memory.get("attempt") && reached === "code" ? "code" : "address";
}

// ---- signing in

async function requestCode(form, email) {
  const { requestSignInCode: result } = await ask(documents.requestSignInCode, { input: { email, locale: language } });
  if (result.__typename !== "SignInCodeRequested") {
    complain(form, refusal(result));
    return false;
  }
  memory.set("attempt", { id: result.attemptId, email });
  fill({ email });
  return true;
}

onPress(forms.address, async () => {
  const email = forms.address.elements.email.value.trim();
  if (!email) return complain(forms.address, word("email_missing"));
  if (!(await requestCode(forms.address, email))) return;
  session = null;
  history.pushState({ step: "code" }, "");
  forms.code.elements.code.value = "";
  withdrawComplaint(forms.code);
  lead("code");
});

onPress(forms.code, async () => {
  const field = forms.code.elements.code;
  const code = digitsOf(field.value);
  if (!/^[0-9]{6}$/.test(code)) return complain(forms.code, word("code_form"));
  const attemptId = memory.get("attempt").id;
  const deviceName = document.querySelector("#steps").dataset.device;
  const { signIn: result } = await ask(documents.signIn, { input: { attemptId, code, deviceName } });
  if (result.__typename !== "SignedIn") {
    complain(forms.code, refusal(result));
    field.select();
    return;
  }
  session = result.tokens;
  memory.set("attempt", null);
  fill({ email: result.customer.email });
  await claim(result.customer.email);
});

const resend = forms.code.querySelector("[data-act=resend]");
resend.addEventListener("click", () =>
  once(forms.code, resend, async () => {
    if (!(await requestCode(forms.code, memory.get("attempt").email))) return;
    forms.code.elements.code.value = "";
    forms.code.elements.code.focus();
    news.textContent = word("resent");
  }),
);

forms.code.querySelector("[data-act=back]").addEventListener("click", () => {
  if (!isBusy()) history.back();
});

/** The digits that were typed or pasted, in whichever script, as 0 to 9. */
function digitsOf(text) {
  return Array.from(text.normalize("NFKC"), (character) => {
    if (/[0-9]/.test(character)) return character;
    if (!/\p{Nd}/u.test(character)) return "";
    // Unicode keeps each script's ten digits in a row (The Unicode Standard, 4.6).
    let first = character.codePointAt(0);
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((character.codePointAt(0) - first) % 10);
  }).join("");
}

// ---- claiming

async function claim(email) {
  memory.set("claimSent", true);
  let result;
  try {
    result = await claimOnce();
  } catch (error) {
    if (error instanceof Refused && error.code === "UNAUTHENTICATED") return signInAgain();
    history.replaceState({ step: "retry" }, "");
    lead("retry");
    return complain(forms.retry, word(error instanceof Refused ? "failed" : "claim_lost"));
  }
  if (result.__typename === "GiftClaimed") {
    memory.set("claimed", resultOf(result, email));
    fill(memory.get("claimed"));
    history.replaceState({ step: "done" }, "");
    lead("done");
  } else {
    // Nothing of this tab's is under way any more. After a reload the server's own words are enough.
    memory.set("claimSent", false);
    memory.set("claimKey", null);
    ended = true;
    fill({ ended: result.message });
    lead("ended");
  }
  leave();
}

/** One try, with the same key as every other. A session that is over is renewed first, once. */
async function claimOnce() {
  const input = { token, idempotencyKey: memory.claimKey() };
  try {
    return (await ask(documents.claimGift, { input }, session.accessToken)).claimGift;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "UNAUTHENTICATED") throw error;
  }
  const { refreshSession } = await ask(documents.refreshSession, { input: { refreshToken: session.refreshToken } });
  if (refreshSession.__typename !== "SessionRefreshed") throw new Refused("UNAUTHENTICATED");
  session = refreshSession.tokens;
  return (await ask(documents.claimGift, { input }, session.accessToken)).claimGift;
}

function signInAgain() {
  session = null;
  history.replaceState({ step: "address" }, "");
  lead("address");
  complain(forms.address, word("signed_out"));
}

/** This page is done with the session; nobody else has its tokens, so it is not left open. */
function leave() {
  const accessToken = session.accessToken;
  session = null;
  ask(documents.signOut, {}, accessToken).catch(() => {});
}

onPress(forms.retry, () => claim(document.querySelector('[data-step="retry"] [data-slot="email"]').textContent));

function resultOf({ points, card }, email) {
  const number = new Intl.NumberFormat(language);
  const { name, merchantName, pointName, pointNamePlural } = card.program;
  const unit = (amount) => (amount === 1 ? pointName : pointNamePlural);
  return {
    programName: name,
    merchantName,
    email,
    points: number.format(points),
    unit: unit(points),
    cardNumber: card.number.replace(/(.{4})(?=.)/g, "$1 "),
    balance: number.format(card.balance.active),
    balanceUnit: unit(card.balance.active),
  };
}

// ---- beginning

addEventListener("popstate", () => lead(current()));

// A link that cannot be claimed any more leads nowhere, unless it was this tab that claimed it, or tried to.
if (gift || memory.get("claimSent")) {
  const email = memory.get("attempt")?.email ?? "";
  forms.address.elements.email.value = email;
  fill(memory.get("claimed") ?? { email });
  takeOver();
  document.querySelector("#steps").hidden = false;
  show(current());
}
