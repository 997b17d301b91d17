"""A card under lock, with what stands on it."""

from dataclasses import dataclass, replace

from wallet.database import Conn
from wallet.values import AccountId, CardId, CustomerId, MerchantId, Minor, Points, ProgramId

SET_CARRY_SQL = """
    UPDATE cards SET carry_minor = $3
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
    expired_account_id: AccountId
    active: Points
    pending: Points
    reserved: Points
    lifetime_earned: Points
    revision: int
    carry_minor: Minor


async def set_carry(conn: Conn, card: LockedCard, *, carry_minor: Minor) -> LockedCard:
    """The money carried to the next purchase is `carry_minor`; nothing else of the card changed."""
    if carry_minor == card.carry_minor:
        return card
    await conn.execute(SET_CARRY_SQL, card.merchant_id, card.card_id, carry_minor)
    return replace(card, carry_minor=carry_minor)
