"""A statement from the ledger, and one that came back against it."""

from datetime import datetime

from wallet.database import Conn, Row
from wallet.errors import NotFound, PeriodTooLong
from wallet.ledger.chain import Link, canonical, start
from wallet.statements.checking import Flaw, Wrong
from wallet.statements.facts import Facts, Stand, Written
from wallet.values import CardId, CustomerId, MerchantId

ENTRIES_MAX = 1000
"""Of one statement: some hundred kilobytes."""

# Entries are numbered without gaps, so the last one posted before a moment is found by halving.
SPAN_SQL = """
    WITH RECURSIVE halved AS (
        SELECT c.merchant_id, c.card_id, k.opens, k.at, 0::bigint AS low, c.revision AS high
        FROM cards AS c
        CROSS JOIN (VALUES (TRUE, $4::timestamptz), (FALSE, $5::timestamptz)) AS k (opens, at)
        WHERE c.merchant_id = $1 AND c.card_id = $2 AND c.customer_id = $3
        UNION ALL
        SELECT h.merchant_id, h.card_id, h.opens, h.at, CASE WHEN e.posted_at < h.at THEN e.seq ELSE h.low END,
               CASE WHEN e.posted_at < h.at THEN h.high ELSE e.seq - 1 END
        FROM halved AS h
        JOIN entries AS e ON e.merchant_id = h.merchant_id AND e.card_id = h.card_id
                         AND e.seq = (h.low + h.high + 1) / 2
        WHERE h.low < h.high
    )
    SELECT c.number, m.name AS merchant_name, m.timezone, p.name AS program_name, p.point_name, p.point_name_plural,
           h.low AS seq, e.active_after, e.pending_after, e.reserved_after, e.lifetime_after, e.hash
    FROM halved AS h
    JOIN cards AS c ON c.merchant_id = h.merchant_id AND c.card_id = h.card_id
    JOIN merchants AS m ON m.merchant_id = c.merchant_id
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    LEFT JOIN entries AS e ON e.merchant_id = h.merchant_id AND e.card_id = h.card_id AND e.seq = h.low
    WHERE h.low = h.high
    ORDER BY h.opens DESC
"""

ENTRIES_OF_SPAN_SQL = """
    SELECT seq, kind, points, pending_points, reserved_points, active_after, pending_after, reserved_after,
           lifetime_after, occurred_at, posted_at, store_id, sale_id, gift_id, voucher_id, reverses_seq,
           reverses_wholly, reasons::text AS reasons, hash
    FROM entries
    WHERE merchant_id = $1 AND card_id = $2 AND seq > $3 AND seq <= $4
    ORDER BY seq
    LIMIT $5
"""


async def collect(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Facts:
    """What was posted on the customer's card from `since` to before `until`, or before `now` if that is sooner.

    Two statements. Raises NotFound for anybody else's card, PeriodTooLong for more than ENTRIES_MAX entries.
    """
    assert since < until
    until = max(since, min(until, now))
    span = await conn.fetch(SPAN_SQL, merchant_id, card_id, customer_id, since, until)
    if not span:
        raise NotFound
    begins = start(merchant_id=merchant_id, card_id=card_id)
    opening, closing = (_stand(row) if row["seq"] else Stand(0, 0, 0, 0, 0, begins) for row in span)
    rows = await conn.fetch(ENTRIES_OF_SPAN_SQL, merchant_id, card_id, opening.seq, closing.seq, ENTRIES_MAX + 1)
    if len(rows) > ENTRIES_MAX:
        raise PeriodTooLong(ENTRIES_MAX, rows[-1]["posted_at"])
    facts = span[0]
    return Facts(
        merchant_id=merchant_id,
        merchant_name=facts["merchant_name"],
        program_name=facts["program_name"],
        point_name=facts["point_name"],
        point_name_plural=facts["point_name_plural"],
        timezone=facts["timezone"],
        card_id=card_id,
        number_last4=facts["number"][-4:],
        since=since,
        until=until,
        issued_at=now,
        opening=opening,
        entries=tuple(_written(row) for row in rows),
        closing=closing,
    )


async def compare(conn: Conn, facts: Facts) -> Wrong | None:
    """The first entry of a statement that the ledger does not hold as it says, word for word; None if it holds all.

    Of what the statement begins with, unless that is the card, what stood after it is compared. One statement.
    """
    opening, last = facts.opening, facts.opening.seq + len(facts.entries)
    bounds = (max(0, opening.seq - 1), last, len(facts.entries) + 1)
    rows = await conn.fetch(ENTRIES_OF_SPAN_SQL, facts.merchant_id, facts.card_id, *bounds)
    held = {row["seq"]: row for row in rows}
    if opening.seq and (opening.seq not in held or _stand(held[opening.seq]) != opening):
        return Wrong(opening.seq, Flaw.LEDGER)
    for seq, entry in enumerate(facts.entries, start=opening.seq + 1):
        if seq not in held or _written(held[seq]) != entry:
            return Wrong(seq, Flaw.LEDGER)
    return None


def _stand(row: Row) -> Stand:
    return Stand(
        seq=row["seq"],
        active=row["active_after"],
        pending=row["pending_after"],
        reserved=row["reserved_after"],
        lifetime=row["lifetime_after"],
        hash=row["hash"],
    )


def _written(row: Row) -> Written:
    """What stands there, and the hash that stands beside it: whether they agree is not said."""
    return Written(canonical(_link(row)), row["hash"])


def _link(row: Row) -> Link:
    return Link(
        seq=row["seq"],
        kind=row["kind"],
        points=row["points"],
        pending_points=row["pending_points"],
        reserved_points=row["reserved_points"],
        active_after=row["active_after"],
        pending_after=row["pending_after"],
        reserved_after=row["reserved_after"],
        lifetime_after=row["lifetime_after"],
        occurred_at=row["occurred_at"],
        posted_at=row["posted_at"],
        store_id=row["store_id"],
        sale_id=row["sale_id"],
        gift_id=row["gift_id"],
        voucher_id=row["voucher_id"],
        reverses_seq=row["reverses_seq"],
        reverses_wholly=row["reverses_wholly"],
        reasons=row["reasons"],
    )
