"""Goods come back."""

from resolvers import callers, operators
from resolvers.arguments import Input
from resolvers.context import Info
from schema.field import given
from schema.ids import SaleKey, expect
from schema.refund import RefundInput, RefundResult, SaleRefunded
from wallet import refunds
from wallet.errors import NotFound


async def refund(info: Info, said: Input[RefundInput]) -> RefundResult:
    context = info.context
    async with context.pool.acquire() as conn, operators.counted(conn, context), conn.transaction():
        terminal = await callers.terminal(conn, context)
        operator_id = await operators.operator_of(conn, context, terminal, given(said.operator_pin))
        key = expect(SaleKey, said.sale_id)
        if key.merchant_id != terminal.merchant_id:
            raise NotFound
        refunded = await refunds.refund(
            conn,
            terminal=terminal,
            sale_id=key.sale_id,
            line_ids=given(said.line_ids),
            amount_minor=given(said.amount_minor),
            operator_id=operator_id,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    if not refunded.replayed:
        context.changes.publish(refunded.sale.merchant_id, refunded.sale.card_id)
    return SaleRefunded.from_domain(refunded, context.say)
