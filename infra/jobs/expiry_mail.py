"""mail.expiring {merchantId, cardId, until}: tells a member of points before they expire."""

from datetime import date
from uuid import UUID

import structlog

from auth import notice_links
from auth.secrets import SecretBox
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import PointNames, translator
from wallet import notices
from wallet.outbox import Job
from wallet.values import CardId, MerchantId
from web.mail import render

log = structlog.get_logger(__name__)


def handler(post: Post, box: SecretBox) -> Handler:
    """Carries the jobs out. What was used meanwhile is not spoken of; if nothing is left, nothing is mailed."""

    async def run(job: Job) -> None:
        now = post.clock()
        async with post.pool.acquire() as conn, conn.transaction():
            notice = await notices.read(
                conn,
                merchant_id=MerchantId(UUID(str(job.payload["merchantId"]))),
                card_id=CardId(UUID(str(job.payload["cardId"]))),
                until=date.fromisoformat(str(job.payload["until"])),
                now=now,
            )
        if notice is None:
            return
        stop_link = f"{post.public_url}/n/{notice_links.token_of(box, notice.customer_id)}/stop"
        facts = render.ExpiringFacts(
            merchant_name=notice.merchant_name,
            program_name=notice.program_name,
            point_names=PointNames(notice.point_name, notice.point_name_plural),
            active=notice.active,
            days=[(each.day, each.points) for each in notice.days],
            stop_link=stop_link,
        )
        mail = render.expiring(post.templates, translator(notice.locale), facts)
        envelope = Envelope(
            Recipient(notice.email, notice.name),
            notice.merchant_name,
            message_id=f"expiring.{job.outbox_id}",
            unsubscribe_url=stop_link,
        )
        outcome = await mail_out(post, job, mail, envelope, now=now)
        if isinstance(outcome, Refused):
            log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
