"""A gift card under lock, and what it can be used for as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn, Row
from wallet.errors import GiftCardNotUsable, NotFound
from wallet.values import (
    MINOR_MAX,
    CustomerId,
    GiftCardId,
    GiftCardState,
    GiftId,
    MerchantId,
    Minor,
    Money,
    Phrase,
    ProgramId,
)

# Not FOR UPDATE, for the reason that lock_cards has. All that is read is the card's own row: whoever waited for it is
# given it as it is by then.
LOCK_GIFT_CARDS_SQL = """
    SELECT merchant_id, gift_card_id, program_id, currency, state, balance_minor, owner_customer_id, gift_id, last4,
           expires_at, revision, chain
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_card_id = ANY($2::uuid[])
    ORDER BY gift_card_id
    FOR NO KEY UPDATE
"""

LOOK_AT_GIFT_CARDS_SQL = """
    SELECT merchant_id, gift_card_id, program_id, currency, state, balance_minor, owner_customer_id, gift_id, last4,
           expires_at, revision, chain
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_card_id = ANY($2::uuid[])
"""

SAID_OF: Mapping[GiftCardState, str] = {
    GiftCardState.PENDING: "gift_card_pending",
    GiftCardState.ACTIVE: "gift_card_active",
    GiftCardState.BLOCKED: "gift_card_blocked",
    GiftCardState.DEACTIVATED: "gift_card_deactivated",
}


@dataclass(frozen=True, slots=True)
class LockedGiftCard:
    """A gift card whose row this transaction holds, with what stands on it."""

    merchant_id: MerchantId
    gift_card_id: GiftCardId
    program_id: ProgramId
    currency: str
    state: GiftCardState
    balance: Minor
    owner_customer_id: CustomerId | None
    gift_id: GiftId | None
    last4: str
    expires_at: datetime | None
    revision: int
    chain: bytes

    def money(self, amount: int) -> Money:
        return Money(Minor(amount), self.currency)

    def is_past(self, now: datetime) -> bool:
        """Whether its date is over."""
        return self.expires_at is not None and self.expires_at <= now

    def not_usable(self, code: str, **facts: str | int) -> GiftCardNotUsable:
        return GiftCardNotUsable(Phrase(code, {"last4": self.last4, **facts}), self.gift_card_id)

    def in_this_state(self) -> GiftCardNotUsable:
        """The refusal that says which state the card is in."""
        return self.not_usable(SAID_OF[self.state])

    def has_room(self, amount: int) -> bool:
        """Whether so much more can stand on it."""
        return amount <= MINOR_MAX - self.balance

    def check_usable(self, now: datetime) -> None:
        """It can be spent from, loaded, and transferred from and to. Raises GiftCardNotUsable."""
        if self.state is not GiftCardState.ACTIVE:
            raise self.in_this_state()
        if self.is_past(now):
            raise self.not_usable("gift_card_past")


def from_row(row: Row) -> LockedGiftCard:
    return LockedGiftCard(
        merchant_id=row["merchant_id"],
        gift_card_id=row["gift_card_id"],
        program_id=row["program_id"],
        currency=row["currency"],
        state=GiftCardState(row["state"]),
        balance=row["balance_minor"],
        owner_customer_id=row["owner_customer_id"],
        gift_id=row["gift_id"],
        last4=row["last4"],
        expires_at=row["expires_at"],
        revision=row["revision"],
        chain=row["chain"],
    )


async def hold(
    conn: Conn, *, merchant_id: MerchantId, gift_card_ids: Sequence[GiftCardId]
) -> dict[GiftCardId, LockedGiftCard]:
    """This transaction holds the gift cards, locked in the order of their ids. Raises NotFound if one is not there."""
    wanted = sorted(set(gift_card_ids))
    rows = await conn.fetch(LOCK_GIFT_CARDS_SQL, merchant_id, wanted)
    if len(rows) != len(wanted):
        raise NotFound
    return {row["gift_card_id"]: from_row(row) for row in rows}


async def look_at_gift_cards(
    conn: Conn, *, merchant_id: MerchantId, gift_card_ids: Sequence[GiftCardId]
) -> dict[GiftCardId, LockedGiftCard]:
    """The gift cards as they stand now, held by nobody: only to say what would be done, never to do it.

    Raises NotFound if one is not there.
    """
    wanted = set(gift_card_ids)
    rows = await conn.fetch(LOOK_AT_GIFT_CARDS_SQL, merchant_id, list(wanted))
    if len(rows) != len(wanted):
        raise NotFound
    return {row["gift_card_id"]: from_row(row) for row in rows}


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two dates of expiry; None is for ever."""
    return None if one is None or other is None else max(one, other)
