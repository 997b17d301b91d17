"""Rewards in the app: bought with points or stamps, and given back unused."""

from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.card import Card
from schema.claim import (
    CancelVoucherInput,
    CancelVoucherResult,
    ClaimRewardInput,
    ClaimRewardResult,
    RewardClaimed,
    VoucherCancelled,
)
from schema.ids import CardKey, RewardKey, VoucherKey, expect
from schema.voucher import Voucher
from wallet import cards, rewards
from wallet.errors import NotFound


async def claim_reward(info: Info, said: Input[ClaimRewardInput]) -> ClaimRewardResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        card_key, reward_key = expect(CardKey, said.card_id), expect(RewardKey, said.reward_id)
        if card_key.merchant_id != reward_key.merchant_id:
            raise NotFound
        claimed = await rewards.claim(
            conn,
            customer_id=customer.customer_id,
            merchant_id=card_key.merchant_id,
            card_id=card_key.card_id,
            reward_id=reward_key.reward_id,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
        card = await cards.get(
            conn,
            customer_id=customer.customer_id,
            merchant_id=card_key.merchant_id,
            card_id=claimed.voucher.card_id,
        )
    if not claimed.replayed:
        context.changes.publish(card.merchant_id, card.card_id)
    return RewardClaimed(voucher=Voucher.from_domain(claimed.voucher), card=Card.from_domain(card))


async def cancel_voucher(info: Info, said: Input[CancelVoucherInput]) -> CancelVoucherResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(VoucherKey, said.voucher_id)
        cancelled = await rewards.cancel(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            voucher_id=key.voucher_id,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
        card = await cards.get(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            card_id=cancelled.voucher.card_id,
        )
    if not cancelled.replayed:
        context.changes.publish(card.merchant_id, card.card_id)
    return VoucherCancelled(voucher=Voucher.from_domain(cancelled.voucher), card=Card.from_domain(card))
