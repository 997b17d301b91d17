"""A card under lock, with what stands on it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from wallet.database import Conn
from wallet.rules import Carry, Rate, carries_to_json
from wallet.tiers import Standing
from wallet.values import AccountId, CardId, CustomerId, MerchantId, Points, ProgramId

SET_CARRY_SQL = """
    UPDATE cards SET carries = $3
    WHERE merchant_id = $1 AND card_id = $2
"""


@dataclass(frozen=True, slots=True)
class LockedCard:
    """A card whose row this transaction holds, with what stands on it."""

    merchant_id: MerchantId
    card_id: CardId
    program_id: ProgramId
    customer_id: CustomerId
    active_account_id: AccountId
    pending_account_id: AccountId
    issued_account_id: AccountId
    redeemed_account_id: AccountId
    expired_account_id: AccountId
    active: Points
    pending: Points
    reserved: Points
    lifetime_earned: Points
    revision: int
    found_at: int
    """The revision that it had when this transaction held it, and all that was due on it had happened."""
    last_posted_at: datetime | None
    """When its newest entry was posted; None before the first."""
    carries: Mapping[Rate, int]
    chain: bytes
    debt: Points
    stamps: int
    standing: Standing
    sliding_months: tuple[int, ...]
    """How long the card's lots live that every activity gives new life; none where it has no such lot."""

    def carry_at(self, rate: Rate) -> int:
        """The money on its way to the next step at this rate, in hundredths of a minor unit."""
        return self.carries.get(rate, 0)

    @property
    def tier(self) -> str | None:
        """The name of the tier; None below the first."""
        return self.standing.tier


async def set_carry(conn: Conn, card: LockedCard, carry: Carry) -> LockedCard:
    """The money carried to the next purchase at the carry's rate is its `hundredths`; nothing else changed."""
    if carry.hundredths == card.carry_at(carry.rate):
        return card
    after = replace(card, carries={**card.carries, carry.rate: carry.hundredths})
    await conn.execute(SET_CARRY_SQL, card.merchant_id, card.card_id, carries_to_json(after.carries))
    return after
