"""Stripe, by its own library: a PaymentIntent for each payment, with the methods that the merchant's account offers.

https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/api/idempotent_requests,
https://docs.stripe.com/webhooks. Importing this module loads the library, so only what uses Stripe imports it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import stripe
from stripe import HTTPXClient, StripeClient

from resolvers.providers import Created, News, ProviderRefused, ProviderTrouble, WebhookNotTheirs
from wallet.payments import Dispute, FailedRefund, Payment, Seen, SeenState
from wallet.values import MerchantId, Minor, Money, PaymentId

NAME = "stripe"
TIMEOUT_SECONDS = 10.0
RETRIES = 2
"""By the library, of what is safe to ask again: it has a key, or changes nothing."""

HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Stripe writes these with two decimals that they do not have: https://docs.stripe.com/currencies#special-cases."""
UNWRITABLE = frozenset({"MGA"})
"""Stripe knows no fifths of an ariary, which are its minor unit."""

WON = frozenset({"won", "prevented"})
FAILED_REFUNDS = frozenset({"failed", "canceled"})
"""The money is with the merchant's account again: https://docs.stripe.com/refunds#failed-refunds."""
REFUND_EVENTS = frozenset({"refund.failed", "refund.updated", "charge.refund.updated"})
LOST_OR_OPEN = frozenset({"needs_response", "under_review", "lost"})
"""The others, `warning_…`, are questions of a bank that has taken no money."""


class StripeProvider:
    """One Stripe account. `api_base` is where its API is, if not where Stripe has it; it answers within `timeout` s."""

    name = NAME

    def __init__(
        self, secret_key: str, webhook_secret: str, *, api_base: str | None = None, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        stripe.enable_telemetry = False
        self._webhook_secret = webhook_secret
        self._http = HTTPXClient(timeout=timeout)
        self._client = StripeClient(
            secret_key,
            http_client=self._http,
            max_network_retries=RETRIES,
            base_addresses={"api": api_base} if api_base else {},
        )

    async def close(self) -> None:
        """No connection to Stripe is left."""
        await self._http.close_async()  # type: ignore[no-untyped-call]  # theirs

    async def create(self, payment: Payment) -> Created:
        """The payment's intent, made or found by our id. Its secret lets an app pay it, and nothing else."""
        try:
            if payment.ref is not None:
                intent = await self._client.v1.payment_intents.retrieve_async(payment.ref)
            else:
                intent = await self._client.v1.payment_intents.create_async(
                    {
                        "amount": _written(payment.amount),
                        "currency": payment.amount.currency.lower(),
                        "automatic_payment_methods": {"enabled": True},
                        # The key stands for what is said with it, so nothing of this may ever change.
                        "description": "Gift card",
                        "metadata": {"merchant_id": str(payment.merchant_id), "payment_id": str(payment.payment_id)},
                    },
                    {"idempotency_key": str(payment.payment_id)},
                )
        except stripe.InvalidRequestError as refusal:
            raise ProviderRefused(_reason(refusal)) from refusal
        except stripe.StripeError as trouble:
            raise ProviderTrouble(_reason(trouble)) from trouble
        return Created(intent.id, client_secret=intent.client_secret)

    async def look(self, ref: str) -> Seen:
        try:
            intent = await self._client.v1.payment_intents.retrieve_async(ref, {"expand": ["latest_charge.refunds"]})
            charge = intent.latest_charge
            disputes = list[stripe.Dispute]()
            if isinstance(charge, stripe.Charge) and charge.disputed:
                found = await self._client.v1.disputes.list_async({"payment_intent": ref, "limit": 10})
                disputes = found.data
        except stripe.InvalidRequestError as refusal:
            if refusal.code == "resource_missing":
                return Seen(SeenState.UNKNOWN, ref)
            raise ProviderTrouble(_reason(refusal)) from refusal
        except stripe.StripeError as trouble:
            raise ProviderTrouble(_reason(trouble)) from trouble
        return _seen(intent, disputes=disputes)

    async def refund(self, ref: str, amount: Money, key: str) -> Seen:
        try:
            await self._client.v1.refunds.create_async(
                {"payment_intent": ref, "amount": _written(amount), "reason": "requested_by_customer"},
                {"idempotency_key": key},
            )
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as refusal:
            # Refunded already, disputed, or more than is left: what is there says which.
            seen = await self.look(ref)
            if seen.refunded_minor or seen.disputes:
                return seen
            raise ProviderTrouble(_reason(refusal)) from refusal
        except stripe.StripeError as trouble:
            raise ProviderTrouble(_reason(trouble)) from trouble
        return await self.look(ref)

    async def cancel(self, ref: str) -> Seen:
        try:
            intent = await self._client.v1.payment_intents.cancel_async(ref)
        except stripe.InvalidRequestError:
            return await self.look(ref)  # paid or cancelled already
        except stripe.StripeError as trouble:
            raise ProviderTrouble(_reason(trouble)) from trouble
        return _seen(intent)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News | None:
        """Stripe signs the moment of sending. The library compares it with this machine's clock, not with `now`."""
        try:
            event = self._client.construct_event(body, headers.get("stripe-signature"), self._webhook_secret)
        except (stripe.SignatureVerificationError, ValueError) as refusal:
            raise WebhookNotTheirs(type(refusal).__name__) from refusal
        subject = event.data.object
        if event.type.startswith("payment_intent.") and isinstance(subject, stripe.PaymentIntent):
            return News(event.id, _seen(subject), _ours(subject.metadata))
        if event.type == "charge.refunded" and isinstance(subject, stripe.Charge):
            ref = _id_of(subject.payment_intent)
            amount = _read(subject.amount, subject.currency)
            refunded = _read(subject.amount_refunded, subject.currency).amount_minor
            seen = Seen(SeenState.PAID, ref, amount, refunded_minor=refunded)
            return News(event.id, seen, _ours(subject.metadata)) if ref else None
        if event.type in REFUND_EVENTS and isinstance(subject, stripe.Refund):
            ref, failed = _id_of(subject.payment_intent), _failed([subject])
            return News(event.id, Seen(SeenState.PAID, ref, failed_refunds=failed)) if ref and failed else None
        if event.type.startswith("charge.dispute.") and isinstance(subject, stripe.Dispute):
            ref, disputes = _id_of(subject.payment_intent), _disputes([subject])
            return News(event.id, Seen(SeenState.PAID, ref, disputes=disputes)) if ref and disputes else None
        return None


def _seen(intent: stripe.PaymentIntent, *, disputes: Sequence[stripe.Dispute] = ()) -> Seen:
    charge = intent.latest_charge
    refunds = _refunds(charge) if isinstance(charge, stripe.Charge) else []
    state = {"succeeded": SeenState.PAID, "canceled": SeenState.CANCELLED}.get(intent.status, SeenState.OPEN)
    error = intent.last_payment_error
    return Seen(
        state,
        intent.id,
        _read(intent.amount, intent.currency),
        refunded_minor=sum(_refunded(refund) for refund in refunds if refund.status not in FAILED_REFUNDS),
        failed_refunds=_failed(refunds),
        disputes=_disputes(disputes),
        problem=(error.decline_code or error.code) if error and state is SeenState.OPEN else None,
    )


def _refunds(charge: stripe.Charge) -> list[stripe.Refund]:
    """All that was sent back of the charge, whatever became of it. Only where it was asked for."""
    return charge.refunds.data if charge.refunds else []


def _refunded(refund: stripe.Refund) -> int:
    return _read(refund.amount, refund.currency).amount_minor


def _failed(refunds: list[stripe.Refund]) -> tuple[FailedRefund, ...]:
    return tuple(
        FailedRefund(refund.id, _refunded(refund), refund.failure_reason or refund.status)
        for refund in refunds
        if refund.status in FAILED_REFUNDS
    )


def _disputes(disputes: Sequence[stripe.Dispute]) -> tuple[Dispute, ...]:
    return tuple(Dispute(one.id, won=one.status in WON) for one in disputes if one.status in WON | LOST_OR_OPEN)


def _ours(metadata: stripe.StripeObject | None) -> tuple[MerchantId, PaymentId] | None:
    """Our own name for the payment; None for what others do with the same account."""
    try:
        said = metadata.to_dict() if metadata else {}
        return MerchantId(UUID(said["merchant_id"])), PaymentId(UUID(said["payment_id"]))
    except (KeyError, ValueError):
        return None


def _id_of(named: object) -> str | None:
    """What may be an id, or the whole thing with its id."""
    if isinstance(named, stripe.PaymentIntent):
        return named.id
    return named if isinstance(named, str) else None


def _written(amount: Money) -> int:
    """The amount as Stripe writes it. Raises ProviderRefused."""
    if amount.currency in UNWRITABLE:
        raise ProviderRefused(f"currency {amount.currency}")
    return amount.amount_minor * (100 if amount.currency in HUNDREDFOLD else 1)


def _read(written: int, currency: str) -> Money:
    code = currency.upper()
    return Money(Minor(written // 100 if code in HUNDREDFOLD else written), code)


def _reason(trouble: stripe.StripeError) -> str:
    """The kind of trouble. Not its text, which may quote what was sent."""
    parts = (type(trouble).__name__, str(trouble.http_status or ""), trouble.code or "")
    return " ".join(part for part in parts if part)
