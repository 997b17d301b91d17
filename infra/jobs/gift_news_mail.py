"""mail.gift_news {merchantId, giftId, news}: tells the sender of a gift what became of it."""

from uuid import UUID

import structlog

from auth import notice_links
from auth.secrets import SecretBox
from infra.jobs.post import Envelope, Post, mail_out
from infra.mail.message import Recipient
from infra.mail.smtp import Refused
from infra.worker import Handler
from schema.translations import PointNames, translator
from wallet.gifts import news
from wallet.gifts.news import News
from wallet.outbox import Job
from wallet.values import GiftId, MerchantId
from web.mail import letters
from web.mail.letters import NewsFacts

log = structlog.get_logger(__name__)


def handler(post: Post, box: SecretBox) -> Handler:
    """Carries the jobs out. What is not so any more is not mailed."""

    async def run(job: Job) -> None:
        now = post.clock()
        merchant_id = MerchantId(UUID(str(job.payload["merchantId"])))
        gift_id = GiftId(UUID(str(job.payload["giftId"])))
        told = News(str(job.payload["news"]))
        async with post.pool.acquire() as conn:
            found = await news.read(conn, merchant_id=merchant_id, gift_id=gift_id, news=told, now=now)
        if found is None:
            return
        # Reminders can be stopped; what became of a gift is told once for each that they sent.
        stop_link = None
        if told is News.WAITING:
            stop_link = f"{post.public_url}/n/{notice_links.token_of(box, found.customer_id)}/stop"
        facts = NewsFacts(
            news=told,
            merchant_name=found.merchant_name,
            recipient_name=found.recipient_name,
            points=found.points,
            value=found.value,
            reward_name=found.reward_name,
            point_names=PointNames(found.point_name, found.point_name_plural),
            status=found.status,
            problem=found.problem,
            thanks=found.thanks,
            claimable_until=found.claimable_until,
            stop_link=stop_link,
        )
        mail = letters.gift_news(post.templates, translator(found.locale, found.timezone), facts)
        envelope = Envelope(
            Recipient(found.email, found.name),
            found.merchant_name,
            message_id=f"gift-news.{job.outbox_id}",
            unsubscribe_url=stop_link,
        )
        outcome = await mail_out(post, job, mail, envelope, now=now)
        if isinstance(outcome, Refused):
            log.info("mail.refused", topic=job.topic, outbox_id=job.outbox_id, problem=outcome.problem.value)

    return Handler(run)
