"""New gift cards, and whose they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from wallet.database import Conn
from wallet.errors import NotFound
from wallet.ledger.value.card import LockedGiftCard, from_row
from wallet.values import CustomerId, GiftCardState, GiftId, MerchantId, MintedGiftCard, ProgramId

Mint = Callable[[], MintedGiftCard]
"""Makes a random number and PIN: another one with every call."""

# Its chain begins with its id, so that is made first. Nobody else can see the row before the commit: it is held.
OPEN_GIFT_CARD_SQL = """
    WITH new AS MATERIALIZED (
        SELECT uuidv7() AS gift_card_id
    )
    INSERT INTO gift_cards (merchant_id, gift_card_id, program_id, number_hash, last4, pin_hash, currency, state,
                            owner_customer_id, gift_id, chain, created_at)
    SELECT p.merchant_id, new.gift_card_id, p.program_id, $3, $4, $5, p.currency, 'PENDING', $6, $7,
           sha256(convert_to('regulars gift card 1|' || p.merchant_id || '|' || new.gift_card_id, 'UTF8')), $8
    FROM new
    CROSS JOIN programs AS p
    WHERE p.merchant_id = $1 AND p.program_id = $2
    ON CONFLICT (merchant_id, number_hash) DO NOTHING
    RETURNING merchant_id, gift_card_id, program_id, currency, state, balance_minor, owner_customer_id, gift_id, last4,
              expires_at, revision, chain
"""

PROGRAM_SQL = """
    SELECT EXISTS (SELECT FROM programs WHERE merchant_id = $1 AND program_id = $2)
"""

GIVE_GIFT_CARD_SQL = """
    UPDATE gift_cards SET owner_customer_id = $3, expires_at = $4
    WHERE merchant_id = $1 AND gift_card_id = $2 AND state <> 'DEACTIVATED'
    RETURNING gift_card_id
"""

NUMBERS_TRIED_MAX = 5
"""Two random cards of a merchant with a million cards share a number once in a hundred million tries."""


class NumbersTaken(Exception):
    """Every number that was made is another card's. A fault of whoever makes them: no client is told."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The new card, and its number and PIN, which nobody can read again."""

    card: LockedGiftCard
    minted: MintedGiftCard


async def open(  # noqa: A001 -- what is done with a card
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    mint: Mint,
    owner_customer_id: CustomerId | None = None,
    gift_id: GiftId | None = None,
    now: datetime,
) -> Opened:
    """The program has one more gift card: PENDING, nothing on it, in the program's currency. With `gift_id` it is that
    gift's escrow; a gift has one card at most.

    Raises NotFound for a program that is not the merchant's, NumbersTaken.
    """
    for _ in range(NUMBERS_TRIED_MAX):
        minted = mint()
        secrets = (minted.number_hash, minted.last4, minted.pin_hash)
        row = await conn.fetchrow(
            OPEN_GIFT_CARD_SQL, merchant_id, program_id, *secrets, owner_customer_id, gift_id, now
        )
        if row is not None:
            return Opened(from_row(row), minted)
    if not await conn.fetchval(PROGRAM_SQL, merchant_id, program_id):
        raise NotFound
    raise NumbersTaken


async def give(
    conn: Conn, card: LockedGiftCard, *, owner_customer_id: CustomerId, expires_at: datetime | None
) -> LockedGiftCard:
    """The card is this customer's, and what stands on it lives until `expires_at`. No money moves by it, so there is no
    activity. Raises GiftCardNotUsable where it is deactivated.
    """
    if card.state is GiftCardState.DEACTIVATED:
        raise card.in_this_state()
    given = await conn.fetchval(GIVE_GIFT_CARD_SQL, card.merchant_id, card.gift_card_id, owner_customer_id, expires_at)
    assert given is not None, "the gift card is held"
    return replace(card, owner_customer_id=owner_customer_id, expires_at=expires_at)
