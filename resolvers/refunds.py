"""Goods come back."""

from auth import gift_cards
from resolvers import callers, operators
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.field import given
from schema.ids import SaleKey, expect
from schema.refund import RefundInput, RefundResult, SaleRefunded
from wallet import refund_keys, refunds
from wallet.database import Conn
from wallet.errors import NotFound, OperatorUnknown
from wallet.refunds import Refunded
from wallet.values import OperatorId, Terminal


async def refund(info: Info, said: Input[RefundInput]) -> RefundResult:
    context = info.context
    try:
        refunded = await _refunded(context, said)
    except OperatorUnknown as refusal:
        refunded = await _refunded_before(context, said, refusal)
    if not refunded.replayed:
        context.changes.publish(refunded.sale.merchant_id, refunded.sale.card_id)
    return SaleRefunded.from_domain(refunded, context.say)


async def _refunded(context: RequestContext, said: Input[RefundInput]) -> Refunded:
    async with context.pool.acquire() as conn, operators.counted(conn, context), conn.transaction():
        terminal = await callers.terminal(conn, context)
        operator_id = await operators.operator_of(conn, context, terminal, given(said.operator_pin))
        return await _refund(conn, context, terminal, said, operator_id)


async def _refunded_before(context: RequestContext, said: Input[RefundInput], refusal: OperatorUnknown) -> Refunded:
    """The refund of this key, which is answered again though whoever did it stands at no till any more.

    Where the key has recorded none, nothing is done, and `refusal` is raised.
    """
    async with context.pool.acquire() as conn, conn.transaction():
        terminal = await callers.terminal(conn, context)
        if not await refund_keys.is_recorded(conn, terminal=terminal, idempotency_key=said.idempotency_key):
            raise refusal
        return await _refund(conn, context, terminal, said, None)


async def _refund(
    conn: Conn, context: RequestContext, terminal: Terminal, said: RefundInput, operator_id: OperatorId | None
) -> Refunded:
    key = expect(SaleKey, said.sale_id)
    if key.merchant_id != terminal.merchant_id:
        raise NotFound
    return await refunds.refund(
        conn,
        terminal=terminal,
        sale_id=key.sale_id,
        line_ids=given(said.line_ids),
        amount_minor=given(said.amount_minor),
        operator_id=operator_id,
        mint=gift_cards.minter(context.box, merchant_id=terminal.merchant_id),
        idempotency_key=said.idempotency_key,
        now=context.now,
    )
