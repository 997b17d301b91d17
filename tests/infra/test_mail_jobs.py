"""Codes and confirmations, from the outbox into a mailbox, and nothing of anybody in the logs."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

from structlog.testing import capture_logs

from auth import confirmations, keys, sign_in
from auth.emails import normalise
from auth.sign_in import SignedIn
from infra.mail.smtp import Relay
from infra.mailbox import catch
from infra.pool import Pool
from tests.factories import make_customer, make_shop
from tests.infra.posting import BOX, PUBLIC_URL, all_handlers, drained, tried
from tests.infra.relays import Manners, serving
from tests.infra.working import HandClock, until, working
from tests.wallet.gifts.scenes import make_scene, send
from wallet import enrolments
from wallet.customers import Contact
from wallet.database import Conn


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
    shop, email = await make_shop(conn, now=now), normalise("new@example.com", field="email")
    async with conn.transaction():
        done = await enrolments.enrol(
            conn,
            terminal=shop.terminal,
            contact=Contact(email.text, email.key, None),
            name="Anil Kumar",
            locale="en-IN",
            idempotency_key=uuid4(),
            input_hash=b"\x00" * 32,
            now=now,
        )
        assert done.to_tell is not None
        assert await confirmations.mail(
            conn,
            box=BOX,
            email=email,
            customer_id=done.to_tell.customer_id,
            merchant_id=shop.merchant_id,
            card_id=done.visit.card_id,
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


async def test_customer_who_has_confirmed_meanwhile_is_told_of_the_card_without_a_link(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    await enrolled(conn, now)
    await conn.execute("UPDATE customers SET confirmed_at = $1", now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    assert mail.to == "new@example.com"
    assert PUBLIC_URL not in mail.text + mail.html
    assert await conn.fetchval("SELECT COUNT(*) FROM email_confirmations") == 0


async def test_customer_with_an_account_is_told_of_the_new_card_in_their_own_language(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given somebody who has confirmed the address long ago, in Hindi, and a till that speaks English
    await make_customer(conn, email="new@example.com", name="Anita", locale="hi-IN", now=now)
    await enrolled(conn, now)

    async with catch() as mailbox:
        await drained(conn, pool, HandClock(now), Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages

    # then the mail is theirs, has no link, and repeats nothing that the till said
    assert (mail.message["To"], mail.message["Content-Language"]) == ("Anita <new@example.com>", "hi-IN")
    assert PUBLIC_URL not in mail.text + mail.html
    assert "Anil" not in str(mail.message)
    assert await conn.fetchval("SELECT COUNT(*) FROM email_confirmations") == 0


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
    told = str(logs) + str(await conn.fetch("SELECT payload, last_error FROM outbox"))
    assert "@" not in told
    assert "/g/" not in told
    assert "Ravi" not in told


async def sent_once(conn: Conn, now: datetime, *, to: str) -> None:
    scene = await make_scene(conn, friend=to, now=now)
    await send(conn, scene, to=to, now=now)
    async with conn.transaction():
        await sign_in.request_code(conn, box=BOX, email=normalise(to, field="email"), locale="en", client=None, now=now)
