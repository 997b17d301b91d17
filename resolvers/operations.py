"""What the store did lately: with the card that it serves, and with everybody today."""

import strawberry
from strawberry import UNSET

from resolvers import callers
from resolvers.context import Info
from schema.connection import page_size, read_sale_cursor
from schema.field import given
from schema.ids import VisitKey, decode
from schema.operation import Operation, OperationConnection, Today
from wallet import days, visits
from wallet import operations as done


async def operations(info: Info, visit_id: strawberry.ID) -> list[Operation]:
    context, key = info.context, decode(visit_id)
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
        if not isinstance(key, VisitKey) or key.merchant_id != terminal.merchant_id:
            return []
        found = await done.of_visit(conn, terminal=terminal, visit_id=key.visit_id, now=context.now)
        if not found:
            return []
        sale = found[0].sale
        member = await visits.member_card(conn, merchant_id=sale.merchant_id, card_id=sale.card_id)
    return [Operation.from_domain(each, member, context.say) for each in found]


async def today(info: Info, first: int = 20, after: str | None = UNSET) -> Today:
    context = info.context
    first, place = page_size(first), read_sale_cursor(given(after))
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
        page = await days.page(conn, terminal=terminal, first=first, after=place, now=context.now)
        sums = await days.sums(conn, terminal=terminal, now=context.now)
        card_ids = sorted({each.sale.card_id for each in page.operations})
        members = await visits.member_cards(conn, merchant_id=terminal.merchant_id, card_ids=card_ids)
    sales = OperationConnection.from_domain(page, members, context.say, after=place is not None)
    return Today.from_domain(sums, sales)
