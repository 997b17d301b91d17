"""The day at the counter: what a store has sold since the merchant's last midnight, and what that comes to."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import operations
from wallet.database import Conn
from wallet.midnights import midnight
from wallet.operations import Operation
from wallet.values import Minor, Money, Points, SaleId, Terminal

SALES_OF_DAY_SQL = """
    SELECT sale_id
    FROM sales
    WHERE merchant_id = $1 AND store_id = $2 AND occurred_at >= $3
      AND (occurred_at, sale_id)
          < (COALESCE($4, 'infinity'::timestamptz), COALESCE($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
    ORDER BY occurred_at DESC, sale_id DESC
    LIMIT $6
"""

# How much of the stamps of a line is kept: as wallet.earning.kept_stamps.
SUMS_OF_DAY_SQL = """
    SELECT COUNT(*) AS sales,
           COALESCE(SUM(s.total_minor - s.discount_minor - t.minor - b.minor + g.minor), 0)::bigint AS taken_minor,
           COALESCE(SUM(s.points - b.points), 0)::bigint AS points,
           COALESCE(SUM(s.stamps - CASE WHEN s.stamps = 0 OR b.parts = 0 THEN 0 ELSE (
               SELECT SUM(l.stamps - CASE WHEN c.wholly THEN 0
                                          WHEN l.paid_minor = 0 THEN l.stamps
                                          ELSE (l.stamps * (l.paid_minor - c.minor) + l.paid_minor - 1) / l.paid_minor
                                     END)
               FROM sale_lines AS l
               CROSS JOIN LATERAL (
                   SELECT COALESCE(bool_or(f.wholly), FALSE) AS wholly,
                          COALESCE(SUM(f.amount_minor), 0)::bigint AS minor
                   FROM refund_lines AS f
                   WHERE f.merchant_id = l.merchant_id AND f.sale_id = l.sale_id AND f.position = l.position
               ) AS c
               WHERE l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
           ) END), 0)::bigint AS stamps
    FROM sales AS s
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(p.amount_minor), 0)::bigint AS minor
        FROM sale_tenders AS p
        WHERE p.merchant_id = s.merchant_id AND p.sale_id = s.sale_id
    ) AS t
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(f.amount_minor), 0)::bigint AS minor,
               COALESCE(SUM(f.points_taken_back), 0)::bigint AS points, COUNT(*) AS parts
        FROM refunds AS f
        WHERE f.merchant_id = s.merchant_id AND f.sale_id = s.sale_id
    ) AS b
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(e.amount_minor), 0)::bigint AS minor
        FROM gift_card_activities AS e
        WHERE e.merchant_id = s.merchant_id AND e.sale_id = s.sale_id AND e.kind = 'REFUND' AND b.parts > 0
    ) AS g
    WHERE s.merchant_id = $1 AND s.store_id = $2 AND s.occurred_at >= $3
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of sales begins: after this sale."""

    occurred_at: datetime
    sale_id: SaleId


@dataclass(frozen=True, slots=True)
class Page:
    """Sales of a day, the newest first, and whether there are older ones behind them."""

    operations: list[Operation]
    more: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all sales of a day, less what came back of them, whenever that was. `taken` is what was paid and kept beside
    gift cards; it may be more than one sale can cost.
    """

    sales: int
    taken: Money
    points: Points
    stamps: int


def began(terminal: Terminal, *, now: datetime) -> datetime:
    """The merchant's last midnight (UTC): when the day at their counters began."""
    zone = ZoneInfo(terminal.merchant_timezone)
    return midnight(now.astimezone(zone).date(), zone)


async def page(conn: Conn, *, terminal: Terminal, first: int, after: Place | None, now: datetime) -> Page:
    """`first` of the day's sales at the till's own store, by when they happened, the newest first.

    One statement more than `operations.of_sales`.
    """
    occurred_at, sale_id = (after.occurred_at, after.sale_id) if after else (None, None)
    place = (terminal.merchant_id, terminal.store_id, began(terminal, now=now))
    rows = await conn.fetch(SALES_OF_DAY_SQL, *place, occurred_at, sale_id, first + 1)
    sale_ids = [row["sale_id"] for row in rows[:first]]
    found = await operations.of_sales(conn, terminal=terminal, sale_ids=sale_ids, now=now)
    return Page(found, len(rows) > first)


async def sums(conn: Conn, *, terminal: Terminal, now: datetime) -> Sums:
    """What the day's sales at the till's own store come to. One statement."""
    row = await conn.fetchrow(SUMS_OF_DAY_SQL, terminal.merchant_id, terminal.store_id, began(terminal, now=now))
    assert row is not None, "sums are always one row"
    taken = Money(Minor(row["taken_minor"]), terminal.currency)
    return Sums(row["sales"], taken, Points(row["points"]), row["stamps"])
