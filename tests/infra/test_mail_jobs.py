"""From the outbox into a mailbox, by the worker and over real SMTP, whatever the mail server answers."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from auth import confirmations, keys, links, sign_in
from auth.emails import normalise
from auth.secrets import SecretBox
from auth.sign_in import SignedIn
from infra.jobs.handlers import handlers
from infra.jobs.post import Post
from infra.mail.message import Sender
from infra.mail.smtp import Relay
from infra.mailbox import catch
from infra.pool import Pool
from infra.worker import Handler
from tests.database import Database, on
from tests.factories import make_shop
from tests.infra.relays import Manners, nobody, serving
from tests.infra.working import HASTE, JOBS_SQL, HandClock, until, until_empty, working
from tests.wallet.gifts.scenes import (
    FRIEND,
    Scene,
    assert_lawful,
    balance,
    claim,
    events_of,
    make_scene,
    read,
    resend,
    send,
)
from wallet import enrolments, gifts, outbox
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, Gift
from wallet.outbox import ATTEMPTS_MAX
from wallet.values import GiftStatus
from web.mail import templates

BOX = SecretBox(b"k" * 32)
TEMPLATES = templates.load()
PUBLIC_URL = "https://regulars.example"
GIFT_URL = re.compile(rf"{re.escape(PUBLIC_URL)}/g/([A-Za-z0-9_-]{{43}})\n")


def all_handlers(pool: Pool, clock: HandClock, relay: Relay) -> Mapping[str, Handler]:
    sender = Sender("hello@shop.example", "Regulars", return_path="bounces@shop.example")
    return handlers(Post(pool, clock, relay, sender, TEMPLATES, PUBLIC_URL), BOX)


def link_in(text: str) -> bytes:
    """The hash of the gift's link in a mail."""
    found = GIFT_URL.search(text)
    assert found is not None
    link_hash = links.hash_of(found[1])
    assert link_hash is not None
    return link_hash


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


async def test_gift_reaches_its_recipient_who_can_claim_it(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift = await sent(conn, now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    assert (mail.to, mail.subject) == (FRIEND, f"Meera sent you a gift at {scene.shop.terminal.merchant_name}")
    assert mail.message["From"] == f'"{scene.shop.terminal.merchant_name}" <hello@shop.example>'.replace('"', "")
    assert mail.message["Message-ID"] == f"<gift.{gift.gift_id.hex}.1@shop.example>"
    url = re.search(r"https://\S+/stop", mail.text)
    assert url is not None
    assert mail.message["List-Unsubscribe"] == f"<{url[0]}>"
    assert "Have a coffee on me." in mail.text
    assert (await read(conn, scene, gift)).status is GiftStatus.SENT
    await claim(conn, link_in(mail.text), customer_id=scene.friend, now=now)
    assert await balance(conn, scene, scene.friend) == (100, 0)
    assert await conn.fetch(JOBS_SQL) == []
    await assert_lawful(conn)


async def test_gift_for_tomorrow_leaves_tomorrow(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, clock = await make_scene(conn, now=now), HandClock(now)
    tomorrow = now + timedelta(days=1)
    gift = (await send(conn, scene, deliver_at=tomorrow, now=now)).gift

    async with catch() as mailbox:
        relay = Relay("127.0.0.1", mailbox.port, security="none")
        async with working(pool, clock, all_handlers(pool, clock, relay)) as worker:
            assert mailbox.messages == []
            clock.forward(timedelta(days=1))
            worker.nudge()
            await until_empty(conn)

    assert (await read(conn, scene, gift)).sent_at == tomorrow


@pytest.mark.parametrize(
    ("manners", "problem"),
    [
        (Manners(at_rcpt="550 5.1.1 no such user"), DeliveryProblem.MAILBOX_UNKNOWN),
        (Manners(at_data="554 5.7.1 spam"), DeliveryProblem.BLOCKED),
    ],
)
async def test_refused_mail_is_not_tried_again_and_the_gift_says_why(
    pool: Pool, conn: Conn, now: datetime, manners: Manners, problem: DeliveryProblem
) -> None:
    scene, gift = await sent(conn, now)

    async with serving(manners) as relay:
        await drained(conn, pool, HandClock(now), relay)

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.BOUNCED, problem)
    assert manners.recipients == [FRIEND]
    assert manners.senders == ["bounces@shop.example"]
    assert await conn.fetch(JOBS_SQL) == []
    assert await balance(conn, scene, scene.sender) == (400, 100)


async def test_mail_that_cannot_be_taken_now_is_sent_later(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift = await sent(conn, now)
    clock, manners = HandClock(now), Manners(at_rcpt="452 4.2.2 full for now")

    async with serving(manners) as relay:
        await tried(conn, pool, clock, relay, times=1)
        [job] = await conn.fetch(JOBS_SQL)
        assert job["last_error"] == "mail deferred: RCPT 452"
        assert (await read(conn, scene, gift)).status is GiftStatus.SCHEDULED
        manners.at_rcpt = "250 2.1.5 Ok"
        clock.forward(timedelta(minutes=1))
        await drained(conn, pool, clock, relay)

    assert (await read(conn, scene, gift)).status is GiftStatus.SENT
    assert len(manners.taken) == 1


async def test_mail_of_which_nobody_knows_whether_it_arrived_is_sent_again_and_both_links_work(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a server that takes the mail and breaks the connection before it says so
    scene, gift = await sent(conn, now)
    clock, manners = HandClock(now), Manners(drops=True)

    async with serving(manners) as relay:
        await tried(conn, pool, clock, relay, times=1)
        manners.drops = False
        clock.forward(timedelta(minutes=1))
        await drained(conn, pool, clock, relay)

    # then there are two mails, known to be one by their id, and either link leads to the gift
    first, second = manners.taken
    assert first["Message-ID"] == second["Message-ID"]
    found = []
    for message in (first, second):
        body = message.get_body(["plain"])
        assert body is not None
        found.append(link_in(body.get_content().replace("\r\n", "\n")))
    assert found[0] != found[1]
    for link in found:
        assert await gifts.preview(conn, link_hash=link, now=now) is not None
    assert await events_of(conn, gift) == ["CREATED", "SENT"]
    await claim(conn, found[0], customer_id=scene.friend, now=now)
    await assert_lawful(conn)


async def test_worker_that_cannot_note_that_the_mail_left_sends_it_again(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    # given a database that goes away while the mail is on its way
    scene, gift = await sent(conn, now)
    clock = HandClock(now)
    superuser = await asyncpg.connect(on(database.superuser_dsn, "postgres"))

    class Breaking(Manners):
        async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, N802
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.taken) == 1:
                await superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database.name
                )
            return answer

    manners = Breaking()
    async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay)):

        async def back() -> bool:
            clock.forward(HASTE.lease)
            async with pool.acquire() as fresh:
                return (await read(fresh, scene, gift)).status is GiftStatus.SENT

        # when it is back
        await until(back)
    await superuser.close()

    # then the gift is sent, by one mail or by two, and can be claimed
    assert len(manners.taken) in (1, 2)
    body = manners.taken[0].get_body(["plain"])
    assert body is not None
    async with pool.acquire() as fresh:
        link = link_in(body.get_content().replace("\r\n", "\n"))
        assert await gifts.preview(fresh, link_hash=link, now=now) is not None


async def test_gift_bounces_as_unreachable_when_its_mail_was_tried_for_hours(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene, gift = await sent(conn, now)
    clock, relay = HandClock(now), await nobody()

    async with working(pool, clock, all_handlers(pool, clock, relay)):

        async def bounced() -> bool:
            clock.forward(outbox.RETRY_LONGEST)
            return (await read(conn, scene, gift)).status is GiftStatus.BOUNCED

        await until(bounced)

    assert (await read(conn, scene, gift)).problem is DeliveryProblem.UNREACHABLE
    [job] = await conn.fetch(JOBS_SQL)
    assert (job["attempts"], job["dead_at"] is not None) == (ATTEMPTS_MAX, True)
    # and the sender can have it sent again
    async with catch() as mailbox:
        await resend(conn, gift, now=clock())
        await drained(conn, pool, clock, Relay("127.0.0.1", mailbox.port, security="none"))
        assert [mail.to for mail in mailbox.messages] == [FRIEND]


async def test_corrected_address_gets_the_mail_and_the_wrong_one_does_not(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a gift that was corrected before the worker came to it
    scene, gift = await sent(conn, now)
    await resend(conn, gift, to="right@example.com", now=now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        assert [mail.to for mail in mailbox.messages] == ["right@example.com"]


async def test_code_in_the_mail_signs_in(pool: Pool, conn: Conn, now: datetime) -> None:
    clock = HandClock(now)
    async with conn.transaction():
        await keys.ensure(conn, box=BOX, now=now)
        asked = await sign_in.request_code(
            conn,
            box=BOX,
            email=normalise("Asha@Example.com", field="email"),
            locale="hi-IN",
            client=None,
            now=now,
        )

    async with catch() as mailbox:
        await drained(conn, pool, clock, Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    found = re.search(r"\b[0-9]{6}\b", mail.text)
    assert found is not None
    assert (mail.to, mail.message["Content-Language"]) == ("Asha@example.com", "hi-IN")
    assert mail.message["List-Unsubscribe"] is None
    assert found[0] not in mail.subject
    assert found[0] in mail.html
    async with conn.transaction():
        outcome = await sign_in.sign_in(
            conn,
            box=BOX,
            ring=await keys.load(conn, box=BOX, now=now),
            attempt_id=asked.attempt_id,
            code=found[0],
            device_name="Phone",
            now=now,
        )
    assert isinstance(outcome, SignedIn)


async def test_code_mailed_twice_is_two_mails_and_the_newer_one_counts(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a server that takes the mail and breaks off, so that it is sent again with a new code
    clock, manners = HandClock(now), Manners(drops=True)
    async with conn.transaction():
        address = normalise("asha@example.com", field="email")
        await sign_in.request_code(conn, box=BOX, email=address, locale="en", client=None, now=now)
    async with serving(manners) as relay:
        await tried(conn, pool, clock, relay, times=1)
        manners.drops = False
        clock.forward(timedelta(minutes=1))
        await drained(conn, pool, clock, relay)

    # then no mail program takes them for one
    first, second = manners.taken
    assert first["Message-ID"] != second["Message-ID"]


async def test_code_that_would_come_too_late_is_not_mailed(pool: Pool, conn: Conn, now: datetime) -> None:
    async with conn.transaction():
        address = normalise("asha@example.com", field="email")
        asked = await sign_in.request_code(conn, box=BOX, email=address, locale="en", client=None, now=now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(asked.expires_at), Relay("127.0.0.1", mailbox.port, security="none"))
        assert mailbox.messages == []


async def enrolled(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    async with conn.transaction():
        await enrolments.enrol(
            conn,
            terminal=shop.terminal,
            email="new@example.com",
            email_key="new@example.com",
            name="Anil Kumar",
            locale="en-IN",
            idempotency_key=uuid4(),
            input_hash=b"\x00" * 32,
            now=now,
        )


async def test_enrolled_customer_gets_the_link_that_confirms(pool: Pool, conn: Conn, now: datetime) -> None:
    await enrolled(conn, now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    assert mail.to == "new@example.com"
    assert mail.message["To"] == "Anil Kumar <new@example.com>"
    assert mail.message["List-Unsubscribe"] is None
    found = re.search(rf"{re.escape(PUBLIC_URL)}/confirm/(\S+)", mail.text)
    assert found is not None
    assert await confirmations.confirm(conn, token=found[1], now=now) is True


async def test_customer_who_has_confirmed_meanwhile_gets_no_mail(pool: Pool, conn: Conn, now: datetime) -> None:
    await enrolled(conn, now)
    await conn.execute("UPDATE customers SET confirmed_at = $1", now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        assert mailbox.messages == []


async def test_no_address_code_or_token_is_logged_or_kept(pool: Pool, conn: Conn, now: datetime) -> None:
    # given every kind of mail, taken, deferred and refused
    clock, refusing = HandClock(now), Manners(at_rcpt="550 5.1.1 <friend@example.com> unknown")
    deferring = Manners(at_rcpt="450 4.2.0 <friend@example.com> later")
    with capture_logs() as logs:
        for manners in (deferring, refusing, Manners()):
            await sent_once(conn, now, to=f"friend{id(manners)}@example.com")
            async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay)):

                async def tried_all() -> bool:
                    return not await conn.fetchval(
                        "SELECT EXISTS (SELECT FROM outbox WHERE last_error IS NULL AND dead_at IS NULL)"
                    )

                await until(tried_all)

    # then the logs tell what happened without telling of whom
    events = {entry["event"] for entry in logs}
    assert {"job.done", "job.failed", "mail.refused"} <= events
    told = str(logs) + str([dict(row) for row in await conn.fetch("SELECT payload, last_error FROM outbox")])
    assert "@" not in told
    assert "/g/" not in told
    assert "Ravi" not in told


async def sent_once(conn: Conn, now: datetime, *, to: str) -> None:
    scene = await make_scene(conn, friend=to, now=now)
    await send(conn, scene, to=to, now=now)
    async with conn.transaction():
        await sign_in.request_code(conn, box=BOX, email=normalise(to, field="email"), locale="en", client=None, now=now)
