// Whose page this is. Nobody but the server knows whether the session lasts; what the device keeps is kept for one
// customer, and nothing of it is shown to another.

import { useEffect, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { forgetSignIn, openApp, openTabs, rememberSignIn } from "../lib/account.js";
import { ask } from "../lib/graphql.js";
import { forgetAnswers, keepAnswersIn } from "../lib/query.js";

const listeners = new Set();
const tabs = openTabs();
let store = null;
let customerId = null;
let standing = "unknown";

/** Opens what the device keeps. `unknown` until the server has said who it is, or the device remembers. */
export async function startSession() {
  store = await openApp();
  keepAnswersIn(store, accept);
  customerId = (await store.get("customer", "id").catch(() => null)) ?? null;
  if (customerId) stand("in");
  addEventListener("signed-out", () => stand("out"));
  if (tabs) tabs.onmessage = ({ data }) => hear(data);
}

/** "in", "out", or "unknown" while it is being asked. */
export function useSession() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listen = () => draw((count) => count + 1);
    listeners.add(listen);
    return () => listeners.delete(listen);
  }, []);
  return standing;
}

/** Somebody has signed in here: the same customer goes on where they were, another one begins. */
export async function begin(customer) {
  tabs?.postMessage({ signedIn: customer.id });
  await become(customer.id);
}

/** Signs out here. Throws Lost or Refused, and then all is as it was. Nothing of the customer is left on the device. */
export async function leave() {
  try {
    await ask(documents.signOut);
  } catch (error) {
    // Whoever is signed out already wanted nothing else.
    if (!error.signedOut) throw error;
  }
  tabs?.postMessage({ left: true });
  await forgetCustomer();
  location.replace("/app");
}

/** Whether an answer is for whom this page belongs to. */
function accept(data) {
  if (data.viewer === undefined) return true;
  if (data.viewer === null) stand("out");
  else if (customerId === data.viewer.id) stand("in");
  else become(data.viewer.id);
  return customerId === data.viewer?.id;
}

async function become(id) {
  const another = customerId !== null && customerId !== id;
  if (another) await forgetCustomer();
  customerId = id;
  await store.set("customer", "id", id).catch(() => {});
  // Whatever the scripts still remember was somebody else's.
  if (another) return location.reload();
  stand("in");
}

async function forgetCustomer() {
  sessionStorage.clear();
  await forgetAnswers();
  await store.remove("customer", "id").catch(() => {});
}

function hear({ signedIn, left }) {
  if (signedIn) become(signedIn);
  if (!left) return;
  sessionStorage.clear();
  stand("out");
}

function stand(now) {
  if (now === "in") rememberSignIn();
  if (now === "out" && standing !== "out") {
    forgetSignIn();
    forgetAnswers();
    store.remove("customer", "id").catch(() => {});
  }
  standing = now;
  for (const listen of listeners) listen();
}
