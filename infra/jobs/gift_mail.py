"""mail.gift {merchantId, giftId, delivery}: makes the link of a gift and mails it."""

from datetime import datetime
from uuid import UUID

import structlog

from auth import links
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import PointNames, translator
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, GiftMail
from wallet.outbox import Job
from wallet.values import GiftId, MerchantId
from web.mail import render
from web.mail.render import RenderedMail

log = structlog.get_logger(__name__)


def handler(post: Post) -> Handler:
    """Carries the jobs out: afterwards the gift is SENT, or BOUNCED with the reason."""

    async def run(job: Job) -> None:
        merchant_id, gift_id, delivery = subject_of(job)
        link, now = links.new_link(), post.clock()
        async with post.pool.acquire() as conn, conn.transaction():
            gift = await gifts.prepare_delivery(
                conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, link_hash=link.hash, now=now
            )
        if gift is None:
            return
        url = f"{post.public_url}/g/{link.token}"
        envelope = Envelope(
            Recipient(gift.recipient_email, gift.recipient_name),
            gift.merchant_name,
            message_id=f"gift.{gift_id.hex}.{delivery}",
            unsubscribe_url=f"{url}/stop",
        )
        outcome = await mail_out(post, render_gift(post, gift, url), envelope, now=now)
        async with post.pool.acquire() as conn, conn.transaction():
            if isinstance(outcome, Refused):
                problem = outcome.problem
                await gifts.record_bounced(
                    conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=post.clock()
                )
                log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=problem.value)
            else:
                await gifts.record_sent(
                    conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, now=post.clock()
                )

    return Handler(run, give_up)


async def give_up(conn: Conn, job: Job, now: datetime) -> None:
    """The gift has bounced: its mail was tried for hours and never taken."""
    merchant_id, gift_id, delivery = subject_of(job)
    problem = DeliveryProblem.UNREACHABLE
    await gifts.record_bounced(
        conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=now
    )


def render_gift(post: Post, gift: GiftMail, url: str) -> RenderedMail:
    facts = render.GiftFacts(
        sender_name=gift.sender_name,
        recipient_name=gift.recipient_name,
        message=gift.message,
        points=gift.points,
        point_names=PointNames(gift.point_name, gift.point_name_plural),
        merchant_name=gift.merchant_name,
        claimable_until=gift.claimable_until,
        link=url,
        stop_link=f"{url}/stop",
    )
    return render.gift(post.templates, translator(gift.locale, gift.timezone), facts)


def subject_of(job: Job) -> tuple[MerchantId, GiftId, int]:
    """Whose gift it is, which, and the how-manieth mail of it."""
    payload = job.payload
    return (
        MerchantId(UUID(str(payload["merchantId"]))),
        GiftId(UUID(str(payload["giftId"]))),
        int(payload["delivery"]),
    )
