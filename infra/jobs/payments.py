"""What the worker does about payments: asks providers, sends money back, carries the built-in provider's messages.

payment.look and payment.refund {merchantId, paymentId}; payment.webhook, which is the built-in provider's own.
"""

from collections.abc import Mapping
from uuid import UUID

import httpx
import structlog

from infra.payments import builtin
from infra.payments.builtin import WEBHOOK_TOPIC, BuiltinProvider
from infra.payments.keeping import Keeping, settle
from infra.worker import Handler, JobFailed
from resolvers.providers import ProviderTrouble
from wallet import payments
from wallet.outbox import Job
from wallet.payments import PaymentState
from wallet.values import MerchantId, PaymentId

MESSAGE_SECONDS = 10.0

log = structlog.get_logger(__name__)


def payment_handlers(keeping: Keeping) -> Mapping[str, Handler]:
    """What carries out the jobs of these topics."""
    found = {payments.LOOK_TOPIC: _look(keeping), payments.REFUND_TOPIC: _refund(keeping)}
    bank = keeping.providers.get(builtin.NAME)
    if isinstance(bank, BuiltinProvider):
        found[WEBHOOK_TOPIC] = _message(bank)
    return found


def _look(keeping: Keeping) -> Handler:
    async def run(job: Job) -> None:
        """A look that fails is no job that comes back: when to look next stands with the payment."""
        try:
            await settle(keeping, *subject_of(job))
        except ProviderTrouble as trouble:
            log.warning("payment.not_seen", payment_id=str(job.payload["paymentId"]), trouble=str(trouble))

    return Handler(run)


def _refund(keeping: Keeping) -> Handler:
    async def run(job: Job) -> None:
        """Should it fail for good, the payment stays REFUNDING, and is looked at and tried for ever, rarely.

        Where a bank has the money, or a person has to decide how it goes back, there is nothing to try.
        """
        try:
            heard = await settle(keeping, *subject_of(job))
        except ProviderTrouble as trouble:
            raise JobFailed(f"refund: {trouble}") from trouble
        after = heard.after if heard is not None else None
        if after is None or after.state is not PaymentState.REFUNDING:
            return
        if after.disputed_at is None and not after.waits_for_a_person:
            raise JobFailed("refund: not sent back yet")

    return Handler(run)


def _message(bank: BuiltinProvider) -> Handler:
    async def run(job: Job) -> None:
        headers, body = bank.message(job.payload)
        try:
            async with httpx.AsyncClient(timeout=MESSAGE_SECONDS, trust_env=False) as http:
                answer = await http.post(bank.webhook_url, content=body, headers=headers)
        except httpx.HTTPError as trouble:
            raise JobFailed(f"webhook: {type(trouble).__name__}") from trouble
        if not answer.is_success:
            raise JobFailed(f"webhook: {answer.status_code}")

    return Handler(run)


def subject_of(job: Job) -> tuple[MerchantId, PaymentId]:
    """Which payment it is."""
    return MerchantId(UUID(str(job.payload["merchantId"]))), PaymentId(UUID(str(job.payload["paymentId"])))
