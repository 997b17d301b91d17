"""A phone that shows a gift sees what becomes of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import strawberry

from resolvers import callers
from resolvers.context import Info, RequestContext
from schema.failures import BadUserInput
from schema.gift import Gift as GiftType
from schema.ids import GiftKey, decode
from wallet import gifts, payments
from wallet.gifts import Gift
from wallet.payments import PaymentState

LOOK_SECONDS = 10.0
"""So long at most what nobody says is unseen: that some of the money was spent."""

Stand = tuple[Gift, PaymentState | None]


async def gift_changed(info: Info, gift_id: strawberry.ID) -> AsyncGenerator[GiftType, None]:
    """Refuses at once, before the first event, whoever is not signed in and whatever is not a gift that they sent."""
    context, key = info.context, decode(gift_id)
    stand = await _stand(context, key) if isinstance(key, GiftKey) else None
    if not isinstance(key, GiftKey) or stand is None:
        raise BadUserInput("giftId names no gift that you sent.")
    return _events(context, key, stand)


async def _events(context: RequestContext, key: GiftKey, stand: Stand) -> AsyncGenerator[GiftType, None]:
    """The gift as it is, and then each time that it is another: several changes at once are one event."""
    gift = stand[0]
    yield GiftType.from_domain(gift)
    watch = context.changes.watch(gift.merchant_id, gift.card_id)
    async with watch as wakeups, aclosing(_often(wakeups)) as looks:
        async for _ in looks:
            found = await _stand(context, key)
            if found is not None and found != stand:
                stand = found
                yield GiftType.from_domain(stand[0])


async def _often(wakeups: AsyncIterator[None]) -> AsyncGenerator[None, None]:
    """After each wake-up, and when there was none for a while."""
    woken = asyncio.ensure_future(anext(wakeups))
    try:
        while True:
            done, _ = await asyncio.wait({woken}, timeout=LOOK_SECONDS)
            yield
            if done:
                woken = asyncio.ensure_future(anext(wakeups))
    finally:
        woken.cancel()


async def _stand(context: RequestContext, key: GiftKey) -> Stand | None:
    async with context.pool.acquire() as conn:
        customer = await callers.signed_in(conn, context)
        gift = await gifts.find(
            conn, customer_id=customer.customer_id, merchant_id=key.merchant_id, gift_id=key.gift_id
        )
        if gift is None:
            return None
        payment = await payments.of_gift(conn, merchant_id=key.merchant_id, gift_id=key.gift_id)
    return gift, payment.state if payment else None
