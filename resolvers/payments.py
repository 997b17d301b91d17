"""Having a gift paid for: the provider is told between two transactions, never inside of one."""

import asyncio

from auth import gift_cards
from resolvers.context import RequestContext
from resolvers.providers import ProviderRefused, ProviderTrouble
from schema.payment import GiftPayment
from wallet.gifts import paying
from wallet.payments import UNPAID_MAX, Payment, PaymentState, Seen, SeenState, Source, Told

ASKED = Told(Source.API)
ANSWER_SECONDS = 6.0
"""How long a sender waits for the provider. Less than an operation may take, so that it ends by our own answer."""
PAYABLE = frozenset({PaymentState.CREATED, PaymentState.PENDING})


async def start(context: RequestContext, payment: Payment) -> GiftPayment:
    """The provider knows the payment, and this is what the sender's app needs to have it paid.

    `payment` was begun in a transaction that has committed. It can be started again and is the same one then. A process
    that dies here leaves a payment that reconciliation makes known, or cancels: nobody can have paid it. Where the
    provider does not answer there is neither a secret nor a page yet; where it refuses, the gift is CANCELLED. After a
    day nothing is started any more: the payment is about to be cancelled, or has been.
    """
    provider = context.payments
    over = context.now >= payment.created_at + UNPAID_MAX
    if over or payment.state not in PAYABLE or provider is None or provider.name != payment.provider:
        return GiftPayment.from_domain(payment)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            created = await provider.create(payment)
    except (ProviderTrouble, TimeoutError):
        return GiftPayment.from_domain(payment)
    except ProviderRefused as refusal:
        return GiftPayment.from_domain(await _note(context, payment, Seen(SeenState.FAILED, problem=str(refusal))))
    noted = await _note(context, payment, Seen(SeenState.OPEN, created.ref))
    if noted.state not in PAYABLE:
        return GiftPayment.from_domain(noted)
    return GiftPayment.from_domain(noted, client_secret=created.client_secret, url=created.url)


async def _note(context: RequestContext, payment: Payment, seen: Seen) -> Payment:
    async with context.pool.acquire() as conn, conn.transaction():
        heard = await paying.hear(
            conn,
            merchant_id=payment.merchant_id,
            payment_id=payment.payment_id,
            seen=seen,
            told=ASKED,
            mint=gift_cards.minter(context.box, merchant_id=payment.merchant_id),
            now=context.now,
        )
    assert heard is not None, "the payment was begun"
    if heard.after.state is PaymentState.FAILED and heard.changed:
        context.changes.publish(payment.merchant_id, heard.sender_card_id)
    return heard.after
