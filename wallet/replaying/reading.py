"""What was recorded of a program's members, a page of cards at a time: how many sales there are makes no difference to
how much is held in memory, nor how many cards.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from wallet.baskets import Line
from wallet.database import Conn, Row
from wallet.programs import Program
from wallet.replaying.recorded import (
    RecordedLine,
    RecordedMember,
    RecordedReturn,
    RecordedSale,
    RecordedStamps,
    ReturnedLine,
)
from wallet.rules import carries_from_json
from wallet.values import CardId, LineKind, VoucherOrigin

CARDS_A_PAGE = 50

# No till tells of a sale later than after three days (baskets.OLDEST), so the index on when sales were made helps to
# find the cards on which some were recorded since.
MEMBERS_SQL = """
    SELECT c.card_id, right(c.number, 4) AS number_last4, left(u.name, 1) AS initial, u.birth_month, u.birth_day,
           c.carries, c.stamps, c.joined_at >= $3 AS joined,
           (SELECT COALESCE(SUM(e.points), 0)
            FROM entries AS e
            WHERE e.merchant_id = c.merchant_id AND e.card_id = c.card_id AND e.seq = 1 AND e.kind = 'BONUS'
              AND e.sale_id IS NULL AND e.posted_at = c.joined_at AND c.joined_at >= $3)::bigint AS joining_points
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    WHERE c.merchant_id = $1 AND c.program_id = $2 AND ($4::uuid IS NULL OR c.card_id > $4)
      AND (c.joined_at >= $3 OR EXISTS (
          SELECT FROM sales AS s
          WHERE s.merchant_id = c.merchant_id AND s.card_id = c.card_id
            AND s.occurred_at >= $3 - interval '4 days' AND s.posted_at >= $3
      ))
    ORDER BY c.card_id
    LIMIT $5
"""

# How much the till had sold in the hour is counted as when the sale was made, and only where it decides anything.
SALES_SQL = """
    SELECT s.card_id, s.sale_id, s.terminal_id, t.timezone, s.revision, s.receipt_number, s.currency, s.total_minor,
           s.points, s.bonus_points, s.visit_points, s.capped_points, s.kept_points, s.kept_minor, s.stamps,
           s.tier_after, s.wholly_returned, s.review, s.reviewed_at, s.local_day,
           s.occurred_at, s.posted_at,
           CASE WHEN $4 AND s.posted_at >= $3 THEN (
               SELECT COUNT(*)
               FROM sales AS o
               WHERE o.merchant_id = s.merchant_id AND o.terminal_id = s.terminal_id
                 AND o.posted_at > s.occurred_at - interval '1 hour'
                 AND o.occurred_at > s.occurred_at - interval '1 hour' AND o.occurred_at <= s.occurred_at
                 AND (o.posted_at, o.sale_id) < (s.posted_at, s.sale_id)
           ) ELSE 0 END AS sales_of_terminal_last_hour
    FROM sales AS s
    JOIN stores AS t ON t.merchant_id = s.merchant_id AND t.store_id = s.store_id
    WHERE s.merchant_id = $1 AND s.card_id = ANY($2::uuid[])
    ORDER BY s.posted_at, s.sale_id
"""

LINES_SQL = """
    SELECT l.sale_id, l.position, l.line_id, l.kind, l.sku, l.category, l.quantity, l.amount_minor, l.paid_minor,
           l.hundredths, l.stamps
    FROM sales AS s
    JOIN sale_lines AS l ON l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
    WHERE s.merchant_id = $1 AND s.card_id = ANY($2::uuid[])
      AND (s.posted_at >= $3 OR s.reviewed_at >= $3 OR EXISTS (
          SELECT FROM refunds AS r
          WHERE r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id AND r.posted_at >= $3
      ))
    ORDER BY l.sale_id, l.position
"""

RETURNS_SQL = """
    SELECT r.sale_id, r.refund_id, r.posted_at, r.points_due, b.position, b.amount_minor, b.wholly, l.hundredths
    FROM sales AS s
    JOIN refunds AS r ON r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id
    JOIN refund_lines AS b ON b.merchant_id = r.merchant_id AND b.sale_id = r.sale_id AND b.refund_id = r.refund_id
    JOIN sale_lines AS l ON l.merchant_id = b.merchant_id AND l.sale_id = b.sale_id AND l.position = b.position
    WHERE s.merchant_id = $1 AND s.card_id = ANY($2::uuid[])
    ORDER BY r.posted_at, r.refund_id, b.position
"""

STAMPS_SQL = """
    SELECT m.card_id, m.movement_id, m.kind, m.stamps, m.sale_id, m.refund_id, m.posted_at, v.origin
    FROM stamp_movements AS m
    LEFT JOIN vouchers AS v ON v.merchant_id = m.merchant_id AND v.voucher_id = m.voucher_id
    WHERE m.merchant_id = $1 AND m.card_id = ANY($2::uuid[]) AND m.posted_at >= $3
    ORDER BY m.posted_at, m.movement_id
"""


async def members(conn: Conn, program: Program, *, since: datetime, by_hour: bool) -> AsyncIterator[RecordedMember]:
    """The members who joined, or to whom something was sold, since then; a page of cards is five statements.

    `by_hour`: whether it is counted how many sales a till had made in the hour before each.
    """
    last: CardId | None = None
    while rows := await conn.fetch(MEMBERS_SQL, program.merchant_id, program.program_id, since, last, CARDS_A_PAGE):
        last = CardId(rows[-1]["card_id"])
        ids = [row["card_id"] for row in rows]
        sales = await _sales(conn, program, ids, since=since, by_hour=by_hour)
        moves = await _moves(conn, program, ids, since=since)
        for row in rows:
            yield _member(row, sales.get(row["card_id"], []), moves.get(row["card_id"], []))
        if len(rows) < CARDS_A_PAGE:
            return


async def _sales(
    conn: Conn, program: Program, ids: Sequence[UUID], *, since: datetime, by_hour: bool
) -> dict[UUID, list[RecordedSale]]:
    rows = await conn.fetch(SALES_SQL, program.merchant_id, ids, since, by_hour)
    lines = defaultdict[UUID, list[RecordedLine]](list)
    for line in await conn.fetch(LINES_SQL, program.merchant_id, ids, since):
        lines[line["sale_id"]].append(_line(line))
    returns = defaultdict[UUID, list[RecordedReturn]](list)
    for row in await conn.fetch(RETURNS_SQL, program.merchant_id, ids):
        of_sale = returns[row["sale_id"]]
        if not of_sale or of_sale[-1].refund_id != row["refund_id"]:
            of_sale.append(RecordedReturn(row["refund_id"], row["posted_at"], row["points_due"], []))
        part = ReturnedLine(row["position"], row["amount_minor"], row["wholly"], row["hundredths"] > 0)
        of_sale[-1].lines.append(part)
    sales = defaultdict[UUID, list[RecordedSale]](list)
    for row in rows:
        back = returns.get(row["sale_id"], [])
        if back:
            back[-1].last = True
        sales[row["card_id"]].append(_sale(row, lines.get(row["sale_id"], []), back))
    return sales


async def _moves(
    conn: Conn, program: Program, ids: Sequence[UUID], *, since: datetime
) -> dict[UUID, list[RecordedStamps]]:
    moves = defaultdict[UUID, list[RecordedStamps]](list)
    for row in await conn.fetch(STAMPS_SQL, program.merchant_id, ids, since):
        moves[row["card_id"]].append(
            RecordedStamps(
                movement_id=row["movement_id"],
                kind=row["kind"],
                stamps=row["stamps"],
                sale_id=row["sale_id"],
                refund_id=row["refund_id"],
                posted_at=row["posted_at"],
                origin=VoucherOrigin(row["origin"]) if row["origin"] else None,
            )
        )
    return moves


def _member(row: Row, sales: Sequence[RecordedSale], moves: Sequence[RecordedStamps]) -> RecordedMember:
    return RecordedMember(
        card_id=row["card_id"],
        number_last4=row["number_last4"],
        initial=row["initial"],
        birth_month=row["birth_month"],
        birth_day=row["birth_day"],
        carries=carries_from_json(row["carries"]),
        stamps=row["stamps"],
        joined=row["joined"],
        joining_points=row["joining_points"],
        sales=tuple(sales),
        moves=tuple(moves),
    )


def _line(row: Row) -> RecordedLine:
    line = Line(
        line_id=row["line_id"],
        amount_minor=row["amount_minor"],
        kind=LineKind(row["kind"]),
        sku=row["sku"],
        category=row["category"],
        quantity=row["quantity"],
    )
    return RecordedLine(row["position"], line, row["paid_minor"], row["hundredths"], row["stamps"])


def _sale(row: Row, lines: Sequence[RecordedLine], returns: Sequence[RecordedReturn]) -> RecordedSale:
    return RecordedSale(
        card_id=row["card_id"],
        sale_id=row["sale_id"],
        terminal_id=row["terminal_id"],
        zone=ZoneInfo(row["timezone"]),
        revision=row["revision"],
        receipt_number=row["receipt_number"],
        currency=row["currency"],
        total_minor=row["total_minor"],
        points=row["points"],
        bonus_points=row["bonus_points"],
        visit_points=row["visit_points"],
        capped_points=row["capped_points"],
        kept_points=row["kept_points"],
        kept_minor=row["kept_minor"],
        stamps=row["stamps"],
        tier_after=row["tier_after"],
        wholly_returned=row["wholly_returned"],
        review=row["review"],
        reviewed_at=row["reviewed_at"],
        local_day=row["local_day"],
        occurred_at=row["occurred_at"],
        posted_at=row["posted_at"],
        sales_of_terminal_last_hour=row["sales_of_terminal_last_hour"],
        lines=tuple(lines),
        returns=tuple(returns),
    )
