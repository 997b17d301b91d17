"""mail.sign_in {attemptId}: makes the code of a sign-in attempt and mails it."""

from uuid import UUID

import structlog

from auth import sign_in
from auth.secrets import SecretBox
from auth.sign_in import AttemptId
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import translator
from wallet.outbox import Job
from web.mail import render

log = structlog.get_logger(__name__)


def handler(post: Post, box: SecretBox) -> Handler:
    """Carries the jobs out. One that comes too late for its attempt mails nothing."""

    async def run(job: Job) -> None:
        now = post.clock()
        async with post.pool.acquire() as conn, conn.transaction():
            made = await sign_in.make_code(
                conn, box=box, attempt_id=AttemptId(UUID(str(job.payload["attemptId"]))), now=now
            )
        if made is None:
            return
        mail = render.sign_in(
            post.templates,
            translator(made.locale),
            brand=post.sender.name,
            code=made.code,
            good_for=made.expires_at - now,
        )
        # The code is a new one each time, so a mail that is sent again is not the same mail and has an id of its own.
        envelope = Envelope(
            Recipient(made.email), post.sender.name, message_id=f"sign-in.{job.outbox_id}.{job.attempts}"
        )
        outcome = await mail_out(post, job, mail, envelope, now=now)
        if isinstance(outcome, Refused):
            log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
