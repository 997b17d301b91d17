"""The mail of a gift, from the outbox into a mailbox by the worker and over real SMTP, whatever the server answers."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs

from infra.mail.smtp import Relay
from infra.mailbox import catch
from infra.pool import Pool
from tests.database import Database
from tests.factories import make_reward
from tests.infra.outage import switch
from tests.infra.posting import all_handlers, drained, link_in, link_of, sent, tried
from tests.infra.relays import Manners, nobody, serving
from tests.infra.working import HASTE, JOBS_SQL, HandClock, until, until_empty, wait_out, working
from tests.wallet.gifts.scenes import (
    FRIEND,
    assert_lawful,
    balance,
    claim,
    events_of,
    make_scene,
    read,
    resend,
    send,
)
from tests.wallet.test_pictures import png
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, designs
from wallet.outbox import ATTEMPTS_MAX
from wallet.values import GiftStatus


async def test_gift_reaches_its_recipient_who_can_claim_it(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift = await sent(conn, now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    assert (mail.to, mail.subject) == (FRIEND, f"Meera sent you a gift at {scene.shop.terminal.merchant_name}")
    assert mail.message["From"] == f"{scene.shop.terminal.merchant_name} <hello@shop.example>"
    assert mail.message["Message-ID"] == f"<gift.{gift.gift_id.hex}.1@shop.example>"
    url = re.search(r"https://\S+/stop", mail.text)
    assert url is not None
    assert mail.message["List-Unsubscribe"].strip() == f"<{url[0]}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
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
    found = [link_of(first), link_of(second)]
    assert found[0] != found[1]
    for link in found:
        assert await gifts.preview(conn, link_hash=link, now=now) is not None
    assert await events_of(conn, gift) == ["CREATED", "SENT"]
    await claim(conn, found[0], customer_id=scene.friend, now=now)
    await assert_lawful(conn)


async def test_worker_that_cannot_note_that_the_mail_left_sends_it_again_and_both_links_work(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    # given a database that goes away while the first mail is on its way
    scene, gift = await sent(conn, now)
    clock = HandClock(now)
    async with switch(database) as power:

        class Breaking(Manners):
            async def handle_DATA(  # noqa: N802  # aiosmtpd's name
                self, server: SMTP, session: Session, envelope: Envelope
            ) -> str:
                answer = await super().handle_DATA(server, session, envelope)
                if len(self.taken) == 1:
                    await power.off()
                return answer

        manners = Breaking()
        with capture_logs() as logs:
            async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay)):

                async def left_undone() -> bool:
                    return "job.not_settled" in [entry["event"] for entry in logs]

                await until(left_undone)

                # when it is back, and the lease is over
                await power.on()
                clock.forward(HASTE.lease)
                async with pool.acquire() as fresh:
                    await until_empty(fresh)

    # then there was a second mail, and the friend can claim by the first
    found = [link_of(message) for message in manners.taken]
    assert len(set(found)) == 2
    async with pool.acquire() as fresh:
        assert (await read(fresh, scene, gift)).status is GiftStatus.SENT
        assert await gifts.preview(fresh, link_hash=found[1], now=now) is not None
        await claim(fresh, found[0], customer_id=scene.friend, now=now)
        await assert_lawful(fresh)


async def test_gift_bounces_as_unreachable_when_its_mail_was_tried_for_hours(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene, gift = await sent(conn, now)
    clock, relay = HandClock(now), await nobody()

    async with working(pool, clock, all_handlers(pool, clock, relay)):

        async def bounced() -> bool:
            await wait_out(conn, clock)
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
    _, gift = await sent(conn, now)
    await resend(conn, gift, to="right@example.com", now=now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        assert [mail.to for mail in mailbox.messages] == ["right@example.com"]


async def test_picture_of_a_gift_is_a_part_of_its_mail(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    design = await designs.add(
        conn,
        merchant_id=scene.shop.merchant_id,
        program_id=scene.shop.program_id,
        name="Lights",
        alt_text="Lanterns",
        content=png(),
        now=now,
    )
    reward = await make_reward(conn, scene.shop, now=now)
    async with conn.transaction():
        await gifts.send(
            conn,
            customer_id=scene.sender,
            merchant_id=scene.shop.merchant_id,
            card_id=scene.card_id,
            reward_id=reward.reward_id,
            design_id=design.key.design_id,
            recipient_name="Ravi",
            recipient_email=FRIEND,
            recipient_email_key=FRIEND,
            message=None,
            deliver_at=None,
            locale="en-IN",
            idempotency_key=uuid4(),
            now=now,
        )

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    [picture] = [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == ("<design>", png())
    assert 'src="cid:design"' in mail.html
    assert 'alt="Lanterns"' in mail.html
    assert f"Meera sent you a gift from {scene.shop.terminal.merchant_name}: Free coffee." in mail.text
    assert "50 beans" not in mail.text
