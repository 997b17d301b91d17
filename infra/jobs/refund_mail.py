"""mail.refund_failed {merchantId, paymentId}: tells a merchant that money which was sent back did not arrive."""

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
    """Carries the jobs out. What has gone back otherwise by then is not mailed."""

    async def run(job: Job) -> None:
        merchant_id, payment_id = subject_of(job)
        async with post.pool.acquire() as conn:
            notice = await payments.refund_notice(conn, merchant_id=merchant_id, payment_id=payment_id)
        if notice is None:
            return
        facts = render.RefundFacts(
            merchant_name=notice.merchant_name,
            owed=notice.owed,
            provider=notice.provider,
            ref=notice.ref,
            failed_at=notice.waits_since,
        )
        mail = render.refund_failed(post.templates, translator(notice.locale, notice.timezone), facts)
        seconds = int(notice.waits_since.timestamp())
        envelope = Envelope(
            Recipient(notice.email, notice.merchant_name),
            notice.merchant_name,
            message_id=f"refund_failed.{payment_id.hex}.{seconds}",
        )
        outcome = await mail_out(post, job, mail, envelope, now=post.clock())
        if isinstance(outcome, Refused):
            log.warning("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
