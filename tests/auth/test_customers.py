from datetime import datetime
from uuid import UUID, uuid4

import pytest

from auth import customers
from auth.customers import Birthday, Customer
from auth.errors import BirthdayAlreadySet
from auth.viewers import SessionId
from infra.pool import Pool
from tests.factories import make_customer
from tests.wallet.counter import race
from wallet.database import Conn
from wallet.errors import InvalidInput
from wallet.values import CustomerId

OPEN_SESSION_SQL = """
    INSERT INTO sessions (customer_id, device_name, created_at, last_seen_at)
    VALUES ($1, 'Phone', $2, $2)
    RETURNING session_id
"""


async def session_of(conn: Conn, customer_id: CustomerId, *, now: datetime) -> SessionId:
    return SessionId(UUID(str(await conn.fetchval(OPEN_SESSION_SQL, customer_id, now))))


async def signed_in(conn: Conn, *, now: datetime) -> Customer:
    """Asha, by her phone."""
    customer_id = await make_customer(conn, name="Asha", locale="en-IN", now=now)
    session_id = await session_of(conn, customer_id, now=now)
    found = await customers.find(conn, customer_id=customer_id, session_id=session_id)
    assert found is not None
    return found


async def test_a_customer_is_found_by_their_own_live_session(conn: Conn, now: datetime) -> None:
    # given two customers, each with a session
    asha = await make_customer(conn, email="asha@example.com", name="Asha", locale="ml-IN", now=now)
    ben = await make_customer(conn, now=now)
    of_asha, of_ben = await session_of(conn, asha, now=now), await session_of(conn, ben, now=now)
    # when they are looked for
    found = await customers.find(conn, customer_id=asha, session_id=of_asha)
    others = [
        await customers.find(conn, customer_id=asha, session_id=of_ben),
        await customers.find(conn, customer_id=CustomerId(uuid4()), session_id=of_asha),
        await customers.find(conn, customer_id=asha, session_id=SessionId(uuid4())),
    ]
    # then only the right pair leads to anybody
    assert found == Customer(asha, of_asha, "asha@example.com", "Asha", "ml-IN")
    assert others == [None, None, None]
    # and no longer than the session lives
    await conn.execute(
        "UPDATE sessions SET ended_at = $2, ended_because = 'signed_out' WHERE session_id = $1", of_asha, now
    )
    assert await customers.find(conn, customer_id=asha, session_id=of_asha) is None


async def test_what_is_not_said_stays(conn: Conn, now: datetime) -> None:
    asha = await signed_in(conn, now=now)
    profiles = [
        await customers.update_profile(conn, asha, rename=rename, name=name, locale=locale)
        for rename, name, locale in ((False, None, "hi-IN"), (True, " Asha K ", None), (True, None, None))
    ]
    assert [(profile.name, profile.locale) for profile in profiles] == [
        ("Asha", "hi-IN"),
        ("Asha K", "hi-IN"),
        (None, "hi-IN"),
    ]


@pytest.mark.parametrize(
    ("name", "locale", "fields"),
    [
        ("", None, ["name"]),
        ("x" * 81, None, ["name"]),
        ("a\nb", None, ["name"]),
        (None, "x", ["locale"]),
        (None, "hi_IN", ["locale"]),
        (None, "hi" + "-abcdefgh" * 4, ["locale"]),
        ("x" * 81, "", ["name", "locale"]),
    ],
)
async def test_what_cannot_be_used_is_refused(
    conn: Conn, now: datetime, name: str | None, locale: str | None, fields: list[str]
) -> None:
    asha = await signed_in(conn, now=now)
    with pytest.raises(InvalidInput) as refusal:
        await customers.update_profile(conn, asha, rename=name is not None, name=name, locale=locale)
    assert [problem.field for problem in refusal.value.problems] == fields
    row = await conn.fetchrow("SELECT name, locale FROM customers WHERE customer_id = $1", asha.customer_id)
    assert row is not None
    assert (row["name"], row["locale"]) == ("Asha", "en-IN")


async def test_birthday_is_set_once_and_for_good(conn: Conn, now: datetime) -> None:
    asha = await signed_in(conn, now=now)
    assert asha.birthday is None
    # when it is said, and said again because the answer was lost
    for _ in range(2):
        assert (await customers.set_birthday(conn, asha, month=2, day=29)).birthday == Birthday(2, 29)
    # then no other day can take its place
    for month, day in ((2, 28), (3, 29), (12, 31)):
        with pytest.raises(BirthdayAlreadySet):
            await customers.set_birthday(conn, asha, month=month, day=day)
    found = await customers.find(conn, customer_id=asha.customer_id, session_id=asha.session_id)
    assert found is not None
    assert found.birthday == Birthday(2, 29)


@pytest.mark.parametrize(
    ("month", "day", "field"),
    [
        (0, 1, "month"),
        (13, 1, "month"),
        (-2, 1, "month"),
        (1, 0, "day"),
        (1, 32, "day"),
        (4, 31, "day"),
        (2, 30, "day"),
    ],
)
async def test_day_that_no_year_has_is_no_birthday(conn: Conn, now: datetime, month: int, day: int, field: str) -> None:
    asha = await signed_in(conn, now=now)
    with pytest.raises(InvalidInput) as refusal:
        await customers.set_birthday(conn, asha, month=month, day=day)
    assert [problem.field for problem in refusal.value.problems] == [field]
    row = await conn.fetchrow("SELECT birth_month, birth_day FROM customers")
    assert row is not None
    assert (row["birth_month"], row["birth_day"]) == (None, None)


async def test_of_two_birthdays_at_once_one_stays(pool: Pool, conn: Conn, now: datetime) -> None:
    asha = await signed_in(conn, now=now)

    async def first(one: Conn) -> Customer:
        return await customers.set_birthday(one, asha, month=5, day=1)

    async def second(one: Conn) -> Customer:
        return await customers.set_birthday(one, asha, month=5, day=2)

    outcomes = await race(pool, [first, second])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BirthdayAlreadySet", "Customer"]
