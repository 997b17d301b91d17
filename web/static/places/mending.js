// What a sender changes of a gift that is on its way.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { moment } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { Button, Field, problemOf, Sheet } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { momentOf, typedMoment, zone } from "./moments.js";
import { Ended, useOnce } from "./once.js";
import { worthOf } from "./worth.js";

const SOON_MS = 60_000;

export function CancelGift({ gift, close, told }) {
  const [refused, refuse] = useState(null);
  const send = (idempotencyKey) => askOne(documents.cancelGift, { input: { giftId: gift.id, idempotencyKey } });
  const work = useOnce(`cancel ${gift.id}`, send, (result) =>
    result.gift ? told(t("The gift is cancelled.")) : refuse(result),
  );
  return html`<${Sheet} title=${t("Cancel this gift?")} onClose=${close}>
    <p>${t("{name} cannot claim it any more.", { name: gift.recipientName })} ${comesBack(gift)}</p>
    <${Ended} refused=${refused} work=${work} />
    <${Button} kind="danger" busy=${work.busy} onPress=${() => work.start()}>${t("Cancel the gift")}<//>
    <${Button} kind="second" onPress=${close}>${t("Leave it as it is")}<//>
  <//>`;
}

function comesBack(gift) {
  if (gift.status === "AWAITING_PAYMENT") return t("You do not have to pay for it.");
  if (gift.kind !== "VALUE") return t("What it cost comes back to your card.");
  if (gift.payment) return t("{amount} is paid back to you the way you paid.", { amount: worthOf(gift) });
  return t("{amount} comes back to your gift card.", { amount: worthOf(gift) });
}

/** The mail once more, to another address if that was wrong. */
export function CorrectGift({ gift, close, told }) {
  const [email, setEmail] = useState(gift.recipientEmail);
  const [refused, refuse] = useState(null);
  const problem = problemOf(refused, "correctedEmail");
  const send = (idempotencyKey) => {
    const correctedEmail = email.trim() === gift.recipientEmail ? null : email.trim();
    return askOne(documents.resendGift, { input: { giftId: gift.id, correctedEmail, idempotencyKey } });
  };
  const work = useOnce(`resend ${gift.id}`, send, (result) => {
    if (!result.gift) return refuse(result);
    const goes = Date.parse(result.gift.deliverAt) > Date.now() || gift.status === "AWAITING_PAYMENT";
    told(
      goes
        ? t("The mail will go to {email}.", { email: result.gift.recipientEmail })
        : t("A new mail is on its way to {email}.", { email: result.gift.recipientEmail }),
    );
  });
  const submit = (event) => {
    event.preventDefault();
    work.start();
  };
  return html`<${Sheet} title=${gift.sentAt ? t("Send the mail again") : t("Correct the address")} onClose=${close}>
    <form noValidate onSubmit=${submit}>
      ${gift.sentAt && html`<p>${t("The link in the earlier mail stops working.")}</p>`}
      <${Field} label=${t("E-mail address of {name}", { name: gift.recipientName })} type="email" autocomplete="off"
        value=${email} onValue=${setEmail} problem=${problem} />
      <${Ended} refused=${problem ? null : refused} work=${work} />
      <${Button} type="submit" busy=${work.busy}>${gift.sentAt ? t("Send it") : t("Save the address")}<//>
    </form>
  <//>`;
}

/** Another moment for its mail. */
export function MoveGift({ gift, close, told }) {
  const [at, setAt] = useState(() => typedMoment(gift.deliverAt));
  const [wrong, setWrong] = useState("");
  const [refused, refuse] = useState(null);
  const problem = wrong || problemOf(refused, "deliverAt");
  const send = (idempotencyKey, deliverAt) =>
    askOne(documents.rescheduleGift, { input: { giftId: gift.id, deliverAt, idempotencyKey } });
  const work = useOnce(`move ${gift.id}`, send, (result) => {
    if (result.gift) return told(t("Its mail leaves on {moment}.", { moment: moment(result.gift.deliverAt) }));
    refuse(result);
  });
  const submit = (event) => {
    event.preventDefault();
    const deliverAt = momentOf(at);
    setWrong(deliverAt ? "" : t("Choose a day and an hour."));
    if (deliverAt) work.start(deliverAt);
  };
  return html`<${Sheet} title=${t("Choose another moment")} onClose=${close}>
    <form noValidate onSubmit=${submit}>
      <${Field} label=${t("Day and hour")} type="datetime-local" min=${typedMoment(Date.now() + SOON_MS)}
        hint=${t("In the time zone of this device: {zone}", { zone })} value=${at} onValue=${setAt}
        problem=${problem} />
      <${Ended} refused=${problem ? null : refused} work=${work} />
      <${Button} type="submit" busy=${work.busy}>${t("Send it then")}<//>
    </form>
  <//>`;
}
