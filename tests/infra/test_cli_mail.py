"""What an operator can do about mail: the list of who is not written to, and what was given up."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.jobs.dead_letters import revived
from infra.jobs.gift_mail import give_up
from tests.database import Database
from tests.infra.commands import environment_of, regulars
from tests.infra.posting import sent
from tests.wallet.gifts.scenes import FRIEND, assert_lawful, read, record_sent
from wallet import dead_letters, outbox
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.gifts import DeliveryProblem
from wallet.mail import suppressions
from wallet.mail.suppressions import Suppression
from wallet.outbox import ATTEMPTS_MAX, Job
from wallet.values import GiftStatus

LEASE = timedelta(minutes=2)


async def made(database: Database, *arguments: str) -> dict[str, Any]:
    done = await regulars(*arguments, "--json", environment=environment_of(database))
    assert (done.code, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


async def given_up(conn: Conn, now: datetime) -> Job:
    """The one job of the outbox was tried as often as it may be, and is dead; its gift says so."""
    for _ in range(ATTEMPTS_MAX - 1):
        async with conn.transaction():
            [job] = await outbox.claim(conn, limit=1, lease=LEASE, now=now)
            assert await outbox.retry(conn, job, error="mail deferred: RCPT 452", jitter=0, now=now)
        now += timedelta(hours=1)
    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=LEASE, now=now)
        assert job.last_attempt
        assert await outbox.bury(conn, job, error="mail deferred: RCPT 452", now=now)
        await give_up(conn, job, now)
    return job


async def test_operator_puts_a_mailbox_on_the_list_and_takes_it_off(conn: Conn, database: Database) -> None:
    now = datetime.now(UTC)
    await suppressions.add(conn, email_hash=suppressions.hash_of(FRIEND), reason=Suppression.UNWANTED, now=now)

    await made(database, "mail", "suppressions", "add", "Friend@Example.com")
    listed = await made(database, "mail", "suppressions", "list", "--address", "friend@example.com")
    removed = await made(database, "mail", "suppressions", "remove", "FRIEND@example.com")
    wrong = await regulars("mail", "suppressions", "add", "nobody", environment=environment_of(database))
    shown = await regulars("mail", "suppressions", "list", environment=environment_of(database))

    assert [(each["reason"], each["until"]) for each in listed["suppressions"]] == [
        ("manual", None),
        ("unwanted", None),
    ]
    assert removed["removed"] == ["manual"]
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("address: ")
    # what its owner asked for is still there, and no address is
    assert (shown.code, shown.out.count("\n"), "unwanted" in shown.out, "@" in shown.out) == (0, 1, True, False)


async def test_merchant_sees_the_mail_of_a_gift_and_nothing_is_sent(
    conn: Conn, database: Database, now: datetime
) -> None:
    scene, gift = await sent(conn, now)
    which = ("--merchant", str(scene.shop.merchant_id), "--gift", str(gift.gift_id))
    environment = environment_of(database, REGULARS_PUBLIC_BASE_URL="https://shop.example")

    text = await regulars("mail", "preview", *which, environment=environment)
    html = await regulars("mail", "preview", *which, "--html", environment=environment)
    nothing = await regulars("mail", "preview", *which[:2], "--gift", str(scene.card_id), environment=environment)

    assert text.out.startswith(f"Meera sent you a gift at {scene.shop.terminal.merchant_name}\n\nHello Ravi")
    assert "https://shop.example/g/preview\n" in text.out
    assert html.out.startswith("<!doctype html>")
    assert "Have a coffee on me." in html.out
    assert (nothing.code, nothing.out, nothing.err) == (2, "", "There is no such gift.\n")
    assert await conn.fetchval("SELECT count(*) FROM gift_links") == 0
    assert (await read(conn, scene, gift)).status is GiftStatus.SCHEDULED


async def test_what_was_given_up_is_listed_by_ids_and_tried_again(
    conn: Conn, database: Database, now: datetime
) -> None:
    # given a gift whose mail was tried for hours
    scene, gift = await sent(conn, now)
    job = await given_up(conn, now)
    assert (await read(conn, scene, gift)).problem is DeliveryProblem.UNREACHABLE

    [letter] = (await made(database, "outbox", "list"))["jobs"]
    shown = await regulars("outbox", "list", environment=environment_of(database))
    retried = await made(database, "outbox", "retry", str(job.outbox_id))

    assert (letter["job"], letter["topic"], letter["giftId"]) == (job.outbox_id, "mail.gift", str(gift.gift_id))
    assert (letter["tries"], letter["lastError"]) == (ATTEMPTS_MAX, "mail deferred: RCPT 452")
    assert f"giftId {gift.gift_id}, " in shown.out
    assert f": mail deferred: RCPT 452, {ATTEMPTS_MAX} tries since" in shown.out
    assert "@" not in shown.out
    assert retried["giftId"] == str(gift.gift_id)
    # then the gift waits for its mail again, with all its tries
    found = await read(conn, scene, gift)
    assert (found.status, found.problem) == (GiftStatus.SCHEDULED, None)
    async with conn.transaction():
        [again] = await outbox.claim(conn, limit=1, lease=LEASE, now=datetime.now(UTC) + LEASE)
    assert (again.outbox_id, again.tries, again.attempts) == (job.outbox_id, 1, ATTEMPTS_MAX + 1)
    assert (await made(database, "outbox", "list"))["jobs"] == []


async def test_what_is_dropped_is_gone_and_says_what_is_given_up(conn: Conn, database: Database, now: datetime) -> None:
    # given a gift's mail that failed, and is still tried
    scene, gift = await sent(conn, now)
    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=LEASE, now=now)
        await outbox.retry(conn, job, error="mail deferred: RCPT 452", jitter=0, now=now)
    assert [each["job"] for each in (await made(database, "outbox", "list", "--failing"))["jobs"]] == [job.outbox_id]

    dropped = await made(database, "outbox", "drop", str(job.outbox_id))
    again = await regulars("outbox", "drop", str(job.outbox_id), environment=environment_of(database))

    assert dropped["givenUp"].startswith("The mail of a gift.")
    found = await read(conn, scene, gift)
    assert (found.status, found.problem) == (GiftStatus.BOUNCED, DeliveryProblem.UNREACHABLE)
    assert (again.code, again.err) == (2, "No such job has failed, or a worker has it in its hands.\n")
    assert await conn.fetchval("SELECT count(*) FROM outbox") == 0
    await assert_lawful(conn)


async def test_job_that_a_worker_has_is_left_alone(conn: Conn, now: datetime) -> None:
    await sent(conn, now)
    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=LEASE, now=now)

    for decide in (dead_letters.drop, dead_letters.revive):
        with pytest.raises(NotFound):
            await decide(conn, outbox_id=job.outbox_id, now=now)

    async with conn.transaction():
        assert await outbox.done(conn, job)


async def test_job_that_only_waits_for_its_moment_is_left_alone(conn: Conn, database: Database, now: datetime) -> None:
    scene, gift = await sent(conn, now)
    [job_id] = [row["outbox_id"] for row in await conn.fetch("SELECT outbox_id FROM outbox")]

    answers = [
        await regulars("outbox", what, str(job_id), environment=environment_of(database)) for what in ("retry", "drop")
    ]

    assert {(each.code, each.err) for each in answers} == {
        (2, "No such job has failed, or a worker has it in its hands.\n")
    }
    assert (await read(conn, scene, gift)).status is GiftStatus.SCHEDULED
    assert await conn.fetchval("SELECT count(*) FROM outbox") == 1


async def test_gift_that_was_mailed_after_all_is_not_mailed_by_a_retry(conn: Conn, now: datetime) -> None:
    scene, gift = await sent(conn, now)
    job = await given_up(conn, now)
    assert await record_sent(conn, gift, now=now)

    async with conn.transaction():
        await revived(conn, job, now)

    assert (await read(conn, scene, gift)).status is GiftStatus.SENT


async def test_only_what_failed_is_listed(conn: Conn, now: datetime) -> None:
    # given a job that nobody tried, and one that only waited its turn
    await sent(conn, now)
    async with conn.transaction():
        [job] = await outbox.claim(conn, limit=1, lease=LEASE, now=now)
        await outbox.postpone(conn, job, until=now)

    assert await dead_letters.listed(conn, limit=10) == []
    assert await dead_letters.failing(conn, limit=10) == []
