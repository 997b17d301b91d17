"""A rendered mail as a message (RFC 5322), addressed, with text and HTML as alternatives."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from web.mail.render import RenderedMail

POLICY = SMTP.clone(cte_type="7bit")
"""Seven-bit bodies, so that no relay on the way has to rewrite them."""


DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom our mail comes from, as the settings say.

    Bounces go to `bounce_address` with a token before the @, else to `return_path` where there is one.
    """

    address: str
    name: str
    reply_to: str | None = None
    return_path: str | None = None
    bounce_address: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A picture in the mail, which its HTML names as `cid:` and this id (RFC 2392)."""

    cid: str
    media_type: str
    content: bytes


def build(
    mail: RenderedMail,
    *,
    sender: Sender,
    from_name: str,
    recipient: Recipient,
    message_id: str,
    unsubscribe_url: str | None = None,
    attached: Attached | None = None,
    now: datetime,
) -> EmailMessage:
    """The message, with every header on one line whatever the texts hold. `message_id` is the part before the @.

    `unsubscribe_url` offers to stop such mail with one POST (RFC 8058).
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(from_name, sender.address)
    message["To"] = _address(recipient.name or "", recipient.address)
    if sender.reply_to:
        message["Reply-To"] = _address("", sender.reply_to)
    _set_subject(message, one_line(mail.subject))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{message_id}@{mailable(sender.address).rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes stay away
    if unsubscribe_url:
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    if attached is not None:
        html = message.get_payload(1)
        assert isinstance(html, EmailMessage), "the second of the alternatives"
        main, _, sub = attached.media_type.partition("/")
        html.add_related(attached.content, main, sub, cid=f"<{attached.cid}>", disposition="inline")
    message["Content-Language"] = mail.language
    return message


def return_path_of(sender: Sender, token: str) -> str:
    """The sender's address on the envelope of the mail with this token: where it comes back to (RFC 5321 §4.4)."""
    if sender.bounce_address is None:
        return mailable(sender.return_path or sender.address)
    mailbox, _, domain = mailable(sender.bounce_address).rpartition("@")
    return f"{mailbox}+{token}@{domain}"


def one_line(text: str) -> str:
    """The text without line breaks and other control characters: a header cannot be opened with it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def mailable(address: str) -> str:
    """The address with its domain in the ASCII form (IDNA) that the mail system routes by. Raises ValueError."""
    mailbox, _, domain = address.rpartition("@")
    routed = domain.encode("idna").decode("ascii")
    if not (mailbox and mailbox.isprintable() and DOMAIN.fullmatch(routed)):
        raise ValueError("not an address")
    return f"{mailbox}@{routed}"


def _set_subject(message: EmailMessage, subject: str) -> None:
    """As RFC 2047 has it. The policies of Python 3.11 lose a space where one encoded word ends and the next begins
    (CPython issue 92081), so that what is not ASCII is folded here.
    """
    if subject.isascii():
        message["Subject"] = subject
    else:
        message.set_raw("Subject", Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n"))


def _address(name: str, address: str) -> Address:
    mailbox, _, domain = mailable(address).rpartition("@")
    return Address(display_name=one_line(name), username=mailbox, domain=domain)
