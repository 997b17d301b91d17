"""E-gifts of points: on their way from a sender's card, through escrow, to whoever opens the mailed link.

A gift is open until it is CLAIMED, CANCELLED or RETURNED. While it is open its points stand in an account of its own:
SCHEDULED (its mail is still to leave), SENT, or BOUNCED (the mail was refused; the sender may correct the address).
"""

from wallet.gifts.claiming import Claimed, claim
from wallet.gifts.closing import Cancelled, cancel, return_due
from wallet.gifts.delivery import GiftMail, prepare_delivery, record_bounced, record_sent, refuse_mail
from wallet.gifts.gift import DeliveryProblem, Gift
from wallet.gifts.reading import GiftPage, Place, Preview, find, preview, sent_by
from wallet.gifts.resending import Resent, resend
from wallet.gifts.sending import Sent, problems_of, send

__all__ = [
    "Cancelled",
    "Claimed",
    "DeliveryProblem",
    "Gift",
    "GiftMail",
    "GiftPage",
    "Place",
    "Preview",
    "Resent",
    "Sent",
    "cancel",
    "claim",
    "find",
    "prepare_delivery",
    "preview",
    "problems_of",
    "record_bounced",
    "record_sent",
    "refuse_mail",
    "resend",
    "return_due",
    "send",
    "sent_by",
]
