"""mail.gift_reminder {merchantId, giftId, delivery}: reminds somebody of a gift, with a link of its own."""

import structlog

from auth import links
from infra.jobs.gift_mail import subject_of, with_picture
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from wallet import gifts
from wallet.gifts import reporting
from wallet.mail.deliveries import GiftDelivery
from wallet.outbox import Job

log = structlog.get_logger(__name__)


def handler(post: Post) -> Handler:
    """Carries the jobs out. What nobody has to be reminded of any more is not mailed; a mailbox that is gone by now is
    as if the gift's own mail had come back.
    """

    async def run(job: Job) -> None:
        merchant_id, gift_id, delivery = subject_of(job)
        link, now = links.new_link(), post.clock()
        async with post.pool.acquire() as conn, conn.transaction():
            gift = await gifts.prepare_reminder(
                conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, link_hash=link.hash, now=now
            )
        if gift is None:
            return
        url = f"{post.public_url}/g/{link.token}"
        envelope = Envelope(
            Recipient(gift.recipient_email, gift.recipient_name),
            gift.merchant_name,
            message_id=f"gift-reminder.{gift_id.hex}.{delivery}",
            unsubscribe_url=f"{url}/stop",
            gift=GiftDelivery(merchant_id, gift_id, delivery),
        )
        mail, attached = with_picture(post, gift, url, reminder=True)
        outcome = await mail_out(post, job, mail, envelope, attached=attached, now=now)
        if isinstance(outcome, Refused):
            problem = outcome.problem
            async with post.pool.acquire() as conn, conn.transaction():
                await reporting.record_returned(
                    conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=post.clock()
                )
            log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=problem.value)
            post.publish(merchant_id, gift.sender_card_id)

    return Handler(run)
