"""Every topic of the outbox, and what carries its jobs out."""

from collections.abc import Mapping

from auth import confirmations, sign_in
from auth.secrets import SecretBox
from infra.jobs import (
    dispute_mail,
    enrolment_mail,
    expiry_mail,
    gift_mail,
    gift_news_mail,
    gift_reminder_mail,
    refund_mail,
    sign_in_mail,
)
from infra.jobs.post import Post
from infra.worker import Handler
from wallet import notices
from wallet.gifts import news, paying, reminding, sending


def handlers(post: Post, box: SecretBox) -> Mapping[str, Handler]:
    """What a worker needs to know to carry out all of the outbox."""
    return {
        sign_in.MAIL_TOPIC: sign_in_mail.handler(post, box),
        sending.MAIL_TOPIC: gift_mail.handler(post),
        reminding.MAIL_TOPIC: gift_reminder_mail.handler(post),
        news.MAIL_TOPIC: gift_news_mail.handler(post, box),
        confirmations.MAIL_TOPIC: enrolment_mail.handler(post),
        paying.DISPUTE_TOPIC: dispute_mail.handler(post),
        paying.REFUND_FAILED_TOPIC: refund_mail.handler(post),
        notices.MAIL_TOPIC: expiry_mail.handler(post, box),
    }
