// What a gift is worth, and how it stands, in words.

import { money, points } from "../lib/format.js";
import { t } from "../lib/words.js";

/** "200 beans", "₹500", or the name of a reward. */
export function worthOf(gift) {
  if (gift.kind === "VALUE") return money(gift.value);
  if (gift.kind === "REWARD") return gift.reward?.name ?? "";
  return points(gift.points, gift.card.program);
}

const OPEN = ["AWAITING_PAYMENT", "SCHEDULED", "SENT", "DELIVERED", "BOUNCED", "VIEWED"];

/** Whether somebody can still claim it, so that its sender can still change it. */
export function isOpen({ status }) {
  return OPEN.includes(status);
}

const AT_ONCE_MS = 60_000;

/** Whether its mail is to leave at a moment that its sender chose, and that is still to come. */
export function isWaiting({ status, createdAt, deliverAt, sentAt }) {
  const chosen = Date.parse(deliverAt) - Date.parse(createdAt) > AT_ONCE_MS;
  return chosen && ["AWAITING_PAYMENT", "SCHEDULED"].includes(status) && !sentAt && Date.parse(deliverAt) > Date.now();
}

/** How it stands, in a few words for its sender, and their tone: "", "good", "warn" or "over". */
export function standOf(gift) {
  switch (gift.status) {
    case "AWAITING_PAYMENT":
      return { words: t("Not paid yet"), tone: "warn" };
    case "SCHEDULED":
      if (gift.heldUntil) return { words: t("Is being looked at"), tone: "" };
      return { words: isWaiting(gift) ? t("Waits for its moment") : t("On its way"), tone: "" };
    case "SENT":
      return { words: t("Mail sent"), tone: "" };
    case "DELIVERED":
      return { words: t("In the mailbox"), tone: "good" };
    case "BOUNCED":
      return { words: t("Did not arrive"), tone: "warn" };
    case "VIEWED":
      return { words: t("Opened"), tone: "good" };
    default:
      return { words: endOf(gift), tone: ["CLAIMED", "SPENT"].includes(gift.status) ? "good" : "over" };
  }
}

function endOf({ status }) {
  if (status === "CLAIMED") return t("Claimed");
  if (status === "SPENT") return t("Used up");
  if (status === "DECLINED") return t("Declined");
  if (status === "CANCELLED") return t("Cancelled");
  return t("Came back unclaimed");
}
