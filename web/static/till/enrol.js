// A new customer gets a card at the counter, and earns at once.

import { html, useRef, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { askOne } from "../lib/graphql.js";
import { Memory } from "../lib/memory.js";
import { Button, Failure, Field, Notice, problemOf, refusalOf, Sheet, useWork } from "../lib/ui.js";
import { language, t } from "../lib/words.js";
import { serve, visitor } from "./arriving.js";
import { tell } from "./counter.js";
import { Languages } from "./languages.js";
import { askPin, said } from "./operator.js";
import { heard } from "./queue.js";

const memory = new Memory("till-enrolment");

export function Enrol({ terminal, onClose }) {
  const [who, setWho] = useState({ name: "", email: "", phone: "", locale: language.slice(0, 2) });
  const [refusal, setRefusal] = useState(null);
  const fields = { email: useRef(null), phone: useRef(null), name: useRef(null) };
  const put = (name) => (value) => setWho({ ...who, [name]: value });
  const work = useWork(async () => {
    const email = who.email.trim();
    const phone = who.phone.trim();
    if (!email && !phone) return wrong({ field: "email", words: t("Type an e-mail address or a telephone number.") });
    const input = inputOf({ ...who, email, phone }, terminal);
    const result = await heard(askOne(email ? documents.enrol : documents.enrolByPhone, { input: { ...input, ...said() } }));
    if (result.__typename === "OperatorUnknown") return void askPin(refusalOf(result));
    memory.set("of", null);
    if (result.__typename !== "CustomerEnrolled") return wrong({ result });
    onClose();
    await serve(visitor(result.visit));
    tell("good", result.alreadyMember ? t("This customer had a card already.") : t("Welcome! The card is made."));
  });
  function wrong(found) {
    setRefusal(found);
    const field = found.field ?? ["email", "phone", "name"].find((name) => problemOf(found.result, name));
    fields[field]?.current.focus();
  }
  const problem = (name) => (refusal?.field === name ? refusal.words : refusal?.result && problemOf(refusal.result, name));
  const unplaced = refusal?.result && !["email", "phone", "name"].some(problem) ? refusalOf(refusal.result) : "";
  return html`<${Sheet} title=${t("New customer")} atField onClose=${onClose}>
    <form noValidate onSubmit=${(event) => (event.preventDefault(), work.start())}>
      <${Field} label=${t("E-mail address")} hint=${t("For the app and for gifts. We mail a link to confirm it.")} type="email" inputmode="email" autocomplete="off" autocapitalize="none" spellcheck=${false} autofocus
        value=${who.email} onValue=${put("email")} problem=${problem("email")} fieldRef=${fields.email} />
      <${Field} label=${t("Telephone number")} hint=${t("To be found by next time.")} type="tel" inputmode="tel" autocomplete="off"
        value=${who.phone} onValue=${put("phone")} problem=${problem("phone")} fieldRef=${fields.phone} />
      <${Field} label=${t("Name")} hint=${t("If they like to be called by it.")} autocomplete="off" maxlength="80" value=${who.name} onValue=${put("name")} problem=${problem("name")} fieldRef=${fields.name} />
      <${Languages} label=${t("Language of the customer")} value=${who.locale} onValue=${put("locale")} />
      ${unplaced && html`<${Notice} kind="problem"><p>${unplaced}</p><//>`}
      ${work.error && html`<${Failure} error=${work.error} />`}
      <${Button} type="submit" busy=${work.busy}>${t("Make the card")}<//>
    </form>
  <//>`;
}

/** The same facts have the same key until they are answered, also after a reload. */
function inputOf({ name, email, phone, locale }, terminal) {
  const country = terminal.country ? `${locale}-${terminal.country}` : locale;
  const facts = { ...(email ? { email } : {}), ...(phone ? { phone } : {}), ...(name.trim() ? { name: name.trim() } : {}), locale: country };
  const of = JSON.stringify(facts);
  if (memory.get("of") !== of) {
    memory.set("key", null);
    memory.set("of", of);
  }
  return { ...facts, idempotencyKey: memory.key("key") };
}
