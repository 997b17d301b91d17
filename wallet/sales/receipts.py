"""A sale as its store reads it back: what it earned, line by line, what vouchers paid, and what came back since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import earning, line_reasons
from wallet.baskets import Basket
from wallet.database import Conn, Row
from wallet.line_reasons import JudgedLine
from wallet.rewards import Reward, reward_from_row
from wallet.rules import Rules
from wallet.sales.planning import Plan
from wallet.sales.tenders import Paid
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
           s.discount_minor, s.currency, s.points, s.bonus_points, s.stamps, s.review, s.offline, s.occurred_at,
           s.posted_at, s.revision, s.tier_after, v.rules, t.timezone,
           s.discount_minor > 0 OR EXISTS (
               SELECT FROM vouchers AS u WHERE u.merchant_id = s.merchant_id AND u.used_sale_id = s.sale_id
           ) AS rewarded,
           COALESCE((SELECT MIN(l.activates_at) FROM lots AS l
                     WHERE l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id), s.posted_at) AS spendable_at,
           b.points AS refunded_points, b.minor AS refunded_minor,
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
            WHERE p.merchant_id = s.merchant_id AND p.sale_id = s.sale_id) AS tenders
    FROM sales AS s
    JOIN stores AS t ON t.merchant_id = s.merchant_id AND t.store_id = s.store_id
    JOIN program_revisions AS v
      ON v.merchant_id = s.merchant_id AND v.program_id = s.program_id AND v.revision = s.revision
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(r.points_taken_back), 0)::bigint AS points,
               COALESCE(SUM(r.amount_minor), 0)::bigint AS minor
        FROM refunds AS r
        WHERE r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id
    ) AS b
    WHERE s.merchant_id = $1 AND s.store_id = $2 AND s.sale_id = $3
"""

SALE_LINES_SQL = """
    SELECT l.line_id, l.kind, l.sku, l.category, l.paid_minor, l.hundredths, l.points, l.stamps, l.status,
           b.wholly AS refunded, b.minor AS returned_minor
    FROM sale_lines AS l
    CROSS JOIN LATERAL (
        SELECT COALESCE(bool_or(r.wholly), FALSE) AS wholly, COALESCE(SUM(r.amount_minor), 0)::bigint AS minor
        FROM refund_lines AS r
        WHERE r.merchant_id = l.merchant_id AND r.sale_id = l.sale_id AND r.position = l.position
    ) AS b
    WHERE l.merchant_id = $1 AND l.sale_id = $2
    ORDER BY l.position
"""

# A voucher whose goods came back is of no sale any more, but what it took off stays with this one.
SALE_DISCOUNTS_SQL = """
    SELECT w.merchant_id, w.reward_id, w.program_id, w.slug, w.name, w.description, w.kind, w.amount_minor, w.percent,
           w.ceiling_minor, w.categories, w.skus, w.cost_points, w.cost_stamps, w.stock, w.per_member, w.tiers,
           w.store_ids, w.claimable_from, w.claimable_until, w.voucher_days,
           l.line_id, COALESCE(d.amount_minor, 0)::bigint AS discount_minor
    FROM (
        SELECT voucher_id FROM sale_discounts WHERE merchant_id = $1 AND sale_id = $2
        UNION
        SELECT voucher_id FROM vouchers WHERE merchant_id = $1 AND used_sale_id = $2
    ) AS k
    JOIN vouchers AS v ON v.merchant_id = $1 AND v.voucher_id = k.voucher_id
    JOIN rewards AS w ON w.merchant_id = v.merchant_id AND w.reward_id = v.reward_id
    LEFT JOIN sale_discounts AS d ON d.merchant_id = $1 AND d.sale_id = $2 AND d.voucher_id = k.voucher_id
    LEFT JOIN sale_lines AS l ON l.merchant_id = d.merchant_id AND l.sale_id = d.sale_id AND l.position = d.position
    ORDER BY k.voucher_id, d.position
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
class DiscountLine:
    """What a reward took off a line; nothing, and no line, for a PERK."""

    reward: Reward
    line_id: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Tender:
    """What a gift card paid, or was given back, and what stood on it then."""

    last4: str
    paid: Money
    balance_after: Money


@dataclass(frozen=True, slots=True)
class Sale:
    """`points` is what the sale earned, its bonuses included; `refunded_points` what refunds have taken back. Likewise
    `refunded_stamps` are those of its `stamps` that were for what came back, and `refunded` is what that had cost, of
    which `refunded_due` did not go back to gift cards.

    `total` is before the discounts; `due` is what was left to pay after them and after what gift cards paid.
    `tier_after` is the tier that it brought; None for no other than before. `in_review`: its points wait until the
    merchant has looked at it.

    `spendable_at` is when they could first be spent: not after `posted_at` where points do not wait.
    """

    merchant_id: MerchantId
    sale_id: SaleId
    store_id: StoreId
    card_id: CardId
    store_name: str
    receipt_number: str
    total: Money
    due: Money
    discounts: tuple[DiscountLine, ...]
    points: Points
    stamps: int
    tier_after: str | None
    refunded_points: Points
    refunded_stamps: int
    refunded: Money
    refunded_due: Money
    in_review: bool
    revision: int
    offline: bool
    occurred_at: datetime
    posted_at: datetime
    spendable_at: datetime
    lines: tuple[SaleLine, ...]
    tenders: tuple[Tender, ...]


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
    lines = await conn.fetch(SALE_LINES_SQL, terminal.merchant_id, sale_id)
    discounts = await conn.fetch(SALE_DISCOUNTS_SQL, terminal.merchant_id, sale_id) if row["rewarded"] else []
    return from_rows(row, lines, discounts)


def from_rows(row: Row, lines: Sequence[Row], discounts: Sequence[Row]) -> Sale:
    currency = row["currency"]
    tenders = tenders_of(row["tenders"] or (), currency)
    paid_minor = row["total_minor"] - row["discount_minor"]
    return Sale(
        merchant_id=row["merchant_id"],
        sale_id=row["sale_id"],
        store_id=row["store_id"],
        card_id=row["card_id"],
        store_name=row["store_name"],
        receipt_number=row["receipt_number"],
        total=Money(row["total_minor"], currency),
        due=Money(Minor(paid_minor - sum(tender.paid.amount_minor for tender in tenders)), currency),
        discounts=tuple(
            DiscountLine(reward_from_row(each), each["line_id"], Money(each["discount_minor"], currency))
            for each in discounts
        ),
        points=row["points"],
        stamps=row["stamps"],
        tier_after=row["tier_after"],
        refunded_points=row["refunded_points"],
        refunded_stamps=sum(_stamps_back(line) for line in lines),
        refunded=Money(row["refunded_minor"], currency),
        refunded_due=Money(Minor(row["refunded_minor"] - row["returned_minor"]), currency),
        in_review=row["review"] == "HELD",
        revision=row["revision"],
        offline=row["offline"],
        occurred_at=row["occurred_at"],
        posted_at=row["posted_at"],
        spendable_at=row["spendable_at"],
        lines=_lines(row, lines),
        tenders=tenders,
    )


def tenders_of(rows: Sequence[Row], currency: str) -> tuple[Tender, ...]:
    """Each with `last4`, `paid_minor` and `after_minor`."""
    return tuple(
        Tender(row["last4"], Money(row["paid_minor"], currency), Money(row["after_minor"], currency)) for row in rows
    )


def tenders_paid(shares: Sequence[Paid], currency: str) -> tuple[Tender, ...]:
    return tuple(
        Tender(share.last4, Money(share.amount, currency), Money(share.balance_after, currency)) for share in shares
    )


def of_plan(
    terminal: Terminal,
    basket: Basket,
    plan: Plan,
    shares: Sequence[Paid],
    *,
    sale_id: SaleId,
    card_id: CardId,
    revision: int,
    offline: bool,
    occurred_at: datetime,
    now: datetime,
) -> Sale:
    """The sale that a plan has just become."""
    return Sale(
        merchant_id=terminal.merchant_id,
        sale_id=sale_id,
        store_id=terminal.store_id,
        card_id=card_id,
        store_name=terminal.store_name,
        receipt_number=basket.receipt_number,
        total=Money(basket.total_minor, basket.currency),
        due=Money(Minor(plan.due_minor - sum(share.amount for share in shares)), basket.currency),
        discounts=discounts_of(basket, plan),
        points=plan.points,
        stamps=plan.earning.stamps,
        tier_after=plan.standing.tier if plan.standing else None,
        refunded_points=Points(0),
        refunded_stamps=0,
        refunded=Money(Minor(0), basket.currency),
        refunded_due=Money(Minor(0), basket.currency),
        in_review=plan.held is not None,
        revision=revision,
        offline=offline,
        occurred_at=occurred_at,
        posted_at=now,
        spendable_at=plan.activates_at if plan.points else now,
        lines=tuple(SaleLine(line.line_id, line.points, line.status, line.reason) for line in plan.earning.lines),
        tenders=tenders_paid(shares, basket.currency),
    )


def discounts_of(basket: Basket, plan: Plan) -> tuple[DiscountLine, ...]:
    """What each offer of the plan takes off which line."""
    found = list[DiscountLine]()
    for index, offer in enumerate(plan.offers):
        parts = [part for part in plan.discounts if part.offer_index == index]
        for part in parts:
            line_id = basket.lines[part.position].line_id
            found.append(DiscountLine(offer.reward, line_id, Money(part.amount_minor, basket.currency)))
        if not parts:
            found.append(DiscountLine(offer.reward, None, Money(Minor(0), basket.currency)))
    return tuple(found)


def _lines(sale: Row, rows: Sequence[Row]) -> tuple[SaleLine, ...]:
    judged = [_judged(row) for row in rows]
    local = sale["occurred_at"].astimezone(ZoneInfo(sale["timezone"]))
    reasons = line_reasons.of_lines(Rules.from_json(sale["rules"]), judged, local=local, currency=sale["currency"])
    return tuple(
        SaleLine(row["line_id"], line.points, line.status, reason)
        for row, line, reason in zip(rows, judged, reasons, strict=True)
    )


def _stamps_back(line: Row) -> int:
    kept_minor = Minor(line["paid_minor"] - line["returned_minor"])
    return int(line["stamps"]) - earning.kept_stamps(
        line["stamps"], paid_minor=line["paid_minor"], kept_minor=kept_minor, wholly=line["refunded"]
    )


def _judged(row: Row) -> JudgedLine:
    return JudgedLine(
        kind=LineKind(row["kind"]),
        sku=row["sku"],
        category=row["category"],
        paid_minor=row["paid_minor"],
        hundredths=row["hundredths"],
        points=row["points"],
        stamps=row["stamps"],
        status=EarnStatus.REFUNDED if row["refunded"] else EarnStatus(row["status"]),
    )
