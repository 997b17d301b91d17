"""How many mails a minute go to one domain: never more than was said, codes first, nobody overtaken for ever."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from wallet.database import Conn
from wallet.mail import pacing
from wallet.mail.pacing import Pace

MINUTE = timedelta(minutes=1)
DOMAIN = "example.com"


async def turn(
    conn: Conn,
    pace: Pace,
    now: datetime,
    *,
    urgent: bool = False,
    waited: bool = False,
    domain: str = DOMAIN,
) -> datetime | None:
    async with conn.transaction():
        return await pacing.take_turn(conn, domain=domain, pace=pace, urgent=urgent, waited=waited, now=now)


def busiest_minute(times: list[datetime]) -> int:
    return max(sum(start <= at < start + MINUTE for at in times) for start in times)


@pytest.mark.parametrize("per_minute", [1, 2, 5, 10, 61, 300])
@pytest.mark.parametrize("urgent", [True, False])
async def test_no_minute_has_more_mails_than_was_said_however_they_come(
    conn: Conn, now: datetime, per_minute: int, urgent: bool
) -> None:
    # given more mail than may leave, all the time, for three minutes
    pace, left, at = Pace(per_minute), [], now
    while at < now + 3 * MINUTE:
        if await turn(conn, pace, at, urgent=urgent, waited=True) is None:
            left.append(at)
        at += min(pace.step / 3, timedelta(seconds=1))

    # then the limit is kept in every minute, and most of it is used
    assert busiest_minute(left) <= per_minute
    assert len(left) >= 3 * (per_minute - pace.burst + 1)


async def test_first_mails_to_a_quiet_domain_leave_at_once_and_some_places_are_kept_for_codes(
    conn: Conn, now: datetime
) -> None:
    pace = Pace(60)

    others = [await turn(conn, pace, now) for _ in range(10)]
    codes = [await turn(conn, pace, now, urgent=True) for _ in range(10)]

    assert [each is None for each in others] == [True] * 7 + [False] * 3
    assert [each is None for each in codes] == [True] * 6 + [False] * 4


async def test_mails_that_wait_get_turns_one_behind_the_other_and_leave_at_them(conn: Conn, now: datetime) -> None:
    # given more gifts than may leave at once
    pace = Pace(60)
    turns = [found for _ in range(40) if (found := await turn(conn, pace, now)) is not None]
    assert len(turns) == 33
    assert {later - earlier for earlier, later in pairwise(turns)} == {pace.step}
    assert turns[0] == now + pace.step

    # when each comes back at its turn, then it leaves
    assert [await turn(conn, pace, at, waited=True) for at in turns] == [None] * 33


async def test_who_comes_later_does_not_overtake_those_who_wait_but_a_code_does(conn: Conn, now: datetime) -> None:
    pace = Pace(10)
    turns = [found for _ in range(5) if (found := await turn(conn, pace, now)) is not None]
    # A moment when there would be room again, and somebody waits for it.
    soon = turns[0] - timedelta(microseconds=1)

    newcomer = await turn(conn, pace, soon)
    code = await turn(conn, pace, soon, urgent=True)

    assert newcomer == turns[-1] + pace.step
    assert code is None
    # The code took the place of the first, who is told when the next one is free and does not go to the end.
    again = await turn(conn, pace, turns[0], waited=True)
    assert again is not None
    assert turns[0] < again < turns[1] + pace.step


async def test_domains_do_not_wait_for_each_other(conn: Conn, now: datetime) -> None:
    pace = Pace(1)

    assert await turn(conn, pace, now) is None
    assert await turn(conn, pace, now) == now + MINUTE
    assert await turn(conn, pace, now, domain="example.org") is None


async def test_workers_keep_the_pace_together(pool: Pool, now: datetime) -> None:
    pace = Pace(50)

    async def ask() -> datetime | None:
        async with pool.acquire() as conn:
            return await turn(conn, pace, now, urgent=True)

    found = await asyncio.gather(*(ask() for _ in range(60)))

    assert found.count(None) == pace.burst == 11


async def test_to_take_a_turn_is_one_statement(conn: Conn, statements: StatementCounter, now: datetime) -> None:
    pace = Pace(1)
    async with statements.counted() as first:
        await turn(conn, pace, now)
    async with statements.counted() as refused:
        await turn(conn, pace, now)

    assert [len(first), len(refused)] == [3, 3], "BEGIN and COMMIT included"


async def test_domain_that_got_no_mail_for_an_hour_is_forgotten(conn: Conn, now: datetime) -> None:
    await turn(conn, Pace(10), now)
    await turn(conn, Pace(10), now + timedelta(minutes=50), domain="example.org")

    assert await pacing.forget(conn, limit=10, now=now + timedelta(minutes=59)) == 0
    assert await pacing.forget(conn, limit=10, now=now + timedelta(minutes=62)) == 1
    assert await conn.fetchval("SELECT domain FROM mail_paces") == "example.org"
