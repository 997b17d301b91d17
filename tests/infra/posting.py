"""A worker with everything it needs to mail, over real SMTP."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage

from auth import links
from auth.secrets import SecretBox
from infra.jobs.handlers import handlers
from infra.jobs.post import Post
from infra.mail.message import Sender
from infra.mail.smtp import Relay
from infra.pool import Pool
from infra.worker import Handler
from tests.infra.working import JOBS_SQL, HandClock, Told, until, until_empty, working
from tests.wallet.gifts.scenes import Scene, make_scene, send
from wallet.database import Conn
from wallet.gifts import Gift
from wallet.mail.pacing import Pace
from web.mail import templates

BOX = SecretBox(b"k" * 32)
TEMPLATES = templates.load()
PUBLIC_URL = "https://regulars.example"
GIFT_URL = re.compile(rf"{re.escape(PUBLIC_URL)}/g/([A-Za-z0-9_-]{{43}})\n")


BOUNCES = "bounces@shop.example"


def all_handlers(
    pool: Pool,
    clock: HandClock,
    relay: Relay,
    *,
    bounce_address: str | None = None,
    pace: Pace | None = None,
    publish: Told | None = None,
) -> Mapping[str, Handler]:
    sender = Sender("hello@shop.example", "Regulars", return_path=BOUNCES, bounce_address=bounce_address)
    post = Post(pool, clock, relay, sender, TEMPLATES, PUBLIC_URL, pace=pace or Pace(300), publish=publish or Told())
    return handlers(post, BOX)


def link_in(text: str) -> bytes:
    """The hash of the gift's link in a mail."""
    found = GIFT_URL.search(text)
    assert found is not None
    link_hash = links.hash_of(found[1])
    assert link_hash is not None
    return link_hash


def link_of(message: EmailMessage) -> bytes:
    """The hash of the link in a message as a server took it."""
    body = message.get_body(["plain"])
    assert body is not None
    return link_in(str(body.get_content()).replace("\r\n", "\n"))


async def drained(conn: Conn, pool: Pool, clock: HandClock, relay: Relay) -> None:
    """A worker has carried out everything that is due."""
    async with working(pool, clock, all_handlers(pool, clock, relay)):
        await until_empty(conn)


async def tried(conn: Conn, pool: Pool, clock: HandClock, relay: Relay, *, times: int) -> None:
    """A worker has tried the one job so many times in all."""
    async with working(pool, clock, all_handlers(pool, clock, relay)):

        async def enough() -> bool:
            rows = await conn.fetch(JOBS_SQL)
            return [(row["attempts"], row["locked_until"]) for row in rows] == [(times, None)]

        await until(enough)


async def sent(conn: Conn, now: datetime) -> tuple[Scene, Gift]:
    scene = await make_scene(conn, now=now)
    return scene, (await send(conn, scene, now=now)).gift
