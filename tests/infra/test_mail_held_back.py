"""Mail that does not leave, or not yet: to mailboxes that it harms us to write to, and to domains that had enough."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from auth import sign_in
from auth.emails import normalise
from infra.jobs.post import CODES_A_DAY, key_of
from infra.pool import Pool
from infra.sweeps import Tidying
from tests.database import StatementCounter
from tests.infra.posting import BOX, all_handlers, drained, sent
from tests.infra.relays import Manners, serving
from tests.infra.working import JOBS_SQL, HandClock, until, until_empty, wait_out, working
from tests.wallet.gifts.scenes import FRIEND, make_scene, read, send
from wallet import outbox
from wallet.database import Conn
from wallet.gifts import DeliveryProblem
from wallet.mail import deliveries, pacing, suppressions
from wallet.mail.pacing import Pace
from wallet.mail.suppressions import Suppression
from wallet.outbox import ATTEMPTS_MAX
from wallet.values import GiftStatus

TURNS_SQL = "SELECT attempts, postponed, run_at, last_error FROM outbox ORDER BY run_at, outbox_id"


async def suppress(conn: Conn, *reasons: Suppression, now: datetime) -> None:
    for reason in reasons:
        await suppressions.add(conn, email_hash=suppressions.hash_of(FRIEND), reason=reason, now=now)


async def ask_for_code(conn: Conn, email: str, now: datetime) -> None:
    async with conn.transaction():
        address = normalise(email, field="email")
        await sign_in.request_code(conn, box=BOX, email=address, locale="en", client=uuid4().bytes, now=now)


@pytest.mark.parametrize(
    ("reasons", "problem"),
    [
        ([Suppression.UNWANTED], DeliveryProblem.UNWANTED),
        ([Suppression.COMPLAINED], DeliveryProblem.UNWANTED),
        ([Suppression.BOUNCED], DeliveryProblem.FAILED_BEFORE),
        ([Suppression.MANUAL], DeliveryProblem.NOT_MAILED),
        ([Suppression.BOUNCED, Suppression.MANUAL], DeliveryProblem.NOT_MAILED),
        (list(Suppression), DeliveryProblem.UNWANTED),
    ],
)
async def test_gift_to_a_mailbox_on_the_list_bounces_at_once_and_says_why(
    pool: Pool, conn: Conn, now: datetime, reasons: list[Suppression], problem: DeliveryProblem
) -> None:
    scene, gift = await sent(conn, now)
    await suppress(conn, *reasons, now=now)

    async with serving(manners := Manners()) as relay:
        await drained(conn, pool, HandClock(now), relay)

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem, manners.recipients) == (GiftStatus.BOUNCED, problem, [])


@pytest.mark.parametrize("reason", list(Suppression))
async def test_codes_still_go_to_a_mailbox_on_the_list_but_few_a_day(
    pool: Pool, conn: Conn, now: datetime, reason: Suppression
) -> None:
    # given somebody who asks for a code every two hours
    await suppress(conn, reason, now=now)
    clock, manners = HandClock(now), Manners()

    async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay)):
        for _ in range(5):
            await ask_for_code(conn, FRIEND, clock())
            await until_empty(conn)
            clock.forward(timedelta(hours=2))
        first_day = len(manners.taken)
        clock.forward(timedelta(hours=16))
        await ask_for_code(conn, FRIEND, clock())
        await until_empty(conn)

    # then the fourth waits for the next day, unless all that they asked for is no gifts
    assert CODES_A_DAY == 3
    assert (first_day, len(manners.taken)) == ((5, 6) if reason is Suppression.UNWANTED else (3, 4))


async def test_mail_that_is_refused_for_certain_puts_the_mailbox_on_the_list_and_a_vague_no_does_not(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    for reply, listed in [("550 no", 0), ("550 5.7.1 policy", 0), ("552 5.2.2 full", 0), ("550 5.1.1 nobody", 1)]:
        await ask_for_code(conn, FRIEND, now)
        async with serving(Manners(at_rcpt=reply)) as relay:
            await drained(conn, pool, HandClock(now), relay)

        assert await conn.fetchval("SELECT count(*) FROM mail_suppressions") == listed, reply


async def test_gifts_leave_at_the_pace_of_their_domain_and_waiting_is_no_failure(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given four gifts to one domain that may have two mails a minute, and one to another
    scene, clock, manners = await make_scene(conn, now=now), HandClock(now), Manners()
    for number in range(4):
        await send(conn, scene, to=f"friend{number}@example.com", points=20, now=now)
    await send(conn, scene, to="friend@example.org", points=20, now=now)
    left: list[datetime] = []

    async with serving(manners) as relay:
        handlers = all_handlers(pool, clock, relay, pace=Pace(2))
        async with working(pool, clock, handlers):
            for count in (2, 3, 4, 5):

                async def so_many(count: int = count) -> bool:
                    rows = await conn.fetch(JOBS_SQL)
                    return len(rows) == 5 - count and all(row["locked_until"] is None for row in rows)

                await until(so_many)
                left += [clock()] * (len(manners.taken) - len(left))
                jobs = await conn.fetch(TURNS_SQL)
                assert [job["attempts"] - job["postponed"] for job in jobs] == [0] * len(jobs)
                assert [job["last_error"] for job in jobs] == [None] * len(jobs)
                await wait_out(conn, clock)

    # then each had its turn, half a minute after the one before, and none was tried in vain more than once
    assert [at - now for at in left] == [timedelta(seconds=30 * n) for n in (0, 0, 1, 2, 3)]
    assert len(manners.recipients) == 5


async def test_code_is_not_kept_waiting_by_gifts(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, clock, manners = await make_scene(conn, now=now), HandClock(now), Manners()
    for number in range(3):
        await send(conn, scene, to=f"friend{number}@example.com", points=20, now=now)

    async with serving(manners) as relay, working(pool, clock, all_handlers(pool, clock, relay, pace=Pace(5))):

        async def settled() -> bool:
            rows = await conn.fetch(TURNS_SQL)
            return [row["postponed"] for row in rows] == [1, 1]

        await until(settled)
        await ask_for_code(conn, "asha@example.com", now)

        async def code_left() -> bool:
            return manners.recipients[-1] == "asha@example.com"

        await until(code_left)

    assert len(manners.recipients) == 2


async def test_job_that_waited_its_turn_has_all_its_tries_before_it(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a job that was told to wait as often as others are tried
    await outbox_job(conn, now)
    for _ in range(ATTEMPTS_MAX + 5):
        async with conn.transaction():
            [job] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=now)
            assert not job.last_attempt
            assert await outbox.postpone(conn, job, until=now)

    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=now)
        assert (job.tries, job.overdue, job.attempts) == (1, False, ATTEMPTS_MAX + 6)
        assert await outbox.retry(conn, job, error="e", jitter=0, now=now)
    assert await conn.fetchval("SELECT run_at FROM outbox") == now + outbox.RETRY_FIRST


async def outbox_job(conn: Conn, now: datetime) -> None:
    async with conn.transaction():
        await outbox.add(conn, topic="test", payload={"number": 1}, run_at=now, now=now)


async def test_worker_that_lost_its_lease_cannot_postpone(conn: Conn, now: datetime) -> None:
    await outbox_job(conn, now)
    later = now + timedelta(minutes=2)
    async with conn.transaction():
        [lost] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=now)
        [held] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=later)
        assert await outbox.postpone(conn, lost, until=later) is False
        assert await outbox.postpone(conn, held, until=later) is True
        # and the number that tells them apart did not go back
        [again] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=later)
        assert (again.attempts, again.tries) == (3, 2)
        assert await outbox.done(conn, held) is False


async def test_a_gift_s_mail_takes_so_many_statements(
    pool: Pool, conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    await sent(conn, now)
    clock = HandClock(now)
    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=timedelta(minutes=1), now=now)

    async with serving(Manners()) as relay:
        handler = all_handlers(pool, clock, relay)["mail.gift"]
        async with statements.counted() as said:
            await handler.run(job)

    # Prepare: gift, facts, list, link. Leave: turn, delivery. Note: gift, event. Each between BEGIN and COMMIT.
    assert len(said) == 6 + 4 + 4, said


async def test_what_is_over_is_forgotten_by_the_sweep(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, clock = await make_scene(conn, now=now), HandClock(now)
    await send(conn, scene, now=now)
    await suppress(conn, Suppression.BOUNCED, Suppression.MANUAL, now=now - timedelta(days=1))
    async with serving(Manners()) as relay:
        await ask_for_code(conn, "asha@example.org", now)
        await drained(conn, pool, clock, relay)
    assert await conn.fetchval("SELECT count(*) FROM mail_deliveries") == 1

    async with conn.transaction():
        await Tidying()(conn, limit=50, now=now + max(deliveries.KEPT_FOR, suppressions.BOUNCED_FOR, pacing.KEPT_FOR))

    assert await conn.fetchval("SELECT count(*) FROM mail_deliveries") == 0
    assert await conn.fetchval("SELECT count(*) FROM mail_paces") == 0
    assert await conn.fetchval("SELECT reason FROM mail_suppressions") == "MANUAL"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Asha@Example.COM", "asha@example.com"),
        ("ravi@bücher.example", "ravi@xn--bcher-kva.example"),
        ("Not An Address", "not an address"),
    ],
)
def test_mailbox_of_a_mail_is_the_one_that_the_list_means(address: str, key: str) -> None:
    assert key_of(address) == key
