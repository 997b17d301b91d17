"""Moving money from one of one's own gift cards to another, once for each key."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import fingerprint
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, InvalidInput, NotFound
from wallet.fingerprint import Json
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.value.reading import GiftCard, from_row
from wallet.values import MINOR_MAX, CustomerId, GiftCardId, MerchantId, Minor

BEGIN_TRANSFER_SQL = """
    INSERT INTO gift_card_requests (merchant_id, customer_id, idempotency_key, input_hash, from_gift_card_id,
                                    to_gift_card_id, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (merchant_id, customer_id, idempotency_key) DO NOTHING
    RETURNING input_hash
"""

FIND_TRANSFER_SQL = """
    SELECT input_hash
    FROM gift_card_requests
    WHERE merchant_id = $1 AND customer_id = $2 AND idempotency_key = $3
"""

BOTH_GIFT_CARDS_SQL = """
    SELECT merchant_id, gift_card_id, program_id, last4, currency, state, balance_minor, owner_customer_id, expires_at,
           created_at
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_card_id = ANY($2::uuid[]) AND owner_customer_id = $3
"""


@dataclass(frozen=True, slots=True)
class Transferred:
    """Both gift cards as they are now."""

    source: GiftCard
    target: GiftCard
    replayed: bool


async def transfer(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    from_gift_card_id: GiftCardId,
    to_gift_card_id: GiftCardId,
    amount_minor: int,
    idempotency_key: UUID,
    now: datetime,
) -> Transferred:
    """The amount has moved from one gift card of the customer's to another of the same program. The same key and input
    move nothing again, and answer with the cards as they are by then.

    Raises NotFound for a card that is not the customer's, InvalidInput, GiftCardNotUsable, InsufficientValue,
    IdempotencyKeyReused.
    """
    if not 1 <= amount_minor <= MINOR_MAX:
        raise InvalidInput.of("amountMinor", "out_of_range", least=1, most=MINOR_MAX)
    if from_gift_card_id == to_gift_card_id:
        raise InvalidInput.of("toId", "gift_card_same")
    both = from_gift_card_id, to_gift_card_id
    facts: dict[str, Json] = {
        "fromId": str(from_gift_card_id),
        "toId": str(to_gift_card_id),
        "amountMinor": amount_minor,
    }
    input_hash = fingerprint.of("transferGiftCardBalance", facts)
    key = merchant_id, customer_id, idempotency_key
    replayed = await conn.fetchval(BEGIN_TRANSFER_SQL, *key, input_hash, *both, now) is None
    if replayed:
        if await conn.fetchval(FIND_TRANSFER_SQL, *key) != input_hash:
            raise IdempotencyKeyReused
    else:
        held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=both, now=now)
        source, target = (held[gift_card_id] for gift_card_id in both)
        if source.owner_customer_id != customer_id or target.owner_customer_id != customer_id:
            raise NotFound
        if source.program_id != target.program_id:
            raise InvalidInput.of("toId", "gift_card_elsewhere")
        await value.transfer(conn, source, target, amount=Minor(amount_minor), cause=ValueCause(now), now=now)
    rows = await conn.fetch(BOTH_GIFT_CARDS_SQL, merchant_id, list(both), customer_id)
    found = {row["gift_card_id"]: from_row(row) for row in rows}
    if len(found) != len(both):
        raise NotFound
    return Transferred(found[from_gift_card_id], found[to_gift_card_id], replayed)
