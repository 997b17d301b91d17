"""Refunds: goods come back, whole sales, lines of them or a part of the money, and what they did to the card with them.

What is due is a function of what has come back so far, so that any way to split a refund ends where one of all does:
docs/decisions/0005-carry-and-refunds.md and 0013-refunds-of-everything.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from wallet import earning, fingerprint, ledger, money_back, punch_cards, returns, sales, visits
from wallet.database import Conn
from wallet.earning import KeptLine
from wallet.errors import IdempotencyKeyReused, NotFound
from wallet.ledger import Cause, Earlier, LockedCard
from wallet.ledger.value import Mint
from wallet.returns import GivenBack, Returned, SoldSale
from wallet.rules import Carry
from wallet.sales import Sale
from wallet.sales.receipts import Tender
from wallet.sales.recording import no_mint
from wallet.values import Minor, Money, OperatorId, Phrase, Points, RefundId, SaleId, Terminal
from wallet.visits import MemberCard

INSERT_REFUND_SQL = """
    INSERT INTO refunds (merchant_id, sale_id, terminal_id, points_due, points_taken_back, operator_id, posted_at,
                         idempotency_key, input_hash)
    SELECT merchant_id, sale_id, $4, 0, 0, $5, $6, $7, $8
    FROM sales
    WHERE merchant_id = $1 AND store_id = $2 AND sale_id = $3
    ON CONFLICT (merchant_id, terminal_id, idempotency_key) DO NOTHING
    RETURNING refund_id
"""

REFUND_BY_KEY_SQL = """
    SELECT r.refund_id, r.sale_id, r.points_taken_back, r.points_given_back, r.debt, r.amount_minor, s.currency,
           r.input_hash
    FROM refunds AS r
    JOIN sales AS s ON s.merchant_id = r.merchant_id AND s.sale_id = r.sale_id
    WHERE r.merchant_id = $1 AND r.terminal_id = $2 AND r.idempotency_key = $3
"""

# This refund's own row still says nothing of these.
EARLIER_REFUNDS_SQL = """
    SELECT COALESCE(SUM(points_due), 0)::bigint AS due, COALESCE(SUM(points_taken_back), 0)::bigint AS taken,
           COALESCE(SUM(debt), 0)::bigint AS debt
    FROM refunds
    WHERE merchant_id = $1 AND sale_id = $2
"""

# There is nothing to look at in a sale of which nothing is left.
FINISH_REFUND_SQL = """
    WITH lines AS (
        INSERT INTO refund_lines (merchant_id, sale_id, position, refund_id, amount_minor, wholly)
        SELECT $1, $2, l.position, $3, l.amount_minor, l.wholly
        FROM unnest($4::integer[], $5::bigint[], $6::boolean[]) AS l (position, amount_minor, wholly)
    ), sold AS (
        UPDATE sales SET
            kept_points = $7, kept_minor = $8, wholly_returned = $9,
            review = CASE WHEN $9 AND review = 'HELD' THEN 'RELEASED' ELSE review END,
            reviewed_at = CASE WHEN $9 AND review = 'HELD' THEN $15 ELSE reviewed_at END
        WHERE merchant_id = $1 AND sale_id = $2
    )
    UPDATE refunds SET
        points_due = $10, points_taken_back = $11, points_given_back = $12, debt = $13, amount_minor = $14
    WHERE merchant_id = $1 AND refund_id = $3
"""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The sale and the card as they are now, what this refund did, and whether this key had done it before.

    `points_taken_back` had been earned, `points_given_back` had been spent on rewards; by `debt` the card owes more
    now, or less. `due` is the money that goes back to the customer, beside what goes to gift cards (`returned`).
    """

    sale: Sale
    points_taken_back: Points
    points_given_back: Points
    debt: int
    due: Money
    card: MemberCard
    replayed: bool
    returned: tuple[Tender, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a refund took: `due` is what it should have, `debt` by how much the card owes more now, or less."""

    card: LockedCard
    due: Points
    points: Points
    debt: int


async def refund(
    conn: Conn,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    line_ids: Sequence[str] | None = None,
    amount_minor: int | None = None,
    operator_id: OperatorId | None = None,
    mint: Mint = no_mint,
    idempotency_key: UUID,
    now: datetime,
) -> Refunded:
    """The named lines, or so much of what was paid, or all that is left, are refunded, and the card is as if they had
    not been bought: what they earned is off it as far as it has points (and what of it had not expired), what was
    spent on rewards used on them is back in its own lots, their stamps are off the punch card. What gift cards had paid
    is on them first; a gift card that was sold is at its end. All of it, or nothing.

    Raises NotFound for a sale that is not of the till's own store, InvalidInput for lines that the sale does not have,
    for more money than was paid and for stored value that was sold and is spent, LineAlreadyRefunded,
    IdempotencyKeyReused.
    """
    returns.check(line_ids, amount_minor)
    said: dict[str, fingerprint.Json] = {
        "saleId": str(sale_id),
        "lineIds": None if line_ids is None else list(line_ids),
        **({} if amount_minor is None else {"amountMinor": amount_minor}),
    }
    input_hash = fingerprint.of("refund", said)
    place = (terminal.merchant_id, terminal.store_id, sale_id, terminal.terminal_id)
    refund_id = await conn.fetchval(INSERT_REFUND_SQL, *place, operator_id, now, idempotency_key, input_hash)
    if refund_id is None:
        return await _replay(conn, terminal, idempotency_key, input_hash)
    sold = await returns.lock(conn, terminal=terminal, sale_id=sale_id)
    parts = returns.parts(sold, line_ids, amount_minor)
    cards = await ledger.lock_cards(conn, merchant_id=terminal.merchant_id, card_ids=[sold.card_id], now=now)
    card = cards[sold.card_id]
    returning = await money_back.hold(conn, terminal=terminal, sale_id=sale_id, sold=sold, parts=parts, now=now)
    given = await returns.give_back_rewards(
        conn, terminal=terminal, sale_id=sale_id, refund_id=refund_id, sold=sold, parts=parts, card=card, now=now
    )
    taken = await _take_back(conn, terminal, sale_id, sold, parts, given, now=now)
    cause = _cause(terminal, sale_id, sold, parts, now=now)
    card = await _take_back_stamps(conn, refund_id, sold, parts, taken.card, given.awaited_stamps, cause, now=now)
    due = Money(Minor(parts.amount_minor - returning.amount_minor), sold.currency)
    await _finish(conn, terminal, sale_id, refund_id, sold, parts, taken, given.points, now=now)
    returned = await money_back.give_back(
        conn,
        returning,
        card,
        terminal=terminal,
        sale_id=sale_id,
        refund_id=refund_id,
        operator_id=operator_id,
        mint=mint,
        now=now,
    )
    if parts.is_all:
        await _close(conn, card, sale_id, sold, now=now)
    return await _answer(
        conn,
        terminal,
        sale_id,
        taken_back=taken.points,
        given_back=given.points,
        debt=taken.debt,
        due=due,
        returned=returned,
        replayed=False,
    )


async def _replay(conn: Conn, terminal: Terminal, idempotency_key: UUID, input_hash: bytes) -> Refunded:
    earlier = await conn.fetchrow(REFUND_BY_KEY_SQL, terminal.merchant_id, terminal.terminal_id, idempotency_key)
    if earlier is None:
        raise NotFound
    if earlier["input_hash"] != input_hash:
        raise IdempotencyKeyReused
    returned = await money_back.given_before(
        conn,
        merchant_id=terminal.merchant_id,
        sale_id=earlier["sale_id"],
        refund_id=earlier["refund_id"],
        currency=earlier["currency"],
    )
    as_money = earlier["amount_minor"] - sum(tender.paid.amount_minor for tender in returned)
    return await _answer(
        conn,
        terminal,
        earlier["sale_id"],
        taken_back=earlier["points_taken_back"],
        given_back=earlier["points_given_back"],
        debt=earlier["debt"],
        due=Money(as_money, earlier["currency"]),
        returned=returned,
        replayed=True,
    )


async def _answer(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    *,
    taken_back: Points,
    given_back: Points,
    debt: int,
    due: Money,
    returned: tuple[Tender, ...],
    replayed: bool,
) -> Refunded:
    sale = await sales.find(conn, terminal=terminal, sale_id=sale_id)
    assert sale is not None, "a terminal refunds sales of its own store"
    card = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=sale.card_id)
    return Refunded(sale, taken_back, given_back, debt, due, card, replayed, returned)


async def _take_back(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    sold: SoldSale,
    parts: Returned,
    given: GivenBack,
    *,
    now: datetime,
) -> TakenBack:
    """What the returned parts had earned, and the bonus of the sale with the last of them, is off the card."""
    card = given.card
    due, carry = _due(sold, parts, card)
    if not due and not given.lasting:
        return TakenBack(await ledger.set_carry(conn, card, carry), due, Points(0), 0)
    earlier = await conn.fetchrow(EARLIER_REFUNDS_SQL, terminal.merchant_id, sale_id)
    assert earlier is not None
    cause = replace(
        _cause(terminal, sale_id, sold, parts, now=now),
        reverses_seq=sold.entry_seq,
        reverses_wholly=sold.entry_seq is not None and parts.is_all and sold.is_whole,
    )
    outcome = await ledger.take_back(
        conn,
        card,
        sale_id=sale_id,
        points=due,
        earlier=Earlier(earlier["due"], earlier["taken"], earlier["debt"]),
        given_back=given.lasting,
        redeemed_seq=sold.redeemed_seq,
        owes=sold.rules.returns_debt,
        carry=carry,
        cause=cause,
        now=now,
    )
    return TakenBack(await ledger.set_carry(conn, outcome.card, carry), due, outcome.points, outcome.debt)


def _due(sold: SoldSale, parts: Returned, card: LockedCard) -> tuple[Points, Carry]:
    """What goes back of the points, and what the card carries then. A refused sale is due nothing, and its money is in
    no stream.
    """
    rate = sold.rules.rate
    if sold.refused:
        return Points(0), Carry(rate, card.carry_at(rate))
    back = earning.give_back(
        sold.rules,
        [KeptLine(line.hundredths, line.paid_minor, line.kept_minor, parts.kept_after(line)) for line in sold.lines],
        capped_points=sold.capped_points,
        carry=card.carry_at(rate),
        by_itself=sold.held,
    )
    return Points(back.points + (sold.bonus_points if parts.is_all else 0)), Carry(rate, back.carry_after)


async def _take_back_stamps(
    conn: Conn,
    refund_id: RefundId,
    sold: SoldSale,
    parts: Returned,
    card: LockedCard,
    awaited: int,
    cause: Cause,
    *,
    now: datetime,
) -> LockedCard:
    """The stamps of what came back are off the punch card; those that came back with rewards may have filled it."""
    stamps = 0 if sold.refused else sum(parts.stamps(line) for line in sold.lines)
    card = await punch_cards.take_back(
        conn, card, refund_id=refund_id, stamps=stamps, awaited=awaited, cause=cause, now=now
    )
    return await punch_cards.fill(conn, card, rules=sold.rules, refund_id=refund_id, cause=cause, now=now)


async def _close(conn: Conn, card: LockedCard, sale_id: SaleId, sold: SoldSale, *, now: datetime) -> None:
    """Nothing is left of the sale, and its row says so: nothing of it waits for the merchant, and no date is by it."""
    if sold.held:
        await ledger.release_held(conn, card, sale_id=sale_id)
        card = await ledger.settle_due(conn, card, judged_until=now, now=now)
    await ledger.untouch(conn, card)


def _cause(terminal: Terminal, sale_id: SaleId, sold: SoldSale, parts: Returned, *, now: datetime) -> Cause:
    facts: dict[str, str | int] = {"amount_minor": parts.amount_minor, "currency": sold.currency}
    return Cause(now, (Phrase("goods_returned", facts),), terminal.store_id, sale_id)


async def _finish(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    refund_id: RefundId,
    sold: SoldSale,
    parts: Returned,
    taken: TakenBack,
    given_back: Points,
    *,
    now: datetime,
) -> None:
    kept = sum(parts.kept_after(line) for line in sold.lines if line.hundredths)
    await conn.execute(
        FINISH_REFUND_SQL,
        terminal.merchant_id,
        sale_id,
        refund_id,
        [part.position for part in parts.lines],
        [part.amount_minor for part in parts.lines],
        [part.wholly for part in parts.lines],
        0 if parts.is_all or sold.refused else max(0, sold.kept_points - taken.due),
        kept,
        parts.is_all,
        taken.due,
        taken.points,
        given_back,
        taken.debt,
        parts.amount_minor,
        now,
    )
