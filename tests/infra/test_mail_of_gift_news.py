"""The reminder of a gift and what its sender hears of it, from the outbox into mailboxes, by the worker over SMTP."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from auth import notice_links
from infra.mail.smtp import Relay
from infra.mailbox import CaughtMail, Mailbox, catch
from infra.pool import Pool
from infra.sweeps import sweeps
from schema.translations import LANGUAGES, translator
from tests.infra.posting import BOX, PUBLIC_URL, all_handlers, drained, link_in
from tests.infra.relays import Manners, serving
from tests.infra.working import JOBS_SQL, HandClock, until, until_empty, working
from tests.wallet.gifts.scenes import (
    FRIEND,
    Scene,
    assert_lawful,
    cancel,
    claim,
    events_of,
    mailed,
    make_scene,
    read,
    resend,
)
from tests.wallet.gifts.test_kinds import mailed_value
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem
from wallet.mail import suppressions
from wallet.mail.suppressions import Suppression
from wallet.values import GiftStatus

DAY = timedelta(days=1)
IN_TIME = 24 * DAY
STOP_LINK = re.compile(rf"{re.escape(PUBLIC_URL)}/n/([A-Za-z0-9_-]{{43}})/stop")


def relay_to(mailbox: Mailbox) -> Relay:
    return Relay("127.0.0.1", mailbox.port, security="none")


async def remind(conn: Conn, *, now: datetime) -> None:
    async with conn.transaction():
        await gifts.remind_due(conn, limit=50, now=now)


async def address_of(conn: Conn, scene: Scene) -> str:
    email: str = await conn.fetchval("SELECT email FROM customers WHERE customer_id = $1", scene.sender)
    return email


async def mails(conn: Conn, pool: Pool, *, now: datetime) -> dict[str, CaughtMail]:
    """What a worker mails at that moment, by who gets it; each gets one."""
    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), relay_to(mailbox))
        found = {mail.to: mail for mail in mailbox.messages}
        assert len(found) == len(mailbox.messages)
    return found


async def test_both_are_reminded_in_time_and_once_by_two_workers(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a gift that nobody has claimed for three weeks
    scene = await make_scene(conn, now=now)
    gift, first_link = await mailed(conn, scene, now=now)
    sender = await address_of(conn, scene)
    clock = HandClock(now + 20 * DAY)

    # when two workers go through the days until it goes back
    async with catch() as mailbox:
        handlers = all_handlers(pool, clock, relay_to(mailbox))
        async with (
            working(pool, clock, handlers, sweeps=sweeps()),
            working(pool, clock, handlers, sweeps=sweeps()),
        ):
            await until_empty(conn)
            assert mailbox.messages == []
            for days in (23, 25, 29):
                clock.at = now + days * DAY

                async def reminded() -> bool:
                    return len(mailbox.messages) == 2

                await until(reminded)
                await until_empty(conn)
        found = {mail.to: mail for mail in mailbox.messages}

    # then each has one mail, and the recipient's has a link besides the first, which is as good
    assert set(found) == {FRIEND, sender}
    mail, merchant = found[FRIEND], scene.shop.terminal.merchant_name
    assert mail.subject == f"Meera's gift still waits for you at {merchant}"
    assert mail.message["Message-ID"] == f"<gift-reminder.{gift.gift_id.hex}.1@shop.example>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = link_in(mail.text)
    assert link != first_link
    assert await gifts.preview(conn, link_hash=first_link, now=clock()) is not None
    assert await events_of(conn, gift) == ["CREATED", "SENT", "REMINDED"]

    # and the sender is told until when, what to do, and how to hear no more of it
    mail = found[sender]
    assert mail.subject == "Ravi has not claimed your gift yet"
    assert "You sent Ravi 100 beans to spend at" in mail.text
    say = translator("en-IN", "Asia/Kolkata")
    assert f"It waits until {say.date(gift.claimable_until)}, " in mail.text
    assert "/g/" not in mail.text
    stop = STOP_LINK.search(mail.text)
    assert stop is not None
    assert mail.message["List-Unsubscribe"].strip() == f"<{stop[0]}>"
    assert notice_links.token_of(BOX, scene.sender) == stop[1]

    await claim(conn, link, customer_id=scene.friend, now=clock())
    await assert_lawful(conn)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_reads_the_reminder_in_their_own_language(
    pool: Pool, conn: Conn, now: datetime, language: str
) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    other = LANGUAGES[LANGUAGES.index(language) - 1]
    await conn.execute("UPDATE customers SET locale = $2 WHERE customer_id = $1", scene.sender, f"{language}-IN")
    await conn.execute("UPDATE customers SET locale = $2 WHERE customer_id = $1", scene.friend, f"{other}-IN")
    await remind(conn, now=now + IN_TIME)

    found = await mails(conn, pool, now=now + IN_TIME)

    mail, say = found[await address_of(conn, scene)], translator(f"{language}-IN", "Asia/Kolkata")
    assert mail.message["Content-Language"] == say.tag
    assert mail.subject == say.gettext("{recipient} has not claimed your gift yet").format(recipient="Ravi")
    assert say.date(gift.claimable_until) in mail.text
    mail, say = found[FRIEND], translator(f"{other}-IN", "Asia/Kolkata")
    assert mail.message["Content-Language"] == say.tag
    assert say.gettext("Hello %(recipient)s, your gift is still here") % {"recipient": "Ravi"} in mail.text


async def test_hour_is_the_one_of_the_shop(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a gift that goes back at 20:00 UTC, which is the next day in Kolkata
    scene = await make_scene(conn, now=now)
    sent_at = now.replace(hour=20, minute=0, second=0, microsecond=0)
    gift, _ = await mailed(conn, scene, now=sent_at)
    assert gift.claimable_until.hour == 20
    await remind(conn, now=sent_at + IN_TIME)

    found = await mails(conn, pool, now=sent_at + IN_TIME)

    there = translator("en-IN", "Asia/Kolkata").date(gift.claimable_until)
    assert there != translator("en-IN", "UTC").date(gift.claimable_until)
    for mail in found.values():
        assert f"until {there}, 1:30\u202fam." in mail.text


@pytest.mark.parametrize("ended", ["claimed", "cancelled", "sent again"])
async def test_what_ended_after_the_sweep_is_not_mailed(pool: Pool, conn: Conn, now: datetime, ended: str) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    later = now + IN_TIME
    await remind(conn, now=later)
    assert len(await conn.fetch(JOBS_SQL)) == 3  # the gift's own is still there: nobody has worked yet
    match ended:
        case "claimed":
            await claim(conn, link, customer_id=scene.friend, now=later)
        case "cancelled":
            await cancel(conn, gift, now=later)
        case "sent again":
            await resend(conn, gift, now=later + DAY)
            await conn.execute("UPDATE outbox SET run_at = $1 WHERE topic = 'mail.gift'", later + 2 * DAY)

    async with catch() as mailbox:
        async with working(pool, HandClock(later), all_handlers(pool, HandClock(later), relay_to(mailbox))):

            async def done() -> bool:
                rows = await conn.fetch("SELECT topic FROM outbox WHERE topic <> 'mail.gift' OR run_at <= $1", later)
                return rows == []

            await until(done)
        assert mailbox.messages == []


async def test_mailbox_that_wants_no_gift_mail_is_not_reminded_and_its_sender_is(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    await suppressions.add(conn, email_hash=suppressions.hash_of(FRIEND), reason=Suppression.UNWANTED, now=now)
    links_before = await conn.fetchval("SELECT count(*) FROM gift_links")
    await remind(conn, now=now + IN_TIME)

    found = await mails(conn, pool, now=now + IN_TIME)

    assert set(found) == {await address_of(conn, scene)}
    assert await conn.fetchval("SELECT count(*) FROM gift_links") == links_before
    assert (await read(conn, scene, gift)).status is GiftStatus.SENT


@pytest.mark.parametrize("column", ["notices_stopped_at = created_at", "confirmed_at = NULL"])
async def test_sender_who_wants_no_reminders_or_was_never_confirmed_gets_none(
    pool: Pool, conn: Conn, now: datetime, column: str
) -> None:
    scene = await make_scene(conn, now=now)
    await mailed(conn, scene, now=now)
    await conn.execute(f"UPDATE customers SET {column} WHERE customer_id = $1", scene.sender)
    await remind(conn, now=now + IN_TIME)

    assert set(await mails(conn, pool, now=now + IN_TIME)) == {FRIEND}


async def test_reminder_that_a_mail_server_refuses_is_as_if_the_gifts_mail_had_come_back(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    await conn.execute("DELETE FROM outbox")
    await remind(conn, now=now + IN_TIME)
    await conn.execute("DELETE FROM outbox WHERE topic = 'mail.gift_news'")

    async with serving(Manners(at_rcpt="550 5.1.1 no such user")) as relay:
        await drained(conn, pool, HandClock(now + IN_TIME), relay)

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_UNKNOWN)
    assert (await events_of(conn, gift))[-2:] == ["REMINDED", "BOUNCED"]


async def test_sender_hears_that_a_gift_was_declined_returned_or_thanked_for(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given three gifts, of which one is money
    scene = await make_scene(conn, now=now)
    sender = await address_of(conn, scene)
    refused, link = await mailed_value(conn, scene, now=now)
    _, thanked = await mailed(conn, scene, now=now)
    lapsing, _ = await mailed(conn, scene, now=now)
    await conn.execute("DELETE FROM outbox")

    # when one is declined
    async with conn.transaction():
        await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)
    await conn.execute("DELETE FROM outbox WHERE topic NOT LIKE 'mail.%'")
    mail = (await mails(conn, pool, now=now))[sender]
    assert mail.subject == "Your gift to Ravi was declined"
    assert "₹500 is on its way back to where you paid from." in mail.text
    assert "List-Unsubscribe" not in mail.message

    # and one claimed with thanks
    claimed = await claim(conn, thanked, customer_id=scene.friend, now=now)
    async with conn.transaction():
        await gifts.thank(
            conn,
            customer_id=scene.friend,
            merchant_id=claimed.merchant_id,
            gift_id=claimed.gift_id,
            message="So kind of you!",
            idempotency_key=uuid4(),
            now=now,
        )
    mail = (await mails(conn, pool, now=now))[sender]
    assert mail.subject == "Thanks for your gift to Ravi"
    assert "> So kind of you!" in mail.text

    # and one is over
    async with conn.transaction():
        assert len(await gifts.return_due(conn, limit=9, now=lapsing.claimable_until)) == 1
    mail = (await mails(conn, pool, now=lapsing.claimable_until))[sender]
    assert mail.subject == "Your gift to Ravi has come back"
    assert "Nobody claimed it in time." in mail.text
    assert "Back on your card: 100 beans." in mail.text
    assert (await read(conn, scene, refused)).status is GiftStatus.DECLINED
