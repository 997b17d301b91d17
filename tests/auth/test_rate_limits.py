import asyncio
from datetime import datetime, timedelta

import pytest

from auth import rate_limits
from infra.pool import Pool
from tests.auth.racing import pid_of, race, until_blocked
from wallet.database import Conn
from wallet.errors import NotFound, TooManyAttempts

HOUR = timedelta(hours=1)
SUBJECT = b"somebody"

COUNTERS_SQL = """
    SELECT scope, subject, hits, window_ends_at
    FROM rate_limits
    ORDER BY scope, subject
"""


async def hit(conn: Conn, now: datetime, *, scope: str = "test", subject: bytes = SUBJECT, limit: int = 3) -> None:
    await rate_limits.hit(conn, scope=scope, subject=subject, limit=limit, window=HOUR, now=now)


async def counters(conn: Conn) -> list[tuple[str, bytes, int, datetime]]:
    rows = await conn.fetch(COUNTERS_SQL)
    return [(row["scope"], row["subject"], row["hits"], row["window_ends_at"]) for row in rows]


async def test_exactly_the_limit_fits_into_a_window(conn: Conn, now: datetime) -> None:
    for minute in range(3):
        await hit(conn, now + timedelta(minutes=minute))

    with pytest.raises(TooManyAttempts) as refused:
        await hit(conn, now + timedelta(minutes=59))
    assert refused.value.retry_at == now + HOUR


async def test_the_end_of_the_window_opens_a_new_one(conn: Conn, now: datetime) -> None:
    for _ in range(3):
        await hit(conn, now)
    with pytest.raises(TooManyAttempts):
        await hit(conn, now + HOUR - timedelta(microseconds=1))

    for _ in range(3):
        await hit(conn, now + HOUR)

    with pytest.raises(TooManyAttempts) as refused:
        await hit(conn, now + HOUR)
    assert refused.value.retry_at == now + 2 * HOUR


async def test_refused_tries_do_not_pile_up(conn: Conn, now: datetime) -> None:
    for _ in range(3):
        await hit(conn, now)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            await hit(conn, now)

    assert await counters(conn) == [("test", SUBJECT, 4, now + HOUR)]


async def test_scopes_and_subjects_are_counted_apart(conn: Conn, now: datetime) -> None:
    await hit(conn, now, limit=1)
    await hit(conn, now, limit=1, subject=b"somebody else")
    await hit(conn, now, limit=1, scope="other")

    with pytest.raises(TooManyAttempts):
        await hit(conn, now, limit=1)
    assert [count for *_, count, _ in await counters(conn)] == [1, 2, 1]


async def take(conn: Conn, now: datetime, *, limit: int = 3) -> bool:
    return await rate_limits.take(conn, scope="test", subject=SUBJECT, limit=limit, window=HOUR, now=now)


async def test_what_does_not_fit_is_not_taken_and_changes_nothing(conn: Conn, now: datetime) -> None:
    assert [await take(conn, now + timedelta(minutes=minute)) for minute in range(5)] == [True] * 3 + [False] * 2
    assert await counters(conn) == [("test", SUBJECT, 3, now + HOUR)]

    last = now + HOUR - timedelta(microseconds=1)
    assert [await take(conn, last), await take(conn, now + HOUR)] == [False, True]
    assert await counters(conn) == [("test", SUBJECT, 1, now + 2 * HOUR)]


async def test_what_is_taken_counts_for_the_tries_and_they_for_it(conn: Conn, now: datetime) -> None:
    await hit(conn, now, limit=2)
    assert [await take(conn, now, limit=2), await take(conn, now, limit=2)] == [True, False]
    with pytest.raises(TooManyAttempts):
        await hit(conn, now, limit=2)


async def test_exactly_the_limit_of_many_takers_get_it(pool: Pool, conn: Conn, now: datetime) -> None:
    for window in range(5):
        moment = now + window * HOUR

        async def attempt(conn: Conn, moment: datetime = moment) -> bool:
            return await take(conn, moment, limit=7)

        outcomes = await race(pool, 16, attempt)

        assert sorted(outcome is True for outcome in outcomes) == [False] * 9 + [True] * 7
        assert [outcome for outcome in outcomes if not isinstance(outcome, bool)] == []
        assert await counters(conn) == [("test", SUBJECT, 7, moment + HOUR)]


async def test_what_was_taken_and_rolled_back_was_not_taken(conn: Conn, now: datetime) -> None:
    async def work() -> None:
        async with conn.transaction():
            assert await take(conn, now, limit=1)
            raise NotFound

    with pytest.raises(NotFound):
        await work()

    assert await take(conn, now, limit=1)


async def test_a_look_counts_nothing(conn: Conn, now: datetime) -> None:
    async def check(limit: int, moment: datetime) -> None:
        await rate_limits.check(conn, scope="test", subject=SUBJECT, limit=limit, now=moment)

    await check(1, now)
    assert await counters(conn) == []

    await hit(conn, now)
    await check(2, now)
    with pytest.raises(TooManyAttempts) as refused:
        await check(1, now)
    assert refused.value.retry_at == now + HOUR
    await check(1, now + HOUR)
    assert await counters(conn) == [("test", SUBJECT, 1, now + HOUR)]


async def test_a_hit_given_back_can_be_used_again(conn: Conn, now: datetime) -> None:
    for _ in range(20):
        await hit(conn, now, limit=1)
        await rate_limits.give_back(conn, scope="test", subject=SUBJECT, now=now)

    assert await counters(conn) == [("test", SUBJECT, 0, now + HOUR)]


async def test_nothing_is_given_back_that_was_not_taken(conn: Conn, now: datetime) -> None:
    await rate_limits.give_back(conn, scope="test", subject=SUBJECT, now=now)
    assert await counters(conn) == []

    await hit(conn, now)
    for _ in range(3):
        await rate_limits.give_back(conn, scope="test", subject=SUBJECT, now=now)
    await hit(conn, now)
    await rate_limits.give_back(conn, scope="test", subject=SUBJECT, now=now + HOUR)
    assert await counters(conn) == [("test", SUBJECT, 1, now + HOUR)]


async def test_a_limit_that_refused_stands_after_the_roll_back(conn: Conn, now: datetime) -> None:
    for _ in range(3):
        async with conn.transaction():
            await hit(conn, now)

    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            async with conn.transaction():
                await hit(conn, now)

    assert await counters(conn) == [("test", SUBJECT, 3, now + HOUR)]


async def test_what_was_counted_by_itself_outlives_the_refusal_of_the_work(pool: Pool, now: datetime) -> None:
    """The pattern that the module documents."""

    async def work() -> None:
        async with pool.acquire() as conn:
            await hit(conn, now)
            async with conn.transaction():
                raise NotFound

    for _ in range(3):
        with pytest.raises(NotFound):
            await work()
    with pytest.raises(TooManyAttempts):
        await work()


async def test_a_racer_waits_for_the_other_ones_count(pool: Pool, now: datetime) -> None:
    async with pool.acquire() as one, pool.acquire() as other, pool.acquire() as observer:
        # given one try that has not committed
        pid = await pid_of(other)
        await one.execute("BEGIN")
        await hit(one, now, limit=1)

        # when another one comes
        second = asyncio.create_task(hit(other, now, limit=1))
        await until_blocked(observer, pid)
        await one.execute("COMMIT")

        # then it is one too many
        with pytest.raises(TooManyAttempts):
            await second


async def test_exactly_the_limit_of_many_racers_get_through(pool: Pool, now: datetime) -> None:
    for window in range(5):
        moment = now + window * HOUR

        async def attempt(conn: Conn, moment: datetime = moment) -> None:
            await hit(conn, moment, limit=7)

        outcomes = await race(pool, 16, attempt)

        assert sum(outcome is None for outcome in outcomes) == 7
        assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 9
