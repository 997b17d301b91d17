"""mail.enrolment {customerId, merchantId, cardId}: tells somebody of the card that was made for them at a counter."""

from uuid import UUID

import structlog

from auth import confirmations
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import PointNames, translator
from wallet.outbox import Job
from web.mail import render

log = structlog.get_logger(__name__)

ENROLLED_SQL = """
    SELECT c.customer_id, c.email, c.name, c.locale, p.name AS program_name, p.point_name, p.point_name_plural,
           m.name AS merchant_name, c.confirmed_at IS NOT NULL AS confirmed
    FROM cards AS k
    JOIN customers AS c ON c.customer_id = k.customer_id
    JOIN programs AS p ON p.merchant_id = k.merchant_id AND p.program_id = k.program_id
    JOIN merchants AS m ON m.merchant_id = k.merchant_id
    WHERE k.merchant_id = $1 AND k.card_id = $2 AND k.customer_id = $3
"""


def handler(post: Post) -> Handler:
    """Carries the jobs out. A customer who has confirmed the address, meanwhile or long ago, needs no link for it."""

    async def run(job: Job) -> None:
        now = post.clock()
        merchant_id, card_id, customer_id = (
            UUID(str(job.payload[key])) for key in ("merchantId", "cardId", "customerId")
        )
        async with post.pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(ENROLLED_SQL, merchant_id, card_id, customer_id)
            if row is None:
                return
            link = None
            if not row["confirmed"]:
                token = await confirmations.new_link(conn, customer_id=row["customer_id"], now=now)
                link = f"{post.public_url}/confirm/{token}"
        facts = render.EnrolmentFacts(
            merchant_name=row["merchant_name"],
            program_name=row["program_name"],
            point_names=PointNames(row["point_name"], row["point_name_plural"]),
            link=link,
        )
        mail = render.enrolment(post.templates, translator(row["locale"]), facts)
        envelope = Envelope(
            Recipient(row["email"], row["name"]), row["merchant_name"], message_id=f"enrolment.{job.outbox_id}"
        )
        outcome = await mail_out(post, job, mail, envelope, now=now)
        if isinstance(outcome, Refused):
            log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
