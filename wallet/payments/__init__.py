"""Payments: money on its way in for a gift, or back to where it came from.

What the provider says is the truth; what stands here is what we know of it. Nothing here talks to a provider: that is
done outside of transactions, with the payment's id as the key by which the provider does things once.
"""

from wallet.payments.changing import (
    REFUND_TOPIC,
    begin,
    begin_refund,
    cancelled,
    failed,
    look_again,
    look_soon,
    note_problem,
    paid,
    pending,
    refund_failed,
    refunded,
)
from wallet.payments.disputing import dispute_won, disputed
from wallet.payments.looking import LOOK_TOPIC, UNPAID_MAX, due_for_look, next_look
from wallet.payments.payment import Dispute, FailedRefund, Payment, PaymentState, Seen, SeenState, Source, Told
from wallet.payments.reading import (
    DisputeNotice,
    RefundNotice,
    by_ref,
    dispute_notice,
    find,
    newest,
    of_gift,
    of_gifts,
    refund_notice,
)

__all__ = [
    "LOOK_TOPIC",
    "REFUND_TOPIC",
    "UNPAID_MAX",
    "Dispute",
    "DisputeNotice",
    "FailedRefund",
    "Payment",
    "PaymentState",
    "RefundNotice",
    "Seen",
    "SeenState",
    "Source",
    "Told",
    "begin",
    "begin_refund",
    "by_ref",
    "cancelled",
    "dispute_notice",
    "dispute_won",
    "disputed",
    "due_for_look",
    "failed",
    "find",
    "look_again",
    "look_soon",
    "newest",
    "next_look",
    "note_problem",
    "of_gift",
    "of_gifts",
    "paid",
    "pending",
    "refund_failed",
    "refund_notice",
    "refunded",
]
