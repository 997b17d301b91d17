"""What every job that mails needs."""

from dataclasses import dataclass
from datetime import datetime

from infra.clock import Clock
from infra.mail import smtp
from infra.mail.message import Recipient, Sender, build, mailable
from infra.mail.smtp import Deferred, Outcome, Relay
from infra.worker import JobFailed
from wallet.database import Pool
from web.mail.render import RenderedMail
from web.mail.templates import Templates


@dataclass(frozen=True, slots=True)
class Post:
    """The post office. `public_url` has no slash at its end; every link in a mail begins with it."""

    pool: Pool
    clock: Clock
    relay: Relay
    sender: Sender
    templates: Templates
    public_url: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a mail goes, and how it is known: a receiver shows two mails with one id as one."""

    recipient: Recipient
    from_name: str
    message_id: str
    unsubscribe_url: str | None = None


async def mail_out(post: Post, mail: RenderedMail, envelope: Envelope, *, now: datetime) -> Outcome:
    """The mail was offered to the relay once: accepted or refused. Raises JobFailed when it may work later."""
    message = build(
        mail,
        sender=post.sender,
        from_name=envelope.from_name,
        recipient=envelope.recipient,
        message_id=envelope.message_id,
        unsubscribe_url=envelope.unsubscribe_url,
        now=now,
    )
    outcome = await smtp.send(
        post.relay,
        message,
        sender=mailable(post.sender.return_path or post.sender.address),
        recipient=mailable(envelope.recipient.address),
    )
    if isinstance(outcome, Deferred):
        raise JobFailed(f"mail deferred: {outcome.reason}")
    return outcome
