"""Whoever changes a gift card holds its row first. To lock it is to settle it: what is past its date is gone."""

from collections.abc import Sequence
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.value.card import LockedGiftCard, hold
from wallet.ledger.value.posting import ValueCause, post_activity
from wallet.values import ActivityKind, GiftCardId, MerchantId


async def lock_gift_cards(
    conn: Conn, *, merchant_id: MerchantId, gift_card_ids: Sequence[GiftCardId], now: datetime
) -> dict[GiftCardId, LockedGiftCard]:
    """This transaction holds the gift cards, and what was past its date by `now` has expired.

    After the business row and the cards; in the order of the ids, whatever the order asked, so that two callers never
    wait for each other. Raises NotFound if one of them does not exist.
    """
    held = await hold(conn, merchant_id=merchant_id, gift_card_ids=gift_card_ids)
    return {gift_card_id: await _settled(conn, card, now=now) for gift_card_id, card in held.items()}


async def _settled(conn: Conn, card: LockedGiftCard, *, now: datetime) -> LockedGiftCard:
    if not card.balance or not card.is_past(now):
        return card
    assert card.expires_at is not None, "what is past its date has one"
    cause = ValueCause(occurred_at=card.expires_at)
    posted = await post_activity(conn, card, kind=ActivityKind.EXPIRE, amount=-card.balance, cause=cause, now=now)
    return posted.card
