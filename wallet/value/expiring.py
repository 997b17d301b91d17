"""When money on gift cards lapses, and that it does."""

from datetime import datetime
from zoneinfo import ZoneInfo

from wallet.database import Conn
from wallet.errors import NotFound
from wallet.ledger import value
from wallet.rules import Rules
from wallet.value import law
from wallet.values import GiftCardId, MerchantId, ProgramId

LIFE_SQL = """
    SELECT m.country, m.timezone, r.rules
    FROM merchants AS m
    CROSS JOIN LATERAL (
        SELECT v.rules
        FROM program_revisions AS v
        WHERE v.merchant_id = m.merchant_id AND v.program_id = $2 AND (v.valid_from <= $3 OR v.revision = 1)
        ORDER BY v.valid_from DESC, v.revision DESC
        LIMIT 1
    ) AS r
    WHERE m.merchant_id = $1
"""

DUE_GIFT_CARDS_SQL = """
    SELECT merchant_id, gift_card_id
    FROM gift_cards
    WHERE expires_at <= $1 AND balance_minor > 0
    ORDER BY expires_at
    LIMIT $2
"""


async def expires_at(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, now: datetime) -> datetime | None:
    """When money that comes onto a gift card of the program now lapses, by its rules and the law; None is never.

    One statement. Raises NotFound for a program that is not the merchant's.
    """
    row = await conn.fetchrow(LIFE_SQL, merchant_id, program_id, now)
    if row is None:
        raise NotFound
    stated = Rules.from_json(row["rules"]).gifts.validity_months
    return law.expires_at(row["country"], stated=stated, loaded_at=now, zone=ZoneInfo(row["timezone"]))


async def cards_due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MerchantId, GiftCardId]]:
    """At most `limit` gift cards that hold money past its date, the longest past first."""
    return [(row["merchant_id"], row["gift_card_id"]) for row in await conn.fetch(DUE_GIFT_CARDS_SQL, now, limit)]


async def expire(conn: Conn, *, merchant_id: MerchantId, gift_card_id: GiftCardId, now: datetime) -> None:
    """Nothing stands on the gift card if its date is over: to lock it is to settle it."""
    await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=[gift_card_id], now=now)
