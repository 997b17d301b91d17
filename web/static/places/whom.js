// The second step of a gift: for whom, with what words, and when.

import { html } from "../lib/html.js";
import { Button, Field } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Message } from "./message.js";
import { typedMoment, zone } from "./moments.js";
import { Choice, Step } from "./step.js";

const TOMORROW_MS = 24 * 60 * 60_000;

export function Whom({ draft, edit, wrong, lead, next }) {
  const whens = [
    { value: false, label: t("Now") },
    { value: true, label: t("On a day and hour") },
  ];
  const choose = (later) =>
    edit({ later, at: later && !draft.at ? typedMoment(Date.now() + TOMORROW_MS) : draft.at }, "deliverAt");
  return html`<${Step} title=${t("For whom is it?")} lead=${lead} wrong=${wrong} next=${next}>
    <${Field} label=${t("Their name")} autocomplete="off" value=${draft.name} problem=${wrong.recipientName}
      onValue=${(name) => edit({ name }, "recipientName")} />
    <${Field} label=${t("Their e-mail address")} type="email" autocomplete="off" value=${draft.email}
      problem=${wrong.recipientEmail} onValue=${(email) => edit({ email }, "recipientEmail")} />
    <${Message} label=${t("A few words, if you like")} value=${draft.message} problem=${wrong.message}
      onValue=${(message) => edit({ message }, "message")} />
    <${Choice} legend=${t("When shall the mail leave?")} options=${whens} value=${draft.later} onValue=${choose} />
    ${draft.later && html`<${Field} label=${t("Day and hour")} type="datetime-local" min=${typedMoment(Date.now())}
      hint=${t("In the time zone of this device: {zone}", { zone })} value=${draft.at} problem=${wrong.deliverAt}
      onValue=${(at) => edit({ at }, "deliverAt")} />`}
    <${Button} type="submit">${t("Next: look and send")}<//>
  <//>`;
}
