"""What every job that mails needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from auth import sign_in
from auth.emails import normalise
from infra.clock import Clock
from infra.mail import smtp
from infra.mail.message import Attached, Recipient, Sender, build, mailable, return_path_of
from infra.mail.smtp import Deferred, Outcome, Refused, Relay
from infra.worker import JobFailed, JobPostponed
from wallet import outbox
from wallet.database import Conn, Pool
from wallet.errors import InvalidInput
from wallet.gifts import sending
from wallet.mail import deliveries, pacing, suppressions
from wallet.mail.deliveries import Delivery, GiftDelivery
from wallet.mail.pacing import Pace
from wallet.mail.suppressions import Suppression
from wallet.outbox import Job
from wallet.values import CardId, MerchantId
from web.mail.render import RenderedMail
from web.mail.templates import Templates

log = structlog.get_logger(__name__)

PACE = Pace(per_minute=300)

DAY = timedelta(hours=24)
CODES_A_DAY = 3
"""So many sign-in codes a day still go to a mailbox that failed, complained or was entered on the list.

They may be the only way into an account, and the list may be wrong; more would tell mail services that we never listen.
"""


@dataclass(frozen=True, slots=True)
class Post:
    """The post office. `public_url` has no slash at its end; every link in a mail begins with it.

    `publish` is told of a sender's card when the mail of their gift has left or was refused, after the commit.
    """

    pool: Pool
    clock: Clock
    relay: Relay
    sender: Sender
    templates: Templates
    public_url: str
    pace: Pace = PACE
    publish: Callable[[MerchantId, CardId], None] = lambda _merchant_id, _card_id: None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a mail goes, and how it is known: a receiver shows two mails with one id as one."""

    recipient: Recipient
    from_name: str
    message_id: str
    unsubscribe_url: str | None = None
    gift: GiftDelivery | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """The mailbox is not written to, or not so often."""


async def mail_out(
    post: Post,
    job: Job,
    mail: RenderedMail,
    envelope: Envelope,
    *,
    attached: Attached | None = None,
    now: datetime,
) -> Outcome | Withheld:
    """The mail was offered to the relay once, unless it is withheld: accepted or refused.

    What comes back of it later can be found by the token in its return path, from before it leaves. Raises JobPostponed
    when its domain has had enough mail for now, JobFailed when it may work later.
    """
    message = build(
        mail,
        sender=post.sender,
        from_name=envelope.from_name,
        recipient=envelope.recipient,
        message_id=envelope.message_id,
        unsubscribe_url=envelope.unsubscribe_url,
        attached=attached,
        now=now,
    )
    token, recipient = deliveries.new_token(), mailable(envelope.recipient.address)
    delivery = Delivery(
        token_hash=deliveries.hash_of(token),
        topic=job.topic,
        gift=envelope.gift,
        email_hash=suppressions.hash_of(key_of(envelope.recipient.address)),
        message_id=str(message["Message-ID"]).strip("<>"),
        created_at=now,
    )
    async with post.pool.acquire() as conn, conn.transaction():
        if await _is_withheld(conn, delivery, now=now):
            log.info("mail.withheld", topic=job.topic, outbox_id=job.outbox_id)
            return Withheld()
        turn = await _take_turn(conn, post.pace, job, recipient, now=now)
        if turn is None:
            await deliveries.record(conn, delivery=delivery)
    if turn is not None:
        raise JobPostponed(turn)
    outcome = await smtp.send(post.relay, message, sender=return_path_of(post.sender, token), recipient=recipient)
    if isinstance(outcome, Deferred):
        raise JobFailed(f"mail deferred: {outcome.reason}")
    if isinstance(outcome, Refused) and outcome.hard:
        async with post.pool.acquire() as conn, conn.transaction():
            await suppressions.add(conn, email_hash=delivery.email_hash, reason=Suppression.BOUNCED, now=now)
    return outcome


def key_of(address: str) -> str:
    """What makes two spellings of an address one mailbox."""
    try:
        return normalise(address, field="email").key
    except InvalidInput:  # an address that is kept, but by the rules of today is none
        return address.lower()


async def _is_withheld(conn: Conn, delivery: Delivery, *, now: datetime) -> bool:
    """A gift has been judged when its mail was prepared, so that it can say why."""
    if delivery.topic == sending.MAIL_TOPIC:
        return False
    if not suppressions.HARMFUL & await suppressions.of_mailbox(conn, email_hash=delivery.email_hash, now=now):
        return False
    if delivery.topic != sign_in.MAIL_TOPIC:
        return True
    mailed = await deliveries.count_since(conn, email_hash=delivery.email_hash, topic=delivery.topic, since=now - DAY)
    return mailed >= CODES_A_DAY


async def _take_turn(conn: Conn, pace: Pace, job: Job, recipient: str, *, now: datetime) -> datetime | None:
    return await pacing.take_turn(
        conn,
        domain=recipient.rpartition("@")[2].lower(),
        pace=pace,
        urgent=job.topic in outbox.URGENT_TOPICS,
        waited=job.postponed > 0,
        now=now,
    )
