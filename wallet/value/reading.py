"""Gift cards as they are read: by their owners, by the till that serves one, and by the merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet import visits
from wallet.database import Conn, Row
from wallet.values import (
    ActivityKind,
    CardId,
    CustomerId,
    GiftCardId,
    GiftCardState,
    MerchantId,
    Minor,
    Money,
    ProgramId,
    StoreId,
)

SHOWN_MAX = 100
"""So many gift cards of a customer are shown: no empty one instead of one with money on it."""

GIFT_CARDS_OF_CUSTOMER_SQL = """
    SELECT merchant_id, gift_card_id, program_id, last4, currency, state, balance_minor, owner_customer_id, expires_at,
           created_at
    FROM gift_cards
    WHERE owner_customer_id = $1
    ORDER BY balance_minor > 0 DESC, created_at DESC, gift_card_id DESC
    LIMIT $2
"""

FIND_GIFT_CARD_SQL = """
    SELECT merchant_id, gift_card_id, program_id, last4, currency, state, balance_minor, owner_customer_id, expires_at,
           created_at
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_card_id = $2 AND ($3::uuid IS NULL OR owner_customer_id = $3)
"""

# What can pay, the soonest to lapse first: the order in which it is best spent. Those that are blocked come last. Only
# of somebody who has shown the store a code of theirs: an address that was typed is no proof that its owner is there.
GIFT_CARDS_OF_MEMBERS_SQL = """
    SELECT c.card_id, g.merchant_id, g.gift_card_id, g.program_id, g.last4, g.currency, g.state, g.balance_minor,
           g.owner_customer_id, g.expires_at, g.created_at
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
    CROSS JOIN LATERAL (
        SELECT o.merchant_id, o.gift_card_id, o.program_id, o.last4, o.currency, o.state, o.balance_minor,
               o.owner_customer_id, o.expires_at, o.created_at
        FROM gift_cards AS o
        WHERE o.owner_customer_id = c.customer_id AND o.merchant_id = c.merchant_id AND o.balance_minor > 0
          AND o.state IN ('ACTIVE', 'BLOCKED') AND (o.expires_at IS NULL OR o.expires_at > $3)
        ORDER BY o.state, o.expires_at NULLS LAST, o.created_at, o.gift_card_id
        LIMIT $4
    ) AS g
    WHERE EXISTS (
        SELECT FROM visits AS v
        WHERE v.merchant_id = c.merchant_id AND v.card_id = c.card_id AND v.store_id = $5
          AND v.idempotency_key IS NULL AND NOT v.looked_up AND v.opened_at <= $3 AND v.expires_at > $3
    ) OR EXISTS (
        SELECT FROM sales AS s
        WHERE s.merchant_id = c.merchant_id AND s.card_id = c.card_id AND s.store_id = $5
          AND s.visit_id IS NULL AND NOT s.offline AND s.occurred_at > $3::timestamptz - $6::interval
          AND s.posted_at > $3::timestamptz - $6::interval AND s.posted_at <= $3
    )
    ORDER BY c.card_id, g.state, g.expires_at NULLS LAST, g.created_at, g.gift_card_id
"""

SERVED_NOW_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_cards AS g
        JOIN cards AS c ON c.merchant_id = g.merchant_id AND c.customer_id = g.owner_customer_id
        JOIN visits AS v ON v.merchant_id = c.merchant_id AND v.card_id = c.card_id
        WHERE g.merchant_id = $1 AND g.gift_card_id = $2 AND v.store_id = $3 AND v.opened_at <= $4 AND v.expires_at > $4
          AND v.idempotency_key IS NULL AND NOT v.looked_up
    )
"""

ACTIVITIES_SQL = """
    SELECT k.gift_card_id AS asked, a.merchant_id, a.gift_card_id, a.seq, a.kind, a.amount_minor,
           a.balance_after_minor, a.currency, a.occurred_at, a.store_name
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, gift_card_id)
    CROSS JOIN LATERAL (
        SELECT e.merchant_id, e.gift_card_id, e.seq, e.kind, e.amount_minor, e.balance_after_minor, e.occurred_at,
               (SELECT g.currency FROM gift_cards AS g
                WHERE g.merchant_id = e.merchant_id AND g.gift_card_id = e.gift_card_id) AS currency,
               (SELECT s.name FROM stores AS s
                WHERE s.merchant_id = e.merchant_id AND s.store_id = e.store_id) AS store_name
        FROM gift_card_activities AS e
        WHERE e.merchant_id = k.merchant_id AND e.gift_card_id = k.gift_card_id AND e.seq < $3
        ORDER BY e.seq DESC
        LIMIT $4
    ) AS a
    ORDER BY k.gift_card_id, a.seq DESC
"""

FIND_ACTIVITY_SQL = """
    SELECT e.merchant_id, e.gift_card_id, e.seq, e.kind, e.amount_minor, e.balance_after_minor, g.currency,
           e.occurred_at, s.name AS store_name
    FROM gift_card_activities AS e
    JOIN gift_cards AS g ON g.merchant_id = e.merchant_id AND g.gift_card_id = e.gift_card_id
    LEFT JOIN stores AS s ON s.merchant_id = e.merchant_id AND s.store_id = e.store_id
    WHERE e.merchant_id = $1 AND e.gift_card_id = $2 AND e.seq = $3 AND g.owner_customer_id = $4
"""

# The whole table of a merchant, for its owner's eyes, a page at a time.
GIFT_CARDS_OF_PROGRAM_SQL = """
    SELECT merchant_id, gift_card_id, program_id, last4, currency, state, balance_minor, owner_customer_id, expires_at,
           created_at
    FROM gift_cards
    WHERE merchant_id = $1 AND program_id = $2 AND ($3::text IS NULL OR state = $3)
      AND ($4::text IS NULL OR last4 = $4)
    ORDER BY created_at DESC, gift_card_id DESC
    LIMIT $5
"""

SEQ_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class GiftCard:
    """Stored money value, as it is shown: of its number the last four digits."""

    merchant_id: MerchantId
    gift_card_id: GiftCardId
    program_id: ProgramId
    last4: str
    state: GiftCardState
    balance: Money
    owner_customer_id: CustomerId | None
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """One change of a gift card. `amount` is signed; `store_name` is where it happened."""

    merchant_id: MerchantId
    gift_card_id: GiftCardId
    seq: int
    kind: ActivityKind
    amount: Money
    balance_after: Money
    occurred_at: datetime
    store_name: str | None


def from_row(row: Row) -> GiftCard:
    return GiftCard(
        merchant_id=row["merchant_id"],
        gift_card_id=row["gift_card_id"],
        program_id=row["program_id"],
        last4=row["last4"],
        state=GiftCardState(row["state"]),
        balance=Money(Minor(row["balance_minor"]), row["currency"]),
        owner_customer_id=row["owner_customer_id"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
    )


def activity_from_row(row: Row) -> Activity:
    return Activity(
        merchant_id=row["merchant_id"],
        gift_card_id=row["gift_card_id"],
        seq=row["seq"],
        kind=ActivityKind(row["kind"]),
        amount=Money(Minor(row["amount_minor"]), row["currency"]),
        balance_after=Money(Minor(row["balance_after_minor"]), row["currency"]),
        occurred_at=row["occurred_at"],
        store_name=row["store_name"],
    )


async def of_customer(conn: Conn, *, customer_id: CustomerId) -> list[GiftCard]:
    """The customer's gift cards of all merchants, those with money first and of them the newest, SHOWN_MAX at most."""
    return [from_row(row) for row in await conn.fetch(GIFT_CARDS_OF_CUSTOMER_SQL, customer_id, SHOWN_MAX)]


async def find(
    conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_card_id: GiftCardId
) -> GiftCard | None:
    """The customer's own gift card; None for anybody else's."""
    row = await conn.fetchrow(FIND_GIFT_CARD_SQL, merchant_id, gift_card_id, customer_id)
    return from_row(row) if row else None


async def find_of_merchant(conn: Conn, *, merchant_id: MerchantId, gift_card_id: GiftCardId) -> GiftCard | None:
    """The merchant's gift card, whoever owns it. Whether who asks may see it is for the caller to know."""
    row = await conn.fetchrow(FIND_GIFT_CARD_SQL, merchant_id, gift_card_id, None)
    return from_row(row) if row else None


async def find_served(
    conn: Conn, *, merchant_id: MerchantId, gift_card_id: GiftCardId, store_id: StoreId, now: datetime
) -> GiftCard | None:
    """The gift card of somebody whom the store serves now, by a code that they showed; None for anybody else's."""
    if not await conn.fetchval(SERVED_NOW_SQL, merchant_id, gift_card_id, store_id, now):
        return None
    return await find_of_merchant(conn, merchant_id=merchant_id, gift_card_id=gift_card_id)


async def of_members(
    conn: Conn, *, cards: Sequence[tuple[MerchantId, CardId]], store_id: StoreId, now: datetime
) -> dict[CardId, list[GiftCard]]:
    """For each card what its owner has of the same merchant with money on it, in the order in which it is best spent;
    one statement for all. Nothing of whoever has not shown the store a code since a visit's time ago.
    """
    found: dict[CardId, list[GiftCard]] = {card_id: [] for _, card_id in cards}
    keys = [merchant_id for merchant_id, _ in cards], [card_id for _, card_id in cards]
    for row in await conn.fetch(GIFT_CARDS_OF_MEMBERS_SQL, *keys, now, SHOWN_MAX, store_id, visits.LIFE):
        found[row["card_id"]].append(from_row(row))
    return found


async def activities(
    conn: Conn, *, gift_cards: Sequence[tuple[MerchantId, GiftCardId]], first: int, before_seq: int | None
) -> dict[GiftCardId, list[Activity]]:
    """For each gift card `first` activities before that number, the newest first; one statement for all."""
    found: dict[GiftCardId, list[Activity]] = {gift_card_id: [] for _, gift_card_id in gift_cards}
    keys = [merchant_id for merchant_id, _ in gift_cards], [gift_card_id for _, gift_card_id in gift_cards]
    before = SEQ_MAX if before_seq is None else before_seq
    for row in await conn.fetch(ACTIVITIES_SQL, *keys, before, first):
        found[row["asked"]].append(activity_from_row(row))
    return found


async def find_activity(
    conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, gift_card_id: GiftCardId, seq: int
) -> Activity | None:
    """The activity of the customer's own gift card; None for anybody else's."""
    row = await conn.fetchrow(FIND_ACTIVITY_SQL, merchant_id, gift_card_id, seq, customer_id)
    return activity_from_row(row) if row else None


async def of_program(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    state: GiftCardState | None = None,
    last4: str | None = None,
    limit: int,
) -> list[GiftCard]:
    """The newest gift cards of a program, only those in a state or with these last digits if any are named."""
    wanted = None if state is None else state.value
    rows = await conn.fetch(GIFT_CARDS_OF_PROGRAM_SQL, merchant_id, program_id, wanted, last4, limit)
    return [from_row(row) for row in rows]
