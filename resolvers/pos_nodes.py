"""What has an id, for the till that may see it: itself, its store's open visits and their cards, its store's sales, and
the rewards and vouchers that are had there.
"""

from datetime import datetime

from resolvers import callers
from resolvers.arguments import NodeId
from resolvers.context import Info
from schema.gift_card import MemberGiftCard
from schema.ids import (
    MemberCardKey,
    MemberGiftCardKey,
    NodeKey,
    RewardKey,
    SaleKey,
    TerminalKey,
    VisitKey,
    VoucherKey,
    decode,
)
from schema.node import Node
from schema.reward import Reward
from schema.sale import Sale
from schema.terminal import Terminal
from schema.translations import Translator
from schema.visit import MemberCard, Visit
from schema.voucher import Voucher
from wallet import rewards, sales, value, values, visits
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
            return Terminal.from_domain(terminal, now=now)
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
        case RewardKey(terminal.merchant_id, reward_id):
            reward = await rewards.find_reward_of_merchant(conn, merchant_id=terminal.merchant_id, reward_id=reward_id)
            return Reward.from_domain(reward) if reward and reward.is_had_at(terminal.store_id) else None
        case MemberGiftCardKey(terminal.merchant_id, gift_card_id):
            gift_card = await value.find_served(
                conn,
                merchant_id=terminal.merchant_id,
                gift_card_id=gift_card_id,
                store_id=terminal.store_id,
                now=now,
            )
            return MemberGiftCard.from_domain(gift_card) if gift_card else None
        case VoucherKey(terminal.merchant_id, voucher_id):
            return await _voucher(conn, terminal, voucher_id, now=now)
        case _:
            return None


async def _voucher(
    conn: Conn, terminal: values.Terminal, voucher_id: values.VoucherId, *, now: datetime
) -> Voucher | None:
    """A voucher of somebody whom the store serves now, if it is good there."""
    voucher = await rewards.find_voucher_of_merchant(
        conn, merchant_id=terminal.merchant_id, voucher_id=voucher_id, now=now
    )
    if voucher is None or not voucher.reward.is_had_at(terminal.store_id):
        return None
    place = (terminal.merchant_id, terminal.store_id)
    served = await conn.fetchval(SERVED_NOW_SQL, *place, voucher.card_id, now)
    return Voucher.from_domain(voucher) if served else None
