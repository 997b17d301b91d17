"""Recording a sale: the code is used up, the sale is judged, the points are on the card, all in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import baskets, fingerprint, ledger, reviews, scans, visits
from wallet.baskets import Basket
from wallet.check_ins import as_bigint
from wallet.database import Conn, Row
from wallet.errors import CodeInvalid, IdempotencyKeyReused, InvalidInput, NotFound
from wallet.ledger.value import Mint
from wallet.rules import Rules
from wallet.sales import circumstances, deciding, offers, paying, performing, receipts, selling, serving, tenders
from wallet.sales.offers import NOTHING, Wanted
from wallet.sales.receipts import Sale
from wallet.sales.request import Request
from wallet.sales.selling import SoldGiftCard
from wallet.sales.serving import CustomerRef, Served
from wallet.sales.tenders import Tender
from wallet.values import MintedGiftCard, OperatorId, Phrase, SaleId, Terminal
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


def no_mint() -> MintedGiftCard:
    """For a caller whose baskets sell no gift cards."""
    raise AssertionError("who sells gift cards can make numbers")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The sale as it is now, the card as it is now, and whether this key had recorded it before.

    `changed`: whether anything that is shown of the card changed by it just now. `gift_cards_sold`: the gift cards that
    it has made, with their numbers; none once those are not to be shown any more.
    """

    sale: Sale
    card: MemberCard
    replayed: bool
    changed: bool
    gift_cards_sold: tuple[SoldGiftCard, ...] = ()


async def checkout(
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    mint: Mint = no_mint,
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
    RewardUnavailable, InsufficientPoints, QuoteChanged, GiftCardNotUsable, InsufficientValue.

    `mint` makes the numbers of the gift cards that are sold; the same ones, in the same order, for the same key.
    """
    request = _asked(customer, basket, wanted, tendered, quote_id, operator_id, idempotency_key, now=now)
    try:
        baskets.check(basket, currency=terminal.currency, now=now)
        offers.check(wanted)
        tenders.check(tendered)
        selling.check(basket, tendered)
    except InvalidInput as refusal:
        return await replay(refusal, conn, terminal=terminal, request=request, mint=mint, now=now)
    return await record(conn, terminal=terminal, request=request, mint=mint, now=now)


async def replay_or(
    refusal: Exception,
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    mint: Mint = no_mint,
    quote_id: str | None = None,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """What `checkout` answers to a repeated request, for a caller that has to refuse a new one. Writes nothing.

    `customer` may be a code that nobody verified: it is only compared with the one that was recorded.
    Raises IdempotencyKeyReused, and `refusal` where the key has recorded nothing.
    """
    request = _asked(customer, basket, wanted, tendered, quote_id, None, idempotency_key, now=now)
    return await replay(refusal, conn, terminal=terminal, request=request, mint=mint, now=now)


def _asked(
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted,
    tendered: tuple[Tender, ...],
    quote_id: str | None,
    operator_id: OperatorId | None,
    idempotency_key: UUID,
    *,
    now: datetime,
) -> Request:
    said = {
        "customer": serving.facts(customer),
        "basket": baskets.facts(basket),
        **wanted.facts(),
        **tenders.facts(tendered),
    }
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
        tenders=tendered,
    )


async def record(conn: Conn, *, terminal: Terminal, request: Request, mint: Mint = no_mint, now: datetime) -> Recorded:
    """As `checkout`, for a request whose basket has been checked."""
    try:
        served = await serving.whom(conn, terminal=terminal, customer=request.customer)
    except (CodeInvalid, NotFound) as refusal:
        return await replay(refusal, conn, terminal=terminal, request=request, mint=mint, now=now)
    row = await _begin(conn, terminal, request, served, now=now)
    if row is None:
        return await replay(NotFound(), conn, terminal=terminal, request=request, mint=mint, now=now)
    suspicion = await _judged(conn, served, terminal, request, code_was_unused=row["code_was_unused"])
    rules, sale_id = Rules.from_json(row["rules"]), SaleId(row["sale_id"])
    cards = await ledger.lock_cards(conn, merchant_id=terminal.merchant_id, card_ids=[served.card_id], now=now)
    card = cards[served.card_id]
    plan, taken = await deciding.decide(
        conn, terminal, request, served, rules, card, sale_id=sale_id, suspicion=suspicion, now=now
    )
    payer = await paying.payer(conn, terminal, rules, request.basket, served, customer_id=card.customer_id)
    gift_cards = await paying.hold(conn, terminal, request, now=now)
    shares = paying.judge(request.basket, request.tenders, gift_cards, payer=payer, plan=plan, now=now)
    deciding.check_quote(terminal, request, plan, card, shares, now=now)
    await performing.perform(
        conn,
        terminal=terminal,
        sale_id=sale_id,
        card=card,
        rules=rules,
        basket=request.basket,
        plan=plan,
        taken=taken,
        occurred_at=request.occurred_at,
        now=now,
    )
    sold = await paying.do(conn, terminal, request, card, gift_cards, shares, sale_id=sale_id, mint=mint, now=now)
    member = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=served.card_id)
    sale = receipts.of_plan(
        terminal,
        request.basket,
        plan,
        shares,
        sale_id=sale_id,
        card_id=served.card_id,
        revision=row["revision"],
        offline=request.offline,
        occurred_at=request.occurred_at,
        now=now,
    )
    changed = bool(plan.points or plan.earning.eligible_minor or plan.earning.stamps or taken)
    return Recorded(sale, member, replayed=False, changed=changed, gift_cards_sold=sold)


async def _begin(conn: Conn, terminal: Terminal, request: Request, served: Served, *, now: datetime) -> Row | None:
    """The sale has its row and its code is used up; None where the key has recorded something before."""
    basket = request.basket
    return await conn.fetchrow(
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


async def replay(
    refusal: Exception, conn: Conn, *, terminal: Terminal, request: Request, mint: Mint = no_mint, now: datetime
) -> Recorded:
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
    sold: tuple[SoldGiftCard, ...] = ()
    if selling.sells(request.basket):
        sold = await selling.sold_before(
            conn, request.basket, merchant_id=terminal.merchant_id, sale_id=sale.sale_id, mint=mint, now=now
        )
    return Recorded(sale, member, replayed=True, changed=False, gift_cards_sold=sold)
