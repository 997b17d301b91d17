"""Mail servers that behave as they are told, over real SMTP on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mail.smtp import Relay


@dataclass(slots=True)
class Manners:
    """What the server answers. `drops` breaks the connection after the data, before a word about it."""

    at_mail: str = "250 2.1.0 Ok"
    at_rcpt: str = "250 2.1.5 Ok"
    at_data: str = "250 2.0.0 Ok"
    drops: bool = False
    taken: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.at_mail.startswith("250"):
            envelope.mail_from = address
            self.senders.append(address)
        return self.at_mail

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.recipients.append(address)
        if self.at_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.original_content or b"", _class=EmailMessage, policy=policy.default)
        if self.drops:
            self.taken.append(message)
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        elif self.at_data.startswith("250"):
            self.taken.append(message)
        return self.at_data


@asynccontextmanager
async def serving(manners: Manners, *, smtputf8: bool = True) -> AsyncIterator[Relay]:
    """The server is there for this block, and the relay leads to it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(manners, hostname="relay.invalid", enable_SMTPUTF8=smtputf8, loop=loop), "127.0.0.1", 0
    )
    async with server:
        yield Relay("127.0.0.1", server.sockets[0].getsockname()[1], security="none", timeout_seconds=5)


@asynccontextmanager
async def silent() -> AsyncIterator[Relay]:
    """A server that takes the connection and never says anything."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        yield Relay("127.0.0.1", server.sockets[0].getsockname()[1], security="none", timeout_seconds=0.2)
        for writer in held:
            writer.close()


async def nobody() -> Relay:
    """A relay that leads to a port where nobody listens."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return Relay("127.0.0.1", port, security="none", timeout_seconds=2)
