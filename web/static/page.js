// What the pages' scripts share: words, places to put facts into, and forms that are sent once.

import { moment } from "./lib/format.js";
import { Lost } from "./lib/graphql.js";

/** A sentence in the page's language. They all stand in the page. */
export function word(name) {
  return document.querySelector("#words").content.querySelector(`[data-word="${name}"]`).textContent;
}

/** Puts the facts, as text, wherever the page has a place of that name. */
export function fill(facts) {
  for (const [name, fact] of Object.entries(facts)) {
    for (const place of document.querySelectorAll(`[data-slot="${name}"]`)) place.textContent = fact;
  }
}

/** Shows what there is a fact for, and hides what there is none for. */
export function reveal(facts) {
  for (const part of document.querySelectorAll("[data-given]")) part.hidden = !facts[part.dataset.given];
}

/** What the script has taken over need not be explained to people without scripts. */
export function takeOver() {
  document.querySelector("#unscripted")?.remove();
}

/** Says what is wrong, beside the field that it is about, and leads there. */
export function complain(form, sentence) {
  form.querySelector(".problem").textContent = sentence;
  const field = form.querySelector("input, textarea");
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

export function withdrawComplaint(form) {
  form.querySelector(".problem").textContent = "";
  form.querySelector("input, textarea")?.removeAttribute("aria-invalid");
}

/** The refusal's sentence, and the hour where it names one. */
export function refusal(result) {
  const sentence = result.problems?.[0]?.message ?? result.message;
  return result.retryAt ? `${sentence} (${moment(result.retryAt)})` : sentence;
}

let busy = false;

export function isBusy() {
  return busy;
}

/** Does the work once, however often it is asked for meanwhile. `button` shows that it is under way. */
export async function once(form, button, work) {
  if (busy) return;
  busy = true;
  withdrawComplaint(form);
  const label = [...button.childNodes];
  button.replaceChildren(word("busy"));
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } catch (error) {
    complain(form, word(error instanceof Lost ? "lost" : "failed"));
    if (!(error instanceof Lost)) console.error(error);
  } finally {
    button.replaceChildren(...label);
    button.removeAttribute("aria-disabled");
    busy = false;
  }
}

/** The form is sent by this script and by a person's press only. */
export function onPress(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(form, form.querySelector("button[type=submit]"), work);
  });
}
