"""Whatever has an id, for those who may see it; null for everything else."""

from auth import sessions
from auth.viewers import SessionId, session_of
from resolvers import callers
from resolvers.arguments import NodeId
from resolvers.context import Info, RequestContext
from schema.card import Card
from schema.customer import Customer
from schema.gift import Gift
from schema.gift_card import GiftCard, GiftCardActivity
from schema.gift_design import GiftDesign
from schema.history import SHOWN, PointsEntry
from schema.ids import (
    CardKey,
    CustomerKey,
    EntryKey,
    GiftCardActivityKey,
    GiftCardKey,
    GiftDesignKey,
    GiftKey,
    NodeKey,
    ProgramKey,
    RewardKey,
    SessionKey,
    VoucherKey,
    decode,
)
from schema.node import Node
from schema.program import Program
from schema.reward import Reward
from schema.session import Session
from schema.voucher import Voucher
from wallet import cards, gifts, history, rewards, value
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CustomerId


async def node(info: Info, node_id: NodeId) -> Node | None:
    context, key = info.context, decode(node_id)
    if key is None:
        return None
    if isinstance(key, ProgramKey):
        return await _program(context, key)
    if isinstance(key, GiftDesignKey):
        return await _design(context, key)
    customer_id = callers.customer_id(context)
    async with context.pool.acquire() as conn:
        return await _own(conn, context, key, customer_id)


async def _program(context: RequestContext, key: ProgramKey) -> Program | None:
    try:
        return Program.from_domain(await context.loaders.program(key))
    except NotFound:
        return None


async def _design(context: RequestContext, key: GiftDesignKey) -> GiftDesign | None:
    """Public, as the programs that have them."""
    try:
        return GiftDesign.from_domain(await context.loaders.gift_design(key))
    except NotFound:
        return None


async def _own(conn: Conn, context: RequestContext, key: NodeKey, customer_id: CustomerId) -> Node | None:
    match key:
        case CustomerKey():
            customer = await callers.find_customer(conn, context)
            return Customer.from_domain(customer) if customer and key.customer_id == customer_id else None
        case SessionKey():
            await callers.signed_in(conn, context)
            session = await sessions.find(
                conn, customer_id=customer_id, session_id=SessionId(key.session_id), now=context.now
            )
            return Session.from_domain(session, current=session_of(context.viewer)) if session else None
        case CardKey():
            card = await _card(conn, context, CardKey(key.merchant_id, key.card_id), customer_id)
            return Card.from_domain(card) if card else None
        case EntryKey():
            return await _entry(conn, context, key, customer_id)
        case GiftKey():
            await callers.signed_in(conn, context)
            return await _gift(conn, key, customer_id)
        case GiftCardKey() | GiftCardActivityKey():
            await callers.signed_in(conn, context)
            return await _stored(conn, key, customer_id)
        case RewardKey() | VoucherKey():
            await callers.signed_in(conn, context)
            return await _bought(conn, context, key, customer_id)
        case _:
            return None


async def _card(conn: Conn, context: RequestContext, key: CardKey, customer_id: CustomerId) -> cards.Card | None:
    """The customer's own card, the session being live: in one statement, since this is how a history is paged."""
    return await cards.find(
        conn,
        customer_id=customer_id,
        merchant_id=key.merchant_id,
        card_id=key.card_id,
        session_id=session_of(context.viewer),
    )


async def _gift(conn: Conn, key: GiftKey, customer_id: CustomerId) -> Gift | None:
    """A gift that the customer sent or claimed."""
    merchant_id, gift_id = key.merchant_id, key.gift_id
    gift = await gifts.find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    if gift is None:
        gift = await gifts.find_received(conn, customer_id=customer_id, merchant_id=merchant_id, gift_id=gift_id)
    return Gift.from_domain(gift) if gift else None


async def _entry(conn: Conn, context: RequestContext, key: EntryKey, customer_id: CustomerId) -> PointsEntry | None:
    card = await _card(conn, context, CardKey(key.merchant_id, key.card_id), customer_id)
    if card is None:
        return None
    found = await history.entries(conn, keys=[(key.merchant_id, key.card_id, key.seq)])
    entry = found.get((key.card_id, key.seq))
    if entry is None or entry.kind not in SHOWN:
        return None
    return PointsEntry.from_domain(entry)


async def _stored(conn: Conn, key: GiftCardKey | GiftCardActivityKey, customer_id: CustomerId) -> Node | None:
    """A gift card of the customer's own, or something that happened on one."""
    merchant_id, gift_card_id = key.merchant_id, key.gift_card_id
    if isinstance(key, GiftCardKey):
        card = await value.find(conn, customer_id=customer_id, merchant_id=merchant_id, gift_card_id=gift_card_id)
        return GiftCard.from_domain(card) if card else None
    activity = await value.find_activity(
        conn, customer_id=customer_id, merchant_id=merchant_id, gift_card_id=gift_card_id, seq=key.seq
    )
    return GiftCardActivity.from_domain(activity) if activity else None


async def _bought(
    conn: Conn, context: RequestContext, key: RewardKey | VoucherKey, customer_id: CustomerId
) -> Node | None:
    """A reward of a program that the customer is a member of, or a voucher of their own."""
    if isinstance(key, RewardKey):
        reward = await rewards.find_reward(
            conn, customer_id=customer_id, merchant_id=key.merchant_id, reward_id=key.reward_id
        )
        return Reward.from_domain(reward) if reward else None
    voucher = await rewards.find_voucher(
        conn,
        customer_id=customer_id,
        merchant_id=key.merchant_id,
        voucher_id=key.voucher_id,
        now=context.now,
    )
    return Voucher.from_domain(voucher) if voucher else None
