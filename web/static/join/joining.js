// The one thing to do on the page of a program, whoever is there.

import * as documents from "../documents.js";
import { welcome } from "../lib/account.js";
import { askOne, Refused } from "../lib/graphql.js";
import { html, useEffect, useState } from "../lib/html.js";
import { Memory } from "../lib/memory.js";
import { SignIn } from "../lib/signin.js";
import { Button, Failure, Notice, refusalOf, useLead, useWork, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";

/**
 * Signed out: signing in, which joins. Signed in: one button. A member, or joined: the way to the card. What was begun
 * survives a reload.
 */
export function Joining({ slug, program }) {
  const [memory] = useState(() => new Memory(`join ${slug}`));
  const [viewer, setViewer] = useState(undefined);
  const [other, setOther] = useState(Boolean(memory.get("other")));
  const [refused, setRefused] = useState("");
  const looking = useWork(async () => setViewer((await unlessSignedOut(askOne(documents.membership))) ?? null));
  useEffect(() => void looking.start(), []);
  const joining = useWork(async () => {
    const result = await join(slug, memory);
    if (!result) return setViewer(null);
    if (result.card) return arrive(result.card.id);
    setRefused(refusalOf(result));
  });
  const choose = (another) => {
    memory.set("other", another);
    setOther(another);
  };
  async function signedIn(customer) {
    await welcome(customer);
    choose(false);
    setViewer({ ...customer, cards: [] });
    await joining.start();
  }

  const card = viewer?.cards.find((one) => one.program.slug === slug);
  if (viewer === undefined) return html`<${Looking} work=${looking} />`;
  if (card && !other) return html`<${Member} cardId=${card.id} program=${program} leave=${() => choose(true)} />`;
  if (!viewer || other) {
    return html`<${SignIn} title=${t("Get your card")} done=${signedIn} />
      ${viewer && html`<p class="choices"><${Button} kind="plain" onPress=${() => choose(false)}>${t("Go on as {email}", { email: viewer.email })}<//></p>`}`;
  }
  return html`<${Ready} email=${viewer.email} work=${joining} refused=${refused} leave=${() => choose(true)} />`;
}

function Looking({ work }) {
  return html`<h2>${t("Get your card")}</h2>
    ${work.error ? html`<${Failure} error=${work.error} again=${work.start} />` : html`<${Waiting} lines=${3} />`}`;
}

function Ready({ email, work, refused, leave }) {
  return html`<h2>${t("Get your card")}</h2>
    ${refused && html`<${Notice} kind="problem"><p>${refused}</p><//>`}
    ${work.error && html`<${Failure} error=${work.error} />`}
    <${Button} busy=${work.busy} onPress=${work.start}>${t("Join as {email}", { email })}<//>
    <p class="choices"><${Button} kind="plain" onPress=${leave}>${t("Use another address")}<//></p>`;
}

function Member({ cardId, program, leave }) {
  const heading = useLead();
  return html`<h2 ref=${heading} tabindex="-1">${t("You are a member already")}</h2>
    <p>${t("Your card of {program} is in your wallet.", { program })}</p>
    <a class="button" href=${addressOf(cardId)}>${t("Open your card")}</a>
    <p class="choices"><${Button} kind="plain" onPress=${leave}>${t("Use another address")}<//></p>`;
}

/** Tried again under the same key, however often: one card comes of it. */
function join(slug, memory) {
  const input = { programSlug: slug, idempotencyKey: memory.key("key") };
  return unlessSignedOut(askOne(documents.joinProgram, { input }));
}

/** The answer; undefined where nobody is signed in any more. */
async function unlessSignedOut(asked) {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refused && error.signedOut) return undefined;
    throw error;
  }
}

function arrive(cardId) {
  location.assign(addressOf(cardId));
}

function addressOf(cardId) {
  return `/app/cards/${encodeURIComponent(cardId)}`;
}
