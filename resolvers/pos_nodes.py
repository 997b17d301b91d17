"""What has an id, for the till that may see it: itself, its store's open visits and their cards, its store's sales."""

from datetime import datetime

from resolvers import callers
from resolvers.arguments import NodeId
from resolvers.context import Info
from schema.ids import MemberCardKey, NodeKey, SaleKey, TerminalKey, VisitKey, decode
from schema.node import Node
from schema.sale import Sale
from schema.terminal import Terminal
from schema.translations import Translator
from schema.visit import MemberCard, Visit
from wallet import sales, values, visits
from wallet.database import Conn
from wallet.errors import NotFound

SERVED_NOW_SQL = """
    SELECT EXISTS (
        SELECT FROM visits
        WHERE merchant_id = $1 AND store_id = $2 AND card_id = $3 AND opened_at <= $4 AND expires_at > $4
    )
"""


async def node(info: Info, node_id: NodeId) -> Node | None:
    context, key = info.context, decode(node_id)
    async with context.pool.acquire() as conn:
        terminal = await callers.terminal(conn, context)
        if key is None:
            return None
        try:
            return await _seen_by(conn, terminal, key, say=context.say, now=context.now)
        except NotFound:
            return None


async def _seen_by(
    conn: Conn, terminal: values.Terminal, key: NodeKey, *, say: Translator, now: datetime
) -> Node | None:
    match key:
        case TerminalKey(terminal.merchant_id, terminal.terminal_id):
            return Terminal.from_domain(terminal)
        case VisitKey(terminal.merchant_id, visit_id):
            return Visit.from_domain(await visits.find(conn, terminal=terminal, visit_id=visit_id, now=now))
        case SaleKey(terminal.merchant_id, sale_id):
            sale = await sales.find(conn, terminal=terminal, sale_id=sale_id)
            return Sale.from_domain(sale) if sale else None
        case MemberCardKey(terminal.merchant_id, card_id):
            place = (terminal.merchant_id, terminal.store_id)
            if not await conn.fetchval(SERVED_NOW_SQL, *place, card_id, now):
                return None
            card = await visits.member_card(conn, merchant_id=terminal.merchant_id, card_id=card_id)
            return MemberCard.from_domain(card, say)
        case _:
            return None
