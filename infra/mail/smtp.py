"""One message to one recipient over SMTP (RFC 5321), and what became of it."""

from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

from infra.mail.codes import PROBLEM_OF_REPLY, enhanced_code_in
from wallet.gifts.gift import DeliveryProblem


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail, as the settings say."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay has taken the message on."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The recipient cannot be reached with it, now or later. `hard`: there certainly is no such mailbox."""

    problem: DeliveryProblem
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """It may work later, or it is not known whether it worked. `reason` names no address."""

    reason: str


QUIT_SECONDS = 2.0

Outcome = Accepted | Refused | Deferred


async def send(relay: Relay, message: EmailMessage, *, sender: str, recipient: str) -> Outcome:
    """The message was offered to the relay once. A connection that broke after the data counts as deferred.

    Only what the relay says of the recipient or of the message is a refusal. That it does not like us (our login, our
    sender address) is for the operator to mend, and the mail waits.
    """
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
        username=relay.username,
        password=relay.password,
        timeout=relay.timeout_seconds,
    )
    try:
        await client.connect()
        await client.send_message(message, sender=sender, recipients=[recipient])
    except aiosmtplib.SMTPRecipientsRefused as refusal:
        return judge(refusal.recipients[0].code, refusal.recipients[0].message, told="RCPT")
    except aiosmtplib.SMTPDataError as refusal:
        return judge(refusal.code, refusal.message, told="DATA")
    except aiosmtplib.SMTPNotSupported:
        # The relay knows no SMTPUTF8 (RFC 6531), so no mailbox with letters beyond ASCII either.
        return Refused(DeliveryProblem.REFUSED) if not recipient.isascii() else Deferred("not supported")
    except aiosmtplib.SMTPResponseException as refusal:
        return Deferred(f"{type(refusal).__name__} {refusal.code}")
    except (aiosmtplib.SMTPException, OSError) as problem:
        return Deferred(type(problem).__name__)
    else:
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=QUIT_SECONDS)
        return Accepted()
    finally:
        client.close()


def judge(code: int, text: str, *, told: str) -> Refused | Deferred:
    """What a reply of 4xx or 5xx to RCPT or DATA means for the mail."""
    if code < 500:
        return Deferred(f"{told} {code}")
    enhanced = enhanced_code_in(text)
    if enhanced is None or enhanced.status_class != 5:
        known = PROBLEM_OF_REPLY.get(code) if told == "RCPT" else None
        return Refused(known or DeliveryProblem.REFUSED)
    return Refused(enhanced.problem, hard=enhanced.hard and told == "RCPT")
