"""Gift cards in the app: their owner moves money from one to another."""

from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.gift_card import (
    GiftCard,
    GiftCardBalanceTransferred,
    TransferGiftCardBalanceInput,
    TransferGiftCardBalanceResult,
)
from schema.ids import GiftCardKey, expect
from wallet import value
from wallet.errors import InvalidInput


async def transfer_gift_card_balance(
    info: Info, said: Input[TransferGiftCardBalanceInput]
) -> TransferGiftCardBalanceResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        source, target = expect(GiftCardKey, said.from_id), expect(GiftCardKey, said.to_id)
        if source.merchant_id != target.merchant_id:
            raise InvalidInput.of("toId", "gift_card_elsewhere")
        moved = await value.transfer(
            conn,
            customer_id=customer.customer_id,
            merchant_id=source.merchant_id,
            from_gift_card_id=source.gift_card_id,
            to_gift_card_id=target.gift_card_id,
            amount_minor=said.amount_minor,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    return GiftCardBalanceTransferred(
        source=GiftCard.from_domain(moved.source), target=GiftCard.from_domain(moved.target)
    )
