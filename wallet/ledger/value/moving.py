"""Money onto a gift card, off it, and from one to another. Amounts are in the minor unit of the card's currency."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from wallet.database import Conn
from wallet.errors import InsufficientValue
from wallet.ledger.value.card import LockedGiftCard, later
from wallet.ledger.value.posting import Move, PostedActivity, ValueCause, post_activities, post_activity
from wallet.values import MINOR_MAX, ActivityKind, GiftCardState, Minor


async def activate(
    conn: Conn,
    card: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    """The PENDING card is ACTIVE with `amount` (> 0), which was paid for. Raises GiftCardNotUsable."""
    return await _begin(conn, card, ActivityKind.ACTIVATE, amount, expires_at, cause, now)


async def import_value(
    conn: Conn,
    card: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    """The PENDING card is ACTIVE with `amount` (> 0), which another system owed. Raises GiftCardNotUsable."""
    return await _begin(conn, card, ActivityKind.IMPORT, amount, expires_at, cause, now)


async def load(
    conn: Conn,
    card: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    """`amount` (> 0) more stands on the card, and all of it until `expires_at` at least. Raises GiftCardNotUsable."""
    card.check_usable(now)
    card = replace(card, expires_at=later(card.expires_at, expires_at))
    return await _put(conn, card, ActivityKind.LOAD, amount, cause, now)


async def redeem(
    conn: Conn, card: LockedGiftCard, *, amount: Minor, cause: ValueCause, now: datetime
) -> PostedActivity:
    """`amount` (> 0) was spent. Raises GiftCardNotUsable, InsufficientValue."""
    [posted] = await redeem_all(conn, [(card, amount)], cause=cause, now=now)
    return posted


async def redeem_all(
    conn: Conn, spent: Sequence[tuple[LockedGiftCard, Minor]], *, cause: ValueCause, now: datetime
) -> list[PostedActivity]:
    """As `redeem`, of several cards, each once."""
    for card, amount in spent:
        card.check_usable(now)
        _check_enough(card, amount)
    moves = [Move(card, ActivityKind.REDEEM, -amount) for card, amount in spent]
    return await post_activities(conn, moves, cause=cause, now=now)


async def refund(
    conn: Conn,
    card: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    """`amount` (> 0) that was spent is back. A blocked card takes it too; one past its date lives until `expires_at`
    again, which is when money that is new today would expire.

    Raises GiftCardNotUsable where the card is deactivated or was never active.
    """
    if card.state in (GiftCardState.PENDING, GiftCardState.DEACTIVATED):
        raise card.in_this_state()
    if card.is_past(now):
        card = replace(card, expires_at=expires_at)
    return await _put(conn, card, ActivityKind.REFUND, amount, cause, now)


async def refund_anew(
    conn: Conn,
    card: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    """The PENDING card is ACTIVE with `amount` (> 0), which was spent from a card that is at its end and is back.

    Raises GiftCardNotUsable.
    """
    return await _begin(conn, card, ActivityKind.REFUND, amount, expires_at, cause, now)


async def adjust(conn: Conn, card: LockedGiftCard, *, amount: int, cause: ValueCause, now: datetime) -> PostedActivity:
    """The merchant has given (`amount` > 0) or taken, and `cause.reason` says why. A blocked card can be adjusted.

    Raises GiftCardNotUsable, InsufficientValue.
    """
    assert cause.reason, "who adjusts says why"
    if card.state is not GiftCardState.BLOCKED:
        card.check_usable(now)
    if amount < 0:
        return await _take(conn, card, ActivityKind.ADJUST, Minor(-amount), cause, now)
    return await _put(conn, card, ActivityKind.ADJUST, Minor(amount), cause, now)


async def transfer(
    conn: Conn,
    source: LockedGiftCard,
    target: LockedGiftCard,
    *,
    amount: Minor,
    cause: ValueCause,
    now: datetime,
) -> tuple[PostedActivity, PostedActivity]:
    """`amount` (> 0) is on the other card of the same program: two activities, each naming the other. What stands on
    the target lives as long as the longer-lived of the two.

    Both cards came from one `lock_gift_cards`. Raises GiftCardNotUsable, InsufficientValue.
    """
    target.check_usable(now)
    until = later(target.expires_at, source.expires_at)
    return await _transfer(conn, source, replace(target, expires_at=until), amount, cause, now)


async def pass_on(
    conn: Conn,
    source: LockedGiftCard,
    target: LockedGiftCard,
    *,
    amount: Minor,
    cause: ValueCause,
    now: datetime,
) -> tuple[PostedActivity, PostedActivity]:
    """The PENDING target of the same program is ACTIVE with `amount` (> 0) of the source's, for ever until it is given
    to somebody.

    Raises GiftCardNotUsable, InsufficientValue.
    """
    if target.state is not GiftCardState.PENDING:
        raise target.not_usable("gift_card_begun")
    begun = replace(target, state=GiftCardState.ACTIVE, expires_at=None)
    return await _transfer(conn, source, begun, amount, cause, now)


async def bring_back(
    conn: Conn,
    source: LockedGiftCard,
    target: LockedGiftCard,
    *,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> tuple[PostedActivity, PostedActivity]:
    """`amount` (> 0) that was passed on to the source is on the target again, as `refund` has it: a blocked card takes
    it too, and one past its date lives until `expires_at` again.

    Raises GiftCardNotUsable, also where the target is deactivated; InsufficientValue.
    """
    if target.state in (GiftCardState.PENDING, GiftCardState.DEACTIVATED):
        raise target.in_this_state()
    if target.is_past(now):
        target = replace(target, expires_at=expires_at)
    return await _transfer(conn, source, target, amount, cause, now)


async def recall(
    conn: Conn,
    source: LockedGiftCard,
    target: LockedGiftCard,
    *,
    amount: Minor,
    cause: ValueCause,
    now: datetime,
) -> tuple[PostedActivity, PostedActivity]:
    """`amount` (> 0) that had left the target, on whatever way, is on it again. Either card may be blocked, and stays
    so; what stands on the target lives as long as the longer-lived of the two.

    Both cards came from one `lock_gift_cards`. Raises GiftCardNotUsable where one was never active or is deactivated,
    and where the target is full; InsufficientValue.
    """
    for card in (source, target):
        if card.state in (GiftCardState.PENDING, GiftCardState.DEACTIVATED):
            raise card.in_this_state()
    until = later(target.expires_at, source.expires_at)
    return await _move(conn, source, replace(target, expires_at=until), amount, cause, now)


async def _transfer(
    conn: Conn, source: LockedGiftCard, target: LockedGiftCard, amount: Minor, cause: ValueCause, now: datetime
) -> tuple[PostedActivity, PostedActivity]:
    source.check_usable(now)
    return await _move(conn, source, target, amount, cause, now)


async def _move(
    conn: Conn, source: LockedGiftCard, target: LockedGiftCard, amount: Minor, cause: ValueCause, now: datetime
) -> tuple[PostedActivity, PostedActivity]:
    assert source.gift_card_id != target.gift_card_id, "a card has nothing to move to itself"
    assert source.program_id == target.program_id, "a program owes what its own cards hold"
    _check_room(target, amount)
    _check_enough(source, amount)
    seqs = source.revision + 1, target.revision + 1
    moves = [
        Move(source, ActivityKind.TRANSFER_OUT, -amount, (target.gift_card_id, seqs[1])),
        Move(target, ActivityKind.TRANSFER_IN, amount, (source.gift_card_id, seqs[0])),
    ]
    taken, put = await post_activities(conn, moves, cause=cause, now=now)
    return taken, put


async def _begin(
    conn: Conn,
    card: LockedGiftCard,
    kind: ActivityKind,
    amount: Minor,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    if card.state is not GiftCardState.PENDING:
        raise card.not_usable("gift_card_begun")
    card = replace(card, state=GiftCardState.ACTIVE, expires_at=expires_at)
    return await _put(conn, card, kind, amount, cause, now)


async def _put(
    conn: Conn, card: LockedGiftCard, kind: ActivityKind, amount: Minor, cause: ValueCause, now: datetime
) -> PostedActivity:
    _check_room(card, amount)
    return await post_activity(conn, card, kind=kind, amount=amount, cause=cause, now=now)


async def _take(
    conn: Conn, card: LockedGiftCard, kind: ActivityKind, amount: Minor, cause: ValueCause, now: datetime
) -> PostedActivity:
    _check_enough(card, amount)
    return await post_activity(conn, card, kind=kind, amount=-amount, cause=cause, now=now)


def _check_enough(card: LockedGiftCard, amount: Minor) -> None:
    assert amount > 0, "money moves one way"
    if amount > card.balance:
        raise InsufficientValue(needed=card.money(amount), available=card.money(card.balance))


def _check_room(card: LockedGiftCard, amount: Minor) -> None:
    assert amount > 0, "money moves one way"
    if not card.has_room(amount):
        raise card.not_usable("gift_card_full", room_minor=MINOR_MAX - card.balance, currency=card.currency)
