"""Keeps what we know of payments in step with what their providers know.

A provider is asked between two transactions, never inside of one. Each of the two can be repeated, and whoever dies
between them leaves a payment that is looked at again: by the outbox, or when its time to be looked at has come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from auth import gift_cards
from auth.secrets import SecretBox
from infra.clock import Clock
from resolvers.providers import Provider, ProviderRefused, ProviderTrouble
from wallet import payments
from wallet.database import Pool
from wallet.gifts import paying
from wallet.gifts.paying import Heard
from wallet.payments import Payment, PaymentState, Seen, SeenState, Source, Told
from wallet.values import CardId, MerchantId, Minor, Money, PaymentId

log = structlog.get_logger(__name__)

LOOKED = Told(Source.RECONCILIATION)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What it takes. `publish` is told, after the commit, of the sender's card where a gift changed."""

    pool: Pool
    clock: Clock
    providers: Mapping[str, Provider]
    box: SecretBox
    publish: Callable[[MerchantId, CardId], None]


async def take_in(
    keeping: Keeping, merchant_id: MerchantId, payment_id: PaymentId, seen: Seen, told: Told
) -> Heard | None:
    """What was seen is so here, committed. None if there is no such payment."""
    async with keeping.pool.acquire() as conn, conn.transaction():
        heard = await paying.hear(
            conn,
            merchant_id=merchant_id,
            payment_id=payment_id,
            seen=seen,
            told=told,
            mint=gift_cards.minter(keeping.box, merchant_id=merchant_id),
            now=keeping.clock(),
        )
    if heard is not None and heard.changed:
        keeping.publish(merchant_id, heard.sender_card_id)
        log.info(
            "payment.changed",
            payment_id=str(payment_id),
            before=heard.before.state.value,
            after=heard.after.state.value,
            source=told.source.value,
            disputed=heard.after.disputed_at is not None,
        )
        if heard.after.problem is not None and heard.after.problem != heard.before.problem:
            log.warning("payment.problem", payment_id=str(payment_id), problem=heard.after.problem)
    return heard


async def settle(
    keeping: Keeping, merchant_id: MerchantId, payment_id: PaymentId, *, again: bool = False
) -> Heard | None:
    """The payment has been looked at, and what was due to be done there has been done.

    One that nobody may pay any more is cancelled there, one that is not known there is made again with the same key,
    one that is to go back is sent back, but not while it is disputed; `again`: also one that was sent back and did not
    arrive. None if there is no such payment. Raises ProviderTrouble.
    """
    now = keeping.clock()
    async with keeping.pool.acquire() as conn:
        payment = await payments.find(conn, merchant_id=merchant_id, payment_id=payment_id)
        wanted = payment is not None and await paying.is_wanted(conn, payment, now=now)
    if payment is None:
        return None
    provider = keeping.providers.get(payment.provider)
    if provider is None:
        raise ProviderTrouble(f"provider {payment.provider} is not set up")
    if payment.waits_for_a_person and not again and payment.ref is not None:
        seen = await provider.look(payment.ref)
    else:
        may_be_made = now < payment.created_at + payments.UNPAID_MAX
        seen = await _seen(provider, payment, wanted=wanted, may_be_made=may_be_made)
    return await take_in(keeping, merchant_id, payment_id, seen, LOOKED)


async def _seen(provider: Provider, payment: Payment, *, wanted: bool, may_be_made: bool) -> Seen:
    """How the payment stands at its provider, after what we want of it has been done there."""
    match payment.state:
        case PaymentState.CREATED:
            if not may_be_made:
                # Nobody was ever given the means to pay it, and the provider may have forgotten our key.
                return Seen(SeenState.CANCELLED)
            return await _made(provider, payment, wanted=wanted)
        case PaymentState.PENDING:
            assert payment.ref is not None, "what the provider knows has a name there"
            if wanted:
                return await provider.look(payment.ref)
            seen = await provider.cancel(payment.ref)
            return Seen(SeenState.CANCELLED, payment.ref) if seen.state is SeenState.UNKNOWN else seen
        case PaymentState.REFUNDING:
            assert payment.ref is not None, "what was paid has a name at its provider"
            if payment.disputed_at is not None:
                # The payer's bank has the money, and nothing is sent back a second time.
                return await provider.look(payment.ref)
            return await _sent_back(provider, payment, payment.ref)
        case _:
            return await provider.look(payment.ref) if payment.ref else Seen(SeenState.UNKNOWN)


async def _made(provider: Provider, payment: Payment, *, wanted: bool) -> Seen:
    try:
        created = await provider.create(payment)
    except ProviderRefused as refusal:
        return Seen(SeenState.FAILED, problem=str(refusal))
    return await (provider.look(created.ref) if wanted else provider.cancel(created.ref))


async def _sent_back(provider: Provider, payment: Payment, ref: str) -> Seen:
    """What is left goes back. Where a refund has failed, the merchant may have sent it by hand meanwhile."""
    back = payment.refunded_minor
    if payment.refunds_failed:
        seen = await provider.look(ref)
        back = seen.refunded_minor
        if back >= payment.amount.amount_minor:
            return seen
    left = Money(Minor(payment.amount.amount_minor - back), payment.amount.currency)
    return await provider.refund(ref, left, refund_key(payment, back))


def refund_key(payment: Payment, back: int) -> str:
    """The key by which the provider sends back once what is left. When some of it went `back` otherwise, that is
    another sum, and a key stands for one sum; when it did not arrive, it is sent once more."""
    again = f"again{payment.refunds_failed}" if payment.refunds_failed else ""
    return f"{payment.payment_id}refund{back or ''}{again}"
