"""kill -9 of the worker while it talks to the mail server: the mail leaves at least once, and the gift is not lost."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mailbox import Mailbox
from tests import journeys
from tests.database import Database
from tests.faults.processes import LOOK_SECONDS, Process, audit, settings_of, worker
from tests.faults.relays import listening
from tests.journeys import MAILED_LINK, found, gift_key, new_key, opened
from tests.proofs import documents
from wallet.database import Conn

JOBS_SQL = "SELECT attempts, dead_at FROM outbox"
LEASE_ENDS_SQL = "UPDATE outbox SET locked_until = $1"
STATUS_SQL = "SELECT status FROM gifts WHERE merchant_id = $1 AND gift_id = $2"
PREVIEW = "query ($token: String!) { gift(token: $token) { points } }"
FRIEND = "friend@example.com"


class DeadlyRelay(Mailbox):
    """A mail server that kills who talks to it: at the recipient's name, or when it has taken the message on."""

    def __init__(self) -> None:
        super().__init__(kept=2)
        self.victim: Process | None = None
        self.at = ""

    def reach(self, moment: str) -> None:
        if self.victim is not None and moment == self.at:
            self.victim.kill()
            self.victim = None

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.reach("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await super().handle_DATA(server, session, envelope)
        self.reach("DATA")
        return reply


@pytest.mark.parametrize(("moment", "mails"), [("RCPT", 1), ("DATA", 2)])
async def test_gift_reaches_its_recipient_though_the_worker_was_killed(
    database: Database, conn: Conn, tmp_path: Path, moment: str, mails: int
) -> None:
    async with listening(DeadlyRelay()) as relay, opened(database) as scene:
        shop = await journeys.open_shop(scene)
        sender = await journeys.member(scene, shop, points=100)
        friend = await journeys.signed_in(scene)
        settings = settings_of(database, smtp_port=relay.port)

        # when a worker is killed at this moment of its talk with the mail server
        async with worker(settings, tmp_path / "first.log") as first:
            relay.victim, relay.at = first, moment
            gift = await journeys.send_gift(scene, sender, 40)
            assert await first.ended() == -9

        # then the gift waits for its mail, and the job for the end of the lease
        assert await conn.fetchval(STATUS_SQL, *gift_key(gift)) == "SCHEDULED"
        assert [(row["attempts"], row["dead_at"]) for row in await conn.fetch(JOBS_SQL)] == [(1, None)]

        # when the lease is over, the next worker mails it again
        await conn.execute(LEASE_ENDS_SQL, scene.now - timedelta(seconds=1))
        async with worker(settings, tmp_path / "second.log") as second:
            await relay.wait_for(FRIEND, count=mails)
            async with asyncio.timeout(30):
                while await conn.fetch(JOBS_SQL):
                    await asyncio.sleep(LOOK_SECONDS)
        assert second.child.returncode == 0
        assert await conn.fetchval(STATUS_SQL, *gift_key(gift)) == "SENT"

        # then each mail that arrived has a link of its own, every one is good, and the gift is claimed once
        tokens = [found(MAILED_LINK, mail.text) for mail in relay.messages]
        assert len(set(tokens)) == mails
        for token in tokens:
            assert await friend.app.ask(PREVIEW, {"token": token}) == {"gift": {"points": 40}}
        claims = [
            await friend.app.do(documents.CLAIM, {"token": token, "idempotencyKey": new_key()}) for token in tokens
        ]
        assert [claim["__typename"] for claim in claims] == ["GiftClaimed", "GiftNotClaimable"][:mails]
        assert claims[0]["card"]["balance"]["active"] == 40
        assert (await audit(settings))["points_owed"] == 100
