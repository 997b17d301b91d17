"""Sales as the counter looks back on them: what of them can be undone, or why not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.database import Conn, Row
from wallet.sales import Sale, receipts
from wallet.values import Phrase, SaleId, Terminal, VisitId

LOOKED_BACK = timedelta(days=30)
MOST = 20

SALES_OF_VISIT_SQL = """
    SELECT s.sale_id
    FROM visits AS v
    JOIN sales AS s ON s.merchant_id = v.merchant_id AND s.card_id = v.card_id AND s.store_id = v.store_id
    WHERE v.merchant_id = $1 AND v.store_id = $2 AND v.visit_id = $3 AND v.expires_at > $4 AND s.occurred_at > $5
    ORDER BY s.occurred_at DESC, s.sale_id DESC
    LIMIT $6
"""

# As wallet.sales.receipts reads one sale, for all of them at once.
OPERATIONS_SQL = """
    SELECT s.merchant_id, s.sale_id, s.store_id, s.card_id, t.name AS store_name, s.receipt_number, s.total_minor,
           s.discount_minor, s.currency, s.points, s.bonus_points, s.stamps, s.review, s.offline, s.occurred_at,
           s.posted_at, s.revision, s.tier_after, r.rules, t.timezone, s.wholly_returned, s.local_day,
           s.discount_minor > 0 OR EXISTS (
               SELECT FROM vouchers AS u WHERE u.merchant_id = s.merchant_id AND u.used_sale_id = s.sale_id
           ) AS rewarded,
           COALESCE((SELECT MIN(l.activates_at) FROM lots AS l
                     WHERE l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id), s.posted_at) AS spendable_at,
           b.points AS refunded_points, b.minor AS refunded_minor, b.parts > 0 AS refunded,
           CASE WHEN b.minor = 0 THEN 0 ELSE (
               SELECT COALESCE(SUM(e.amount_minor), 0) FROM gift_card_activities AS e
               WHERE e.merchant_id = s.merchant_id AND e.sale_id = s.sale_id AND e.kind = 'REFUND'
           )::bigint END AS returned_minor,
           (SELECT jsonb_agg(jsonb_build_object(
                       'last4', g.last4, 'paid_minor', p.amount_minor, 'after_minor', e.balance_after_minor
                   ) ORDER BY p.position)
            FROM sale_tenders AS p
            JOIN gift_cards AS g ON g.merchant_id = p.merchant_id AND g.gift_card_id = p.gift_card_id
            JOIN gift_card_activities AS e
              ON e.merchant_id = p.merchant_id AND e.gift_card_id = p.gift_card_id AND e.seq = p.seq
            WHERE p.merchant_id = s.merchant_id AND p.sale_id = s.sale_id) AS tenders,
           (SELECT MIN(g.last4)
            FROM gift_cards_sold AS k
            JOIN gift_cards AS g ON g.merchant_id = k.merchant_id AND g.gift_card_id = k.gift_card_id
            JOIN gift_card_activities AS e
              ON e.merchant_id = k.merchant_id AND e.gift_card_id = k.gift_card_id AND e.seq = k.seq
            WHERE k.merchant_id = s.merchant_id AND k.sale_id = s.sale_id
              AND (g.state <> 'ACTIVE' OR g.expires_at <= $3 OR g.balance_minor < e.amount_minor
                   OR e.kind = 'ACTIVATE' AND g.balance_minor <> e.amount_minor)
              AND NOT EXISTS (
                  SELECT FROM refund_lines AS b
                  WHERE b.merchant_id = k.merchant_id AND b.sale_id = k.sale_id AND b.position = k.position AND b.wholly
              )) AS spent_last4,
           (SELECT jsonb_agg(jsonb_build_object(
                       'line_id', l.line_id, 'kind', l.kind, 'sku', l.sku, 'category', l.category,
                       'paid_minor', l.paid_minor, 'hundredths', l.hundredths, 'points', l.points,
                       'stamps', l.stamps, 'status', l.status, 'refunded', c.wholly, 'returned_minor', c.minor
                   ) ORDER BY l.position)
            FROM sale_lines AS l
            CROSS JOIN LATERAL (
                SELECT COALESCE(bool_or(f.wholly), FALSE) AS wholly, COALESCE(SUM(f.amount_minor), 0)::bigint AS minor
                FROM refund_lines AS f
                WHERE f.merchant_id = l.merchant_id AND f.sale_id = l.sale_id AND f.position = l.position
            ) AS c
            WHERE l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id) AS lines
    FROM unnest($2::uuid[]) AS k (sale_id)
    JOIN sales AS s ON s.merchant_id = $1 AND s.sale_id = k.sale_id
    JOIN stores AS t ON t.merchant_id = s.merchant_id AND t.store_id = s.store_id
    JOIN program_revisions AS r
      ON r.merchant_id = s.merchant_id AND r.program_id = s.program_id AND r.revision = s.revision
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(f.points_taken_back), 0)::bigint AS points,
               COALESCE(SUM(f.amount_minor), 0)::bigint AS minor,
               COUNT(*) AS parts
        FROM refunds AS f
        WHERE f.merchant_id = s.merchant_id AND f.sale_id = s.sale_id
    ) AS b
    ORDER BY s.occurred_at DESC, s.sale_id DESC
"""

DISCOUNTS_OF_SALES_SQL = """
    SELECT k.sale_id, w.merchant_id, w.reward_id, w.program_id, w.slug, w.name, w.description, w.kind, w.amount_minor,
           w.percent, w.ceiling_minor, w.categories, w.skus, w.cost_points, w.cost_stamps, w.stock, w.per_member,
           w.tiers, w.store_ids, w.claimable_from, w.claimable_until, w.voucher_days,
           l.line_id, COALESCE(d.amount_minor, 0)::bigint AS discount_minor
    FROM (
        SELECT sale_id, voucher_id FROM sale_discounts WHERE merchant_id = $1 AND sale_id = ANY($2::uuid[])
        UNION
        SELECT used_sale_id, voucher_id FROM vouchers WHERE merchant_id = $1 AND used_sale_id = ANY($2::uuid[])
    ) AS k
    JOIN vouchers AS v ON v.merchant_id = $1 AND v.voucher_id = k.voucher_id
    JOIN rewards AS w ON w.merchant_id = v.merchant_id AND w.reward_id = v.reward_id
    LEFT JOIN sale_discounts AS d ON d.merchant_id = $1 AND d.sale_id = k.sale_id AND d.voucher_id = k.voucher_id
    LEFT JOIN sale_lines AS l ON l.merchant_id = d.merchant_id AND l.sale_id = d.sale_id AND l.position = d.position
    ORDER BY k.sale_id, k.voucher_id, d.position
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A sale of the store. `refunded`: something of it came back; `wholly_refunded`: nothing of it is left.

    `why_not`: why it cannot be undone from here; None if it can, by a refund of all that is left of it.
    """

    sale: Sale
    refunded: bool
    wholly_refunded: bool
    why_not: Phrase | None


async def of_visit(conn: Conn, *, terminal: Terminal, visit_id: VisitId, now: datetime) -> list[Operation]:
    """The last 20 sales of the visiting card at the till's own store, not older than 30 days, the newest first.

    None where the visit is not of this store or is over. One statement more than `of_sales`.
    """
    place = (terminal.merchant_id, terminal.store_id, visit_id)
    rows = await conn.fetch(SALES_OF_VISIT_SQL, *place, now, now - LOOKED_BACK, MOST)
    return await of_sales(conn, terminal=terminal, sale_ids=[row["sale_id"] for row in rows], now=now)


async def of_sales(conn: Conn, *, terminal: Terminal, sale_ids: Sequence[SaleId], now: datetime) -> list[Operation]:
    """The sales, the newest first; that they are of the till's own store is known.

    One statement, and one more where rewards paid for something; none for no sales.
    """
    if not sale_ids:
        return []
    rows = await conn.fetch(OPERATIONS_SQL, terminal.merchant_id, sale_ids, now)
    discounts = await _discounts(conn, terminal, [row["sale_id"] for row in rows if row["rewarded"]])
    today = now.astimezone(ZoneInfo(terminal.timezone)).date()
    return [
        Operation(
            receipts.from_rows(row, row["lines"], discounts[row["sale_id"]]),
            refunded=row["refunded"],
            wholly_refunded=row["wholly_returned"],
            why_not=_why_not(row, today),
        )
        for row in rows
    ]


async def _discounts(conn: Conn, terminal: Terminal, sale_ids: Sequence[SaleId]) -> dict[SaleId, list[Row]]:
    of_sale: dict[SaleId, list[Row]] = defaultdict(list)
    if sale_ids:
        for row in await conn.fetch(DISCOUNTS_OF_SALES_SQL, terminal.merchant_id, sale_ids):
            of_sale[row["sale_id"]].append(row)
    return of_sale


def _why_not(row: Row, today: date) -> Phrase | None:
    if row["wholly_returned"]:
        return Phrase("operation_returned")
    if row["local_day"] != today:
        return Phrase("operation_of_earlier_day", {"receipt": row["receipt_number"]})
    if row["spent_last4"] is not None:
        return Phrase("sold_gift_card_spent", {"last4": row["spent_last4"]})
    return None
