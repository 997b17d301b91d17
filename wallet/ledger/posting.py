"""One entry with its transfers and lots, written in one statement. Everything that moves points ends here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.chain import Link, canonical, follow, reasons_text
from wallet.rules import Carry, carries_to_json
from wallet.values import (
    AccountId,
    EntryKind,
    GiftId,
    LotId,
    Phrase,
    Points,
    SaleId,
    StoreId,
    VoucherId,
)

# The card is locked, so the parts cannot run into another posting of the same card. The accounts' and lots' CHECKs
# and the revision in the last part's WHERE are the last wall.
POST_SQL = """
    WITH entry AS (
        INSERT INTO entries (merchant_id, card_id, seq, kind, points, pending_points, reserved_points,
                             active_after, pending_after, reserved_after, lifetime_after,
                             occurred_at, posted_at, store_id, sale_id, gift_id, voucher_id,
                             reverses_seq, reverses_wholly, reasons, hash)
        VALUES ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $32,
                $18, $19, $20::text::json, $33)
    ), moved AS (
        INSERT INTO transfers (merchant_id, program_id, card_id, seq, from_account_id, to_account_id, points, posted_at)
        SELECT $1, $2, $3, $4, t.from_account_id, t.to_account_id, t.points, $14
        FROM unnest($21::uuid[], $22::uuid[], $23::bigint[]) AS t (from_account_id, to_account_id, points)
    ), balanced AS (
        UPDATE accounts AS a SET balance = a.balance + d.points
        FROM (
            SELECT s.account_id, SUM(s.points)::bigint AS points
            FROM (
                SELECT unnest($22::uuid[]) AS account_id, unnest($23::bigint[]) AS points
                UNION ALL
                SELECT unnest($21::uuid[]), -unnest($23::bigint[])
            ) AS s
            GROUP BY s.account_id
        ) AS d
        WHERE a.merchant_id = $1 AND a.account_id = d.account_id AND a.balance IS NOT NULL
    ), earned AS (
        INSERT INTO lots (merchant_id, program_id, card_id, source_seq, sale_id, points, remaining,
                          activates_at, activated_at, expires_at, sliding_months, held, notice_days, notice_at)
        SELECT $1, $2, $3, $4, $16, n.points, n.points, n.activates_at, n.activated_at, n.expires_at,
               n.sliding_months, n.held, n.notice_days, n.expires_at - make_interval(days => n.notice_days)
        FROM unnest($24::bigint[], $25::timestamptz[], $26::timestamptz[], $27::timestamptz[], $34::smallint[],
                    $35::boolean[], $36::smallint[])
             AS n (points, activates_at, activated_at, expires_at, sliding_months, held, notice_days)
        RETURNING lot_id, points
    ), changed AS (
        UPDATE lots AS l SET remaining = l.remaining + c.points
        FROM unnest($28::uuid[], $29::bigint[]) AS c (lot_id, points)
        WHERE l.merchant_id = $1 AND l.lot_id = c.lot_id AND l.card_id = $3
    ), remembered AS (
        INSERT INTO lot_movements (merchant_id, card_id, seq, lot_id, points)
        SELECT $1, $3, $4, m.lot_id, m.points
        FROM (
            SELECT lot_id, points FROM earned
            UNION ALL
            SELECT c.lot_id, c.points FROM unnest($28::uuid[], $29::bigint[]) AS c (lot_id, points)
        ) AS m
    ), activated AS (
        UPDATE lots AS l SET activated_at = $14
        WHERE l.merchant_id = $1 AND l.lot_id = ANY($30::uuid[]) AND l.card_id = $3 AND l.activated_at IS NULL
    )
    UPDATE cards SET revision = $4, lifetime_earned = $12, carries = $31, chain = $33
    WHERE merchant_id = $1 AND card_id = $3 AND revision = $4 - 1
    RETURNING revision
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry is made: what a customer is told of it."""

    occurred_at: datetime
    reasons: tuple[Phrase, ...] = ()
    store_id: StoreId | None = None
    sale_id: SaleId | None = None
    gift_id: GiftId | None = None
    voucher_id: VoucherId | None = None
    reverses_seq: int | None = None
    reverses_wholly: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Points from one account to another."""

    source: AccountId
    target: AccountId
    points: Points


@dataclass(frozen=True, slots=True)
class NewLot:
    """Points that begin a life of their own."""

    points: Points
    activates_at: datetime
    activated_at: datetime | None
    expires_at: datetime | None
    sliding_months: int | None = None
    held: bool = False
    notice_days: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What one entry does to a card: its transfers, and what it does to lots (signed points a lot)."""

    kind: EntryKind
    moves: Sequence[Move]
    points: int = 0
    pending: int = 0
    reserved: int = 0
    lifetime: int = 0
    new_lot: NewLot | None = None
    lots: Mapping[LotId, int] = field(default_factory=dict)
    activated: Sequence[LotId] = ()
    carry: Carry | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The card as it is after the entry, and the entry's number on it."""

    card: LockedCard
    seq: int


async def post(conn: Conn, card: LockedCard, change: Change, *, cause: Cause, now: datetime) -> Posted:
    """The entry, its transfers and its lots are written; balances, revision and lots have moved with them.

    Entries of a card are posted in the order of their numbers: whoever took its `now` first and got the card second
    posts at the moment of the entry before.
    """
    posted_at = max(now, card.last_posted_at or now)
    after = _after(card, change, posted_at)
    reasons = reasons_text(cause.reasons)
    after = replace(after, chain=follow(card.chain, canonical(_link(after, change, cause, reasons, posted_at))))
    new = [change.new_lot] if change.new_lot else []
    revision = await conn.fetchval(
        POST_SQL,
        card.merchant_id,
        card.program_id,
        card.card_id,
        after.revision,
        change.kind.value,
        change.points,
        change.pending,
        change.reserved,
        after.active,
        after.pending,
        after.reserved,
        after.lifetime_earned,
        cause.occurred_at,
        posted_at,
        cause.store_id,
        cause.sale_id,
        cause.gift_id,
        cause.reverses_seq,
        cause.reverses_wholly,
        reasons,
        [move.source for move in change.moves],
        [move.target for move in change.moves],
        [move.points for move in change.moves],
        [lot.points for lot in new],
        [lot.activates_at for lot in new],
        [lot.activated_at for lot in new],
        [lot.expires_at for lot in new],
        list(change.lots.keys()),
        list(change.lots.values()),
        list(change.activated),
        carries_to_json(after.carries),
        cause.voucher_id,
        after.chain,
        [lot.sliding_months for lot in new],
        [lot.held for lot in new],
        [lot.notice_days or None for lot in new],
    )
    assert revision == after.revision, "the card was changed by somebody who did not hold it"
    return Posted(card=after, seq=after.revision)


def _after(card: LockedCard, change: Change, posted_at: datetime) -> LockedCard:
    """The card as the change leaves it, but for its chain."""
    after = replace(
        card,
        active=Points(card.active + change.points),
        pending=Points(card.pending + change.pending),
        reserved=Points(card.reserved + change.reserved),
        lifetime_earned=Points(card.lifetime_earned + change.lifetime),
        revision=card.revision + 1,
        last_posted_at=posted_at,
        carries={**card.carries, change.carry.rate: change.carry.hundredths} if change.carry else card.carries,
    )
    assert min(after.active, after.pending, after.reserved, *after.carries.values()) >= 0
    if change.new_lot and change.new_lot.sliding_months is not None:
        after = replace(after, sliding_months=tuple({*after.sliding_months, change.new_lot.sliding_months}))
    return after


def _link(after: LockedCard, change: Change, cause: Cause, reasons: str, posted_at: datetime) -> Link:
    return Link(
        seq=after.revision,
        kind=change.kind.value,
        points=change.points,
        pending_points=change.pending,
        reserved_points=change.reserved,
        active_after=after.active,
        pending_after=after.pending,
        reserved_after=after.reserved,
        lifetime_after=after.lifetime_earned,
        occurred_at=cause.occurred_at,
        posted_at=posted_at,
        store_id=cause.store_id,
        sale_id=cause.sale_id,
        gift_id=cause.gift_id,
        voucher_id=cause.voucher_id,
        reverses_seq=cause.reverses_seq,
        reverses_wholly=cause.reverses_wholly,
        reasons=reasons,
    )
