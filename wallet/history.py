"""What happened on a card, as a person reads it. Pages by the entry's number, so that a page costs the same in a
history of ten lines and of ten million."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict

from wallet.database import Conn, Row
from wallet.values import HIDDEN, CardId, EntryKind, GiftId, MerchantId, Phrase, Points, SaleId

# One index range a card, newest first, whatever the number of cards asked for.
HISTORY_SQL = """
    SELECT e.merchant_id, e.card_id, e.seq, e.kind, e.points, e.pending_points, e.active_after,
           e.pending_after, e.reserved_after, e.lifetime_after, e.occurred_at, e.posted_at, e.sale_id, e.gift_id,
           e.reverses_seq, e.reasons, st.name AS store_name, sa.receipt_number,
           (SELECT r.seq FROM entries AS r
            WHERE r.merchant_id = e.merchant_id AND r.card_id = e.card_id AND r.reverses_seq = e.seq
              AND r.reverses_wholly) AS reversed_by_seq
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    CROSS JOIN LATERAL (
        SELECT h.merchant_id, h.card_id, h.seq, h.kind, h.points, h.pending_points, h.active_after, h.pending_after,
               h.reserved_after, h.lifetime_after, h.occurred_at, h.posted_at, h.store_id, h.sale_id, h.gift_id,
               h.reverses_seq, h.reasons
        FROM entries AS h
        WHERE h.merchant_id = k.merchant_id AND h.card_id = k.card_id AND h.seq < $3
          AND h.kind NOT IN ('GIFT_SETTLED', 'VOUCHER_USED', 'VOUCHER_REOPENED', 'CHANGED')
        ORDER BY h.seq DESC
        LIMIT $4
    ) AS e
    LEFT JOIN stores AS st ON st.merchant_id = e.merchant_id AND st.store_id = e.store_id
    LEFT JOIN sales AS sa ON sa.merchant_id = e.merchant_id AND sa.sale_id = e.sale_id
    ORDER BY k.card_id, e.seq DESC
"""

# The same for some kinds only: one index range a kind, so that a rare kind in a long history is found at once. Whole
# rows are taken from it: joined to entries once more, the plan may begin with all entries of the card.
HISTORY_OF_KINDS_SQL = """
    SELECT e.merchant_id, e.card_id, e.seq, e.kind, e.points, e.pending_points, e.active_after,
           e.pending_after, e.reserved_after, e.lifetime_after, e.occurred_at, e.posted_at, e.sale_id, e.gift_id,
           e.reverses_seq, e.reasons, st.name AS store_name, sa.receipt_number,
           (SELECT r.seq FROM entries AS r
            WHERE r.merchant_id = e.merchant_id AND r.card_id = e.card_id AND r.reverses_seq = e.seq
              AND r.reverses_wholly) AS reversed_by_seq
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    CROSS JOIN LATERAL (
        SELECT f.merchant_id, f.card_id, f.seq, f.kind, f.points, f.pending_points, f.active_after, f.pending_after,
               f.reserved_after, f.lifetime_after, f.occurred_at, f.posted_at, f.store_id, f.sale_id, f.gift_id,
               f.reverses_seq, f.reasons
        FROM unnest($5::text[]) AS w (kind)
        CROSS JOIN LATERAL (
            SELECT h.merchant_id, h.card_id, h.seq, h.kind, h.points, h.pending_points, h.active_after,
                   h.pending_after, h.reserved_after, h.lifetime_after, h.occurred_at, h.posted_at, h.store_id,
                   h.sale_id, h.gift_id, h.reverses_seq, h.reasons
            FROM entries AS h
            WHERE h.merchant_id = k.merchant_id AND h.card_id = k.card_id AND h.kind = w.kind AND h.seq < $3
            ORDER BY h.seq DESC
            LIMIT $4
        ) AS f
        ORDER BY f.seq DESC
        LIMIT $4
    ) AS e
    LEFT JOIN stores AS st ON st.merchant_id = e.merchant_id AND st.store_id = e.store_id
    LEFT JOIN sales AS sa ON sa.merchant_id = e.merchant_id AND sa.sale_id = e.sale_id
    ORDER BY k.card_id, e.seq DESC
"""

SINCE_SQL = """
    SELECT e.merchant_id, e.card_id, e.seq, e.kind, e.points, e.pending_points, e.active_after,
           e.pending_after, e.reserved_after, e.lifetime_after, e.occurred_at, e.posted_at, e.sale_id, e.gift_id,
           e.reverses_seq, e.reasons, st.name AS store_name, sa.receipt_number,
           (SELECT r.seq FROM entries AS r
            WHERE r.merchant_id = e.merchant_id AND r.card_id = e.card_id AND r.reverses_seq = e.seq
              AND r.reverses_wholly) AS reversed_by_seq
    FROM entries AS e
    LEFT JOIN stores AS st ON st.merchant_id = e.merchant_id AND st.store_id = e.store_id
    LEFT JOIN sales AS sa ON sa.merchant_id = e.merchant_id AND sa.sale_id = e.sale_id
    WHERE e.merchant_id = $1 AND e.card_id = $2 AND e.seq > $3
    ORDER BY e.seq
    LIMIT $4
"""

ENTRIES_SQL = """
    SELECT e.merchant_id, e.card_id, e.seq, e.kind, e.points, e.pending_points, e.active_after,
           e.pending_after, e.reserved_after, e.lifetime_after, e.occurred_at, e.posted_at, e.sale_id, e.gift_id,
           e.reverses_seq, e.reasons, st.name AS store_name, sa.receipt_number,
           (SELECT r.seq FROM entries AS r
            WHERE r.merchant_id = e.merchant_id AND r.card_id = e.card_id AND r.reverses_seq = e.seq
              AND r.reverses_wholly) AS reversed_by_seq
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS k (merchant_id, card_id, seq)
    JOIN entries AS e ON e.merchant_id = k.merchant_id AND e.card_id = k.card_id AND e.seq = k.seq
    LEFT JOIN stores AS st ON st.merchant_id = e.merchant_id AND st.store_id = e.store_id
    LEFT JOIN sales AS sa ON sa.merchant_id = e.merchant_id AND sa.sale_id = e.sale_id
"""

EVENTS_MAX = 100


class StoredReason(TypedDict):
    code: str
    facts: Mapping[str, str | int]


class Entry(NamedTuple):
    """One line of a card's history, and what stood on the card after it.

    A tuple, where other rows are frozen dataclasses: a page has a hundred of them, and each is made much more quickly.
    """

    merchant_id: MerchantId
    card_id: CardId
    seq: int
    kind: EntryKind
    points: int
    pending_points: int
    active_after: Points
    pending_after: Points
    reserved_after: Points
    lifetime_after: Points
    occurred_at: datetime
    posted_at: datetime
    sale_id: SaleId | None
    gift_id: GiftId | None
    reverses_seq: int | None
    reversed_by_seq: int | None
    store_name: str | None
    receipt_number: str | None
    stored_reasons: Sequence[StoredReason]

    @property
    def reasons(self) -> tuple[Phrase, ...]:
        """Why it happened. Made when it is asked for, which many readers of a page never do."""
        return tuple([Phrase(reason["code"], reason["facts"]) for reason in self.stored_reasons])


def from_row(row: Row) -> Entry:
    return Entry(
        merchant_id=row["merchant_id"],
        card_id=row["card_id"],
        seq=row["seq"],
        kind=EntryKind(row["kind"]),
        points=row["points"],
        pending_points=row["pending_points"],
        active_after=row["active_after"],
        pending_after=row["pending_after"],
        reserved_after=row["reserved_after"],
        lifetime_after=row["lifetime_after"],
        occurred_at=row["occurred_at"],
        posted_at=row["posted_at"],
        sale_id=row["sale_id"],
        gift_id=row["gift_id"],
        reverses_seq=row["reverses_seq"],
        reversed_by_seq=row["reversed_by_seq"],
        store_name=row["store_name"],
        receipt_number=row["receipt_number"],
        stored_reasons=row["reasons"],
    )


async def pages(
    conn: Conn,
    *,
    cards: Sequence[tuple[MerchantId, CardId]],
    first: int,
    before_seq: int | None,
    kinds: Sequence[EntryKind] | None = None,
) -> dict[CardId, list[Entry]]:
    """For each card its newest `first` entries older than `before_seq`, newest first; one statement for all cards.

    `kinds` keeps only those; what moves nothing that a customer could see (HIDDEN) is never among them.
    """
    found: dict[CardId, list[Entry]] = {card_id: [] for _, card_id in cards}
    merchant_ids, card_ids = [m for m, _ in cards], [c for _, c in cards]
    before = 2**63 - 1 if before_seq is None else before_seq
    if kinds is None:
        rows = await conn.fetch(HISTORY_SQL, merchant_ids, card_ids, before, first)
    else:
        shown = sorted(kind.value for kind in set(kinds) - HIDDEN)
        rows = await conn.fetch(HISTORY_OF_KINDS_SQL, merchant_ids, card_ids, before, first, shown)
    for row in rows:
        found[row["card_id"]].append(from_row(row))
    return found


async def since(conn: Conn, *, merchant_id: MerchantId, card_id: CardId, after_seq: int) -> list[Entry]:
    """Every change of the card after `after_seq`, oldest first, the HIDDEN ones among them; at most EVENTS_MAX."""
    return [from_row(row) for row in await conn.fetch(SINCE_SQL, merchant_id, card_id, after_seq, EVENTS_MAX)]


async def entries(conn: Conn, *, keys: Sequence[tuple[MerchantId, CardId, int]]) -> dict[tuple[CardId, int], Entry]:
    """The named entries, by card and number. Whose they are is for the caller to know."""
    merchants, cards, numbers = ([key[i] for key in keys] for i in range(3))
    rows = await conn.fetch(ENTRIES_SQL, merchants, cards, numbers)
    return {(row["card_id"], row["seq"]): from_row(row) for row in rows}
