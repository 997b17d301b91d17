"""Enrolment at the counter."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.wallet.counter import another_till, counts, race, until_waiting
from wallet import enrolments, fingerprint, visits
from wallet.customers import Contact
from wallet.database import Conn
from wallet.enrolments import Enrolled, Reader
from wallet.errors import IdempotencyKeyReused, InvalidInput
from wallet.values import CheckInPurpose, Terminal

TABLES = ("customers", "cards", "card_directory", "visits")
NOTHING = dict.fromkeys(TABLES, 0)
CUSTOMER_SQL = "SELECT customer_id, email, email_key, name, locale, confirmed_at, created_at FROM customers"


def enrolling(
    terminal: Terminal,
    email: str = "Anu@example.com",
    *,
    name: str | None = "Anu",
    locale: str | None = "ml-IN",
    key: uuid.UUID,
    now: datetime,
) -> Callable[[Conn], Awaitable[Enrolled]]:
    """What a till asks for, to be done within a transaction."""
    said = fingerprint.of("enrol", {"email": email, "name": name, "locale": locale})
    return lambda conn: enrolments.enrol(
        conn,
        terminal=terminal,
        contact=Contact(email, email.lower(), None),
        name=name,
        locale=locale,
        idempotency_key=key,
        input_hash=said,
        now=now,
    )


async def enrol(
    conn: Conn,
    terminal: Terminal,
    email: str = "Anu@example.com",
    *,
    name: str | None = "Anu",
    locale: str | None = "ml-IN",
    key: uuid.UUID,
    now: datetime,
) -> Enrolled:
    async with conn.transaction():
        return await enrolling(terminal, email, name=name, locale=locale, key=key, now=now)(conn)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
def key() -> uuid.UUID:
    return uuid.uuid4()


async def test_a_new_customer_gets_a_card_and_a_visit_and_is_to_be_told(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    # when
    enrolled = await enrol(conn, shop.terminal, key=key, now=now)
    # then
    assert await counts(conn, *TABLES) == dict.fromkeys(TABLES, 1)
    assert enrolled.already_member is False
    [customer] = await conn.fetch(CUSTOMER_SQL)
    assert [customer[at] for at in range(1, 7)] == ["Anu@example.com", "anu@example.com", "Anu", "ml-IN", None, now]
    [card] = await conn.fetch("SELECT card_id, customer_id, program_id FROM cards")
    assert [card[at] for at in range(3)] == [
        enrolled.visit.card_id,
        customer["customer_id"],
        shop.program_id,
    ]
    reader = Reader(customer["customer_id"], "Anu@example.com", "anu@example.com")
    assert (enrolled.replayed, enrolled.to_tell) == (False, reader)


async def test_points_can_be_earned_at_once(conn: Conn, now: datetime, shop: Shop, key: uuid.UUID) -> None:
    visit = (await enrol(conn, shop.terminal, key=key, now=now)).visit
    assert visit.purpose is CheckInPurpose.EARN
    assert (visit.opened_at, visit.expires_at) == (now, now + timedelta(minutes=15))
    assert await visits.find(conn, terminal=shop.terminal, visit_id=visit.visit_id, now=now) == visit
    card = await visits.member_card(conn, merchant_id=shop.merchant_id, card_id=visit.card_id)
    assert (card.display_name, card.active) == ("Anu", 0)


@pytest.mark.parametrize("blank", [None, "", "   "])
async def test_a_customer_without_a_name_or_locale_has_none_and_the_store_s(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID, blank: str | None
) -> None:
    await enrol(conn, shop.terminal, name=blank, locale=None, key=key, now=now)
    [customer] = await conn.fetch(CUSTOMER_SQL)
    assert (customer["name"], customer["locale"]) == (None, shop.terminal.locale)


async def test_the_same_key_gives_the_same_visit_again(conn: Conn, now: datetime, shop: Shop, key: uuid.UUID) -> None:
    # given
    first = await enrol(conn, shop.terminal, key=key, now=now)
    before = await counts(conn, *TABLES)
    for later in (timedelta(0), timedelta(seconds=30), timedelta(days=400)):
        # when
        again = await enrol(conn, shop.terminal, key=key, now=now + later)
        # then it is said to be the earlier one, of which there is nothing more to tell
        assert again == replace(first, replayed=True, to_tell=None)
    assert await counts(conn, *TABLES) == before


async def test_the_same_key_with_other_input_is_refused_and_makes_nothing(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    # given
    await enrol(conn, shop.terminal, key=key, now=now)
    before = await counts(conn, *TABLES)
    # when
    with pytest.raises(IdempotencyKeyReused):
        await enrol(conn, shop.terminal, "other@example.com", key=key, now=now)
    with pytest.raises(IdempotencyKeyReused):
        await enrol(conn, shop.terminal, name="Anna", key=key, now=now)
    # then
    assert await counts(conn, *TABLES) == before
    assert await conn.fetchval("SELECT name FROM customers") == "Anu"


async def test_the_same_key_at_another_till_is_another_key(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    till = await another_till(conn, shop, now=now)
    first = await enrol(conn, shop.terminal, key=key, now=now)
    second = await enrol(conn, till, key=key, now=now)
    assert second.visit.visit_id != first.visit.visit_id
    assert second.visit.card_id == first.visit.card_id
    assert (first.already_member, second.already_member) == (False, True)


async def test_a_customer_who_is_there_keeps_name_and_locale_and_is_to_be_told_of_the_card(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    # given
    customer_id = await make_customer(conn, email="anu@example.com", name="Anupama", locale="hi-IN", now=now)
    before = await conn.fetch(CUSTOMER_SQL)
    # when
    enrolled = await enrol(conn, shop.terminal, "ANU@example.com", name="Mallory", locale="th-TH", key=key, now=now)
    # then
    assert await conn.fetch(CUSTOMER_SQL) == before
    reader = Reader(customer_id, "anu@example.com", "anu@example.com")
    assert (enrolled.already_member, enrolled.to_tell) == (False, reader)
    assert await conn.fetchval("SELECT customer_id FROM cards") == customer_id
    assert await counts(conn, *TABLES) == dict.fromkeys(TABLES, 1)


async def test_a_member_is_told_from_a_new_one(conn: Conn, now: datetime, shop: Shop, key: uuid.UUID) -> None:
    customer_id = await make_customer(conn, email="anu@example.com", now=now)
    card_id = await make_card(conn, shop, customer_id, now=now)
    enrolled = await enrol(conn, shop.terminal, key=key, now=now)
    assert (enrolled.already_member, enrolled.visit.card_id) == (True, card_id)
    assert (await enrol(conn, shop.terminal, key=key, now=now)).already_member is True
    assert await counts(conn, "cards", "visits") == {"cards": 1, "visits": 1}


async def test_a_member_who_has_confirmed_has_nothing_to_be_told(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    customer_id = await make_customer(conn, email="anu@example.com", now=now)
    await make_card(conn, shop, customer_id, now=now)
    enrolled = await enrol(conn, shop.terminal, key=key, now=now)
    assert (enrolled.already_member, enrolled.replayed, enrolled.to_tell) == (True, False, None)


async def test_who_never_confirmed_is_to_be_told_again_by_a_new_enrolment(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    first = await enrol(conn, shop.terminal, key=key, now=now)
    again = await enrol(conn, shop.terminal, key=uuid.uuid4(), now=now)
    assert (again.already_member, again.replayed) == (True, False)
    assert again.to_tell == first.to_tell is not None
    assert await counts(conn, *TABLES) == {"customers": 1, "cards": 1, "card_directory": 1, "visits": 2}


async def test_a_customer_of_one_merchant_is_new_to_another(
    conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    other = await make_shop(conn, now=now)
    first = await enrol(conn, shop.terminal, key=key, now=now)
    second = await enrol(conn, other.terminal, key=key, now=now)
    assert second.already_member is False
    assert second.visit.merchant_id == other.merchant_id
    assert first.visit.card_id != second.visit.card_id
    assert await counts(conn, "customers", "cards") == {"customers": 1, "cards": 2}


@pytest.mark.parametrize(
    ("name", "locale", "problems"),
    [
        ("n" * 81, "ml-IN", [("name", "too_long")]),
        ("A\x07nu", "ml-IN", [("name", "unprintable")]),
        ("Anu", "x", [("locale", "not_a_locale")]),
        ("Anu", "en" + "-abcdefgh" * 4, [("locale", "not_a_locale")]),
        ("n" * 81, "../etc", [("name", "too_long"), ("locale", "not_a_locale")]),
    ],
)
async def test_a_name_or_locale_that_cannot_be_kept_is_refused_and_makes_nothing(
    conn: Conn,
    now: datetime,
    shop: Shop,
    key: uuid.UUID,
    name: str,
    locale: str,
    problems: list[tuple[str, str]],
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await enrol(conn, shop.terminal, name=name, locale=locale, key=key, now=now)
    assert [(problem.field, problem.phrase.code) for problem in refused.value.problems] == problems
    assert await counts(conn, *TABLES) == NOTHING
    await enrol(conn, shop.terminal, name="n" * 80, key=key, now=now)


async def test_racers_with_one_key_make_one_visit(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    results = await race(pool, [enrolling(shop.terminal, key=key, now=now)] * 12)
    enrolled = [result for result in results if isinstance(result, Enrolled)]
    assert len(enrolled) == len(results) == 12
    assert len({each.visit.visit_id for each in enrolled}) == 1
    assert [each.to_tell is not None for each in enrolled if not each.replayed] == [True]
    assert await counts(conn, *TABLES) == dict.fromkeys(TABLES, 1)


async def test_racers_with_one_key_for_two_addresses_make_one_customer(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    racers = [enrolling(shop.terminal, f"{n % 2}@example.com", key=key, now=now) for n in range(12)]
    results = await race(pool, racers)
    assert sum(isinstance(result, Enrolled) for result in results) == 6
    assert sum(isinstance(result, IdempotencyKeyReused) for result in results) == 6
    assert await counts(conn, *TABLES) == dict.fromkeys(TABLES, 1)


async def test_tills_that_enrol_one_address_at_once_make_one_customer_and_one_card(
    pool: Pool, conn: Conn, now: datetime, shop: Shop
) -> None:
    # given
    tills = [shop.terminal, *[await another_till(conn, shop, now=now) for _ in range(7)]]
    # when
    results = await race(
        pool,
        [
            enrolling(till, email, key=uuid.uuid4(), now=now)
            for till in tills
            for email in ("a@b.example", "A@b.example")
        ],
    )
    # then
    enrolled = [result for result in results if isinstance(result, Enrolled)]
    assert len(enrolled) == 16
    assert len({each.visit.card_id for each in enrolled}) == 1
    assert sum(not each.already_member for each in enrolled) == 1
    assert await counts(conn, *TABLES) == {
        "customers": 1,
        "cards": 1,
        "card_directory": 1,
        "visits": 16,
    }


async def test_a_key_in_use_is_judged_before_anything_is_made(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, key: uuid.UUID
) -> None:
    # given an enrolment that has not been committed yet
    async with pool.acquire() as one, pool.acquire() as two:
        async with one.transaction():
            await enrolling(shop.terminal, key=key, now=now)(one)
            # when
            second = asyncio.create_task(enrol(two, shop.terminal, "other@example.com", key=key, now=now))
            await until_waiting(conn)
        with pytest.raises(IdempotencyKeyReused):
            await second
    # then
    assert await counts(conn, *TABLES) == dict.fromkeys(TABLES, 1)


async def test_an_enrolment_that_fails_leaves_nothing(conn: Conn, now: datetime, shop: Shop, key: uuid.UUID) -> None:
    nowhere = replace(shop.terminal, store_id=(await make_shop(conn, now=now)).store_id)
    with pytest.raises(Exception, match="visits_store_fk"):
        await enrol(conn, nowhere, key=key, now=now)
    assert await counts(conn, *TABLES) == NOTHING
