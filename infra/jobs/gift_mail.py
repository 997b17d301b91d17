"""mail.gift {merchantId, giftId, delivery}: makes the link of a gift and mails it."""

from datetime import datetime
from uuid import UUID

import structlog

from auth import links
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Attached, Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import PointNames, translator
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, GiftMail, reporting
from wallet.mail.deliveries import GiftDelivery
from wallet.outbox import Job
from wallet.values import GiftId, MerchantId
from web.mail import render
from web.mail.render import Picture, RenderedMail
from web.mail.templates import Templates

PNG = "image/png"

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
            await _tell_sender(post, merchant_id, gift_id)
            return
        url = f"{post.public_url}/g/{link.token}"
        envelope = Envelope(
            Recipient(gift.recipient_email, gift.recipient_name),
            gift.merchant_name,
            message_id=f"gift.{gift_id.hex}.{delivery}",
            unsubscribe_url=f"{url}/stop",
            gift=GiftDelivery(merchant_id, gift_id, delivery),
        )
        mail, attached = with_picture(post, gift, url)
        outcome = await mail_out(post, job, mail, envelope, attached=attached, now=now)
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
        post.publish(merchant_id, gift.sender_card_id)

    return Handler(run, give_up)


def with_picture(
    post: Post, gift: GiftMail, url: str, *, reminder: bool = False
) -> tuple[RenderedMail, Attached | None]:
    """The mail, or its reminder, and the picture in it. Mail programs show no SVG: its words are read instead."""
    design = gift.design
    if design is None or design.media_type != PNG:
        return render_gift(post.templates, gift, url, reminder=reminder), None
    attached = Attached("design", PNG, design.content)
    picture = Picture("cid:design", design.alt_text)
    return render_gift(post.templates, gift, url, picture=picture, reminder=reminder), attached


async def _tell_sender(post: Post, merchant_id: MerchantId, gift_id: GiftId) -> None:
    """There was nothing to mail, and the gift may say why."""
    async with post.pool.acquire() as conn:
        card_id = await reporting.sender_card(conn, merchant_id=merchant_id, gift_id=gift_id)
    if card_id is not None:
        post.publish(merchant_id, card_id)


async def give_up(conn: Conn, job: Job, now: datetime) -> None:
    """The gift has bounced: its mail was tried for hours and never taken."""
    merchant_id, gift_id, delivery = subject_of(job)
    problem = DeliveryProblem.UNREACHABLE
    await gifts.record_bounced(
        conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=now
    )


async def revive(conn: Conn, job: Job, _now: datetime) -> None:
    """A gift that was given up as unreachable waits for its mail again."""
    merchant_id, gift_id, delivery = subject_of(job)
    await reporting.record_retried(conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery)


def render_gift(
    templates: Templates, gift: GiftMail, url: str, *, picture: Picture | None = None, reminder: bool = False
) -> RenderedMail:
    """The mail, or its reminder, with the link at `url`, and with a picture of the merchant's if there is one."""
    facts = render.GiftFacts(
        sender_name=gift.sender_name,
        recipient_name=gift.recipient_name,
        message=gift.message,
        points=gift.points,
        value=gift.value,
        reward_name=gift.reward_name,
        point_names=PointNames(gift.point_name, gift.point_name_plural),
        merchant_name=gift.merchant_name,
        claimable_until=gift.claimable_until,
        link=url,
        stop_link=f"{url}/stop",
    )
    say = translator(gift.locale, gift.timezone)
    return render.gift(templates, say, facts, picture=picture, reminder=reminder)


def subject_of(job: Job) -> tuple[MerchantId, GiftId, int]:
    """Whose gift it is, which, and the how-manieth mail of it."""
    payload = job.payload
    return (
        MerchantId(UUID(str(payload["merchantId"]))),
        GiftId(UUID(str(payload["giftId"]))),
        int(payload["delivery"]),
    )
