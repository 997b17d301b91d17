"""What stands in the database of all cards, beside what plainly should."""

from typing import Any

from tests.baskets.counter import Counter
from tests.baskets.plain_card import Card
from tests.baskets.plain_shop import PlainShop
from tests.baskets.programs import ZONE
from wallet import audit
from wallet.database import Conn

CARDS_SQL = """
    SELECT c.card_id, c.lifetime_earned, c.carries, c.debt, c.stamps, c.tier, c.tier_since, c.tier_until,
           c.tier_review_at, COALESCE(b.active, 0)::bigint AS active, COALESCE(b.pending, 0)::bigint AS pending,
           COALESCE(b.reserved, 0)::bigint AS reserved, COALESCE(s.capped, 0)::bigint AS capped,
           COALESCE(s.kept_points, 0)::bigint AS kept_points, COALESCE(s.kept_minor, 0)::bigint AS kept_minor
    FROM cards AS c
    LEFT JOIN (
        SELECT card_id, SUM(balance) FILTER (WHERE kind = 'active') AS active,
               SUM(balance) FILTER (WHERE kind = 'pending') AS pending,
               SUM(balance) FILTER (WHERE kind = 'voucher') AS reserved
        FROM accounts
        GROUP BY card_id
    ) AS b ON b.card_id = c.card_id
    LEFT JOIN (
        SELECT card_id, SUM(capped_points) AS capped, SUM(kept_points) AS kept_points, SUM(kept_minor) AS kept_minor
        FROM sales
        GROUP BY card_id
    ) AS s ON s.card_id = c.card_id
"""

LOTS_SQL = """
    SELECT card_id, array_agg(
        ROW(remaining, activates_at, activated_at IS NOT NULL, expires_at, held)::text ORDER BY lot_id
    ) AS lots
    FROM (
        SELECT card_id, lot_id, remaining, activates_at, activated_at, expires_at, held
        FROM lots WHERE remaining > 0
    ) AS l
    GROUP BY card_id
"""

VOUCHERS_SQL = """
    SELECT v.card_id, r.slug, v.origin, v.state, COUNT(*) AS count
    FROM vouchers AS v
    JOIN rewards AS r ON r.merchant_id = v.merchant_id AND r.reward_id = v.reward_id
    GROUP BY v.card_id, r.slug, v.origin, v.state
"""

STOCK_SQL = "SELECT slug, stock FROM rewards WHERE stock IS NOT NULL"

# Not of what expired while no worker came, and not of cards to which points came back, or of which a purchase did (its
# dates with it), or a held sale was decided, when it was too late for a notice. A purchase that had earned nothing
# comes back, or is refused, without an entry.
UNTOLD_SQL = """
    SELECT e.card_id, e.occurred_at
    FROM entries AS e
    WHERE e.kind = 'EXPIRED' AND e.posted_at < e.occurred_at + interval '3 days'
      AND NOT EXISTS (
          SELECT FROM expiry_notices AS n
          WHERE n.card_id = e.card_id AND n.noticed_at < e.occurred_at
            AND n.expires_on = ((e.occurred_at - interval '1 microsecond') AT TIME ZONE $1)::date
      )
      AND NOT EXISTS (
          SELECT FROM entries AS o
          WHERE o.card_id = e.card_id AND o.kind IN ('RETURNED', 'REFUNDED', 'REVERSED', 'ACTIVATED', 'CHANGED')
            AND o.posted_at > e.occurred_at - make_interval(days => $2) AND o.seq < e.seq
      )
      AND NOT EXISTS (
          SELECT FROM sales AS o
          LEFT JOIN refunds AS r ON r.sale_id = o.sale_id
          CROSS JOIN LATERAL (
              SELECT CASE WHEN o.review = 'REFUSED' THEN o.reviewed_at WHEN o.wholly_returned THEN r.posted_at END AS at
          ) AS gone
          WHERE o.card_id = e.card_id AND gone.at <= e.posted_at
            AND gone.at > e.occurred_at - make_interval(days => $2)
      )
"""

TOLD_SQL = "SELECT COUNT(*) FROM expiry_notices"


async def assert_told(conn: Conn, notice_days: int) -> int:
    """Nobody's points expired of whom it was not told while there was time. How many dates were told of."""
    untold = await conn.fetch(UNTOLD_SQL, ZONE, notice_days)
    assert [(row["card_id"], row["occurred_at"]) for row in untold] == []
    return int(await conn.fetchval(TOLD_SQL))


async def assert_as_plain(conn: Conn, counter: Counter, shop: PlainShop) -> None:
    """Points, carry, stamps, tier, debt and what was capped of every card, its lots with their dates, its vouchers, and
    what is left on the shelf.
    """
    homes = {member.card_id: home for home, member in counter.members.items()}
    cards = {homes[row["card_id"]]: row for row in await conn.fetch(CARDS_SQL)}
    lots: dict[int, list[str]] = {homes[row["card_id"]]: row["lots"] for row in await conn.fetch(LOTS_SQL)}
    vouchers: dict[int, dict[tuple[str, str, str], int]] = {home: {} for home in cards}
    for row in await conn.fetch(VOUCHERS_SQL):
        vouchers[homes[row["card_id"]]][row["slug"], row["origin"], row["state"]] = row["count"]
    assert cards.keys() == shop.cards.keys()
    for home, card in shop.cards.items():
        row = cards[home]
        said = {name: row[name] for name in _plain(card) if name not in ("lots", "vouchers", "carry")}
        said |= {"carry": sum(row["carries"].values()), "lots": lots.get(home, []), "vouchers": vouchers[home]}
        plain = _plain(card)
        wrong = {name: (said[name], plain[name]) for name in plain if said[name] != plain[name]}
        assert not wrong, f"household {home}, (as it stands, plainly): {wrong}"
    assert {row["slug"]: row["stock"] for row in await conn.fetch(STOCK_SQL)} == shop.stock


async def assert_lawful(conn: Conn) -> None:
    async with conn.transaction():
        async for verdict in audit.verdicts(conn):
            assert verdict.broken == (), verdict.law


def _plain(card: Card) -> dict[str, Any]:
    tickets: dict[tuple[str, str, str], int] = {}
    for each in card.tickets:
        key = each.reward.slug, each.origin, each.state
        tickets[key] = tickets.get(key, 0) + 1
    return {
        "active": card.active,
        "pending": card.pending,
        "reserved": card.reserved,
        "lifetime_earned": card.lifetime,
        "carry": card.carried,
        "stamps": card.stamps,
        "debt": card.debt,
        "tier": card.tier,
        "tier_since": card.tier_since,
        "tier_until": card.tier_until,
        "tier_review_at": card.tier_review,
        "capped": card.capped,
        "kept_points": sum(each.kept_points for each in card.purchases),
        "kept_minor": sum(each.kept_minor for each in card.purchases),
        "lots": [_lot(lot.left, lot.activates, lot.active, lot.expires, lot.held) for lot in card.lots if lot.left],
        "vouchers": tickets,
    }


def _lot(*facts: Any) -> str:
    """As PostgreSQL writes a row."""
    return f"({','.join(_text(fact) for fact in facts)})"


def _text(fact: Any) -> str:
    if isinstance(fact, bool):
        return "t" if fact else "f"
    if fact is None or isinstance(fact, int):
        return "" if fact is None else str(fact)
    return f'"{fact:%Y-%m-%d %H:%M:%S}+00"'
