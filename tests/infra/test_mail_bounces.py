"""What comes back of our mail, days after a server took it: over SMTP to the return path, and into the gift."""

from datetime import datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.mail import reports
from infra.mail.ingesting import Ingested, ingest
from infra.pool import Pool
from tests.database import Database
from tests.infra.bounces import piping, send_back
from tests.infra.commands import Done, environment_of, regulars
from tests.infra.posting import BOUNCES, all_handlers, link_of, sent
from tests.infra.relays import Manners, serving
from tests.infra.reports import failed, forwarded, holiday, report
from tests.infra.working import HandClock, Told, until_empty, working
from tests.wallet.gifts.scenes import (
    FRIEND,
    Scene,
    assert_lawful,
    balance,
    cancel,
    claim,
    events_of,
    read,
    resend,
    send,
)
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, Gift
from wallet.mail import deliveries, suppressions
from wallet.mail.suppressions import Suppression
from wallet.values import GiftStatus

ALL_SQL = """
    SELECT (SELECT string_agg(g::text, ',') FROM gifts AS g),
           (SELECT string_agg(e::text, ',' ORDER BY event_id) FROM gift_events AS e),
           (SELECT string_agg(d::text, ',' ORDER BY created_at) FROM mail_deliveries AS d),
           (SELECT string_agg(s::text, ',') FROM mail_suppressions AS s)
"""


async def mailed_out(conn: Conn, pool: Pool, now: datetime) -> tuple[Scene, Gift, Manners]:
    """A gift whose mail was taken by a server, with a return path of its own."""
    scene, gift = await sent(conn, now)
    manners = await leave(conn, pool, now)
    return scene, gift, manners


async def leave(conn: Conn, pool: Pool, now: datetime) -> Manners:
    """All mail that is due was taken by this server."""
    manners, clock = Manners(), HandClock(now)
    async with (
        serving(manners) as relay,
        working(pool, clock, all_handlers(pool, clock, relay, bounce_address=BOUNCES)),
    ):
        await until_empty(conn)
    return manners


async def heard(pool: Pool, raw: bytes, recipient: str, now: datetime) -> Ingested:
    """What the command does with a report, in this process."""
    found = reports.read(raw, recipient=recipient)
    return await ingest(pool, tokens=found.tokens, report=found.report, now=now)


async def command(database: Database, raw: bytes, *, recipient: str | None = None, **environment: str) -> Done:
    given = ("--recipient", recipient) if recipient else ()
    return await regulars(
        "mail", "ingest-bounce", *given, environment=environment_of(database, **environment), given=raw
    )


async def everything(conn: Conn) -> list[object]:
    [row] = await conn.fetch(ALL_SQL)
    return [row[column] for column in range(4)]


async def test_mail_that_comes_back_days_later_makes_its_gift_bounced(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    # given a server that took the mail
    scene, gift, server = await mailed_out(conn, pool, now)
    assert (await read(conn, scene, gift)).status is GiftStatus.SENT
    [sender] = server.senders
    assert sender.startswith("bounces+")
    assert len(sender) == len("bounces+@shop.example") + 16

    # when it finds that there is no such mailbox, and says so to where the mail came from
    async with piping(environment_of(database)) as (pipe, relay):
        await send_back(server, relay, lambda to: report(failed("5.1.1"), to=to))

    # then the sender reads why, and can have it sent to another address, which arrives
    assert [(done.code, done.err) for done in pipe.done] == [(0, "The mail was bounced, and its gift says so.\n")]
    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_UNKNOWN)
    assert await events_of(conn, gift) == ["CREATED", "SENT", "BOUNCED"]
    assert await balance(conn, scene, scene.sender) == (400, 100)
    gift = (await resend(conn, gift, to="right@example.com", now=now)).gift
    second = await leave(conn, pool, now)
    assert (second.recipients, second.senders == server.senders) == (["right@example.com"], False)
    await claim(conn, link_of(second.taken[0]), customer_id=scene.friend, now=now)
    await assert_lawful(conn)


async def test_mailbox_that_does_not_exist_gets_no_second_gift(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift, server = await mailed_out(conn, pool, now)
    done = await heard(pool, report(failed("5.1.1")), server.senders[0], now)
    assert done == Ingested(True, (scene.shop.merchant_id, scene.card_id))

    await resend(conn, gift, now=now)

    assert (await leave(conn, pool, now)).recipients == []
    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.BOUNCED, DeliveryProblem.FAILED_BEFORE)


async def test_mailbox_that_is_full_is_tried_again_if_its_sender_asks(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift, server = await mailed_out(conn, pool, now)
    await heard(pool, report(failed("4.2.2")), server.senders[0], now)
    assert (await read(conn, scene, gift)).problem is DeliveryProblem.MAILBOX_FULL

    await resend(conn, gift, now=now)

    assert (await leave(conn, pool, now)).recipients == [FRIEND]


async def test_mail_server_says_whom_it_was_for_and_so_do_the_headers(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    scene, gift, server = await mailed_out(conn, pool, now)
    [sender] = server.senders

    done = await command(database, forwarded(report(failed("5.2.2"))), ORIGINAL_RECIPIENT=sender.upper())

    assert (done.code, (await read(conn, scene, gift)).status) == (0, GiftStatus.BOUNCED)
    again = await command(database, forwarded(report(failed("5.2.2"), to=sender)))
    assert (again.code, again.err) == (0, "The mail was bounced. No gift changed.\n")
    assert await events_of(conn, gift) == ["CREATED", "SENT", "BOUNCED"]


async def test_report_of_a_gift_that_somebody_has_by_now_changes_nothing_of_it(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given gifts that were claimed and cancelled, and one whose address was corrected
    scene, claimed, first = await mailed_out(conn, pool, now)
    await claim(conn, link_of(first.taken[0]), customer_id=scene.friend, now=now)
    cancelled = (await send(conn, scene, now=now)).gift
    second = await leave(conn, pool, now)
    await cancel(conn, cancelled, now=now)
    corrected = (await send(conn, scene, now=now)).gift
    third = await leave(conn, pool, now)
    await resend(conn, corrected, to="right@example.com", now=now)

    for server in (first, second, third):
        assert await heard(pool, report(failed("5.1.1")), server.senders[0], now) == Ingested(True, None)

    assert (await read(conn, scene, claimed)).status is GiftStatus.CLAIMED
    assert (await read(conn, scene, cancelled)).status is GiftStatus.CANCELLED
    corrected = await read(conn, scene, corrected)
    assert (corrected.status, corrected.problem) == (GiftStatus.SCHEDULED, None)
    # the mailbox that failed gets no more, and the other does
    assert await conn.fetchval("SELECT count(*) FROM mail_suppressions") == 1
    assert (await leave(conn, pool, now)).recipients == ["right@example.com"]
    await assert_lawful(conn)


async def test_report_that_comes_before_it_was_noted_that_the_mail_left_is_the_last_word(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given a server that takes the mail, and sends it back while the connection is still open
    scene, gift = await sent(conn, now)
    clock = HandClock(now)

    class Hasty(Manners):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            await heard(pool, report(failed("5.2.1")), self.senders[0], now)
            return await super().handle_DATA(server, session, envelope)

    async with (
        serving(Hasty()) as relay,
        working(pool, clock, all_handlers(pool, clock, relay, bounce_address=BOUNCES)),
    ):
        await until_empty(conn)

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem, gift.sent_at) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_CLOSED, now)
    assert sorted(await events_of(conn, gift)) == ["BOUNCED", "CREATED", "SENT"]


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
async def test_what_decides_nothing_changes_nothing(pool: Pool, conn: Conn, now: datetime, action: str) -> None:
    _, _, server = await mailed_out(conn, pool, now)
    before = await everything(conn)

    done = await heard(pool, report(failed("4.4.1", action=action)), server.senders[0], now)

    assert done == Ingested(True, None)
    assert await everything(conn) == before


async def test_what_is_no_report_on_our_mail_changes_nothing_and_says_so(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    _, _, server = await mailed_out(conn, pool, now)
    [to] = server.senders
    before = await everything(conn)
    whole, stranger = report(failed(), to=to), f"bounces+{deliveries.new_token()}@shop.example"

    told = {
        "not yet": await command(database, report(failed("4.4.1", action="delayed")), recipient=to),
        "holiday": await command(database, holiday(to), recipient=to),
        "letter": await command(database, b"Subject: Hello\r\n\r\nHow are you?\r\n", recipient=to),
        "cut off": await command(database, whole[: len(whole) // 2], recipient=to),
        "enormous": await command(database, whole + b"x" * 50_000_000, recipient=to),
        "forged": await command(database, report(failed()), recipient=stranger),
        "nobody's": await command(database, report(failed(), to="bounces@shop.example")),
    }

    assert {name: (done.code, done.err.removesuffix(" Nothing was changed.\n")) for name, done in told.items()} == {
        "not yet": (0, "The mail was delayed: nothing is decided yet."),
        "holiday": (0, "It is an automatic answer, not a report."),
        "letter": (65, "It is not a report of a mail server (RFC 3464)."),
        "cut off": (65, "It was cut off on its way."),
        "enormous": (65, "It is too large for a report."),
        "forged": (65, "It is about no mail that we sent in the last 30 days."),
        "nobody's": (65, "It was sent to no return path of ours."),
    }
    assert await everything(conn) == before


async def test_report_that_cannot_be_kept_now_is_to_be_brought_again(
    pool: Pool, conn: Conn, database: Database, now: datetime
) -> None:
    _, _, server = await mailed_out(conn, pool, now)
    away = {"DATABASE_URL": "postgresql://regulars@127.0.0.1:1/regulars"}
    wrong = {"REGULARS_PORT": "none"}

    for environment in (away, wrong):
        done = await command(database, report(failed()), recipient=server.senders[0], **environment)
        assert done.code == 75
        assert "Nothing was changed." in done.err
        assert "Traceback" not in done.err

    assert (await command(database, report(failed()), recipient=server.senders[0])).code == 0


async def test_mails_are_forgotten_after_a_month_and_so_is_what_comes_back_of_them(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene, gift, server = await mailed_out(conn, pool, now)
    month = deliveries.KEPT_FOR

    assert await deliveries.forget(conn, limit=10, now=now + month - timedelta(seconds=1)) == 0
    assert await deliveries.forget(conn, limit=10, now=now + month) == 1

    assert await heard(pool, report(failed()), server.senders[0], now) == Ingested(known=False)
    assert (await read(conn, scene, gift)).status is GiftStatus.SENT


async def test_phone_of_the_sender_is_told_when_the_mail_left_and_when_it_was_refused(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene, _ = await sent(conn, now)
    clock, told, manners = HandClock(now), Told(), Manners()
    key = (scene.shop.merchant_id, scene.card_id)

    async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay, publish=told)):
        await until_empty(conn)
        assert told.cards == [key]
        # and when it is refused, and when it is not even tried because of that
        manners.at_rcpt = "550 5.1.1 no such user"
        for times in (2, 3):
            await send(conn, scene, now=now)
            await until_empty(conn)
            assert told.cards == [key] * times

    assert manners.recipients == [FRIEND, FRIEND]
    found = await suppressions.of_mailbox(conn, email_hash=suppressions.hash_of(FRIEND), now=now)
    assert found == {Suppression.BOUNCED}
