// The customer: name, language, birthday, devices, statements, and the way out.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { language } from "../lib/language.js";
import { askOne } from "../lib/graphql.js";
import { useAnswer } from "../lib/query.js";
import { Button, Failure, Field, problemOf, Sheet, useWork, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { changeLanguage } from "../lib/worker.js";
import { Birthday } from "./birthday.js";
import { amendCustomer } from "./customer.js";
import { Devices } from "./devices.js";
import { Ended } from "./once.js";
import { Page } from "../app/page.js";
import { leave } from "../app/session.js";
import { Statements } from "./statements.js";

// Each in its own words: who looks for theirs may read no other.
const LANGUAGES = [
  ["en", "English"],
  ["hi", "हिन्दी"],
  ["bn", "বাংলা"],
  ["te", "తెలుగు"],
  ["ml", "മലയാളം"],
  ["th", "ไทย"],
];

export function Profile() {
  const { data, error, again } = useAnswer(documents.profile);
  const customer = data?.viewer;
  return html`<${Page} title=${t("Me")}>
    ${!customer && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} lines=${8} />`)}
    ${
      customer &&
      html`<p class="quiet">${t("Signed in as {email}", { email: customer.email })}</p>
      <${Name} customer=${customer} />
      <${Language} customer=${customer} />
      <${Birthday} customer=${customer} />
      <${Devices} sessions=${customer.sessions} />
      <${Statements} cards=${customer.cards} />
      <${Leaving} />`
    }
  <//>`;
}

function Name({ customer }) {
  const [name, setName] = useState(customer.name ?? "");
  const [saved, setSaved] = useState(false);
  const [refused, refuse] = useState(null);
  const work = useWork(async () => {
    const result = await askOne(documents.updateProfile, { input: { name: name.trim() || null } });
    refuse(result.customer ? null : result);
    setSaved(Boolean(result.customer));
    if (result.customer) amendCustomer({ name: result.customer.name });
  });
  const edit = (typed) => {
    setName(typed);
    setSaved(false);
  };
  const submit = (event) => {
    event.preventDefault();
    work.start();
  };
  return html`<section class="panel" aria-labelledby="name">
    <h2 id="name">${t("Your name")}</h2>
    <form noValidate onSubmit=${submit}>
      <${Field} label=${t("Name")} hint=${t("At the counter you are called by it, and your gifts say it.")}
        autocomplete="name" maxlength="80" value=${name} problem=${problemOf(refused, "name")} onValue=${edit} />
      <${Ended} refused=${refused?.problems ? null : refused} work=${work} />
      <p class="news" role="status">${saved ? t("Saved.") : ""}</p>
      <${Button} type="submit" kind="second" busy=${work.busy}>${t("Save the name")}<//>
    </form>
  </section>`;
}

function Language({ customer }) {
  const here = language.split("-")[0];
  const work = useWork(async (chosen) => {
    const locale = [chosen, customer.locale.split("-")[1]].filter(Boolean).join("-");
    await askOne(documents.updateProfile, { input: { locale } });
    await changeLanguage(locale, "/app");
  });
  return html`<section class="panel" aria-labelledby="language">
    <h2 id="language">${t("Language")}</h2>
    <p class="quiet">${t("Of this app, and of the mails that you get.")}</p>
    <ul class="languages">
      ${LANGUAGES.map(([tag, name]) => html`<li key=${tag}><button type="button" lang=${tag}
        aria-pressed=${tag === here ? "true" : "false"}
        onClick=${() => tag !== here && work.start(tag)}>${name}</button></li>`)}
    </ul>
    ${work.error && html`<${Failure} error=${work.error} />`}
  </section>`;
}

function Leaving() {
  const [asked, ask] = useState(false);
  const work = useWork(leave);
  return html`<section class="panel" aria-labelledby="leaving">
    <h2 id="leaving">${t("On this device")}</h2>
    <p>${t("Your cards and their history are kept here, so that you see them without a network, too. Signing out takes them away.")}</p>
    <${Button} kind="danger" onPress=${() => ask(true)}>${t("Sign out")}<//>
    ${
      asked &&
      html`<${Sheet} title=${t("Sign out on this device?")} onClose=${() => ask(false)}>
      <p>${t("What is kept here is deleted. Your cards stay yours: sign in again with your address, here or anywhere.")}</p>
      <${Ended} work=${work} />
      <${Button} kind="danger" busy=${work.busy} onPress=${() => work.start()}>${t("Sign out")}<//>
      <${Button} kind="second" onPress=${() => ask(false)}>${t("Stay")}<//>
    <//>`
    }
  </section>`;
}
