"""Proves the ledger's laws on a live database, and says what it proved.

Each law is one query that returns what breaks it; run them all in one REPEATABLE READ, READ ONLY transaction, so that
they look at one moment and block nobody.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from wallet.database import Conn

BALANCES_SQL = """
    SELECT 'account ' || a.account_id || ' holds ' || a.balance || ', its transfers say ' || COALESCE(t.points, 0)
    FROM accounts AS a
    LEFT JOIN (
        SELECT s.merchant_id, s.account_id, SUM(s.points) AS points
        FROM (
            SELECT merchant_id, to_account_id AS account_id, points FROM transfers
            UNION ALL
            SELECT merchant_id, from_account_id, -points FROM transfers
        ) AS s
        GROUP BY s.merchant_id, s.account_id
    ) AS t ON t.merchant_id = a.merchant_id AND t.account_id = a.account_id
    WHERE a.balance IS NOT NULL AND a.balance <> COALESCE(t.points, 0)
    ORDER BY a.merchant_id, a.account_id
"""

SUM_ZERO_SQL = """
    SELECT 'program ' || z.program_id || ' is out of balance by ' || SUM(z.points)
    FROM (
        SELECT program_id, balance AS points FROM accounts WHERE balance IS NOT NULL
        UNION ALL
        SELECT a.program_id, t.points FROM transfers AS t
        JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.to_account_id AND a.balance IS NULL
        UNION ALL
        SELECT a.program_id, -t.points FROM transfers AS t
        JOIN accounts AS a ON a.merchant_id = t.merchant_id AND a.account_id = t.from_account_id AND a.balance IS NULL
    ) AS z
    GROUP BY z.program_id
    HAVING SUM(z.points) <> 0
    ORDER BY z.program_id
"""

ENTRIES_SQL = """
    SELECT 'card ' || r.card_id || ', entry ' || r.seq || ': the lines before it do not lead to what stands after it'
    FROM (
        SELECT e.merchant_id, e.card_id, e.seq, e.active_after, e.pending_after, e.reserved_after,
               row_number() OVER upto AS position, SUM(e.points) OVER upto AS active,
               SUM(e.pending_points) OVER upto AS pending, SUM(e.reserved_points) OVER upto AS reserved
        FROM entries AS e
        WINDOW upto AS (PARTITION BY e.merchant_id, e.card_id ORDER BY e.seq)
    ) AS r
    WHERE r.seq <> r.position OR r.active <> r.active_after OR r.pending <> r.pending_after
       OR r.reserved <> r.reserved_after
    ORDER BY r.merchant_id, r.card_id, r.seq
"""

CARDS_SQL = """
    SELECT 'card ' || c.card_id || ' says ' || c.revision || ' entries, ' || COALESCE(b.active, 0) || ' active, '
           || COALESCE(b.pending, 0) || ' pending, ' || COALESCE(b.reserved, 0)
           || ' reserved; its last entry says otherwise'
    FROM cards AS c
    LEFT JOIN (
        SELECT merchant_id, card_id,
               SUM(balance) FILTER (WHERE kind = 'active') AS active,
               SUM(balance) FILTER (WHERE kind = 'pending') AS pending,
               SUM(balance) FILTER (WHERE kind = 'gift') AS reserved
        FROM accounts WHERE card_id IS NOT NULL
        GROUP BY merchant_id, card_id
    ) AS b ON b.merchant_id = c.merchant_id AND b.card_id = c.card_id
    LEFT JOIN LATERAL (
        SELECT e.seq, e.active_after, e.pending_after, e.reserved_after, e.lifetime_after
        FROM entries AS e
        WHERE e.merchant_id = c.merchant_id AND e.card_id = c.card_id
        ORDER BY e.seq DESC LIMIT 1
    ) AS l ON TRUE
    WHERE c.revision <> COALESCE(l.seq, 0) OR c.lifetime_earned <> COALESCE(l.lifetime_after, 0)
       OR COALESCE(b.active, 0) <> COALESCE(l.active_after, 0)
       OR COALESCE(b.pending, 0) <> COALESCE(l.pending_after, 0)
       OR COALESCE(b.reserved, 0) <> COALESCE(l.reserved_after, 0)
    ORDER BY c.merchant_id, c.card_id
"""

TRANSFERS_SQL = """
    SELECT 'card ' || e.card_id || ', entry ' || e.seq || ': its transfers do not move what it says'
    FROM entries AS e
    JOIN cards AS c ON c.merchant_id = e.merchant_id AND c.card_id = e.card_id
    LEFT JOIN (
        SELECT t.merchant_id, t.card_id, t.seq,
               SUM(CASE WHEN d.active_account_id = t.to_account_id THEN t.points
                        WHEN d.active_account_id = t.from_account_id THEN -t.points ELSE 0 END) AS active,
               SUM(CASE WHEN d.pending_account_id = t.to_account_id THEN t.points
                        WHEN d.pending_account_id = t.from_account_id THEN -t.points ELSE 0 END) AS pending
        FROM transfers AS t
        JOIN cards AS d ON d.merchant_id = t.merchant_id AND d.card_id = t.card_id
        GROUP BY t.merchant_id, t.card_id, t.seq
    ) AS m ON m.merchant_id = e.merchant_id AND m.card_id = e.card_id AND m.seq = e.seq
    WHERE e.points <> COALESCE(m.active, 0) OR e.pending_points <> COALESCE(m.pending, 0)
    ORDER BY e.merchant_id, e.card_id, e.seq
"""

LOT_MOVEMENTS_SQL = """
    SELECT 'lot ' || l.lot_id || ' has ' || l.remaining || ' left, its movements say ' || COALESCE(m.points, 0)
    FROM lots AS l
    LEFT JOIN (
        SELECT merchant_id, lot_id, SUM(points) AS points FROM lot_movements GROUP BY merchant_id, lot_id
    ) AS m ON m.merchant_id = l.merchant_id AND m.lot_id = l.lot_id
    WHERE l.remaining <> COALESCE(m.points, 0)
    ORDER BY l.merchant_id, l.lot_id
"""

LOTS_SQL = """
    SELECT 'card ' || c.card_id || ': its lots sum to ' || COALESCE(l.active, 0) || ' active and '
           || COALESCE(l.pending, 0) || ' pending, its accounts say ' || a.balance || ' and ' || p.balance
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS p ON p.merchant_id = c.merchant_id AND p.account_id = c.pending_account_id
    LEFT JOIN (
        SELECT merchant_id, card_id,
               SUM(remaining) FILTER (WHERE activated_at IS NOT NULL) AS active,
               SUM(remaining) FILTER (WHERE activated_at IS NULL) AS pending
        FROM lots GROUP BY merchant_id, card_id
    ) AS l ON l.merchant_id = c.merchant_id AND l.card_id = c.card_id
    WHERE a.balance <> COALESCE(l.active, 0) OR p.balance <> COALESCE(l.pending, 0)
    ORDER BY c.merchant_id, c.card_id
"""

GIFTS_SQL = """
    SELECT 'gift ' || g.gift_id || ' is ' || g.status || ' with ' || g.points || ' points, its escrow holds '
           || a.balance
    FROM gifts AS g
    JOIN accounts AS a ON a.merchant_id = g.merchant_id AND a.account_id = g.account_id
    WHERE a.balance <> CASE WHEN g.closed_at IS NULL THEN g.points ELSE 0 END
    ORDER BY g.merchant_id, g.gift_id
"""

SALES_SQL = """
    SELECT 'sale ' || s.sale_id || ' earned ' || s.points || ', its lines say ' || COALESCE(l.points, 0)
           || ', its entry ' || COALESCE(e.points + e.pending_points, 0)
    FROM sales AS s
    LEFT JOIN (
        SELECT merchant_id, sale_id, SUM(points) AS points FROM sale_lines GROUP BY merchant_id, sale_id
    ) AS l ON l.merchant_id = s.merchant_id AND l.sale_id = s.sale_id
    LEFT JOIN entries AS e ON e.merchant_id = s.merchant_id AND e.card_id = s.card_id AND e.seq = s.entry_seq
    WHERE s.points <> COALESCE(l.points, 0) OR s.points <> COALESCE(e.points + e.pending_points, 0)
    ORDER BY s.merchant_id, s.sale_id
"""

REFUNDS_SQL = """
    SELECT 'sale ' || s.sale_id || ': refunds took back ' || COALESCE(r.points, 0) || ', its entries say '
           || COALESCE(e.points, 0)
    FROM sales AS s
    LEFT JOIN (
        SELECT merchant_id, sale_id, SUM(points_taken_back) AS points FROM refunds GROUP BY merchant_id, sale_id
    ) AS r ON r.merchant_id = s.merchant_id AND r.sale_id = s.sale_id
    LEFT JOIN (
        SELECT merchant_id, sale_id, -SUM(points + pending_points) AS points
        FROM entries WHERE kind = 'REFUNDED' AND sale_id IS NOT NULL GROUP BY merchant_id, sale_id
    ) AS e ON e.merchant_id = s.merchant_id AND e.sale_id = s.sale_id
    WHERE COALESCE(r.points, 0) <> COALESCE(e.points, 0)
    ORDER BY s.merchant_id, s.sale_id
"""

COUNT_SQL = """
    SELECT (SELECT COUNT(*) FROM cards) AS cards, (SELECT COUNT(*) FROM entries) AS entries,
           (SELECT COUNT(*) FROM transfers) AS transfers, (SELECT COUNT(*) FROM lots) AS lots,
           (SELECT COUNT(*) FROM sales) AS sales, (SELECT COUNT(*) FROM refunds) AS refunds,
           (SELECT COUNT(*) FROM gifts) AS gifts,
           (SELECT COALESCE(SUM(balance), 0)::bigint FROM accounts) AS points_owed
"""

LAWS = (
    ("every account holds what its transfers say", BALANCES_SQL),
    ("the sum over all accounts of a program is 0", SUM_ZERO_SQL),
    ("entries are numbered without gaps, and each line leads to the next", ENTRIES_SQL),
    ("every card stands as its last entry says", CARDS_SQL),
    ("every entry moves what it says", TRANSFERS_SQL),
    ("every lot has left what its movements say", LOT_MOVEMENTS_SQL),
    ("the lots of a card sum to its balance", LOTS_SQL),
    ("a gift is in exactly one place", GIFTS_SQL),
    ("a sale earned once what its lines say", SALES_SQL),
    ("refunds took back what their entries say", REFUNDS_SQL),
)

BROKEN_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """One law, and what breaks it: none, or the first BROKEN_SHOWN_MAX of `count`."""

    law: str
    count: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much was looked at. `points_owed` is the liability: all points on cards and in gifts."""

    cards: int
    entries: int
    transfers: int
    lots: int
    sales: int
    refunds: int
    gifts: int
    points_owed: int


async def verdicts(conn: Conn) -> AsyncIterator[Verdict]:
    """Each law with what breaks it, as it is found. The connection is in a repeatable-read, read-only transaction."""
    for law, query in LAWS:
        broken = [str(row[0]) for row in await conn.fetch(query)]
        yield Verdict(law, len(broken), tuple(broken[:BROKEN_SHOWN_MAX]))


async def extent(conn: Conn) -> Extent:
    """How much there is, in the same moment as the verdicts."""
    row = await conn.fetchrow(COUNT_SQL)
    assert row is not None
    return Extent(
        cards=row["cards"],
        entries=row["entries"],
        transfers=row["transfers"],
        lots=row["lots"],
        sales=row["sales"],
        refunds=row["refunds"],
        gifts=row["gifts"],
        points_owed=row["points_owed"],
    )
