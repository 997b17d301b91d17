"""A gift card that cannot be used for a time, or never again."""

from dataclasses import replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.value.card import LockedGiftCard
from wallet.ledger.value.posting import PostedActivity, ValueCause, post_activity
from wallet.values import ActivityKind, GiftCardState


async def block(conn: Conn, card: LockedGiftCard, *, cause: ValueCause, now: datetime) -> PostedActivity:
    """The ACTIVE card is BLOCKED, with what stands on it, and `cause.reason` says why. Raises GiftCardNotUsable."""
    return await _set(conn, card, ActivityKind.BLOCK, GiftCardState.ACTIVE, GiftCardState.BLOCKED, cause, now)


async def unblock(conn: Conn, card: LockedGiftCard, *, cause: ValueCause, now: datetime) -> PostedActivity:
    """The BLOCKED card is ACTIVE again, and `cause.reason` says why. Raises GiftCardNotUsable."""
    return await _set(conn, card, ActivityKind.UNBLOCK, GiftCardState.BLOCKED, GiftCardState.ACTIVE, cause, now)


async def deactivate(conn: Conn, card: LockedGiftCard, *, cause: ValueCause, now: datetime) -> PostedActivity:
    """The card is at its end, and nothing stands on it. What stood there is not sold any more where the cause names the
    payment or the refund that gives it back; else it is the merchant's.

    Raises GiftCardNotUsable where it was at its end already.
    """
    if card.state is GiftCardState.DEACTIVATED:
        raise card.in_this_state()
    ended = replace(card, state=GiftCardState.DEACTIVATED)
    return await post_activity(conn, ended, kind=ActivityKind.DEACTIVATE, amount=-card.balance, cause=cause, now=now)


async def _set(
    conn: Conn,
    card: LockedGiftCard,
    kind: ActivityKind,
    before: GiftCardState,
    after: GiftCardState,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    assert cause.reason, "who blocks or unblocks says why"
    if card.state is not before:
        raise card.in_this_state()
    return await post_activity(conn, replace(card, state=after), kind=kind, amount=0, cause=cause, now=now)
