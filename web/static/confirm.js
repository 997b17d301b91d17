// Confirming an address: one press, one mutation. Pressing again, or opening the link again, gives the same answer.

import { confirmEmail } from "./documents.js";
import { askOne } from "./lib/graphql.js";
import { onPress, takeOver } from "./page.js";

const token = decodeURIComponent(location.pathname.slice("/confirm/".length));
const form = document.querySelector("#confirm");
const answer = document.querySelector("#answer");

onPress(form, async () => {
  const result = await askOne(confirmEmail, { input: { token } });
  form.hidden = true;
  document.querySelector("#invitation").hidden = true;
  answer.textContent = result.message;
  answer.hidden = false;
  document.querySelector("#after").hidden = result.__typename !== "EmailConfirmed";
  answer.focus();
});

takeOver();
form.hidden = false;
