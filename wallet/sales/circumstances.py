"""What is known of a member and a till when a sale is judged: one statement, whatever the history."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wallet import tiers
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.punch_cards import PunchCard
from wallet.rules import Rules
from wallet.tiers import Standing
from wallet.values import CardId, Points, SaleId, Terminal

HOUR = timedelta(hours=1)
LEAP_DAY = (2, 29)

# What a refused or wholly returned sale had earned is no longer kept, so it counts for nothing here. Bonuses are not
# capped, so the caps do not count them. How much a till sells in an hour is of the hour in which it sold, however late
# it tells of it: nothing is told of before it happened.
CIRCUMSTANCES_SQL = """
    SELECT u.birth_month, u.birth_day, c.tier, c.tier_since, c.tier_until, c.tier_review_at, c.stamps,
           w.reward_id AS stamp_reward_id, w.voucher_days,
           EXISTS (
               SELECT FROM sales AS o
               WHERE o.merchant_id = c.merchant_id AND o.card_id = c.card_id AND NOT o.wholly_returned
                 AND o.review IS DISTINCT FROM 'REFUSED' AND o.sale_id IS DISTINCT FROM $3
           ) AS bought_before,
           s.last_bought_at, s.earned_today, s.earned_this_month, s.visited_at, s.stamped_at, s.tier_points,
           s.tier_minor, s.sales_today, s.sales_at_terminal_today, t.sales_of_terminal_last_hour
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    LEFT JOIN rewards AS w
      ON w.merchant_id = c.merchant_id AND w.program_id = c.program_id AND w.slug = $9
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(k.line_points) FILTER (WHERE k.local_day = $4), 0)::bigint AS earned_today,
               COALESCE(SUM(k.line_points) FILTER (
                   WHERE date_trunc('month', k.local_day) = date_trunc('month', $4::date)
               ), 0)::bigint AS earned_this_month,
               MAX(k.occurred_at) FILTER (WHERE NOT k.wholly_returned) AS last_bought_at,
               MAX(k.occurred_at) FILTER (WHERE k.visit_points > 0 AND NOT k.wholly_returned) AS visited_at,
               MAX(k.occurred_at) FILTER (WHERE k.stamps > 0 AND NOT k.wholly_returned) AS stamped_at,
               COALESCE(SUM(k.kept_points) FILTER (
                   WHERE k.occurred_at >= $6 AND k.review IS DISTINCT FROM 'HELD'
               ), 0)::bigint AS tier_points,
               COALESCE(SUM(k.kept_minor) FILTER (
                   WHERE k.occurred_at >= $6 AND k.review IS DISTINCT FROM 'HELD'
               ), 0)::bigint AS tier_minor,
               COUNT(*) FILTER (WHERE k.local_day = $4 AND NOT k.wholly_returned) AS sales_today,
               COUNT(*) FILTER (
                   WHERE k.local_day = $4 AND k.terminal_id = $7 AND NOT k.wholly_returned
               ) AS sales_at_terminal_today
        FROM (
            SELECT o.local_day, o.occurred_at, o.kept_points, o.kept_minor, o.visit_points, o.stamps, o.review,
                   o.wholly_returned, o.terminal_id,
                   GREATEST(o.kept_points - o.bonus_points, 0) AS line_points
            FROM sales AS o
            WHERE o.merchant_id = c.merchant_id AND o.card_id = c.card_id AND o.occurred_at >= $5
              AND o.sale_id IS DISTINCT FROM $3 AND o.review IS DISTINCT FROM 'REFUSED'
        ) AS k
    ) AS s
    CROSS JOIN LATERAL (
        SELECT COUNT(*) AS sales_of_terminal_last_hour
        FROM sales AS o
        WHERE o.merchant_id = c.merchant_id AND o.terminal_id = $7 AND o.posted_at > $8::timestamptz - interval '1 hour'
          AND o.occurred_at > $8::timestamptz - interval '1 hour' AND o.occurred_at <= $8
          AND o.sale_id IS DISTINCT FROM $3
    ) AS t
    WHERE c.merchant_id = $1 AND c.card_id = $2
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands on a card, beside its points, and what was sold to it and at the till, this sale left out.

    `tier_input` is what the window of the tiers holds so far: points or money, as the rules have it. `last_bought_at`
    is known only if it is later than the sale, or not much earlier.
    """

    birth_month: int | None
    birth_day: int | None
    standing: Standing
    stamps: int
    punch_card: PunchCard | None
    bought_before: bool
    last_bought_at: datetime | None
    earned_today: Points
    earned_this_month: Points
    visited_at: datetime | None
    stamped_at: datetime | None
    tier_input: int
    sales_today: int
    sales_at_terminal_today: int
    sales_of_terminal_last_hour: int


async def load(
    conn: Conn,
    *,
    terminal: Terminal,
    card_id: CardId,
    sale_id: SaleId | None,
    rules: Rules,
    occurred_at: datetime,
) -> Facts:
    """The facts for a sale at `occurred_at`, `sale_id` itself left out of them. Raises NotFound for no such card."""
    zone = ZoneInfo(terminal.merchant_timezone)
    today = local_day(terminal, occurred_at)
    since = tiers.window_start(rules.tiers, occurred_at, zone) if rules.tiers else occurred_at
    row = await conn.fetchrow(
        CIRCUMSTANCES_SQL,
        terminal.merchant_id,
        card_id,
        sale_id,
        today,
        min(since, _earliest(rules, occurred_at)),
        since,
        terminal.terminal_id,
        occurred_at,
        rules.stamps.reward if rules.stamps else None,
    )
    if row is None:
        raise NotFound
    by_spend = rules.tiers is not None and rules.tiers.basis == "spend"
    return Facts(
        birth_month=row["birth_month"],
        birth_day=row["birth_day"],
        standing=Standing(row["tier"], row["tier_since"], row["tier_until"], row["tier_review_at"]),
        stamps=row["stamps"],
        punch_card=PunchCard(rules.stamps.needed, row["stamp_reward_id"], row["voucher_days"])
        if rules.stamps and row["stamp_reward_id"]
        else None,
        bought_before=row["bought_before"],
        last_bought_at=row["last_bought_at"],
        earned_today=row["earned_today"],
        earned_this_month=row["earned_this_month"],
        visited_at=row["visited_at"],
        stamped_at=row["stamped_at"],
        tier_input=row["tier_minor"] if by_spend else row["tier_points"],
        sales_today=row["sales_today"],
        sales_at_terminal_today=row["sales_at_terminal_today"],
        sales_of_terminal_last_hour=row["sales_of_terminal_last_hour"],
    )


def local_day(terminal: Terminal, at: datetime) -> date:
    """The day that it is in the till's store."""
    return at.astimezone(ZoneInfo(terminal.timezone)).date()


def is_birthday(facts: Facts, day: date) -> bool:
    """Whether the customer has their birthday on the day; who was born on 29 February, on the 28th of other years."""
    born = (facts.birth_month, facts.birth_day)
    if born == LEAP_DAY and not isleap(day.year):
        born = (2, 28)
    return (day.month, day.day) == born


def is_due(last: datetime | None, hours: int, at: datetime) -> bool:
    """Whether what is given once in so many hours is due again."""
    return last is None or at - last >= hours * HOUR


def _earliest(rules: Rules, at: datetime) -> datetime:
    """From when on sales have to be looked at for caps and cool-downs."""
    hours = max(rules.bonuses.visit_hours, rules.stamps.cooldown_hours if rules.stamps else 0)
    month = at - timedelta(days=33) if rules.caps.per_month is not None else at
    return min(month, at - timedelta(days=2), at - hours * HOUR)
