"""A gift of money out of one of the sender's own gift cards: it moves to a card of the gift's own, and back from there.

Nobody pays anything, so no money comes in: these are transfers between two gift cards of one program. What waits for
somebody never lapses. Whoever calls these holds the gift's row; gift cards come last, all of a transaction's at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.gifts.gift import Gift
from wallet.ledger import LockedCard, value
from wallet.ledger.value import LockedGiftCard, Mint, ValueCause
from wallet.value import expires_at
from wallet.values import GiftCardId, GiftCardState, GiftId, MerchantId, Minor

# The first thing that happened on the gift's card.
CAME_FROM_SQL = """
    SELECT g.gift_id, g.gift_card_id, e.other_gift_card_id
    FROM gift_cards AS g
    JOIN gift_card_activities AS e
        ON e.merchant_id = g.merchant_id AND e.gift_card_id = g.gift_card_id AND e.seq = 1 AND e.kind = 'TRANSFER_IN'
    WHERE g.merchant_id = $1 AND g.gift_id = ANY($2::uuid[])
"""


async def take(
    conn: Conn,
    sender: LockedCard,
    *,
    gift_id: GiftId,
    gift_card_id: GiftCardId,
    amount: Minor,
    mint: Mint,
    now: datetime,
) -> None:
    """The amount has left the sender's gift card, and stands on an ACTIVE one of the gift's that nobody owns yet.

    Raises NotFound for a gift card that is not the sender's, InvalidInput for one of another program,
    GiftCardNotUsable, InsufficientValue.
    """
    merchant_id = sender.merchant_id
    held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=[gift_card_id], now=now)
    source = held[gift_card_id]
    if source.owner_customer_id != sender.customer_id:
        raise NotFound
    if source.program_id != sender.program_id:
        raise InvalidInput.of("giftCardId", "gift_card_elsewhere")
    opened = await value.open(
        conn, merchant_id=merchant_id, program_id=sender.program_id, mint=mint, gift_id=gift_id, now=now
    )
    cause = ValueCause(occurred_at=now, gift_id=gift_id)
    await value.pass_on(conn, source, opened.card, amount=amount, cause=cause, now=now)


async def sources(
    conn: Conn, *, merchant_id: MerchantId, gift_ids: Sequence[GiftId]
) -> Mapping[GiftId, tuple[GiftCardId, GiftCardId]]:
    """Of each gift that was passed on, its gift card and the one that its money came from. Of others there is none."""
    rows = await conn.fetch(CAME_FROM_SQL, merchant_id, list(gift_ids))
    return {row["gift_id"]: (row["gift_card_id"], row["other_gift_card_id"]) for row in rows}


async def bring_back(conn: Conn, *, merchant_id: MerchantId, gifts: Sequence[Gift], now: datetime) -> None:
    """The money of these gifts, which were passed on and end unclaimed, is on the gift cards that it came from, as what
    is refunded is; and the gifts' cards are at their end.

    Where the card that it came from can take nothing any more, or the gift's own is blocked, the gift's card is the
    sender's with what stands on it.
    """
    moved = await sources(conn, merchant_id=merchant_id, gift_ids=[gift.gift_id for gift in gifts])
    wanted = [gift_card_id for both in moved.values() for gift_card_id in both]
    held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=wanted, now=now)
    for gift in gifts:
        of_gift, source = (held[gift_card_id] for gift_card_id in moved[gift.gift_id])
        until = await expires_at(conn, merchant_id=merchant_id, program_id=gift.program_id, now=now)
        if not _can_go_back(of_gift, source):
            await value.give(conn, of_gift, owner_customer_id=gift.sender_customer_id, expires_at=until)
            continue
        cause = ValueCause(occurred_at=now, gift_id=gift.gift_id)
        left, back = await value.bring_back(
            conn, of_gift, source, amount=of_gift.balance, expires_at=until, cause=cause, now=now
        )
        held[source.gift_card_id] = back.card
        await value.deactivate(conn, left.card, cause=cause, now=now)


def _can_go_back(of_gift: LockedGiftCard, source: LockedGiftCard) -> bool:
    takes = source.state in (GiftCardState.ACTIVE, GiftCardState.BLOCKED) and source.has_room(of_gift.balance)
    return of_gift.state is GiftCardState.ACTIVE and of_gift.balance > 0 and takes
