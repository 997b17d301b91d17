// Signing in: an address, the mailed code, done. What was begun survives a reload and a look into the mailbox.

import { html, useEffect, useRef, useState } from "./html.js";
import * as documents from "../documents.js";
import { rememberSignIn } from "./account.js";
import { digitsOf } from "./digits.js";
import { askOne } from "./graphql.js";
import { Memory } from "./memory.js";
import { Button, Failure, Field, problemOf, refusalOf, useLead, useWork } from "./ui.js";
import { language, t } from "./words.js";

const memory = new Memory("sign-in");

/** `done` is called with the customer once somebody is signed in. `title` says what for. */
export function SignIn({ title, done }) {
  const [attempt, setAttempt] = useState(memory.get("attempt"));
  const keep = (begun) => {
    memory.set("attempt", begun);
    setAttempt(begun);
  };
  if (!attempt) return html`<${Address} title=${title} begun=${keep} />`;
  return html`<${Code} attempt=${attempt} begun=${keep} done=${(customer) => {
    memory.set("attempt", null);
    memory.set("email", null);
    rememberSignIn();
    done(customer);
  }} />`;
}

function Address({ title, begun }) {
  const [email, setEmail] = useState(memory.get("email") ?? "");
  const [problem, setProblem] = useState("");
  const field = useRef(null);
  const work = useWork(async () => {
    if (!email.trim()) return wrong(t("Type your e-mail address first."));
    const result = await requestCode(email.trim());
    if (result.attemptId) return begun({ id: result.attemptId, email: email.trim() });
    wrong(problemOf(result, "email") ?? refusalOf(result));
  });
  function wrong(sentence) {
    setProblem(sentence);
    field.current.focus();
  }
  return html`<form class="sign-in" noValidate onSubmit=${(event) => (event.preventDefault(), work.start())}>
    ${title && html`<h2>${title}</h2>`}
    <${Field} label=${t("Your e-mail address")} hint=${t("There is no password: we send you a code.")} type="email" inputmode="email" autocomplete="email" autocapitalize="none" spellcheck=${false}
      value=${email} onValue=${setEmail} problem=${problem} fieldRef=${field} />
    ${work.error && html`<${Failure} error=${work.error} />`}
    <${Button} type="submit" busy=${work.busy}>${t("Send me a code")}<//>
  </form>`;
}

function Code({ attempt, begun, done }) {
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");
  const [news, setNews] = useState("");
  const field = useRef(null);
  const heading = useLead(attempt.id);
  useEffect(() => field.current.focus(), [attempt.id]);
  const entering = useWork(async () => {
    const digits = digitsOf(code);
    if (digits.length !== 6) return wrong(t("The code has six digits. You find it in the mail that we sent you."));
    const result = await askOne(documents.signIn, { input: { attemptId: attempt.id, code: digits, deviceName: device() } });
    if (result.customer) return done(result.customer);
    wrong(refusalOf(result));
  });
  const again = useWork(async () => {
    const result = await requestCode(attempt.email);
    if (!result.attemptId) return wrong(refusalOf(result));
    begun({ id: result.attemptId, email: attempt.email });
    setCode("");
    setProblem("");
    setNews(t("A new code is on its way. Earlier ones do not work any more."));
  });
  function wrong(sentence) {
    setNews("");
    setProblem(sentence);
    field.current.focus();
    field.current.select();
  }
  function other() {
    memory.set("email", attempt.email);
    begun(null);
  }
  return html`<form class="sign-in" noValidate onSubmit=${(event) => (event.preventDefault(), entering.start())}>
    <h2 ref=${heading} tabindex="-1">${t("Look into your mailbox")}</h2>
    <p>${t("We sent six digits to {email}.", { email: attempt.email })}</p>
    <${Field} label=${t("The six digits of the code")} class="digits" inputmode="numeric" autocomplete="one-time-code"
      value=${code} onValue=${setCode} problem=${problem} fieldRef=${field} />
    <p class="news" role="status">${news}</p>
    ${(entering.error || again.error) && html`<${Failure} error=${entering.error ?? again.error} />`}
    <${Button} type="submit" busy=${entering.busy}>${t("Sign in")}<//>
    <p class="choices">
      <${Button} kind="plain" busy=${again.busy} onPress=${again.start}>${t("Send a new code")}<//>
      <${Button} kind="plain" onPress=${other}>${t("Use another address")}<//>
    </p>
  </form>`;
}

function requestCode(email) {
  return askOne(documents.requestSignInCode, { input: { email, locale: language } });
}

/** What the list of devices calls this one: what the browser says of itself, in short. */
function device() {
  const said = navigator.userAgentData;
  const brand = said?.brands.find(({ brand }) => !/chromium|not.?a.?brand/i.test(brand))?.brand;
  const named = /(Firefox|Edg|OPR|SamsungBrowser|Chrome|Safari)/.exec(navigator.userAgent)?.[1];
  const system = said?.platform || /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(navigator.userAgent)?.[1];
  return [brand ?? named, system].filter(Boolean).join(", ") || t("Browser");
}
