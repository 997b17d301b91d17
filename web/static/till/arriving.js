// A customer comes to the counter: by a code that was scanned or typed, by an address, or as a new one.

import * as documents from "../documents/pos.js";
import { askOne, Lost } from "../lib/graphql.js";
import { hour } from "../lib/format.js";
import { refusalOf } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { now } from "./clock.js";
import { isOver, isSigned, isToken, isTyped, plain, read } from "./codes.js";
import { clear, counter, isBegun, newSale, tell } from "./counter.js";
import { keys, newReceiptNumber, programs } from "./device.js";
import { askPin, said } from "./operator.js";
import { heard, queue } from "./queue.js";
import { sound } from "./sounds.js";

const PATIENCE_MS = 6_000;

const seen = new Map();
let busy = false;

/** The camera has seen this text. It sees a code many times while it is held up, and means it once. */
export async function seenByCamera(text) {
  const code = plain(text);
  if (busy || seen.has(code)) return;
  const settled = await arrive(code);
  if (settled) seen.set(code, true);
}

/** A code was scanned or typed. Whether the end of it is known: false if no answer came. */
export async function arrive(text) {
  const code = plain(text);
  if (busy || counter.value.step === "asking" || isShowingNumbers()) return false;
  if (!isToken(code) && !isTyped(code)) {
    refused(/^[0-9]{10}$/.test(code) ? t("These ten digits do not fit together. Please type them again.") : t("This is not a check-in code."));
    return true;
  }
  busy = true;
  counter.change({ note: { kind: "busy", words: "" } });
  try {
    return await asked(code);
  } finally {
    busy = false;
    if (counter.value.note?.kind === "busy") counter.change({ note: null });
  }
}

/** The numbers of a gift card are shown once: it is the person at the till who puts them away. */
function isShowingNumbers() {
  return counter.value.step === "done" && Boolean(counter.value.result?.giftCardsSold?.length);
}

async function asked(code) {
  const scannedAt = new Date(now()).toISOString();
  let result;
  try {
    result = await heard(askOne(documents.scan, { input: { code, ...said() } }, { patience: PATIENCE_MS }));
  } catch (error) {
    if (error.signedOut) dispatchEvent(new Event("signed-out"));
    else if (error instanceof Lost) return withoutNetwork(code, scannedAt);
    else refused(t("That did not work. Please try again."));
    return false;
  }
  if (result.__typename === "OperatorUnknown") {
    return (await askPin(refusalOf(result))) ? asked(code) : false;
  }
  if (result.__typename !== "Visit") {
    refused(wordsOf(result));
    return true;
  }
  const token = read(code);
  await serve({ ...visitor(result), code: token?.purpose === "EARN" ? code : null, scannedAt, spends: token ? token.purpose === "REDEEM" : null });
  return true;
}

/** A visit as the counter keeps it. */
export function visitor(visit) {
  return { visitId: visit.id, endsAt: visit.expiresAt, card: visit.card, code: null, scannedAt: null, spends: false };
}

/** Who stands there now. What was begun goes on for the same card; for another one somebody has to say so. */
export async function serve(customer) {
  const { step, sale } = counter.value;
  sound("scanned");
  const open = step === "sale" || (step === "home" && sale) ? sale : null;
  if (!open || !isBegun(open)) return begin(customer);
  if (!open.customer || isSame(open.customer, customer)) {
    return counter.change({ step: "sale", sale: { ...open, customer }, other: null, note: null });
  }
  counter.change({ other: customer, note: null });
}

/** A sale of this customer, from its beginning. */
export async function begin(customer) {
  const sale = newSale(customer, await newReceiptNumber());
  counter.set({ ...counter.value, step: "sale", sale, other: null, entry: null, result: null, note: null });
}

function isSame(one, other) {
  if (one.card && other.card) return one.card.id === other.card.id;
  return Boolean(one.code && other.code && read(one.code)?.reference === read(other.code)?.reference);
}

/** Nobody can be asked. This till reads the code by itself, and the sale is sent when the network is back. */
async function withoutNetwork(code, scannedAt) {
  const problem = await problemOf(code);
  if (problem) {
    refused(problem);
    return true;
  }
  await serve({ visitId: null, endsAt: null, card: null, code, scannedAt, spends: false });
  return true;
}

async function problemOf(code) {
  const token = read(code);
  if (!token && isTyped(code)) return t("Without a connection the ten digits say nothing. Please scan the code itself.");
  if (!token) return t("This is not a check-in code.");
  if (programs.value.length && !programs.value.includes(String(token.program))) {
    return t("This is not a code of this shop. Ask the customer to open their card and show a fresh code.");
  }
  if (isOver(token, now())) return t("This code is over. The customer's phone shows a new one in a moment.");
  if (token.purpose !== "EARN") return t("Without a connection nothing can be spent. Ask the customer to touch “{choice}”.", { choice: t("Collect") });
  if ((await isSigned(token, await keys())) === false) return t("This is not a check-in code.");
  if (queue.value.some((entry) => entry.code && read(entry.code)?.jti === token.jti)) return t("This code was used a moment ago. The customer's phone shows a new one.");
  return null;
}

function wordsOf(result) {
  return result.usedAt ? `${result.message} (${hour(result.usedAt)})` : refusalOf(result);
}

function refused(words) {
  sound("refused");
  if (counter.value.step === "done") clear();
  tell("problem", words);
}
