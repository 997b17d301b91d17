"""What a provider says of a payment, taken in: the payment and its gift move together, or not at all.

It does not matter who says it (a webhook, a look, an answer), how often, or in which order: what is new is done, once.
"""

from dataclasses import dataclass
from datetime import datetime

from wallet import outbox, payments
from wallet.database import Conn
from wallet.gifts import following, funding
from wallet.gifts.funding import BlockReason
from wallet.ledger.value import Mint
from wallet.payments import Dispute, Payment, PaymentState, Seen, SeenState, Source, Told
from wallet.values import CardId, GiftStatus, MerchantId, Minor, PaymentId

DISPUTE_TOPIC = "mail.dispute"
REFUND_FAILED_TOPIC = "mail.refund_failed"

HOLD_GIFT_SQL = """
    SELECT g.sender_card_id, g.status
    FROM payments AS p
    JOIN gifts AS g ON g.merchant_id = p.merchant_id AND g.gift_id = p.gift_id
    WHERE p.merchant_id = $1 AND p.payment_id = $2
    FOR UPDATE OF g
"""

CONTACT_SQL = """
    SELECT contact_email IS NOT NULL
    FROM merchants
    WHERE merchant_id = $1
"""

WANTED_SQL = """
    SELECT status = 'AWAITING_PAYMENT'
    FROM gifts
    WHERE merchant_id = $1 AND gift_id = $2
"""

ENDED_UNCLAIMED = frozenset({GiftStatus.CANCELLED, GiftStatus.RETURNED, GiftStatus.DECLINED})


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it: how the payment stood before and stands now, and whose card shows its gift."""

    before: Payment
    after: Payment
    sender_card_id: CardId

    @property
    def changed(self) -> bool:
        return self.before != self.after


async def hear(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    payment_id: PaymentId,
    seen: Seen,
    told: Told,
    mint: Mint,
    now: datetime,
) -> Heard | None:
    """What was seen is so here too: paid is paid and sent, what comes for a closed gift goes back, what is disputed is
    blocked. None if there is no such payment.

    What is seen of another amount, or of another payment of the provider's than the one we know, moves nothing and is
    noted as the payment's problem: a person has to look at it.
    """
    gift = await conn.fetchrow(HOLD_GIFT_SQL, merchant_id, payment_id)
    if gift is None:
        return None
    before = await payments.find(conn, merchant_id=merchant_id, payment_id=payment_id)
    assert before is not None, "a payment is never deleted"
    odd = _odd(before, seen)
    if odd is not None:
        await payments.note_problem(conn, merchant_id=merchant_id, payment_id=payment_id, problem=odd)
    else:
        await _state(conn, before, seen, told, mint, now=now)
        # Those that stand first: the end of one must not let go what another one holds.
        for dispute in sorted(seen.disputes, key=lambda each: each.won):
            await _dispute(conn, before, dispute, gift["status"], told, now=now)
        await _failed_refunds(conn, before, seen, told, now=now)
        if _may_be_late(before, seen, told):
            await payments.look_again(conn, merchant_id=merchant_id, payment_id=payment_id, now=now)
        elif seen.refunded_minor:
            await _refunded(conn, before, seen.refunded_minor, gift["status"], told, now=now)
        await _in_part(conn, before, now=now)
    return Heard(before, await _as_it_is(conn, before), gift["sender_card_id"])


async def _as_it_is(conn: Conn, payment: Payment) -> Payment:
    after = await payments.find(conn, merchant_id=payment.merchant_id, payment_id=payment.payment_id)
    assert after is not None, "a payment is never deleted"
    return after


async def is_wanted(conn: Conn, payment: Payment, *, now: datetime) -> bool:
    """Whether the gift still waits for this money, and its sender may still take their time."""
    waits = await conn.fetchval(WANTED_SQL, payment.merchant_id, payment.gift_id)
    return bool(waits) and now < payment.created_at + payments.UNPAID_MAX


def _may_be_late(payment: Payment, seen: Seen, told: Told) -> bool:
    """Whether a message of what went back may be of a refund that has failed since. Then only a look is believed."""
    more = seen.refunded_minor > payment.refunded_minor
    return more and payment.refunds_failed > 0 and told.source is Source.WEBHOOK


def _odd(payment: Payment, seen: Seen) -> str | None:
    if seen.state is SeenState.UNKNOWN:
        return None
    if seen.ref is not None and payment.ref is not None and seen.ref != payment.ref:
        return f"the provider has a second one: {seen.ref}"
    if seen.amount is not None and seen.amount != payment.amount:
        return f"the provider has another amount: {seen.amount.amount_minor} {seen.amount.currency}"
    return None


async def _state(conn: Conn, payment: Payment, seen: Seen, told: Told, mint: Mint, *, now: datetime) -> None:
    merchant_id, payment_id, gift_id = payment.merchant_id, payment.payment_id, payment.gift_id
    match seen.state:
        case SeenState.UNKNOWN:
            pass
        case SeenState.OPEN:
            if seen.ref is not None:
                await payments.pending(
                    conn, merchant_id=merchant_id, payment_id=payment_id, ref=seen.ref, told=told, now=now
                )
            if seen.problem:
                await payments.note_problem(conn, merchant_id=merchant_id, payment_id=payment_id, problem=seen.problem)
        case SeenState.PAID:
            ref = seen.ref or payment.ref
            assert ref is not None, "what is paid has a name at its provider"
            if await payments.paid(
                conn, merchant_id=merchant_id, payment_id=payment_id, ref=ref, told=told, now=now
            ) and not await funding.fund(
                conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, mint=mint, now=now
            ):
                await payments.begin_refund(conn, merchant_id=merchant_id, payment_id=payment_id, told=told, now=now)
        case SeenState.FAILED:
            if await payments.failed(
                conn, merchant_id=merchant_id, payment_id=payment_id, problem=seen.problem, told=told, now=now
            ):
                await funding.close(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)
        case SeenState.CANCELLED:
            if await payments.cancelled(
                conn, merchant_id=merchant_id, payment_id=payment_id, ref=seen.ref, told=told, now=now
            ):
                await funding.close(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)


async def _refunded(
    conn: Conn, payment: Payment, refunded_minor: int, status: str, told: Told, *, now: datetime
) -> None:
    """All the money may be back with its payer without us: then no gift is left of it, or what is left is blocked."""
    merchant_id, payment_id, gift_id = payment.merchant_id, payment.payment_id, payment.gift_id
    if not await payments.refunded(
        conn, merchant_id=merchant_id, payment_id=payment_id, refunded_minor=refunded_minor, told=told, now=now
    ):
        return
    if status == "CLAIMED":
        await _freeze(conn, payment, "payment returned", now=now)
    else:
        await funding.close(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)


async def _in_part(conn: Conn, before: Payment, *, now: datetime) -> None:
    """Of a payment that stays PAID so much may have gone back without us, or not have arrived: then less is given."""
    after = await _as_it_is(conn, before)
    more = after.refunded_minor - before.refunded_minor
    if after.state is not PaymentState.PAID or not more:
        return
    merchant_id, payment_id, gift_id = after.merchant_id, after.payment_id, after.gift_id
    if more < 0:
        await funding.put_back(
            conn,
            merchant_id=merchant_id,
            gift_id=gift_id,
            payment_id=payment_id,
            refunded_minor=after.refunded_minor,
            now=now,
        )
        return
    taken = await funding.take_off(
        conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, amount=Minor(more), now=now
    )
    problem = f"sent back in part at the provider: {after.refunded_minor} of {after.amount.amount_minor}"
    problem += f" {after.amount.currency} (minor units)"
    if taken < more:
        problem += f"; {more - taken} of it was not on the gift card any more"
    await payments.note_problem(conn, merchant_id=merchant_id, payment_id=payment_id, problem=problem)


async def _failed_refunds(conn: Conn, payment: Payment, seen: Seen, told: Told, *, now: datetime) -> None:
    merchant_id, payment_id = payment.merchant_id, payment.payment_id
    new = [
        await payments.refund_failed(
            conn, merchant_id=merchant_id, payment_id=payment_id, failed=failed, told=told, now=now
        )
        for failed in seen.failed_refunds
    ]
    if any(new):
        await _tell_merchant(conn, payment, REFUND_FAILED_TOPIC, now=now)


async def _dispute(conn: Conn, payment: Payment, dispute: Dispute, status: str, told: Told, *, now: datetime) -> None:
    merchant_id, payment_id, gift_id = payment.merchant_id, payment.payment_id, payment.gift_id
    if dispute.won:
        if not await payments.dispute_won(
            conn, merchant_id=merchant_id, payment_id=payment_id, dispute_ref=dispute.ref, told=told, now=now
        ):
            return
        if status in ENDED_UNCLAIMED:
            await payments.begin_refund(conn, merchant_id=merchant_id, payment_id=payment_id, told=told, now=now)
        elif payment.state is not PaymentState.REFUNDED:
            await funding.thaw(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, now=now)
    elif await payments.disputed(
        conn, merchant_id=merchant_id, payment_id=payment_id, dispute_ref=dispute.ref, told=told, now=now
    ):
        await _freeze(conn, payment, "payment disputed", now=now)
        await _tell_merchant(conn, payment, DISPUTE_TOPIC, now=now)


async def _freeze(conn: Conn, payment: Payment, reason: BlockReason, *, now: datetime) -> None:
    """What is left of the gift is blocked on its card, also what its owner had moved on to where it can be found."""
    merchant_id, payment_id, gift_id = payment.merchant_id, payment.payment_id, payment.gift_id
    await following.recall(
        conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, reason=reason, now=now
    )
    await funding.freeze(conn, merchant_id=merchant_id, gift_id=gift_id, payment_id=payment_id, reason=reason, now=now)


async def _tell_merchant(conn: Conn, payment: Payment, topic: str, *, now: datetime) -> None:
    if await conn.fetchval(CONTACT_SQL, payment.merchant_id):
        payload = {"merchantId": str(payment.merchant_id), "paymentId": str(payment.payment_id)}
        await outbox.add(conn, topic=topic, payload=payload, run_at=now, now=now)
