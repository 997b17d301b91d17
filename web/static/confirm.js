// Confirming an address: one press, one mutation. Pressing again, or opening the link again, gives the same answer.

import { confirmEmail } from "./documents.js";
import { askOne } from "./lib/graphql.js";
import { onPress, takeOver } from "./page.js";

const token = decodeURIComponent(location.pathname.slice("/confirm/".length));
const form = document.querySelector("#confirm");
const answer = document.querySelector("#answer");

onPress(form, async () => {
  const result = await confirm();
  form.hidden = true;
  document.querySelector("#invitation").hidden = true;
  answer.textContent = result.message;
  answer.hidden = false;
  document.querySelector("#after").hidden = result.__typename !== "EmailConfirmed";
  answer.focus();
});

/** Whoever is signed in or not. Where a session is over the first answer says so, takes it away and does nothing else. */
async function confirm() {
  const asked = () => askOne(confirmEmail, { input: { token } });
  try {
    return await asked();
  } catch (error) {
    if (!error.signedOut) throw error;
    return asked();
  }
}

takeOver();
form.hidden = false;
