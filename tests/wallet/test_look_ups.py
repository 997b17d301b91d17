"""A card that is asked for by an address or a number."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.wallet.counter import another_store, count, race
from wallet import customers, enrolments, look_ups, visits
from wallet.customers import Contact
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.look_ups import Subject
from wallet.values import CardId, CheckInPurpose, CustomerId, Terminal
from wallet.visits import Visit

EMAIL, PHONE = "anu@example.com", "+919847012345"
HASH = bytes(range(32))
BY_EMAIL, BY_PHONE = Subject("EMAIL", EMAIL, HASH), Subject("PHONE", PHONE, HASH)
NOTED_SQL = "SELECT merchant_id, terminal_id, kind, subject_hash, found, looked_up_at FROM look_ups ORDER BY look_up_id"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
async def anu(conn: Conn, shop: Shop, now: datetime) -> CardId:
    """The card of somebody who gave the shop both."""
    known = await customers.ensure(
        conn, merchant_id=shop.merchant_id, contact=Contact(EMAIL, EMAIL, PHONE), name="Anu", locale="ml-IN", now=now
    )
    return await make_card(conn, shop, known.customer_id, now=now)


async def look_up(conn: Conn, terminal: Terminal, subject: Subject, *, now: datetime) -> Visit | NotFound:
    async with conn.transaction():
        return await look_ups.look_up(conn, terminal=terminal, subject=subject, now=now)


async def noted(conn: Conn) -> list[tuple[Any, ...]]:
    return [tuple(row[at] for at in range(6)) for row in await conn.fetch(NOTED_SQL)]


@pytest.mark.parametrize("subject", [BY_EMAIL, BY_PHONE])
async def test_a_member_is_found_and_can_earn_and_no_more(
    conn: Conn, now: datetime, shop: Shop, anu: CardId, subject: Subject
) -> None:
    # when
    visit = await look_up(conn, shop.terminal, subject, now=now)
    # then
    assert isinstance(visit, Visit)
    assert (visit.card_id, visit.purpose) == (anu, CheckInPurpose.EARN)
    assert (visit.opened_at, visit.expires_at) == (now, now + timedelta(minutes=15))
    assert await visits.find(conn, terminal=shop.terminal, visit_id=visit.visit_id, now=now) == visit
    # and it is written down
    assert await noted(conn) == [(shop.merchant_id, shop.terminal_id, subject.kind, HASH, True, now)]


@pytest.mark.parametrize(
    "subject",
    [
        Subject("EMAIL", "anu@example.co", HASH),
        Subject("EMAIL", "anu", HASH),
        Subject("EMAIL", "%", HASH),
        Subject("EMAIL", PHONE, HASH),
        Subject("PHONE", "+91984701234", HASH),
        Subject("PHONE", EMAIL, HASH),
        Subject("EMAIL", None, HASH),
        Subject("PHONE", None, HASH),
    ],
)
@pytest.mark.usefixtures("anu")
async def test_a_part_of_an_address_or_number_finds_nobody(
    conn: Conn, now: datetime, shop: Shop, subject: Subject
) -> None:
    assert isinstance(await look_up(conn, shop.terminal, subject, now=now), NotFound)
    assert await noted(conn) == [(shop.merchant_id, shop.terminal_id, subject.kind, HASH, False, now)]
    assert await count(conn, "visits") == 0


@pytest.mark.usefixtures("anu")
async def test_nobody_learns_who_is_a_member_elsewhere(
    conn: Conn, now: datetime, shop: Shop, statements: StatementCounter
) -> None:
    # given another merchant's till, and a second program of the same merchant
    other = await make_shop(conn, now=now)
    asked = []
    for terminal, subject in (
        (other.terminal, BY_EMAIL),
        (other.terminal, BY_PHONE),
        (other.terminal, Subject("EMAIL", "nobody@example.com", HASH)),
        (replace(shop.terminal, program_id=other.program_id), BY_EMAIL),
    ):
        # when
        async with statements.counted() as seen:
            answer = await look_up(conn, terminal, subject, now=now)
        # then
        assert isinstance(answer, NotFound)
        asked.append(seen)
    assert len(asked[0]) == 3
    assert asked[0] == asked[1] == asked[2] == asked[3]
    assert await count(conn, "visits") == 0


async def test_every_store_of_the_program_finds_its_members(conn: Conn, now: datetime, shop: Shop, anu: CardId) -> None:
    elsewhere = await another_store(conn, shop, now=now)
    visit = await look_up(conn, elsewhere, BY_PHONE, now=now)
    assert isinstance(visit, Visit)
    assert visit.card_id == anu
    with pytest.raises(NotFound):
        await visits.find(conn, terminal=shop.terminal, visit_id=visit.visit_id, now=now)


async def name_shown(conn: Conn, shop: Shop, visit: Visit | NotFound) -> str | None:
    assert isinstance(visit, Visit)
    card = await visits.member_card(conn, merchant_id=shop.merchant_id, card_id=visit.card_id)
    return card.display_name


async def test_a_name_that_was_given_elsewhere_is_not_told_to_who_types_the_address(
    conn: Conn, now: datetime, shop: Shop
) -> None:
    # given a customer who told another merchant their name, and whom this till has enrolled
    customer_id: CustomerId = await make_customer(conn, email=EMAIL, name="Anu", now=now - timedelta(days=1))
    await make_card(conn, await make_shop(conn, now=now), customer_id, now=now)
    async with conn.transaction():
        enrolled = await enrolments.enrol(
            conn,
            terminal=shop.terminal,
            contact=Contact(EMAIL, EMAIL, None),
            name=None,
            locale=None,
            idempotency_key=uuid4(),
            input_hash=HASH,
            now=now,
        )
    assert await name_shown(conn, shop, enrolled.visit) is None
    # when they are looked up
    visit = await look_up(conn, shop.terminal, BY_EMAIL, now=now)
    # then that shows no more than the enrolment did
    assert await name_shown(conn, shop, visit) is None


async def test_many_look_ups_at_once_are_as_many_visits(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, anu: CardId
) -> None:
    answers = await race(
        pool,
        [lambda racer: look_ups.look_up(racer, terminal=shop.terminal, subject=BY_PHONE, now=now) for _ in range(8)],
    )
    assert {answer.card_id for answer in answers if isinstance(answer, Visit)} == {anu}
    assert (await count(conn, "visits"), await count(conn, "look_ups")) == (8, 8)
