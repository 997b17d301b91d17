// The customer's app: who is here, and which of its places is shown.

import { html, render } from "../lib/html.js";
import { Later } from "../lib/later.js";
import * as documents from "../documents.js";
import { useAnswer } from "../lib/query.js";
import { usePath } from "../lib/router.js";
import { Failure, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { register } from "../lib/worker.js";
import { CardPage } from "./card.js";
import { announceNewer, Frame } from "./frame.js";
import { History } from "./history.js";
import { Nowhere } from "./nowhere.js";
import { startSession, useSession } from "./session.js";
import { Wallet } from "./wallet.js";
import { Welcome } from "./welcome.js";

const LATER = {
  rewards: () => import("../places/rewards.js").then(({ Rewards }) => Rewards),
  sending: () => import("../places/sending.js").then(({ Sending }) => Sending),
  gifts: () => import("../places/gifts.js").then(({ Gifts }) => Gifts),
  gift: () => import("../places/gift.js").then(({ GiftLife }) => GiftLife),
  value: () => import("../places/value.js").then(({ GiftCardPage }) => GiftCardPage),
  profile: () => import("../places/profile.js").then(({ Profile }) => Profile),
};

const PLACES = [
  [/^\/app\/?$/, () => html`<${Wallet} />`],
  [/^\/app\/cards\/([^/]+)$/, (cardId) => html`<${CardPage} key=${cardId} cardId=${cardId} />`],
  [/^\/app\/cards\/([^/]+)\/history$/, (cardId) => html`<${History} key=${cardId} cardId=${cardId} />`],
  [/^\/app\/cards\/([^/]+)\/rewards$/, (cardId) => html`<${Later} key=${`rewards ${cardId}`} load=${LATER.rewards} cardId=${cardId} />`],
  [/^\/app\/cards\/([^/]+)\/send$/, (cardId) => html`<${Later} key=${`send ${cardId}`} load=${LATER.sending} cardId=${cardId} />`],
  [/^\/app\/gifts$/, () => html`<${Later} key="gifts" load=${LATER.gifts} />`],
  [/^\/app\/gifts\/([^/]+)$/, (giftId) => html`<${Later} key=${giftId} load=${LATER.gift} giftId=${giftId} />`],
  [/^\/app\/gift-cards\/([^/]+)$/, (giftCardId) => html`<${Later} key=${giftCardId} load=${LATER.value} giftCardId=${giftCardId} />`],
  [/^\/app\/me$/, () => html`<${Later} key="me" load=${LATER.profile} />`],
];

function App() {
  const session = useSession();
  const path = usePath();
  if (session === "out") return html`<${Welcome} />`;
  if (session === "unknown") return html`<${Arriving} />`;
  return html`<${Frame} path=${path}>${place(path)}<//>`;
}

function place(path) {
  for (const [pattern, shown] of PLACES) {
    const found = pattern.exec(path);
    const ids = found && read(found.slice(1));
    if (ids) return shown(...ids);
  }
  return html`<${Nowhere} />`;
}

/** The parts of an address; null where they are none, as in a link that was cut off. */
function read(parts) {
  try {
    return parts.map((part) => decodeURIComponent(part));
  } catch {
    return null;
  }
}

/** While nobody knows yet who is here: the answer to the first question says so (session.js). */
function Arriving() {
  const { error, again } = useAnswer(documents.wallet);
  if (!error || error.signedOut) return html`<main class="arriving"><h1 class="hidden-words">Regulars</h1><${Waiting} lines=${5} /></main>`;
  return html`<main class="arriving"><h1>${t("Your cards")}</h1><${Failure} error=${error} again=${again} /></main>`;
}

register("/app", { outdated: announceNewer });
addEventListener("outdated", announceNewer);
await startSession();
const root = document.querySelector("#page");
root.replaceChildren();
render(html`<${App} />`, root);
