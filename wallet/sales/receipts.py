"""A sale as its store reads it back: what it earned, line by line, and what was refunded since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from wallet import earning
from wallet.database import Conn, Row
from wallet.rules import Rules
from wallet.values import (
    CardId,
    EarnStatus,
    LineKind,
    MerchantId,
    Minor,
    Money,
    Phrase,
    Points,
    SaleId,
    StoreId,
    Terminal,
)

SALE_SQL = """
    SELECT s.merchant_id, s.sale_id, s.store_id, s.card_id, t.name AS store_name, s.receipt_number, s.total_minor,
           s.currency, s.points, s.offline, s.occurred_at, s.posted_at, s.revision, v.rules,
           (SELECT COALESCE(SUM(r.points_taken_back), 0) FROM refunds AS r
            WHERE r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id)::bigint AS refunded_points
    FROM sales AS s
    JOIN stores AS t ON t.merchant_id = s.merchant_id AND t.store_id = s.store_id
    JOIN program_revisions AS v
      ON v.merchant_id = s.merchant_id AND v.program_id = s.program_id AND v.revision = s.revision
    WHERE s.merchant_id = $1 AND s.store_id = $2 AND s.sale_id = $3
"""

SALE_LINES_SQL = """
    SELECT l.line_id, l.kind, l.amount_minor, l.points, l.status, r.refund_id IS NOT NULL AS refunded
    FROM sale_lines AS l
    LEFT JOIN refund_lines AS r
      ON r.merchant_id = l.merchant_id AND r.sale_id = l.sale_id AND r.position = l.position
    WHERE l.merchant_id = $1 AND l.sale_id = $2
    ORDER BY l.position
"""

SALE_BY_RECEIPT_SQL = """
    SELECT sale_id
    FROM sales
    WHERE merchant_id = $1 AND store_id = $2 AND receipt_number = $3
    ORDER BY occurred_at DESC, sale_id DESC
    LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line with what it earned and why. A refunded line still says what it had earned."""

    line_id: str
    points: Points
    status: EarnStatus
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Sale:
    """`points` is what the sale earned, the sum of its lines; `refunded_points` what refunds have taken back.

    `spendable_at` is when they could first be spent: not after `posted_at` where points do not wait.
    """

    merchant_id: MerchantId
    sale_id: SaleId
    store_id: StoreId
    card_id: CardId
    store_name: str
    receipt_number: str
    total: Money
    points: Points
    refunded_points: Points
    revision: int
    offline: bool
    occurred_at: datetime
    posted_at: datetime
    spendable_at: datetime
    lines: tuple[SaleLine, ...]


async def find(
    conn: Conn, *, terminal: Terminal, sale_id: SaleId | None = None, receipt_number: str | None = None
) -> Sale | None:
    """The sale of the till's own store by its id, or the newest with the receipt number; None where there is none.

    With both given it must fit both.
    """
    place = (terminal.merchant_id, terminal.store_id)
    if sale_id is None and receipt_number is not None:
        sale_id = await conn.fetchval(SALE_BY_RECEIPT_SQL, *place, receipt_number)
    if sale_id is None:
        return None
    row = await conn.fetchrow(SALE_SQL, *place, sale_id)
    if row is None or receipt_number not in (None, row["receipt_number"]):
        return None
    return from_rows(row, await conn.fetch(SALE_LINES_SQL, terminal.merchant_id, sale_id))


def from_rows(row: Row, lines: list[Row]) -> Sale:
    rules = Rules.from_json(row["rules"])
    return Sale(
        merchant_id=row["merchant_id"],
        sale_id=row["sale_id"],
        store_id=row["store_id"],
        card_id=row["card_id"],
        store_name=row["store_name"],
        receipt_number=row["receipt_number"],
        total=Money(row["total_minor"], row["currency"]),
        points=row["points"],
        refunded_points=row["refunded_points"],
        revision=row["revision"],
        offline=row["offline"],
        occurred_at=row["occurred_at"],
        posted_at=row["posted_at"],
        spendable_at=rules.activates_at(row["occurred_at"]),
        lines=tuple(_lines(lines, rules, sale_points=row["points"], currency=row["currency"])),
    )


def _lines(rows: list[Row], rules: Rules, *, sale_points: Points, currency: str) -> Iterator[SaleLine]:
    before = 0
    for row in rows:
        kind, amount = LineKind(row["kind"]), Minor(row["amount_minor"])
        status = EarnStatus.REFUNDED if row["refunded"] else EarnStatus(row["status"])
        reason = earning.why(
            rules,
            kind=kind,
            amount_minor=amount,
            before_minor=Minor(before),
            points=row["points"],
            status=status,
            sale_points=sale_points,
            currency=currency,
        )
        before += amount if kind in rules.earning_kinds else 0
        yield SaleLine(row["line_id"], row["points"], status, reason)
