"""Refunds: goods come back, whole sales or lines of them, and what they earned goes back with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import earning, fingerprint, ledger, sales, visits
from wallet.baskets import LINES_MAX, Line
from wallet.database import Conn, Row
from wallet.earning import GivenBack
from wallet.errors import IdempotencyKeyReused, InvalidInput, LineAlreadyRefunded, NotFound, Problem
from wallet.ledger import Cause, LockedCard
from wallet.rules import Carry, Rules
from wallet.sales import Sale
from wallet.values import CardId, LineKind, Minor, Phrase, Points, RefundId, SaleId, Terminal
from wallet.visits import MemberCard

INSERT_REFUND_SQL = """
    INSERT INTO refunds (merchant_id, sale_id, terminal_id, points_due, points_taken_back, posted_at, idempotency_key,
                         input_hash)
    SELECT merchant_id, sale_id, $4, 0, 0, $5, $6, $7
    FROM sales
    WHERE merchant_id = $1 AND store_id = $2 AND sale_id = $3
    ON CONFLICT (merchant_id, terminal_id, idempotency_key) DO NOTHING
    RETURNING refund_id
"""

REFUND_BY_KEY_SQL = """
    SELECT sale_id, points_taken_back, input_hash
    FROM refunds
    WHERE merchant_id = $1 AND terminal_id = $2 AND idempotency_key = $3
"""

# Not FOR UPDATE: two refunds of one sale both hold the weaker lock that their foreign key took on this row, and each
# would wait for the other to let go of it.
LOCK_SALE_SQL = """
    SELECT s.card_id, s.currency, s.entry_seq, v.rules
    FROM sales AS s
    JOIN program_revisions AS v
      ON v.merchant_id = s.merchant_id AND v.program_id = s.program_id AND v.revision = s.revision
    WHERE s.merchant_id = $1 AND s.sale_id = $2
    FOR NO KEY UPDATE OF s
"""

LINES_TO_REFUND_SQL = """
    SELECT l.position, l.line_id, l.kind, l.amount_minor, r.refund_id IS NOT NULL AS refunded
    FROM sale_lines AS l
    LEFT JOIN refund_lines AS r
      ON r.merchant_id = l.merchant_id AND r.sale_id = l.sale_id AND r.position = l.position
    WHERE l.merchant_id = $1 AND l.sale_id = $2
    ORDER BY l.position
"""

# This refund's own row still says nothing of both.
UNTAKEN_SQL = """
    SELECT COALESCE(SUM(points_due - points_taken_back), 0)::bigint
    FROM refunds
    WHERE merchant_id = $1 AND sale_id = $2
"""

INSERT_REFUND_LINES_SQL = """
    INSERT INTO refund_lines (merchant_id, sale_id, position, refund_id)
    SELECT $1, $2, l.position, $3
    FROM unnest($4::integer[]) AS l (position)
"""

FINISH_REFUND_SQL = """
    UPDATE refunds SET points_due = $3, points_taken_back = $4
    WHERE merchant_id = $1 AND refund_id = $2
"""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The sale and the card as they are now, what this refund took, and whether this key had done it before."""

    sale: Sale
    points_taken_back: Points
    card: MemberCard
    replayed: bool


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a recorded sale, and whether it has come back already."""

    position: int
    line: Line
    refunded: bool

    @classmethod
    def from_row(cls, row: Row) -> "SoldLine":
        line = Line(row["line_id"], Minor(row["amount_minor"]), LineKind(row["kind"]))
        return cls(row["position"], line, row["refunded"])


@dataclass(frozen=True, slots=True)
class SoldSale:
    """A sale under lock, as far as a refund needs it."""

    card_id: CardId
    currency: str
    entry_seq: int | None
    rules: Rules
    lines: tuple[SoldLine, ...]


async def refund(
    conn: Conn,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    line_ids: Sequence[str] | None,
    idempotency_key: UUID,
    now: datetime,
) -> Refunded:
    """The named lines (all that are left, if None) are refunded, and what they earned is off the card as far as it
    has points, except what of it had expired. All of them, or nothing.

    Raises NotFound for a sale that is not of the till's own store, InvalidInput for lines that the sale does not have,
    LineAlreadyRefunded, IdempotencyKeyReused.
    """
    _check_ids(line_ids)
    said = {"saleId": str(sale_id), "lineIds": None if line_ids is None else list(line_ids)}
    input_hash = fingerprint.of("refund", said)
    key = (idempotency_key, input_hash)
    place = (terminal.merchant_id, terminal.store_id, sale_id, terminal.terminal_id)
    refund_id = await conn.fetchval(INSERT_REFUND_SQL, *place, now, *key)
    if refund_id is None:
        return await _replay(conn, terminal, idempotency_key, input_hash)
    sold = await _lock(conn, terminal, sale_id)
    returned = _returned(sold, line_ids)
    cards = await ledger.lock_cards(conn, merchant_id=terminal.merchant_id, card_ids=[sold.card_id], now=now)
    positions = [line.position for line in returned]
    await conn.execute(INSERT_REFUND_LINES_SQL, terminal.merchant_id, sale_id, refund_id, positions)
    taken = await _take_back(conn, terminal, sale_id, refund_id, sold, returned, cards[sold.card_id], now=now)
    return await _answer(conn, terminal, sale_id, taken, replayed=False)


async def _replay(conn: Conn, terminal: Terminal, idempotency_key: UUID, input_hash: bytes) -> Refunded:
    earlier = await conn.fetchrow(REFUND_BY_KEY_SQL, terminal.merchant_id, terminal.terminal_id, idempotency_key)
    if earlier is None:
        raise NotFound
    if earlier["input_hash"] != input_hash:
        raise IdempotencyKeyReused
    return await _answer(conn, terminal, earlier["sale_id"], earlier["points_taken_back"], replayed=True)


async def _answer(conn: Conn, terminal: Terminal, sale_id: SaleId, taken: Points, *, replayed: bool) -> Refunded:
    sale = await sales.find(conn, terminal=terminal, sale_id=sale_id)
    assert sale is not None, "a terminal refunds sales of its own store"
    card = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=sale.card_id)
    return Refunded(sale, taken, card, replayed)


async def _lock(conn: Conn, terminal: Terminal, sale_id: SaleId) -> SoldSale:
    """The sale is this transaction's; its lines are read by a later statement, so as they are under the lock."""
    row = await conn.fetchrow(LOCK_SALE_SQL, terminal.merchant_id, sale_id)
    assert row is not None, "the refund's foreign key holds the sale"
    lines = await conn.fetch(LINES_TO_REFUND_SQL, terminal.merchant_id, sale_id)
    return SoldSale(
        card_id=row["card_id"],
        currency=row["currency"],
        entry_seq=row["entry_seq"],
        rules=Rules.from_json(row["rules"]),
        lines=tuple(SoldLine.from_row(line) for line in lines),
    )


async def _take_back(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    refund_id: RefundId,
    sold: SoldSale,
    returned: Sequence[SoldLine],
    card: LockedCard,
    *,
    now: datetime,
) -> Points:
    due = _due(sold, returned, card)
    carry = Carry(sold.rules.rate, due.carry_after)
    taken = Points(0)
    if due.points:
        amount = earning.eligible_minor(sold.rules, [sold_line.line for sold_line in returned])
        reason = Phrase("goods_returned", {"points": due.points, "amount_minor": amount, "currency": sold.currency})
        cause = Cause(
            occurred_at=now,
            reasons=(reason,),
            store_id=terminal.store_id,
            sale_id=sale_id,
            reverses_seq=sold.entry_seq,
            reverses_wholly=sold.entry_seq is not None and len(returned) == len(sold.lines),
        )
        untaken = await conn.fetchval(UNTAKEN_SQL, terminal.merchant_id, sale_id)
        outcome = await ledger.take_back(
            conn, card, sale_id=sale_id, points=due.points, untaken=untaken, carry=carry, cause=cause, now=now
        )
        card, taken = outcome.card, outcome.points
    await ledger.set_carry(conn, card, carry)
    await conn.execute(FINISH_REFUND_SQL, terminal.merchant_id, refund_id, due.points, taken)
    return taken


def _due(sold: SoldSale, returned: Sequence[SoldLine], card: LockedCard) -> GivenBack:
    positions = {line.position for line in returned}
    before = [line for line in sold.lines if not line.refunded]
    return earning.give_back(
        sold.rules,
        before=[line.line for line in before],
        after=[line.line for line in before if line.position not in positions],
        carry_minor=card.carry_at(sold.rules.rate),
    )


def _returned(sold: SoldSale, line_ids: Sequence[str] | None) -> list[SoldLine]:
    """The lines to refund. Raises InvalidInput naming what is unknown, LineAlreadyRefunded naming what came back."""
    by_id = {line.line.line_id: line for line in sold.lines}
    if line_ids is None:
        left = [line for line in sold.lines if not line.refunded]
        if not left:
            raise LineAlreadyRefunded(list(by_id))
        return left
    unknown = [at for at, line_id in enumerate(line_ids) if line_id not in by_id]
    if unknown:
        raise InvalidInput([Problem(f"lineIds[{at}]", Phrase("unknown_line")) for at in unknown])
    over = [line_id for line_id in line_ids if by_id[line_id].refunded]
    if over:
        raise LineAlreadyRefunded(over)
    return [by_id[line_id] for line_id in line_ids]


def _check_ids(line_ids: Sequence[str] | None) -> None:
    if line_ids is None:
        return
    if not line_ids:
        raise InvalidInput.of("lineIds", "lines_needed")
    if len(line_ids) > LINES_MAX:
        raise InvalidInput.of("lineIds", "too_many", most=LINES_MAX)
    repeated = [at for at, line_id in enumerate(line_ids) if line_id in line_ids[:at]]
    if repeated:
        raise InvalidInput([Problem(f"lineIds[{at}]", Phrase("repeated")) for at in repeated])
