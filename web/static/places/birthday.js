// The customer's birthday, which can be said once.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { digitsOf } from "../lib/digits.js";
import { askOne } from "../lib/graphql.js";
import { Button, Field, problemOf, refusalOf, Sheet, useId, useWork } from "../lib/ui.js";
import { language, t } from "../lib/words.js";
import { amendCustomer } from "./customer.js";
import { Ended } from "./once.js";

const A_LEAP_YEAR = 2000;
const MONTHS = 12;
const monthName = new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC" });
const dayName = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });

export function Birthday({ customer }) {
  const { birthday } = customer;
  return html`<section class="panel" aria-labelledby="birthday">
    <h2 id="birthday">${t("Your birthday")}</h2>
    ${birthday ? html`<p class="said"><strong>${written(birthday)}</strong></p><p
      class="quiet">${t("It was said once, and stays.")}</p>` : html`<${Asked} />`}
  </section>`;
}

function written({ month, day }) {
  return dayName.format(Date.UTC(A_LEAP_YEAR, month - 1, day));
}

function Asked() {
  const [day, setDay] = useState("");
  const [month, setMonth] = useState(1);
  const [wrong, setWrong] = useState("");
  const [sure, ask] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    const number = Number(digitsOf(day));
    const last = new Date(Date.UTC(A_LEAP_YEAR, month, 0)).getUTCDate();
    const found = number >= 1 && number <= last ? "" : t("This month has days from 1 to {last}.", { last });
    setWrong(found);
    if (!found) ask({ month, day: number });
  };
  return html`<p>${t("Some shops have something for you on the day. You can say it once; it cannot be changed afterwards.")}</p>
    <form noValidate onSubmit=${submit}>
      <${Month} month=${month} choose=${setMonth} />
      <${Field} label=${t("Day")} inputmode="numeric" autocomplete="bday-day" maxlength="2" value=${day}
        problem=${wrong} onValue=${setDay} />
      <${Button} type="submit" kind="second">${t("Save the birthday")}<//>
    </form>
    ${sure && html`<${Confirm} birthday=${sure} close=${() => ask(null)} />`}`;
}

function Month({ month, choose }) {
  const id = useId("month");
  return html`<div class="field">
    <label for=${id}>${t("Month")}</label>
    <select id=${id} autocomplete="bday-month" value=${month} onChange=${(event) => choose(Number(event.target.value))}>
      ${Array.from({ length: MONTHS }, (_, at) => html`<option key=${at}
        value=${at + 1}>${monthName.format(Date.UTC(A_LEAP_YEAR, at, 1))}</option>`)}
    </select>
  </div>`;
}

function Confirm({ birthday, close }) {
  const [refused, refuse] = useState(null);
  const work = useWork(async () => {
    const result = await askOne(documents.setBirthday, { input: birthday });
    if (!result.customer) return refuse({ message: problemOf(result, "day") ?? refusalOf(result) });
    amendCustomer({ birthday: result.customer.birthday });
    close();
  });
  return html`<${Sheet} title=${t("Is it {day}?", { day: written(birthday) })} onClose=${close}>
    <p>${t("It cannot be changed afterwards.")}</p>
    <${Ended} refused=${refused} work=${work} />
    <${Button} busy=${work.busy} onPress=${() => work.start()}>${t("Yes, that is my birthday")}<//>
    <${Button} kind="second" onPress=${close}>${t("No, let me look again")}<//>
  <//>`;
}
