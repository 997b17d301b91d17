// Sending a gift, in three steps: what, for whom, and a last look.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { askOne } from "../lib/graphql.js";
import { refresh, useAnswer } from "../lib/query.js";
import { go, Link, useSearch } from "../lib/router.js";
import { Empty, Failure, Waiting } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { forgetDraft, giftOf, kindsOf, pursesOf, useDraft, wrongWithWhat, wrongWithWhom } from "./draft.js";
import { colours } from "../app/face.js";
import { Look } from "./look.js";
import { NoSuchCard } from "../app/nowhere.js";
import { useOnce } from "./once.js";
import { Page } from "../app/page.js";
import { openPayment, rememberOrder } from "./paying.js";
import { What } from "./what.js";
import { Whom } from "./whom.js";

const STEPS = 3;
// Which step a field of the API is in; what is not here is in the first.
const STEP_OF = { recipientName: 2, recipientEmail: 2, message: 2, deliverAt: 2 };

/** A gift from this card. */
export function Sending({ cardId }) {
  const { data, error, again } = useAnswer(documents.sending, { cardId });
  const card = data?.node;
  if (data && !card) return html`<${NoSuchCard} />`;
  return html`<${Page} title=${t("Send a gift")} name=${card?.program.name} home=${`/app/cards/${cardId}`}>
    ${!card && (error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} lines=${6} />`)}
    ${card && (kindsOf(card).length ? html`<${Steps} card=${card}
      giftCards=${data.viewer?.giftCards ?? []} />` : html`<${NoGifts} card=${card} />`)}
  <//>`;
}

function NoGifts({ card }) {
  return html`<${Empty} icon="gift" title=${t("No gifts here")}>
    <p>${t("{merchant} does not offer gifts at the moment.", { merchant: card.program.merchantName })}</p>
    <${Link} class="button" to=${`/app/cards/${card.id}`}>${t("Back to the card")}<//>
  <//>`;
}

function Steps({ card, giftCards }) {
  const [draft, change] = useDraft(card.id);
  const [wrong, setWrong] = useState({});
  const [refused, refuse] = useState(null);
  const purses = pursesOf(card, giftCards);
  const allowed = Object.keys(wrongWithWhat(draft, card, purses)).length
    ? 1
    : Object.keys(wrongWithWhom(draft)).length
      ? 2
      : STEPS;
  const { step, to, moved } = useSteps(card.id, allowed, change);
  const told = (problems) => {
    setWrong(problems);
    const steps = Object.keys(problems).map((field) => STEP_OF[field] ?? 1);
    if (steps.length) to(Math.min(...steps));
  };
  const sending = useSending(draft, card, { told, refuse });
  const edit = (part, ...fields) => {
    change(part);
    setWrong((before) => Object.fromEntries(Object.entries(before).filter(([field]) => !fields.includes(field))));
    refuse(null);
  };
  const check = (problems, next) => {
    setWrong(problems);
    if (!Object.keys(problems).length) to(next);
  };
  const shared = { card, draft, edit, wrong, lead: moved };
  return html`<div style=${colours(card.program)}>
    <${Progress} step=${step} />
    ${step === 1 && html`<${What} ...${shared} purses=${purses}
      next=${() => check(wrongWithWhat(draft, card, purses), 2)} />`}
    ${step === 2 && html`<${Whom} ...${shared} next=${() => check(wrongWithWhom(draft), 3)} />`}
    ${step === 3 && html`<${Look} ...${shared} purses=${purses} told=${told} to=${to} sending=${sending}
      refused=${refused} />`}
  </div>`;
}

/** The step that the address says, as far as the draft allows; the way to another; and whether one has moved yet. */
function useSteps(cardId, allowed, change) {
  const search = new URLSearchParams(useSearch());
  const path = `/app/cards/${cardId}/send`;
  const begun = useRef(null);
  const step = Math.min(Math.max(Number(search.get("step")) || 1, 1), allowed);
  begun.current ??= step;
  const moved = useRef(false);
  moved.current ||= begun.current !== step;
  const purse = search.get("from");
  useEffect(() => {
    if (!purse) return;
    change({ kind: "VALUE", giftCardId: purse });
    go(path, { replace: true });
  }, [purse]);
  useEffect(() => {
    if (moved.current) scrollTo(0, 0);
  }, [step]);
  return { step, moved: moved.current, to: (next) => go(next > 1 ? `${path}?step=${next}` : path) };
}

function Progress({ step }) {
  const names = [t("The gift"), t("For whom"), t("Look and send")];
  return html`<ol class="steps" aria-label=${t("Steps")}>
    ${names.map((name, at) => html`<li key=${name} class=${at + 1 < step ? "done" : ""}
      aria-current=${at + 1 === step ? "step" : null}><span aria-hidden="true">${at + 1}</span>${name}</li>`)}
  </ol>`;
}

/** What sends it: once, however often it is pressed. */
function useSending(draft, card, { told, refuse }) {
  let input = null;
  const send = (idempotencyKey) => {
    const giftCardId = draft.kind === "VALUE" ? draft.giftCardId : null;
    input = { ...giftOf(draft, card), recipientEmail: draft.email.trim(), giftCardId, idempotencyKey };
    return askOne(documents.sendGift, { input });
  };
  return useOnce(`send ${card.id}`, send, (result) => {
    if (result.gift) return sent(result, card, input);
    const problems = problemsOf(result);
    told(problems);
    refuse(Object.keys(problems).length ? null : result);
    refresh(documents.sending, { cardId: card.id });
  });
}

function sent(result, card, input) {
  forgetDraft(card.id);
  if (result.payment) rememberOrder(result.gift.id, input);
  go(`/app/gifts/${result.gift.id}`, { replace: true });
  if (result.payment) openPayment(result);
}

/** A refusal by the fields that it is about: none if it is about the gift as a whole. */
function problemsOf({ __typename, message, problems, reasons }) {
  switch (__typename) {
    case "InvalidInput":
      return Object.fromEntries(problems.map((problem) => [problem.field.split(".").at(-1), problem.message]));
    case "InsufficientPoints":
      return { points: message, rewardId: message };
    case "RewardUnavailable":
      return { rewardId: [message, ...reasons].join(" ") };
    case "GiftCardNotUsable":
    case "InsufficientValue":
      return { giftCardId: message };
    default:
      return {};
  }
}
