"""Recording a sale: the code is used up, the sale is judged, the points are on the card, all in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import baskets, fingerprint, ledger, reviews, scans, visits
from wallet.baskets import Basket
from wallet.check_ins import as_bigint
from wallet.database import Conn
from wallet.errors import CodeInvalid, IdempotencyKeyReused, InvalidInput, NotFound
from wallet.rules import Rules
from wallet.sales import circumstances, deciding, offers, performing, receipts, serving
from wallet.sales.offers import NOTHING, Wanted
from wallet.sales.receipts import Sale
from wallet.sales.request import Request
from wallet.sales.serving import CustomerRef, Served
from wallet.values import OperatorId, Phrase, SaleId, Terminal
from wallet.visits import MemberCard

# The revision as in programs.REVISION_AT_SQL, at the moment of the sale. Its code is used up in the same statement: no
# sale without a used code, no used code without a sale, and a round trip less while the queue waits.
INSERT_SALE_SQL = """
    WITH judged AS (
        SELECT revision, rules
        FROM program_revisions
        WHERE merchant_id = $1 AND program_id = $4 AND (valid_from <= $11 OR revision = 1)
        ORDER BY valid_from DESC, revision DESC
        LIMIT 1
    ), sold AS (
        INSERT INTO sales (merchant_id, store_id, terminal_id, program_id, revision, card_id, visit_id, receipt_number,
                           currency, total_minor, points, offline, occurred_at, posted_at, idempotency_key, input_hash,
                           local_day, operator_id)
        SELECT $1, $2, $3, $4, judged.revision, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16
        FROM judged
        ON CONFLICT (merchant_id, terminal_id, idempotency_key) DO NOTHING
        RETURNING sale_id
    ), used AS (
        INSERT INTO used_codes (merchant_id, jti, card_id, terminal_id, used_at)
        SELECT $1, $17::bigint, $5, $3, $12
        FROM sold
        WHERE $17::bigint IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING jti
    )
    SELECT sold.sale_id, judged.revision, judged.rules,
           $17::bigint IS NULL OR EXISTS (SELECT FROM used) AS code_was_unused
    FROM sold CROSS JOIN judged
"""

SALE_BY_KEY_SQL = """
    SELECT sale_id, card_id, input_hash
    FROM sales
    WHERE merchant_id = $1 AND terminal_id = $2 AND idempotency_key = $3
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The sale as it is now, the card as it is now, and whether this key had recorded it before.

    `changed`: whether anything that is shown of the card changed by it just now.
    """

    sale: Sale
    card: MemberCard
    replayed: bool
    changed: bool


async def checkout(
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted = NOTHING,
    quote_id: str | None = None,
    operator_id: OperatorId | None = None,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """The sale is recorded, a code and the wanted vouchers are used up, the wanted rewards are paid for, and what the
    sale earned is on the card.

    Earning nothing is no failure: the lines say why. The same key with the same input returns the sale again, even when
    the code, the visit or `occurred_at` would no longer be good.

    Raises InvalidInput, NotFound (no such visit of this store, or it has ended; no such voucher or reward),
    CodeInvalid, CodeExpired, CodeAlreadyUsed, IdempotencyKeyReused, RedeemCodeNeeded, VoucherNotUsable,
    RewardUnavailable, InsufficientPoints, QuoteChanged.
    """
    request = _asked(customer, basket, wanted, quote_id, operator_id, idempotency_key, now=now)
    try:
        baskets.check(basket, currency=terminal.currency, now=now)
        offers.check(wanted)
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
    wanted: Wanted = NOTHING,
    quote_id: str | None = None,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """What `checkout` answers to a repeated request, for a caller that has to refuse a new one. Writes nothing.

    `customer` may be a code that nobody verified: it is only compared with the one that was recorded.
    Raises IdempotencyKeyReused, and `refusal` where the key has recorded nothing.
    """
    request = _asked(customer, basket, wanted, quote_id, None, idempotency_key, now=now)
    return await replay(refusal, conn, terminal=terminal, request=request)


def _asked(
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted,
    quote_id: str | None,
    operator_id: OperatorId | None,
    idempotency_key: UUID,
    *,
    now: datetime,
) -> Request:
    said = {"customer": serving.facts(customer), "basket": baskets.facts(basket), **wanted.facts()}
    return Request(
        customer=customer,
        basket=basket,
        wanted=wanted,
        quote_id=quote_id,
        operator_id=operator_id,
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
        circumstances.local_day(terminal, request.occurred_at),
        request.operator_id,
        as_bigint(served.code.jti) if served.code else None,
    )
    if row is None:
        return await replay(NotFound(), conn, terminal=terminal, request=request)
    suspicion = await _judged(conn, served, terminal, request, code_was_unused=row["code_was_unused"])
    rules, sale_id = Rules.from_json(row["rules"]), SaleId(row["sale_id"])
    cards = await ledger.lock_cards(conn, merchant_id=terminal.merchant_id, card_ids=[served.card_id], now=now)
    card = cards[served.card_id]
    plan, taken = await deciding.decide(
        conn, terminal, request, served, rules, card, sale_id=sale_id, suspicion=suspicion, now=now
    )
    deciding.check_quote(terminal, request, plan, card, now=now)
    await performing.perform(
        conn,
        terminal=terminal,
        sale_id=sale_id,
        card=card,
        rules=rules,
        basket=basket,
        plan=plan,
        taken=taken,
        occurred_at=request.occurred_at,
        now=now,
    )
    member = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=served.card_id)
    sale = receipts.of_plan(
        terminal,
        basket,
        plan,
        sale_id=sale_id,
        card_id=served.card_id,
        revision=row["revision"],
        offline=request.offline,
        occurred_at=request.occurred_at,
        now=now,
    )
    changed = bool(plan.points or plan.earning.eligible_minor or plan.earning.stamps or taken)
    return Recorded(sale, member, replayed=False, changed=changed)


async def _judged(
    conn: Conn, served: Served, terminal: Terminal, request: Request, *, code_was_unused: bool
) -> Phrase | None:
    """The visit was open, or the code good, when it was shown. Raises as `serving.judge` does.

    A second sale with one code, told of by a till that had no network, is recorded all the same, and what is returned
    is why its points wait: the till could not have known.
    """
    if request.offline and not code_was_unused:
        serving.judge_time(served, at=request.shown_at)
        return reviews.CODE_USED_TWICE
    serving.judge(served, at=request.shown_at)
    if not code_was_unused and served.code:
        raise await scans.already_used(conn, terminal=terminal, identified=served.code)
    return request.doubt


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
    return Recorded(sale, member, replayed=True, changed=False)
