"""Mail servers with ways of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mailbox import Mailbox

R = TypeVar("R", bound=Mailbox)
KEPT = 100


@asynccontextmanager
async def listening(relay: R) -> AsyncIterator[R]:
    """The relay takes mail while the block runs."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(relay, hostname="mailbox.invalid", loop=loop), "127.0.0.1", 0)
    async with server:
        relay.port = server.sockets[0].getsockname()[1]
        yield relay


class TalkativeRelay(Mailbox):
    """Keeps what it is sent, except for those whom it does not know, and says so with their names."""

    def __init__(self) -> None:
        super().__init__(kept=KEPT)
        self.unknown: set[str] = set()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.unknown:
            return f"550 5.1.1 <{address}>: there is no mailbox of {address} here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"
