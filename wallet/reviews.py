"""Suspicion: a sale that looks odd is recorded like any other, and what it earns waits until the merchant has looked.

It is no error at the till: most of what looks odd is not, and a queue stands behind the customer. Until then the sale
is a stream of money by itself, so whatever the merchant decides, no other sale of the card has earned by it or lost:
docs/decisions/0012-counter-identity-and-trust.md.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import earning, ledger, punch_cards
from wallet.database import Conn, Row
from wallet.earning import Joined, KeptLine
from wallet.errors import InvalidInput, NotFound
from wallet.ledger import Cause, LockedCard
from wallet.rules import Carry, ReviewRules, Rules
from wallet.values import CardId, EntryKind, MerchantId, Minor, Money, Phrase, Points, SaleId, StoreId

CODE_USED_TWICE = Phrase("review_code_used_twice")
"""An offline sale whose code had been used up by another one."""

OPERATOR_UNKNOWN = Phrase("review_operator_unknown")
"""An offline sale without the PIN that the merchant asks for, or with one that was nobody's."""

MANY_SALES_OF_CARD = Phrase("review_many_sales_of_card")
ONE_CARD_AT_ONE_TILL = Phrase("review_one_card_at_one_till")
MANY_SALES_OF_TILL = Phrase("review_many_sales_of_till")
LARGE_AMOUNT = Phrase("review_large_amount")

# Of any number who decide at once one does: whoever waited for the row finds it decided.
LOCK_HELD_SALE_SQL = """
    SELECT s.card_id, s.store_id, s.points, s.capped_points, s.kept_minor, s.currency, v.rules, m.timezone
    FROM sales AS s
    JOIN program_revisions AS v
      ON v.merchant_id = s.merchant_id AND v.program_id = s.program_id AND v.revision = s.revision
    JOIN merchants AS m ON m.merchant_id = s.merchant_id
    WHERE s.merchant_id = $1 AND s.sale_id = $2 AND s.review = 'HELD'
    FOR NO KEY UPDATE OF s
"""

DECIDE_SQL = """
    UPDATE sales
    SET review = $3, reviewed_at = $4, kept_points = CASE WHEN $3 = 'REFUSED' THEN 0 ELSE kept_points END
    WHERE merchant_id = $1 AND sale_id = $2
"""

SALE_EXISTS_SQL = "SELECT EXISTS (SELECT FROM sales WHERE merchant_id = $1 AND sale_id = $2)"

RETURNED_SQL = """
    SELECT COALESCE(SUM(points_due), 0)::bigint
    FROM refunds
    WHERE merchant_id = $1 AND sale_id = $2
"""

KEPT_LINES_SQL = """
    SELECT l.hundredths, l.paid_minor, l.paid_minor - COALESCE(SUM(r.amount_minor), 0)::bigint AS kept_minor
    FROM sale_lines AS l
    LEFT JOIN refund_lines AS r
      ON r.merchant_id = l.merchant_id AND r.sale_id = l.sale_id AND r.position = l.position
    WHERE l.merchant_id = $1 AND l.sale_id = $2
    GROUP BY l.position, l.hundredths, l.paid_minor
"""

STAMPS_KEPT_SQL = """
    SELECT COALESCE(SUM(stamps), 0)::integer
    FROM stamp_movements
    WHERE merchant_id = $1 AND card_id = $2 AND sale_id = $3 AND kind IN ('COLLECTED', 'TAKEN_BACK')
"""

HELD_SALES_SQL = """
    SELECT s.sale_id, s.card_id, right(c.number, 4) AS number_last4, s.receipt_number, t.name AS store_name,
           n.name AS terminal_name, o.name AS operator_name, s.total_minor, s.currency, s.kept_points AS points,
           s.review_reason, s.occurred_at
    FROM sales AS s
    JOIN cards AS c ON c.merchant_id = s.merchant_id AND c.card_id = s.card_id
    JOIN stores AS t ON t.merchant_id = s.merchant_id AND t.store_id = s.store_id
    JOIN terminals AS n ON n.merchant_id = s.merchant_id AND n.terminal_id = s.terminal_id
    LEFT JOIN operators AS o ON o.merchant_id = s.merchant_id AND o.operator_id = s.operator_id
    WHERE s.merchant_id = $1 AND s.review = 'HELD'
    ORDER BY s.posted_at, s.sale_id
    LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Velocity:
    """What went before a sale, itself left out, and how much it is.

    `sales_of_card_today`: of the card, on the sale's day in its store. `sales_of_card_at_terminal_today`: those of them
    that this till made. `sales_of_terminal_last_hour`: of the till, whosever card. `amount_minor`: the sale's total.
    """

    sales_of_card_today: int
    sales_of_card_at_terminal_today: int
    sales_of_terminal_last_hour: int
    amount_minor: Minor


def suspicion(rules: ReviewRules, facts: Velocity) -> Phrase | None:
    """Why the merchant should look at the sale before its points can be spent; None if nothing is odd.

    The amount first, then the card, then the till. Its code is what is stored with the sale.
    """
    if rules.amount_minor is not None and facts.amount_minor > rules.amount_minor:
        return LARGE_AMOUNT
    if rules.sales_per_day is not None and facts.sales_of_card_today >= rules.sales_per_day:
        alone = facts.sales_of_card_at_terminal_today == facts.sales_of_card_today > 0
        return ONE_CARD_AT_ONE_TILL if alone else MANY_SALES_OF_CARD
    if (
        rules.sales_per_hour_of_terminal is not None
        and facts.sales_of_terminal_last_hour >= rules.sales_per_hour_of_terminal
    ):
        return MANY_SALES_OF_TILL
    return None


@dataclass(frozen=True, slots=True)
class HeldSale:
    """A sale whose points wait for the merchant. `points` are those of it that wait, `reason` is why."""

    sale_id: SaleId
    card_id: CardId
    number_last4: str
    receipt_number: str
    store_name: str
    terminal_name: str
    operator_name: str | None
    total: Money
    points: Points
    reason: Phrase
    occurred_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> "HeldSale":
        return cls(
            sale_id=row["sale_id"],
            card_id=row["card_id"],
            number_last4=row["number_last4"],
            receipt_number=row["receipt_number"],
            store_name=row["store_name"],
            terminal_name=row["terminal_name"],
            operator_name=row["operator_name"],
            total=Money(row["total_minor"], row["currency"]),
            points=row["points"],
            reason=Phrase(row["review_reason"]),
            occurred_at=row["occurred_at"],
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """The card as the decision left it, and how many points it let go or took back."""

    card: LockedCard
    points: Points


@dataclass(frozen=True, slots=True)
class _Judged:
    """A held sale that this transaction has decided, with its card locked."""

    card: LockedCard
    store_id: StoreId
    points: Points
    capped_points: Points
    kept: Money
    rules: Rules
    zone: ZoneInfo


async def held(conn: Conn, *, merchant_id: MerchantId, limit: int) -> list[HeldSale]:
    """The sales that wait for the merchant, the longest waiting first, up to `limit`."""
    return [HeldSale.from_row(row) for row in await conn.fetch(HELD_SALES_SQL, merchant_id, limit)]


async def release(conn: Conn, *, merchant_id: MerchantId, sale_id: SaleId, now: datetime) -> Decided:
    """The points of the held sale are as those of any other: spendable if their day has come, else pending until then.

    What it left over goes into the card's stream of money, and a step that it completes there is earned now. The sale
    counts for the tier from now on. Raises NotFound, and InvalidInput for a sale that is not held (any more).
    """
    judged = await _decide(conn, merchant_id, sale_id, "RELEASED", now=now)
    points = await ledger.release_held(conn, judged.card, sale_id=sale_id)
    card, completed = await _join(conn, judged, sale_id, now=now)
    card = await ledger.raise_tier(conn, card, at=now, now=now)
    card = await ledger.settle_due(conn, card, judged_until=now, now=now)
    return Decided(card, Points(points + completed))


async def refuse(conn: Conn, *, merchant_id: MerchantId, sale_id: SaleId, now: datetime) -> Decided:
    """The held sale has earned nothing: what it had earned is off the card, its stamps are off the punch card, and a
    debt that it had paid is owed again.

    The sale itself stays, and what was bought can still be brought back. Raises as `release` does.
    """
    judged = await _decide(conn, merchant_id, sale_id, "REFUSED", now=now)
    cause = Cause(occurred_at=now, reasons=(Phrase("review_refused"),), store_id=judged.store_id, sale_id=sale_id)
    taken = await ledger.reverse_earning(conn, judged.card, sale_id=sale_id, cause=cause, now=now)
    returned = await conn.fetchval(RETURNED_SQL, merchant_id, sale_id)
    card, paid = taken.card, judged.points - returned - taken.points
    if paid > 0:
        card = await ledger.owe(conn, card, points=Points(paid))
    stamps = await conn.fetchval(STAMPS_KEPT_SQL, merchant_id, card.card_id, sale_id)
    card = await punch_cards.take_back(conn, card, stamps=stamps, cause=cause, now=now)
    await ledger.untouch(conn, card)
    return Decided(card, taken.points)


async def _decide(conn: Conn, merchant_id: MerchantId, sale_id: SaleId, verdict: str, *, now: datetime) -> _Judged:
    """What time had brought to the card comes first: until now the sale was held, and counted for no tier."""
    row = await conn.fetchrow(LOCK_HELD_SALE_SQL, merchant_id, sale_id)
    if row is None:
        if not await conn.fetchval(SALE_EXISTS_SQL, merchant_id, sale_id):
            raise NotFound
        raise InvalidInput.of("sale", "sale_not_held")
    cards = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[row["card_id"]], now=now)
    await conn.execute(DECIDE_SQL, merchant_id, sale_id, verdict, now)
    return _Judged(
        card=cards[row["card_id"]],
        store_id=row["store_id"],
        points=row["points"],
        capped_points=row["capped_points"],
        kept=Money(row["kept_minor"], row["currency"]),
        rules=Rules.from_json(row["rules"]),
        zone=ZoneInfo(row["timezone"]),
    )


async def _join(conn: Conn, judged: _Judged, sale_id: SaleId, *, now: datetime) -> tuple[LockedCard, Points]:
    """What the sale left over is carried by the card, and the points of a step that it completes are on it, as if the
    money had been spent now. How many those are.
    """
    rules, card = judged.rules, judged.card
    rows = await conn.fetch(KEPT_LINES_SQL, card.merchant_id, sale_id)
    lines = [KeptLine(row["hundredths"], row["paid_minor"], row["kept_minor"], row["kept_minor"]) for row in rows]
    joined = earning.join(rules, lines, capped_points=judged.capped_points, carry=card.carry_at(rules.rate))
    carry = Carry(rules.rate, joined.carry_after)
    if not joined.points:
        return await ledger.set_carry(conn, card, carry), joined.points
    activates_at = rules.activates_at(now, judged.zone)
    posted = await ledger.earn(
        conn,
        card,
        kind=EntryKind.EARNED,
        points=joined.points,
        activates_at=activates_at,
        expires_at=rules.expires_at(activates_at, judged.zone),
        sliding_months=rules.inactivity_months,
        notice_days=rules.notice_days,
        carry=carry,
        cause=Cause(now, _reasons(judged, joined), judged.store_id, sale_id),
        now=now,
    )
    card = posted.card
    if card.debt:
        paid = Phrase("debt_paid", {"points": min(card.debt, joined.points)})
        paying = Cause(now, (paid,), judged.store_id)
        card = await ledger.pay_debt(conn, card, sale_id=sale_id, points=joined.points, cause=paying, now=now)
    return card, joined.points


def _reasons(judged: _Judged, joined: Joined) -> tuple[Phrase, ...]:
    """Why a release earned points of its own."""
    rules, kept = judged.rules, judged.kept
    carried = {
        "carried_in": judged.card.carry_at(rules.rate) // 100,
        "carried_on": joined.carry_after // 100,
    }
    return (
        Phrase(
            "earned_for_purchase",
            {"points": joined.points, "amount_minor": kept.amount_minor, "currency": kept.currency},
        ),
        Phrase("by_rule", {"points": rules.points, "per_minor": rules.per_minor, "currency": kept.currency}),
        *(Phrase(code, {"amount_minor": minor, "currency": kept.currency}) for code, minor in carried.items() if minor),
    )
