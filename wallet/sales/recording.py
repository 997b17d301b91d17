"""Recording a sale: the code is used up, the sale is judged, the points are on the card, all in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import baskets, earning, fingerprint, ledger, visits
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.earning import Earning
from wallet.errors import CodeInvalid, IdempotencyKeyReused, InvalidInput, NotFound
from wallet.ledger import Cause
from wallet.rules import Carry, Rules
from wallet.sales import receipts, serving
from wallet.sales.receipts import Sale, SaleLine
from wallet.sales.serving import CustomerRef, Served
from wallet.values import EntryKind, Minor, Money, Phrase, Points, SaleId, Terminal
from wallet.visits import MemberCard

# The revision as in programs.REVISION_AT_SQL, at the moment of the sale.
INSERT_SALE_SQL = """
    INSERT INTO sales (merchant_id, store_id, terminal_id, program_id, revision, card_id, visit_id, receipt_number,
                       currency, total_minor, points, offline, occurred_at, posted_at, idempotency_key, input_hash)
    SELECT $1, $2, $3, $4, r.revision, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14
    FROM (
        SELECT revision
        FROM program_revisions
        WHERE merchant_id = $1 AND program_id = $4 AND (valid_from <= $11 OR revision = 1)
        ORDER BY valid_from DESC, revision DESC
        LIMIT 1
    ) AS r
    ON CONFLICT (merchant_id, terminal_id, idempotency_key) DO NOTHING
    RETURNING sale_id, revision,
              (SELECT v.rules FROM program_revisions AS v
               WHERE v.merchant_id = sales.merchant_id AND v.program_id = sales.program_id
                 AND v.revision = sales.revision) AS rules
"""

SALE_BY_KEY_SQL = """
    SELECT sale_id, card_id, input_hash
    FROM sales
    WHERE merchant_id = $1 AND terminal_id = $2 AND idempotency_key = $3
"""

FINISH_SALE_SQL = """
    WITH lines AS (
        INSERT INTO sale_lines (merchant_id, sale_id, position, line_id, kind, sku, category, description, quantity,
                                amount_minor, points, status)
        SELECT $1, $2, l.position, l.line_id, l.kind, l.sku, l.category, l.description, l.quantity, l.amount_minor,
               l.points, l.status
        FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::bigint[],
                    $12::bigint[], $13::text[])
             WITH ORDINALITY AS l (line_id, kind, sku, category, description, quantity, amount_minor, points, status,
                                   position)
    )
    UPDATE sales SET points = $3, entry_seq = $4
    WHERE merchant_id = $1 AND sale_id = $2
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The sale as it is now, the card as it is now, and whether this key had recorded it before."""

    sale: Sale
    card: MemberCard
    replayed: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One sale that a till asks to record.

    At `shown_at` the customer's code or visit had to be good; the rules in force at `occurred_at` judge what it earns.
    """

    customer: CustomerRef
    basket: Basket
    shown_at: datetime
    occurred_at: datetime
    offline: bool
    idempotency_key: UUID
    input_hash: bytes


async def checkout(
    conn: Conn, *, terminal: Terminal, customer: CustomerRef, basket: Basket, idempotency_key: UUID, now: datetime
) -> Recorded:
    """The sale is recorded, a code is used up, and what the sale earned is on the card.

    Earning nothing is no failure: the lines say why. The same key with the same input returns the sale again, even when
    the code, the visit or `occurred_at` would no longer be good.

    Raises InvalidInput, NotFound (no such visit of this store, or it has ended), CodeInvalid, CodeExpired,
    CodeAlreadyUsed, IdempotencyKeyReused.
    """
    request = _asked(customer, basket, idempotency_key, now=now)
    try:
        baskets.check(basket, currency=terminal.currency, now=now)
    except InvalidInput as refusal:
        return await replay(refusal, conn, terminal=terminal, request=request)
    return await record(conn, terminal=terminal, request=request, now=now)


async def replay_or(
    refusal: Exception,
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """What `checkout` answers to a repeated request, for a caller that has to refuse a new one. Writes nothing.

    `customer` may be a code that nobody verified: it is only compared with the one that was recorded.
    Raises IdempotencyKeyReused, and `refusal` where the key has recorded nothing.
    """
    request = _asked(customer, basket, idempotency_key, now=now)
    return await replay(refusal, conn, terminal=terminal, request=request)


def _asked(customer: CustomerRef, basket: Basket, idempotency_key: UUID, *, now: datetime) -> Request:
    said = {"customer": serving.facts(customer), "basket": baskets.facts(basket)}
    return Request(
        customer=customer,
        basket=basket,
        shown_at=now,
        occurred_at=min(basket.occurred_at or now, now),
        offline=False,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("checkout", said),
    )


async def record(conn: Conn, *, terminal: Terminal, request: Request, now: datetime) -> Recorded:
    """As `checkout`, for a request whose basket has been checked."""
    try:
        served = await serving.whom(conn, terminal=terminal, customer=request.customer)
    except (CodeInvalid, NotFound) as refusal:
        return await replay(refusal, conn, terminal=terminal, request=request)
    basket = request.basket
    row = await conn.fetchrow(
        INSERT_SALE_SQL,
        terminal.merchant_id,
        terminal.store_id,
        terminal.terminal_id,
        served.program_id,
        served.card_id,
        served.visit_id,
        basket.receipt_number,
        basket.currency,
        basket.total_minor,
        request.offline,
        request.occurred_at,
        now,
        request.idempotency_key,
        request.input_hash,
    )
    if row is None:
        return await replay(NotFound(), conn, terminal=terminal, request=request)
    await serving.use(conn, served, terminal=terminal, at=request.shown_at, now=now)
    rules = Rules.from_json(row["rules"])
    earned = await _earn(conn, terminal, request, served, rules, sale_id=row["sale_id"], now=now)
    member = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=served.card_id)
    sale = Sale(
        merchant_id=terminal.merchant_id,
        sale_id=row["sale_id"],
        store_id=terminal.store_id,
        card_id=served.card_id,
        store_name=terminal.store_name,
        receipt_number=basket.receipt_number,
        total=Money(basket.total_minor, basket.currency),
        points=earned.points,
        refunded_points=Points(0),
        revision=row["revision"],
        offline=request.offline,
        occurred_at=request.occurred_at,
        posted_at=now,
        spendable_at=rules.activates_at(request.occurred_at),
        lines=tuple(SaleLine(line.line_id, line.points, line.status, line.reason) for line in earned.lines),
    )
    return Recorded(sale, member, replayed=False)


async def replay(refusal: Exception, conn: Conn, *, terminal: Terminal, request: Request) -> Recorded:
    """The sale that this key recorded before, with the card as it is now.

    Raises IdempotencyKeyReused where that had other input, and `refusal` where there is none.
    """
    earlier = await conn.fetchrow(SALE_BY_KEY_SQL, terminal.merchant_id, terminal.terminal_id, request.idempotency_key)
    if earlier is None:
        raise refusal
    if earlier["input_hash"] != request.input_hash:
        raise IdempotencyKeyReused
    sale = await receipts.find(conn, terminal=terminal, sale_id=earlier["sale_id"])
    assert sale is not None, "a terminal's sales are of its own store"
    member = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=earlier["card_id"])
    return Recorded(sale, member, replayed=True)


async def _earn(
    conn: Conn,
    terminal: Terminal,
    request: Request,
    served: Served,
    rules: Rules,
    *,
    sale_id: SaleId,
    now: datetime,
) -> Earning:
    """The card is locked and has what the basket earns; the sale's row and lines say so."""
    cards = await ledger.lock_cards(conn, merchant_id=terminal.merchant_id, card_ids=[served.card_id], now=now)
    card, basket = cards[served.card_id], request.basket
    carried_in = card.carry_at(rules.rate)
    earned = earning.judge(rules, basket.lines, carry_minor=carried_in, currency=basket.currency)
    carry = Carry(rules.rate, earned.carry_after)
    entry_seq = None
    if earned.points:
        activates_at = rules.activates_at(request.occurred_at)
        cause = Cause(
            occurred_at=request.occurred_at,
            reasons=_reasons(rules, earned, carried_in, activates_at=activates_at, currency=basket.currency, now=now),
            store_id=terminal.store_id,
            sale_id=sale_id,
        )
        posted = await ledger.earn(
            conn,
            card,
            kind=EntryKind.EARNED,
            points=earned.points,
            activates_at=activates_at,
            expires_at=rules.expires_at(activates_at),
            carry=carry,
            cause=cause,
            now=now,
        )
        entry_seq = posted.seq
    else:
        await ledger.set_carry(conn, card, carry)
    await conn.execute(
        FINISH_SALE_SQL,
        terminal.merchant_id,
        sale_id,
        earned.points,
        entry_seq,
        [line.line_id for line in basket.lines],
        [line.kind.value for line in basket.lines],
        [line.sku for line in basket.lines],
        [line.category for line in basket.lines],
        [line.description for line in basket.lines],
        [line.quantity for line in basket.lines],
        [line.amount_minor for line in basket.lines],
        [line.points for line in earned.lines],
        [line.status.value for line in earned.lines],
    )
    return earned


def _reasons(
    rules: Rules, earned: Earning, carried_in: Minor, *, activates_at: datetime, currency: str, now: datetime
) -> tuple[Phrase, ...]:
    """Why the points of a purchase are as many as they are, for the card's history."""
    reasons = [
        Phrase(
            "earned_for_purchase",
            {"points": earned.points, "amount_minor": earned.eligible_minor, "currency": currency},
        ),
        Phrase("by_rule", {"points": rules.points, "per_minor": rules.per_minor, "currency": currency}),
    ]
    if rules.carry_remainder and carried_in:
        reasons.append(Phrase("carried_in", {"amount_minor": carried_in, "currency": currency}))
    if rules.carry_remainder and earned.carry_after:
        reasons.append(Phrase("carried_on", {"amount_minor": earned.carry_after, "currency": currency}))
    if activates_at > now:
        reasons.append(Phrase("pending_until", {"active_at": activates_at.isoformat()}))
    return tuple(reasons)
