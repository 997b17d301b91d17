"""Where the money of a claimed gift has gone, and calling it back: moving it to another card must not save it when its
payment is taken back.

It is followed over the owner's own gift cards, and onto those of gifts that they passed on and nobody has claimed. What
leaves a card is the gift's money first, as if it had left the gift's own card; so of the owner's other money nothing is
called back. What comes back for a sale that it had paid is the gift's again.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime

from wallet.database import Conn, Row
from wallet.gifts import closing, events
from wallet.gifts.funding import BlockReason
from wallet.gifts.locking import lock
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.payments import Source, Told
from wallet.values import ActivityKind, GiftCardId, GiftCardState, GiftId, GiftStatus, MerchantId, Minor, PaymentId

# Cards of gifts that ended unclaimed are among them, for what came back from there. The gift's own is the first.
REACHED_SQL = """
    WITH RECURSIVE reached AS (
        SELECT 0 AS hops, gift_card_id, owner_customer_id AS owner, NULL::uuid AS gift_id
        FROM gift_cards
        WHERE merchant_id = $1 AND gift_id = $2 AND owner_customer_id IS NOT NULL
        UNION
        SELECT 1, c.gift_card_id, r.owner, CASE WHEN c.owner_customer_id IS NULL THEN c.gift_id END
        FROM reached AS r
        JOIN gift_card_activities AS e
            ON e.merchant_id = $1 AND e.gift_card_id = r.gift_card_id AND e.kind = 'TRANSFER_OUT'
        JOIN gift_cards AS c ON c.merchant_id = e.merchant_id AND c.gift_card_id = e.other_gift_card_id
        WHERE c.owner_customer_id = r.owner OR (c.owner_customer_id IS NULL AND c.gift_id IS NOT NULL)
    )
    SELECT gift_card_id, gift_id
    FROM reached
    ORDER BY hops, gift_card_id
"""

HAPPENED_SQL = """
    SELECT gift_card_id, seq, kind, amount_minor, other_gift_card_id, other_seq, sale_id, payment_id
    FROM gift_card_activities
    WHERE merchant_id = $1 AND gift_card_id = ANY($2::uuid[])
    ORDER BY gift_card_id, seq
"""

TRIES_MAX = 5
"""Whoever moves money on while it is looked for has to be that fast so often."""


class MovedOn(Exception):
    """The money went to a card that was not held. All of it has to be looked for again."""


async def recall(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, reason: BlockReason, now: datetime
) -> None:
    """What is left of the gift's money on other cards is on its own again; a gift that was passed on with some of it is
    CANCELLED. Nothing for a gift that nobody claimed.

    Whoever calls this holds the gift's row and no gift card. Raises MovedOn.
    """
    for _ in range(TRIES_MAX):
        try:
            # What was locked in vain is let go with it, or the cards would not be locked in their order.
            async with conn.transaction():
                await _recall(conn, merchant_id, gift_id, payment_id, reason, now=now)
        except MovedOn:
            continue
        return
    raise MovedOn


async def _recall(
    conn: Conn, merchant_id: MerchantId, gift_id: GiftId, payment_id: PaymentId, reason: BlockReason, *, now: datetime
) -> None:
    reached = await _reached(conn, merchant_id, gift_id)
    if not reached:
        return
    own, *_ = gift_card_ids = list(reached)
    unclaimed = sorted(each for each in reached.values() if each is not None)
    passed_on = [await lock(conn, merchant_id=merchant_id, gift_id=each) for each in unclaimed]
    held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=gift_card_ids, now=now)
    if await _reached(conn, merchant_id, gift_id) != reached:
        raise MovedOn
    there = traced(await conn.fetch(HAPPENED_SQL, merchant_id, gift_card_ids), own, payment_id)
    with_money = {reached[each] for each, amount in there.items() if amount}
    for gift in passed_on:
        if gift is None or gift.closed_at is not None or gift.gift_id not in with_money:
            continue
        await closing.give_back(conn, gift, GiftStatus.CANCELLED, told=Told(Source.API), now=now)
        await events.note(conn, kind="CANCELLED", merchant_id=merchant_id, gift_id=gift.gift_id, now=now)
        held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=gift_card_ids, now=now)
        there = traced(await conn.fetch(HAPPENED_SQL, merchant_id, gift_card_ids), own, payment_id)
    target = held.pop(own)
    if target.state is GiftCardState.DEACTIVATED:
        return
    cause = ValueCause(occurred_at=now, reason=reason, gift_id=gift_id, payment_id=payment_id)
    for source in held.values():
        amount = there[source.gift_card_id]
        if amount and target.has_room(amount):
            _, back = await value.recall(conn, source, target, amount=Minor(amount), cause=cause, now=now)
            target = back.card


async def _reached(conn: Conn, merchant_id: MerchantId, gift_id: GiftId) -> dict[GiftCardId, GiftId | None]:
    """The gift cards that money of the gift may have come to, its own first; with the gift whose card it is, where
    nobody owns that.
    """
    return {row["gift_card_id"]: row["gift_id"] for row in await conn.fetch(REACHED_SQL, merchant_id, gift_id)}


def traced(happened: Sequence[Row], own: GiftCardId, payment_id: PaymentId) -> Mapping[GiftCardId, int]:
    """How much of what was paid for, and came onto the gift's own card, stands on each of the cards.

    `happened`: all activities of the cards, in the order of each card. What comes from another card waits until what
    left that one was looked at.
    """
    there = defaultdict[GiftCardId, int](int)
    left = dict[tuple[GiftCardId, int], int]()
    spent = defaultdict[tuple[GiftCardId, object], int](int)
    waiting = defaultdict[GiftCardId, deque[Row]](deque)
    for row in happened:
        waiting[row["gift_card_id"]].append(row)

    def ready(row: Row) -> bool:
        other = row["other_gift_card_id"], row["other_seq"]
        return row["kind"] != ActivityKind.TRANSFER_IN or other[0] not in waiting or other in left

    def follow(card: GiftCardId, row: Row) -> None:
        kind, amount, sale = row["kind"], row["amount_minor"], (card, row["sale_id"])
        if amount < 0:
            part = min(there[card], -amount)
            there[card] -= part
            left[card, row["seq"]] = part
            spent[sale] += part if kind == ActivityKind.REDEEM else 0
            return
        part = 0
        if kind == ActivityKind.TRANSFER_IN:
            part = left.get((row["other_gift_card_id"], row["other_seq"]), 0)
        elif kind == ActivityKind.REFUND:
            part = min(spent[sale], amount)
            spent[sale] -= part
        elif card == own and row["payment_id"] == payment_id:
            part = amount
        there[card] += part

    while any(ready(rows[0]) for rows in waiting.values() if rows):
        for card, rows in waiting.items():
            while rows and ready(rows[0]):
                follow(card, rows.popleft())
    return there
