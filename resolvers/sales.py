"""Sales at the counter: found, quoted, recorded, and told of later."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

import strawberry
from strawberry import UNSET

from auth import check_in_tokens, gift_cards
from auth.keys import KeyRing
from resolvers import callers, operators, tenders, typed_codes
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from resolvers.refusals import error_of
from schema.checkout import (
    CheckoutError,
    CheckoutInput,
    CheckoutResult,
    OfflineSaleInput,
    OfflineSettled,
    SaleRecorded,
    SettleOfflineInput,
    SettleOfflineResult,
)
from schema.failures import BadUserInput
from schema.field import given
from schema.ids import RewardKey, SaleKey, VisitKey, VoucherKey, decode, expect
from schema.quote import Quote, QuoteResult
from schema.sale import Sale, SaleInput
from schema.visit import CustomerRefInput
from wallet import offline, sales
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import (
    CodeInvalid,
    GiftCardNotUsable,
    InvalidInput,
    NotFound,
    OperatorUnknown,
    RedeemCodeNeeded,
    Refusal,
)
from wallet.ledger.value import Mint
from wallet.sales import CustomerRef, Recorded, Wanted
from wallet.values import Minor, NamedGiftCard, Terminal, VisitId

OFFLINE_SALES_MAX = 100


async def sale(
    info: Info,
    sale_id: Annotated[strawberry.ID | None, strawberry.argument(name="id")] = UNSET,
    receipt_number: str | None = UNSET,
) -> Sale | None:
    context, node_id, receipt = info.context, given(sale_id), given(receipt_number)
    if node_id is None and receipt is None:
        raise BadUserInput("Name the sale by id or by receiptNumber.")
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
        key = decode(node_id) if node_id is not None else None
        if node_id is not None and not (isinstance(key, SaleKey) and key.merchant_id == terminal.merchant_id):
            return None
        found = await sales.find(
            conn,
            terminal=terminal,
            sale_id=key.sale_id if isinstance(key, SaleKey) else None,
            receipt_number=receipt,
        )
    return Sale.from_domain(found) if found else None


async def quote(info: Info, said: Input[SaleInput]) -> QuoteResult:
    context = info.context
    ring = await context.rings.current(context.now)
    async with (
        context.pool.acquire() as conn,
        typed_codes.counted_silently(conn, context, given(said.customer.code)),
        operators.counted(conn, context),
        tenders.named(conn, context, said) as named,
    ):
        terminal = await callers.terminal(conn, context)
        await operators.operator_of(conn, context, terminal, given(said.operator_pin))
        quoted = await sales.quote(
            conn,
            terminal=terminal,
            customer=_customer(ring, context, terminal, said.customer),
            basket=_basket(said, named.loads),
            wanted=_wanted(terminal, said),
            tendered=named.tenders,
            now=context.now,
        )
    return Quote.from_domain(quoted, context.say)


async def checkout(info: Info, said: Input[CheckoutInput]) -> CheckoutResult:
    try:
        recorded = await _checked_out(info.context, said)
    except (CodeInvalid, OperatorUnknown) as refusal:
        recorded = await _recorded_before(info.context, said, refusal)
    except GiftCardNotUsable as refusal:
        if not tenders.is_locked(refusal):
            raise
        recorded = await _recorded_before(info.context, said, refusal)
    return _recorded(info.context, recorded)


async def _checked_out(context: RequestContext, said: Input[CheckoutInput]) -> Recorded:
    ring = await context.rings.current(context.now)
    async with (
        context.pool.acquire() as conn,
        typed_codes.counted_silently(conn, context, given(said.sale.customer.code)),
        operators.counted(conn, context),
        tenders.named(conn, context, said.sale) as named,
        conn.transaction(),
    ):
        terminal = await callers.terminal(conn, context)
        operator_id = await operators.operator_of(conn, context, terminal, given(said.sale.operator_pin))
        return await sales.checkout(
            conn,
            terminal=terminal,
            customer=_customer(ring, context, terminal, said.sale.customer),
            basket=_basket(said.sale, named.loads),
            wanted=_wanted(terminal, said.sale),
            tendered=named.tenders,
            mint=_mint(context, terminal, said),
            quote_id=given(said.quote_id),
            operator_id=operator_id,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )


async def _recorded_before(
    context: RequestContext, said: Input[CheckoutInput], refusal: CodeInvalid | OperatorUnknown | GiftCardNotUsable
) -> Recorded:
    """The sale of this key, which is answered again though its code could not be read or tried this time, the numbers
    of its gift cards may not be tried, or whoever stands at the till now is nobody's PIN.
    """
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
        named = await tenders.claimed(conn, context, said.sale)
        customer = _claimed(terminal, said.sale.customer)
        if customer is None:
            raise refusal
        return await sales.replay_or(
            refusal,
            conn,
            terminal=terminal,
            customer=customer,
            basket=_basket(said.sale, named.loads),
            wanted=_wanted(terminal, said.sale),
            tendered=named.tenders,
            mint=_mint(context, terminal, said),
            quote_id=given(said.quote_id),
            idempotency_key=said.idempotency_key,
            now=context.now,
        )


async def settle_offline(info: Info, said: Input[SettleOfflineInput]) -> SettleOfflineResult:
    """One transaction a sale, in the order in which they were sent."""
    context = info.context
    ring = await context.rings.current(context.now)
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
    if len(said.sales) > OFFLINE_SALES_MAX:
        raise InvalidInput.of("sales", "too_many", most=OFFLINE_SALES_MAX)
    return OfflineSettled(results=[await _settled(info, ring, terminal, each) for each in said.sales])


async def _settled(info: Info, ring: KeyRing, terminal: Terminal, said: OfflineSaleInput) -> CheckoutResult:
    context = info.context
    try:
        async with context.pool.acquire() as conn, conn.transaction():
            recorded = await _settle(conn, context, ring, terminal, said)
    except Refusal as refusal:
        error = await error_of(refusal, info)
        if not isinstance(error, CheckoutError):
            raise
        return error
    return _recorded(context, recorded)


async def _settle(
    conn: Conn, context: RequestContext, ring: KeyRing, terminal: Terminal, said: OfflineSaleInput
) -> Recorded:
    if given(said.sale.tenders) or any(given(line.loads) for line in said.sale.lines):
        raise InvalidInput.of("tenders", "offline_no_gift_cards")
    basket, scanned_at, key = _basket(said.sale, {}), said.scanned_at, said.idempotency_key
    if _wanted(terminal, said.sale):
        raise RedeemCodeNeeded
    try:
        customer = _customer(ring, context, terminal, said.sale.customer)
    except CodeInvalid as refusal:
        claimed = _claimed(terminal, said.sale.customer)
        if claimed is None:
            raise
        return await offline.replay_or(
            refusal,
            conn,
            terminal=terminal,
            customer=claimed,
            basket=basket,
            scanned_at=scanned_at,
            idempotency_key=key,
            now=context.now,
        )
    absent = await operators.absent_operator(conn, context, terminal, given(said.sale.operator_pin), at=scanned_at)
    recorded = await offline.settle(
        conn,
        terminal=terminal,
        customer=customer,
        basket=basket,
        scanned_at=scanned_at,
        operator_id=absent.operator_id,
        doubt=absent.doubt,
        idempotency_key=key,
        now=context.now,
    )
    if absent.wrong and not recorded.replayed:
        with suppress(OperatorUnknown):
            await operators.count_wrong(conn, context, terminal.terminal_id)
    return recorded


def _recorded(context: RequestContext, recorded: Recorded) -> SaleRecorded:
    sale = recorded.sale
    if recorded.changed:
        context.changes.publish(sale.merchant_id, sale.card_id)
    return SaleRecorded.from_domain(recorded, context.say)


def _customer(ring: KeyRing, context: RequestContext, terminal: Terminal, said: CustomerRefInput) -> CustomerRef:
    """Raises NotFound for what is no visit of this merchant, CodeInvalid for what is no code."""
    code = given(said.code)
    if code is not None:
        return check_in_tokens.read(ring, text=code, now=context.now)
    return _visit(terminal, said)


def _claimed(terminal: Terminal, said: CustomerRefInput) -> CustomerRef | None:
    """Whom the till names, nothing of a code being checked: good only to compare it with what was recorded. None for
    what has the form of no code. Raises NotFound for what is no visit of this merchant.
    """
    code = given(said.code)
    return _visit(terminal, said) if code is None else typed_codes.unverified(code)


def _visit(terminal: Terminal, said: CustomerRefInput) -> VisitId:
    key = expect(VisitKey, given(said.visit_id) or "")
    if key.merchant_id != terminal.merchant_id:
        raise NotFound
    return key.visit_id


def _wanted(terminal: Terminal, said: SaleInput) -> Wanted:
    """Raises NotFound for what is no voucher or reward of this merchant."""
    vouchers = [expect(VoucherKey, each) for each in given(said.voucher_ids) or ()]
    rewards = [expect(RewardKey, each) for each in given(said.reward_ids) or ()]
    merchants = {*(key.merchant_id for key in vouchers), *(key.merchant_id for key in rewards)}
    if merchants - {terminal.merchant_id}:
        raise NotFound
    return Wanted(tuple(key.voucher_id for key in vouchers), tuple(key.reward_id for key in rewards))


def _mint(context: RequestContext, terminal: Terminal, said: CheckoutInput) -> Mint:
    """The numbers of what is sold follow from the key, so that an answer that was lost can be given again."""
    return gift_cards.repeatable(
        context.box,
        merchant_id=terminal.merchant_id,
        terminal_id=terminal.terminal_id,
        key=said.idempotency_key,
    )


def _basket(said: SaleInput, loads: Mapping[int, NamedGiftCard]) -> Basket:
    """`loads`: by the line's place in the list, the gift card that it loads."""
    return Basket(
        receipt_number=said.receipt_number,
        currency=said.currency,
        lines=tuple(
            Line(
                line_id=line.line_id,
                amount_minor=Minor(line.amount_minor),
                kind=line.kind,
                sku=given(line.sku),
                category=given(line.category),
                description=given(line.description),
                quantity=line.quantity,
                loads=loads.get(at),
            )
            for at, line in enumerate(said.lines)
        ),
        occurred_at=given(said.occurred_at),
    )
