"""Mail servers that send back what they took, over SMTP, and one that hands what comes back to our command."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mail.smtp import Relay
from tests.infra.commands import Done, regulars
from tests.infra.relays import Manners, serving


@dataclass(slots=True)
class Pipe(Manners):
    """Takes each message and gives it to `regulars mail ingest-bounce`, as Postfix or Exim would."""

    environment: dict[str, str] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        for recipient in envelope.rcpt_tos:
            given = {**self.environment, "RECIPIENT": recipient}
            raw = envelope.original_content or b""
            self.done.append(await regulars("mail", "ingest-bounce", environment=given, given=raw))
        return {0: "250 2.0.0 Ok", 75: "451 4.3.0 Try again"}.get(self.done[-1].code, "554 5.6.0 No")


@asynccontextmanager
async def piping(environment: dict[str, str]) -> AsyncIterator[tuple[Pipe, Relay]]:
    """The server that the bounce address leads to."""
    pipe = Pipe(environment=environment)
    async with serving(pipe) as relay:
        yield pipe, relay


async def send_back(returned: Manners, to: Relay, report: Callable[[str], bytes]) -> None:
    """All that this server took goes back to the envelope's sender, with a null sender of its own (RFC 5321 §4.5.5)."""
    for sender in returned.senders:
        async with aiosmtplib.SMTP(hostname=to.host, port=to.port, start_tls=False) as client:
            await client.sendmail("", [sender], report(sender))
