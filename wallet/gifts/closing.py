"""A gift that nobody claimed: cancelled by its sender, declined by its recipient, or returned when its time is over.

Points go back into their lots, also those that a reward cost, of which there is one more then; money goes back to where
it came from.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import fingerprint, ledger, payments, rewards
from wallet.database import Conn
from wallet.errors import GiftNotOpen, NotFound
from wallet.gifts import events, funding, news, passing_on
from wallet.gifts.gift import Gift, from_row
from wallet.gifts.locking import REVOKE_LINKS_SQL, lock_sent
from wallet.gifts.news import News
from wallet.gifts.reading import find
from wallet.ledger import Cause, LockedCard
from wallet.payments import Source, Told
from wallet.values import CardId, CustomerId, GiftId, GiftKind, GiftStatus, MerchantId, Phrase

CLOSE_GIFT_SQL = """
    UPDATE gifts
    SET status = $3, closed_at = $4
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
    RETURNING gift_id
"""

DUE_GIFTS_SQL = """
    SELECT merchant_id, gift_id, program_id, sender_customer_id, sender_card_id, kind, sent_seq, account_id, points,
           value_minor, currency, reward_id, design_id, recipient_name, recipient_email, message, status, delivery,
           return_days, created_at, deliver_at, claimable_until, sent_at, closed_at, delivery_problem,
           claimed_card_id, claimed_by_customer_id, held_until, thanks
    FROM gifts
    WHERE closed_at IS NULL AND claimable_until <= $1
    ORDER BY claimable_until
    LIMIT $2
    FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The gift as it is now. The sender's card changed unless it is `replayed`."""

    gift: Gift
    replayed: bool


async def cancel(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    gift_id: GiftId,
    idempotency_key: UUID,
    now: datetime,
) -> Cancelled:
    """What was given is back: points in the lots they came from, with their own dates, money on its way to whoever
    paid; and no link of the gift opens anything.

    Raises NotFound, GiftNotOpen, IdempotencyKeyReused.
    """
    begun = await events.begin(
        conn,
        kind="CANCELLED",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("cancelGift", {"giftId": str(gift_id)}),
        now=now,
    )
    if not begun.replayed:
        gift = await lock_sent(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
        if gift is None:
            raise NotFound
        if gift.closed_at is not None:
            raise GiftNotOpen(merchant_id, gift_id)
        await give_back(conn, gift, GiftStatus.CANCELLED, told=Told(Source.API), now=now)
    closed = await find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    assert closed is not None, "a gift is never deleted"
    return Cancelled(closed, begun.replayed)


async def return_due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MerchantId, CardId]]:
    """At most `limit` gifts whose time was over by `now` have gone back to their senders.

    A gift that somebody else holds waits for the next time. A mail to each sender is on its way. Returns the cards that
    changed, one for each gift.
    """
    due = [from_row(row) for row in await conn.fetch(DUE_GIFTS_SQL, now, limit)]
    of_merchant: dict[MerchantId, list[Gift]] = defaultdict(list)
    for gift in due:
        of_merchant[gift.merchant_id].append(gift)
    # In one order over all merchants, so that two sweeps never wait for each other.
    for merchant_id in sorted(of_merchant):
        gifts = of_merchant[merchant_id]
        card_ids = list({gift.card_id for gift in gifts if gift.kind is not GiftKind.VALUE})
        locked = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=card_ids, now=now)
        await _money_back(
            conn, [each for each in gifts if each.kind is GiftKind.VALUE], Told(Source.RECONCILIATION), now
        )
        for gift in gifts:
            if gift.kind is not GiftKind.VALUE:
                locked[gift.card_id] = await _release(conn, gift, locked[gift.card_id], "gift_returned", now=now)
            await _close(conn, gift, GiftStatus.RETURNED, now=now)
            await events.note(conn, kind="RETURNED", merchant_id=merchant_id, gift_id=gift.gift_id, now=now)
            await news.tell(conn, merchant_id=merchant_id, gift_id=gift.gift_id, news=News.RETURNED, now=now)
    # All cards are held by now: rewards come after them, in one order over all merchants.
    for merchant_id in sorted(of_merchant):
        await _put_back(conn, of_merchant[merchant_id])
    return [(gift.merchant_id, gift.card_id) for gift in due]


async def give_back(conn: Conn, gift: Gift, status: GiftStatus, *, told: Told, now: datetime) -> None:
    """The gift, which is open and held, ends so, and what was given is back or on its way back."""
    if gift.kind is GiftKind.VALUE:
        await _money_back(conn, [gift], told, now)
    else:
        locked = await ledger.lock_cards(conn, merchant_id=gift.merchant_id, card_ids=[gift.card_id], now=now)
        code = "gift_declined" if status is GiftStatus.DECLINED else "gift_cancelled"
        await _release(conn, gift, locked[gift.card_id], code, now=now)
        await _put_back(conn, [gift])
    await _close(conn, gift, status, now=now)


async def _release(conn: Conn, gift: Gift, card: LockedCard, code: str, *, now: datetime) -> LockedCard:
    account_id, sent_seq = gift.escrow
    cause = Cause(
        occurred_at=now,
        reasons=(Phrase(code, {"recipient": gift.recipient_name}),),
        gift_id=gift.gift_id,
        reverses_seq=sent_seq,
        reverses_wholly=True,
    )
    posted = await ledger.release_gift(conn, card, account_id=account_id, sent_seq=sent_seq, cause=cause, now=now)
    return posted.card


async def _money_back(conn: Conn, gifts: Sequence[Gift], told: Told, now: datetime) -> None:
    """To whoever paid; and after that, since gift cards of customers' are held for it, to the cards that it left."""
    passed_on = list[Gift]()
    for gift in gifts:
        payment = await payments.of_gift(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
        if payment is None:
            passed_on.append(gift)
            continue
        await funding.defund(
            conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            payment_id=payment.payment_id,
            told=told,
            now=now,
        )
    if passed_on:
        await passing_on.bring_back(conn, merchant_id=passed_on[0].merchant_id, gifts=passed_on, now=now)


async def _put_back(conn: Conn, gifts: Sequence[Gift]) -> None:
    """There is one more of each reward among the gifts of one merchant."""
    keys = [(gift.merchant_id, gift.reward_id) for gift in gifts if gift.reward_id is not None]
    if not keys:
        return
    found = await rewards.rewards_by_keys(conn, keys=sorted(set(keys)))
    await rewards.put_back_stock(conn, merchant_id=keys[0][0], rewards=[found[key] for key in keys])


async def _close(conn: Conn, gift: Gift, status: GiftStatus, *, now: datetime) -> None:
    closed = await conn.fetchval(CLOSE_GIFT_SQL, gift.merchant_id, gift.gift_id, status.value, now)
    assert closed is not None, "the gift was open and held"
    await conn.execute(REVOKE_LINKS_SQL, gift.merchant_id, gift.gift_id, now)
