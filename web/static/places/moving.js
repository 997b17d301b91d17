// Money from one gift card to another of one's own.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { money } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { refresh } from "../lib/query.js";
import { Button, Field, problemOf, Sheet } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { minorOf, typedOf } from "./amount.js";
import { Ended, useOnce } from "./once.js";
import { Choice } from "./step.js";

/** `others` are those that the money can go to. */
export function MoveMoney({ giftCard, others, close, told }) {
  const { balance } = giftCard;
  const [toId, setTo] = useState(others[0].id);
  const [amount, setAmount] = useState(() => typedOf(balance));
  const [wrong, setWrong] = useState("");
  const [refused, refuse] = useState(null);
  const send = (idempotencyKey, amountMinor) =>
    askOne(documents.transferGiftCardBalance, { input: { fromId: giftCard.id, toId, amountMinor, idempotencyKey } });
  const work = useOnce(`move ${giftCard.id}`, send, (result, amountMinor) => {
    if (result.to)
      return told(
        t("{amount} is on gift card …{last4} now.", {
          amount: money({ ...balance, amountMinor }),
          last4: result.to.last4,
        }),
      );
    refuse(result);
    refresh(documents.giftCard, { giftCardId: giftCard.id });
  });
  const submit = (event) => {
    event.preventDefault();
    const amountMinor = minorOf(amount, balance.currency);
    const found = !amountMinor
      ? t("Type an amount.")
      : amountMinor > balance.amountMinor
        ? t("There is only {amount} on this gift card.", { amount: money(balance) })
        : "";
    setWrong(found);
    refuse(null);
    if (!found) work.start(amountMinor);
  };
  const problem = wrong || problemOf(refused, "amountMinor");
  const options = others.map((other) => ({
    value: other.id,
    label: t("Gift card …{last4}", { last4: other.last4 }),
    hint: t("{amount} on it", { amount: money(other.balance) }),
  }));
  return html`<${Sheet} title=${t("Move money")} onClose=${close}>
    <form noValidate onSubmit=${submit}>
      <${Choice} legend=${t("To which gift card?")} options=${options} value=${toId}
        problem=${problemOf(refused, "toId")} onValue=${setTo} />
      <${Field} label=${t("How much?")} hint=${t("There is {amount} on this one.", { amount: money(balance) })}
        inputmode="decimal" autocomplete="off" value=${amount} problem=${problem} onValue=${setAmount} />
      <${Ended} refused=${refused?.problems ? null : refused} work=${work} />
      <${Button} type="submit" busy=${work.busy}>${t("Move it")}<//>
    </form>
  <//>`;
}
