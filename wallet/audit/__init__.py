"""Proves the ledger's laws on a live database, and says what it proved.

Each law is one query that returns what breaks it, the first first; run them all in REPEATABLE READ, READ ONLY
transactions on one snapshot, so that they look at one moment and block nobody.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from wallet.audit import accounts, business, chains, lots, payments, returns, streams, value
from wallet.database import Conn

COUNT_SQL = """
    SELECT (SELECT COUNT(*) FROM cards) AS cards, (SELECT COUNT(*) FROM entries) AS entries,
           (SELECT COUNT(*) FROM transfers) AS transfers, (SELECT COUNT(*) FROM lots) AS lots,
           (SELECT COUNT(*) FROM sales) AS sales, (SELECT COUNT(*) FROM refunds) AS refunds,
           (SELECT COUNT(*) FROM gifts) AS gifts,
           (SELECT COUNT(*) FROM vouchers) AS vouchers,
           (SELECT COUNT(*) FROM gift_cards) AS gift_cards,
           (SELECT COUNT(*) FROM gift_card_activities) AS activities,
           (SELECT COUNT(*) FROM payments) AS payments,
           (SELECT COALESCE(SUM(balance), 0)::bigint FROM accounts) AS points_owed
"""

BROKEN_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """One law, and what breaks it: none, or the first BROKEN_SHOWN_MAX of `count`."""

    law: str
    count: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much was looked at. `points_owed` is the liability: all points on cards, in gifts and in vouchers."""

    cards: int
    entries: int
    transfers: int
    lots: int
    sales: int
    refunds: int
    gifts: int
    vouchers: int
    gift_cards: int
    activities: int
    payments: int
    points_owed: int


LAWS = (
    *chains.LAWS,
    *accounts.LAWS,
    *lots.LAWS,
    *business.LAWS,
    *returns.LAWS,
    *streams.LAWS,
    *value.LAWS,
    *payments.LAWS,
)
"""What always holds, each with the query that returns a sentence for everything of which it does not."""


async def judge(conn: Conn, law: str, query: str) -> Verdict:
    """The law with what breaks it. The connection is in a repeatable-read, read-only transaction."""
    broken = [str(row[0]) for row in await conn.fetch(query)]
    return Verdict(law, len(broken), tuple(broken[:BROKEN_SHOWN_MAX]))


async def verdicts(conn: Conn) -> AsyncIterator[Verdict]:
    """Each law with what breaks it, as it is found. The connection is in a repeatable-read, read-only transaction."""
    for law, query in LAWS:
        yield await judge(conn, law, query)


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
        vouchers=row["vouchers"],
        gift_cards=row["gift_cards"],
        activities=row["activities"],
        payments=row["payments"],
        points_owed=row["points_owed"],
    )
