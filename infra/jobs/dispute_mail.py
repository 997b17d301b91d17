"""mail.dispute {merchantId, paymentId}: tells a merchant that a payer's bank wants the money of a gift card back."""

import structlog

from infra.jobs.payments import subject_of
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import translator
from wallet import payments
from wallet.outbox import Job
from web.mail import render

log = structlog.get_logger(__name__)


def handler(post: Post) -> Handler:
    """Carries the jobs out. A dispute that is over by then is not mailed."""

    async def run(job: Job) -> None:
        merchant_id, payment_id = subject_of(job)
        async with post.pool.acquire() as conn:
            notice = await payments.dispute_notice(conn, merchant_id=merchant_id, payment_id=payment_id)
        if notice is None:
            return
        facts = render.DisputeFacts(
            merchant_name=notice.merchant_name,
            amount=notice.amount,
            left=notice.left,
            provider=notice.provider,
            ref=notice.ref,
            disputed_at=notice.disputed_at,
        )
        mail = render.dispute(post.templates, translator(notice.locale, notice.timezone), facts)
        seconds = int(notice.disputed_at.timestamp())
        envelope = Envelope(
            Recipient(notice.email, notice.merchant_name),
            notice.merchant_name,
            message_id=f"dispute.{payment_id.hex}.{seconds}",
        )
        outcome = await mail_out(post, job, mail, envelope, now=post.clock())
        if isinstance(outcome, Refused):
            log.warning("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
