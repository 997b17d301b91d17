"""E-gifts of points, money or a reward: on their way from a sender, through escrow, to whoever opens the mailed link.

A gift is open until it is CLAIMED, DECLINED, CANCELLED or RETURNED: AWAITING_PAYMENT (money alone), SCHEDULED (its mail
is still to leave), SENT, DELIVERED, VIEWED, or BOUNCED (the mail came back; the sender may correct the address). While
it is open its points, or those that its reward cost, stand in an account of its own, and paid money on a gift card that
nobody owns.
"""

from wallet.gifts.answering import Declined, Thanked, Viewed, decline, mark_viewed, thank
from wallet.gifts.checking import Purse, Worth, problems_of
from wallet.gifts.claiming import Claimed, claim
from wallet.gifts.closing import Cancelled, cancel, return_due
from wallet.gifts.delivery import (
    GiftMail,
    prepare_delivery,
    prepare_reminder,
    record_bounced,
    record_sent,
    refuse_mail,
    show_mail,
)
from wallet.gifts.designs import Design, DesignKey
from wallet.gifts.drafts import Draft
from wallet.gifts.drafts import check as check_draft
from wallet.gifts.drafts import show as show_draft
from wallet.gifts.events import Event
from wallet.gifts.gift import DeliveryProblem, Gift
from wallet.gifts.reading import GiftPage, Place, Preview, find, find_received, preview, received_by, sent_by
from wallet.gifts.reminding import remind_due
from wallet.gifts.rescheduling import Rescheduled, reschedule
from wallet.gifts.resending import Resent, resend
from wallet.gifts.sending import Sent, send

__all__ = [
    "Cancelled",
    "Claimed",
    "Declined",
    "DeliveryProblem",
    "Design",
    "DesignKey",
    "Draft",
    "Event",
    "Gift",
    "GiftMail",
    "GiftPage",
    "Place",
    "Preview",
    "Purse",
    "Rescheduled",
    "Resent",
    "Sent",
    "Thanked",
    "Viewed",
    "Worth",
    "cancel",
    "check_draft",
    "claim",
    "decline",
    "find",
    "find_received",
    "mark_viewed",
    "prepare_delivery",
    "prepare_reminder",
    "preview",
    "problems_of",
    "received_by",
    "record_bounced",
    "record_sent",
    "refuse_mail",
    "remind_due",
    "reschedule",
    "resend",
    "return_due",
    "send",
    "sent_by",
    "show_draft",
    "show_mail",
    "thank",
]
