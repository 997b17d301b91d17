// Signing in on the page of a gift: an address, then the mailed code. What was begun survives a reload.

import * as documents from "../documents.js";
import { welcome } from "../lib/account.js";
import { digitsOf } from "../lib/digits.js";
import { askOne } from "../lib/graphql.js";
import { language } from "../lib/language.js";
import { complain, fill, isBusy, once, onPress, refusal, withdrawComplaint, word } from "../page.js";

/** `coded` is called once a code is on its way, `signedIn` with the address of whoever is signed in then. */
export function begin({ address, code }, memory, { coded, signedIn }) {
  onPress(address, async () => {
    const email = address.elements.email.value.trim();
    if (!email) return complain(address, word("email_missing"));
    if (!(await requestCode(address, email, memory))) return;
    code.elements.code.value = "";
    withdrawComplaint(code);
    coded();
  });
  onPress(code, async () => {
    const customer = await enterCode(code, memory);
    if (customer) await signedIn(customer.email);
  });
  const resend = code.querySelector("[data-act=resend]");
  resend.addEventListener("click", () => once(code, resend, () => sendAnother(code, memory)));
  code.querySelector("[data-act=back]").addEventListener("click", () => {
    if (!isBusy()) history.back();
  });
}

async function requestCode(form, email, memory) {
  const result = await askOne(documents.requestSignInCode, { input: { email, locale: language } });
  if (result.__typename !== "SignInCodeRequested") {
    complain(form, refusal(result));
    return false;
  }
  memory.set("attempt", { id: result.attemptId, email });
  fill({ email });
  return true;
}

/** The customer, or null once it is said why not. */
async function enterCode(form, memory) {
  const field = form.elements.code;
  const code = digitsOf(field.value);
  if (!/^[0-9]{6}$/.test(code)) {
    complain(form, word("code_form"));
    return null;
  }
  const deviceName = document.querySelector("#steps").dataset.device;
  const result = await askOne(documents.signIn, { input: { attemptId: memory.get("attempt").id, code, deviceName } });
  if (result.__typename !== "SignedIn") {
    complain(form, refusal(result));
    field.select();
    return null;
  }
  memory.set("attempt", null);
  await welcome(result.customer);
  return result.customer;
}

async function sendAnother(form, memory) {
  if (!(await requestCode(form, memory.get("attempt").email, memory))) return;
  form.elements.code.value = "";
  form.elements.code.focus();
  document.querySelector("#news").textContent = word("resent");
}
