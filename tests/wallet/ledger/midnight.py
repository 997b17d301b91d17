"""Cards in a program of any merchant's, what was sold to them, and what a midnight made of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.factories import Shop
from wallet import ledger
from wallet.database import Conn
from wallet.ledger import Cause, LockedCard
from wallet.rules import Rules, TierLevel, TierRules
from wallet.tiers import Standing
from wallet.values import CardId, EntryKind, Points, SaleId

KOLKATA, NEW_YORK, APIA = "Asia/Kolkata", "America/New_York", "Pacific/Apia"

LEVELS = (TierLevel("Silver", 500), TierLevel("Gold", 1_000), TierLevel("Black", 5_000))
TIERED = Rules(tiers=TierRules(LEVELS), expiry_months=12)

INSERT_SALE_SQL = """
    INSERT INTO sales (merchant_id, store_id, terminal_id, program_id, revision, card_id, receipt_number, currency,
                       total_minor, points, kept_points, kept_minor, offline, review, review_reason, reviewed_at,
                       local_day, occurred_at, posted_at, idempotency_key, input_hash)
    VALUES ($1, $2, $3, $4, 1, $5, 'R1', 'INR', $7, 0, $6, $7, FALSE, $8,
            CASE WHEN $8::text IS NOT NULL THEN 'review_large_amount' END,
            CASE WHEN $8 <> 'HELD' THEN $9::timestamptz END,
            ($9::timestamptz AT TIME ZONE 'UTC')::date, $9, $9, $10, sha256('sale'))
    RETURNING sale_id
"""

ENTRIES_SQL = """
    SELECT kind, points, pending_points, active_after, pending_after, occurred_at, posted_at
    FROM entries
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY seq
"""

STANDING_SQL = "SELECT tier, tier_since, tier_until, tier_review_at FROM cards WHERE merchant_id = $1 AND card_id = $2"

LOTS_SQL = """
    SELECT points, remaining, activates_at, activated_at IS NOT NULL AS active, expires_at, held
    FROM lots
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY source_seq
"""


def there(zone: str, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment by the clocks of a place."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def sold(
    conn: Conn, shop: Shop, card_id: CardId, points: int, *, at: datetime, minor: int = 0, review: str | None = None
) -> SaleId:
    """A sale of which so many points (and so much money) are kept: what a tier counts, and nothing else of a sale."""
    place = (shop.merchant_id, shop.store_id, shop.terminal_id, shop.program_id, card_id)
    return SaleId(await conn.fetchval(INSERT_SALE_SQL, *place, points, minor, review, at, uuid4()))


async def bought(conn: Conn, shop: Shop, card_id: CardId, points: int, *, rules: Rules, at: datetime) -> SaleId:
    """A sale that earned so many points under the rules, as one lot with the dates that they give it."""
    zone = ZoneInfo(shop.terminal.merchant_timezone)
    sale_id = await sold(conn, shop, card_id, points, at=at)
    activates_at = rules.activates_at(at, zone)
    async with conn.transaction():
        card = await lock(conn, shop, card_id, now=at)
        await ledger.earn(
            conn,
            card,
            kind=EntryKind.EARNED,
            points=Points(points),
            activates_at=activates_at,
            expires_at=rules.expires_at(activates_at, zone),
            sliding_months=rules.inactivity_months,
            notice_days=rules.notice_days,
            cause=Cause(occurred_at=at),
            now=at,
        )
    return sale_id


async def lock(conn: Conn, shop: Shop, card_id: CardId, *, now: datetime) -> LockedCard:
    """In a transaction of the caller's."""
    return (await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now))[card_id]


async def settled(conn: Conn, shop: Shop, card_id: CardId, *, now: datetime) -> LockedCard:
    """The card after somebody had it locked for a moment."""
    async with conn.transaction():
        return await lock(conn, shop, card_id, now=now)


async def standing_of(conn: Conn, shop: Shop, card_id: CardId) -> Standing:
    row = await conn.fetchrow(STANDING_SQL, shop.merchant_id, card_id)
    assert row is not None
    return Standing(row["tier"], row["tier_since"], row["tier_until"], row["tier_review_at"])


async def stand(conn: Conn, shop: Shop, card_id: CardId, standing: Standing, *, now: datetime) -> None:
    """The card's tier is this one."""
    async with conn.transaction():
        await ledger.set_standing(conn, await lock(conn, shop, card_id, now=now), standing, at=now, now=now)


async def kinds(
    conn: Conn, shop: Shop, card_id: CardId, *, but: Sequence[str] = ("EARNED", "CHANGED")
) -> list[tuple[str, int]]:
    """What time did: the kind of each entry, and the points by which the active balance changed."""
    rows = await conn.fetch(ENTRIES_SQL, shop.merchant_id, card_id)
    return [(row["kind"], row["points"]) for row in rows if row["kind"] not in but]
