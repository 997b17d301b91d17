"""A mailbox for everybody: an SMTP server on this machine that keeps what it is sent, for the demo and for tests."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGES_KEPT = 500
BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One message as it arrived. `to` is the address that the sender gave the server, not a header."""

    to: str
    subject: str
    text: str
    html: str
    message: EmailMessage


class Mailbox:
    """What arrived, newest first. Older messages than the last few hundred are forgotten."""

    def __init__(self, kept: int, refused: frozenset[str] = frozenset()) -> None:
        self._refused = refused
        self._caught: deque[CaughtMail] = deque(maxlen=kept)
        self._arrived = asyncio.Condition()
        self.port = 0

    @property
    def messages(self) -> list[CaughtMail]:
        return list(self._caught)

    async def wait_for(self, to: str, *, count: int = 1) -> CaughtMail:
        """The newest message to the address, as soon as there are `count` of them."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self._to(to)) >= count)
        return self._to(to)[0]

    def _to(self, address: str) -> list[CaughtMail]:
        return [mail for mail in self._caught if mail.to.casefold() == address.casefold()]

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient of a message."""
        if address.casefold() in self._refused:
            # Not 5.1.1, which is so certain that the mailbox would get no second mail to be refused.
            return "550 5.1.0 There is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Known"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """Called by aiosmtpd for each message."""
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
        text, html = message.get_body(["plain"]), message.get_body(["html"])
        async with self._arrived:
            for address in envelope.rcpt_tos:
                self._caught.appendleft(
                    CaughtMail(
                        to=address,
                        subject=str(message["Subject"]),
                        text=_content(text),
                        html=_content(html),
                        message=message,
                    )
                )
            self._arrived.notify_all()
        return "250 2.0.0 Kept"


def _content(part: MIMEPart | None) -> str:
    # In a mail every line ends with CR LF.
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


@asynccontextmanager
async def catch(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    kept: int = MESSAGES_KEPT,
    refused: frozenset[str] = frozenset(),
) -> AsyncIterator[Mailbox]:
    """A mailbox that listens on `port` (0: any that is free) until the block is left, and keeps so many messages.

    It knows every address but the `refused`, whose mail it sends back as that of a mailbox that does not exist.
    """
    mailbox = Mailbox(kept, refused)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mailbox.invalid", enable_SMTPUTF8=True, data_size_limit=BYTES_MAX, loop=loop),
        host,
        port,
    )
    async with server:
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox
