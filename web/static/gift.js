// Claiming a gift: an address, the mailed code, done. Nothing is sent unless a person touches the page: mail scanners
// run scripts, too.

import * as claimed from "./claimed.js";
import * as documents from "./documents.js";
import { ask, Refused } from "./graphql.js";
import { Memory } from "./memory.js";
import { complain, fill, isBusy, onPress, once, refusal, reveal, takeOver, withdrawComplaint, word } from "./page.js";
import * as session from "./session.js";

const language = document.documentElement.lang;
const token = decodeURIComponent(location.pathname.slice("/g/".length));
const memory = new Memory(`gift ${token}`);
const gift = document.querySelector("#gift");
const news = document.querySelector("#news");
const forms = Object.fromEntries(
  Array.from(document.querySelectorAll("form[data-step]"), (form) => [form.dataset.step, form]),
);
let ended = false;
let goOn = null;

// ---- steps

function show(step) {
  news.textContent = "";
  for (const part of document.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== step;
  const over = ["done", "ended", "declined"].includes(step);
  const again = !over && Boolean(memory.get("claimed"));
  for (const part of document.querySelectorAll("[data-only]")) part.hidden = again || part.dataset.only !== step;
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
  if (memory.get("claimed")) {
    if (session.isOpen() || !goOn || !history.state?.again) return "done";
    return memory.get("attempt") && reached === "code" ? "code" : "address";
  }
  if (memory.get("declined")) return "declined";
  if (ended) return "ended";
  if (gift && reached === "decline") return "decline";
  if (session.isOpen()) return reached === "retry" || reached === "code" ? "retry" : "address";
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
  session.forget();
  history.pushState({ step: "code", again: history.state?.again }, "");
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
  session.begin(result.tokens);
  memory.set("attempt", null);
  if (memory.get("claimed")) return comeBack();
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
    showClaimed();
    history.replaceState({ step: "done" }, "");
    lead("done");
  } else {
    // Nothing of this tab's is under way any more. After a reload the server's own words are enough.
    memory.set("claimSent", false);
    memory.set("claimKey", null);
    ended = true;
    fill({ ended: result.message });
    lead("ended");
    session.leave();
  }
}

/** One try, with the same key as every other. */
async function claimOnce() {
  const input = { token, idempotencyKey: memory.key("claimKey") };
  return (await session.askSignedIn(documents.claimGift, { input })).claimGift;
}

function signInAgain() {
  session.forget();
  history.replaceState({ step: "address" }, "");
  lead("address");
  complain(forms.address, word("signed_out"));
}

onPress(forms.retry, () => claim(document.querySelector('[data-step="retry"] [data-slot="email"]').textContent));

/** What there is to show: points on a card, money on a gift card, or a voucher. `yours` and `onCard` choose the words. */
function resultOf({ giftId, points, senderName, card, giftCard, voucher }, email) {
  const number = new Intl.NumberFormat(language);
  const { name, merchantName, pointName, pointNamePlural } = card.program;
  const unit = (amount) => (amount === 1 ? pointName : pointNamePlural);
  const onCard = !giftCard && !voucher;
  const worth = giftCard ? money(giftCard.balance) : voucher?.reward.name;
  return {
    giftId,
    cardId: card.id,
    onCard,
    yours: !onCard,
    inWords: Boolean(voucher),
    programName: name,
    merchantName,
    senderName,
    email,
    points: worth ?? `+${number.format(points)}`,
    unit: onCard ? unit(points) : "",
    cardNumber: giftCard ? null : card.number.replace(/(.{4})(?=.)/g, "$1 "),
    giftCardNumber: giftCard ? `•••• ${giftCard.last4}` : null,
    balance: giftCard ? worth : voucher ? null : number.format(card.balance.active),
    balanceUnit: onCard ? unit(card.balance.active) : "",
    until: day(giftCard?.expiresAt ?? voucher?.usableUntil),
  };
}

function showClaimed() {
  const facts = memory.get("claimed");
  fill(facts);
  reveal(facts);
  document.querySelector(".card-points .number").classList.toggle("words", facts.inWords);
  claimed.settle(memory);
}

function day(moment) {
  return moment ? new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(moment)) : null;
}

/** The amount as the reader writes money; a whole one has no decimals. */
function money({ amountMinor, currency }) {
  const style = { style: "currency", currency };
  const { maximumFractionDigits: digits } = new Intl.NumberFormat(language, style).resolvedOptions();
  const amount = amountMinor / 10 ** digits;
  const whole = Number.isInteger(amount) ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
  return new Intl.NumberFormat(language, { ...style, ...whole }).format(amount);
}

// ---- afterwards

/** The session is over: once it is there again, what was begun goes on. */
function toSignInAgain(name) {
  goOn = name;
  session.forget();
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

claimed.begin(memory, toSignInAgain);

// ---- declining

const declining = document.querySelector("#decline");
declining?.addEventListener("click", (event) => {
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
    const { declineGift: result } = await ask(documents.declineGift, { input });
    history.replaceState({ step: "declined" }, "");
    if (result.__typename === "GiftDeclined") {
      memory.set("declined", { senderName: result.senderName });
      fill(memory.get("declined"));
      lead("declined");
    } else {
      ended = true;
      fill({ ended: result.message });
      lead("ended");
    }
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

addEventListener("popstate", () => lead(current()));

// A link that cannot be claimed any more leads nowhere, unless it was this tab that claimed it, or tried to, or declined it.
if (gift || memory.get("claimSent") || memory.get("declined")) {
  const email = memory.get("attempt")?.email ?? memory.get("claimed")?.email ?? "";
  forms.address.elements.email.value = email;
  fill({ email, ...memory.get("declined") });
  if (memory.get("claimed")) showClaimed();
  takeOver();
  document.querySelector("#steps").hidden = false;
  show(current());
}
