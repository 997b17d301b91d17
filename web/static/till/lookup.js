// A customer without their phone: found by the whole address or telephone number.

import { html, useRef, useState } from "../lib/html.js";
import * as documents from "../documents/pos.js";
import { askOne } from "../lib/graphql.js";
import { Button, Failure, Field, refusalOf, Sheet, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { serve, visitor } from "./arriving.js";
import { askPin, said } from "./operator.js";
import { heard } from "./queue.js";

export function LookUp({ onClose, enrol }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState(null);
  const field = useRef(null);
  const work = useWork(async () => {
    const text = typed.trim();
    if (!text) return wrong({ words: t("Type the whole telephone number or e-mail address.") });
    const result = await heard(askOne(documents.lookUp, { input: contactOf(text), ...said() }));
    if (result.__typename === "Visit") {
      onClose();
      return serve(visitor(result));
    }
    if (result.__typename === "OperatorUnknown") return void askPin(refusalOf(result));
    wrong({ words: refusalOf(result), none: result.__typename === "NotFound" });
  });
  function wrong(found) {
    setProblem(found);
    field.current.focus();
  }
  return html`<${Sheet} title=${t("Find a customer")} atField onClose=${onClose}>
    <form noValidate onSubmit=${(event) => (event.preventDefault(), work.start())}>
      <${Field} label=${t("Telephone number or e-mail address")} hint=${t("All of it. Who is found this way earns, and can spend nothing.")} autocomplete="off" autocapitalize="none" spellcheck=${false} autofocus
        value=${typed} onValue=${setTyped} problem=${problem?.words} fieldRef=${field} />
      ${work.error && html`<${Failure} error=${work.error} />`}
      <${Button} type="submit" busy=${work.busy}>${t("Find")}<//>
      ${problem?.none && html`<p class="choices"><${Button} kind="plain" onPress=${enrol}>${t("Make a card for a new customer")}<//></p>`}
    </form>
  <//>`;
}

/** What has an @ is an address. */
export function contactOf(text) {
  return text.includes("@") ? { email: text } : { phone: text };
}
