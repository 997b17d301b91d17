"""What the store did lately with the card that it serves."""

import strawberry

from resolvers import callers
from resolvers.context import Info
from schema.ids import VisitKey, decode
from schema.operation import Operation
from wallet import operations as done
from wallet import visits


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
