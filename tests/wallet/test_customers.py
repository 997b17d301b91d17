"""Whom a counter knows by a mailbox, by a telephone number, or by both."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.wallet.counter import count, race, until_waiting
from wallet import customers
from wallet.customers import Contact, Known
from wallet.database import Conn
from wallet.values import CustomerId

EMAIL, OTHER_EMAIL = "anu@example.com", "other@example.com"
PHONE, OTHER_PHONE = "+919847012345", "+919847099999"

ROWS_SQL = "SELECT customer_id, email, email_key, phone, phone_key FROM customers ORDER BY created_at, customer_id"


def said(email: str | None = None, phone: str | None = None) -> Contact:
    return Contact(email, email, phone)


def meeting(shop: Shop, contact: Contact, *, now: datetime) -> Callable[[Conn], Awaitable[Known]]:
    """What a till asks for, to be done within a transaction."""
    return lambda conn: customers.ensure(
        conn, merchant_id=shop.merchant_id, contact=contact, name="Anu", locale="ml-IN", now=now
    )


async def meet(conn: Conn, shop: Shop, contact: Contact, *, now: datetime) -> Known:
    async with conn.transaction():
        return await meeting(shop, contact, now=now)(conn)


async def rows(conn: Conn) -> list[tuple[CustomerId, str | None, str | None]]:
    found = await conn.fetch(ROWS_SQL)
    assert all((row["email"], row["phone"]) == (row["email_key"], row["phone_key"]) for row in found)
    return [(row["customer_id"], row["email"], row["phone"]) for row in found]


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.mark.parametrize("contact", [said(EMAIL), said(phone=PHONE), said(EMAIL, PHONE)])
async def test_a_stranger_is_made_once_and_known_from_then_on(
    conn: Conn, now: datetime, shop: Shop, contact: Contact
) -> None:
    first = await meet(conn, shop, contact, now=now)
    assert await meet(conn, shop, contact, now=now) == first
    assert (first.email, first.phone, first.confirmed) == (contact.email, contact.phone, False)
    assert await rows(conn) == [(first.customer_id, contact.email, contact.phone)]


async def test_who_gave_both_is_known_by_either(conn: Conn, now: datetime, shop: Shop) -> None:
    both = await meet(conn, shop, said(EMAIL, PHONE), now=now)
    assert await meet(conn, shop, said(EMAIL), now=now) == both
    assert await meet(conn, shop, said(phone=PHONE), now=now) == both
    assert await count(conn, "customers") == 1


async def test_who_was_known_by_a_number_alone_gets_the_mailbox_and_keeps_the_card(
    conn: Conn, now: datetime, shop: Shop
) -> None:
    # given
    known = await meet(conn, shop, said(phone=PHONE), now=now)
    card_id = await make_card(conn, shop, known.customer_id, now=now)
    # when
    reached = await meet(conn, shop, said(EMAIL, PHONE), now=now)
    # then
    assert (reached.customer_id, reached.email, reached.confirmed) == (known.customer_id, EMAIL, False)
    assert await rows(conn) == [(known.customer_id, EMAIL, PHONE)]
    assert await conn.fetchval("SELECT customer_id FROM cards WHERE card_id = $1", card_id) == known.customer_id


async def test_who_was_known_by_a_mailbox_gets_the_number(conn: Conn, now: datetime, shop: Shop) -> None:
    customer_id = await make_customer(conn, email=EMAIL, now=now)
    known = await meet(conn, shop, said(EMAIL, PHONE), now=now)
    assert (known.customer_id, known.phone, known.confirmed) == (customer_id, PHONE, True)
    assert await rows(conn) == [(customer_id, EMAIL, PHONE)]


async def test_nothing_of_a_customer_is_replaced(conn: Conn, now: datetime, shop: Shop) -> None:
    # given
    both = await meet(conn, shop, said(EMAIL, PHONE), now=now)
    # when somebody says another number with the mailbox, or another mailbox with the number
    same = await meet(conn, shop, said(EMAIL, OTHER_PHONE), now=now)
    other = await meet(conn, shop, said(OTHER_EMAIL, PHONE), now=now + timedelta(minutes=1))
    # then the first is who they are, and the other mailbox has a customer of its own, without the number
    assert same == both
    assert await rows(conn) == [(both.customer_id, EMAIL, PHONE), (other.customer_id, OTHER_EMAIL, None)]


async def test_two_customers_are_never_made_one_and_the_mailbox_decides(conn: Conn, now: datetime, shop: Shop) -> None:
    by_email = await meet(conn, shop, said(EMAIL), now=now)
    by_phone = await meet(conn, shop, said(phone=PHONE), now=now + timedelta(minutes=1))
    assert await meet(conn, shop, said(EMAIL, PHONE), now=now) == by_email
    assert await rows(conn) == [(by_email.customer_id, EMAIL, None), (by_phone.customer_id, None, PHONE)]


async def test_a_till_opens_no_other_merchant_s_card_to_a_mailbox(conn: Conn, now: datetime, shop: Shop) -> None:
    # given a customer who is known by a number, with a card here and one of another merchant's
    other = await make_shop(conn, now=now)
    known = await meet(conn, shop, said(phone=PHONE), now=now)
    for each in (shop, other):
        await make_card(conn, each, known.customer_id, now=now)
    # when
    reached = await meet(conn, shop, said(EMAIL, PHONE), now=now + timedelta(minutes=1))
    # then the mailbox is another customer's
    assert reached.customer_id != known.customer_id
    assert await rows(conn) == [(known.customer_id, None, PHONE), (reached.customer_id, EMAIL, None)]
    # and the same again finds the same
    assert await meet(conn, shop, said(EMAIL, PHONE), now=now) == reached
    # and a number is not given to a customer of another merchant's either
    theirs = await make_customer(conn, email=OTHER_EMAIL, now=now + timedelta(minutes=2))
    await make_card(conn, other, theirs, now=now)
    assert (await meet(conn, shop, said(OTHER_EMAIL, OTHER_PHONE), now=now)).phone is None
    assert (await rows(conn))[2] == (theirs, OTHER_EMAIL, None)


async def test_many_who_meet_one_person_at_once_make_one_customer(
    pool: Pool, conn: Conn, now: datetime, shop: Shop
) -> None:
    # when
    contacts = [said(EMAIL, PHONE), said(phone=PHONE), said(EMAIL)] * 5
    met = await race(pool, [meeting(shop, contact, now=now) for contact in contacts])
    # then every one of them is somebody, and no mailbox and no number is two people's
    assert [each for each in met if not isinstance(each, Known)] == []
    found = await rows(conn)
    assert 1 <= len(found) <= 2
    assert len({email for _, email, _ in found if email}) == len({phone for *_, phone in found if phone}) == 1


async def test_of_two_mailboxes_for_one_number_at_once_one_gets_it(
    pool: Pool, conn: Conn, now: datetime, shop: Shop
) -> None:
    for at in range(5):
        # given
        phone = f"+9198470{at:05d}"
        known = await meet(conn, shop, said(phone=phone), now=now)
        # when
        emails = [f"{at}.{n}@example.com" for n in range(4)]
        met = await race(pool, [meeting(shop, said(email, phone), now=now) for email in emails])
        # then
        assert all(isinstance(each, Known) for each in met)
        assert sum(isinstance(each, Known) and each.customer_id == known.customer_id for each in met) == 1
        assert {each.email for each in met if isinstance(each, Known)} == set(emails)


async def test_a_number_that_somebody_else_takes_meanwhile_is_left_to_them(
    pool: Pool, conn: Conn, now: datetime, shop: Shop
) -> None:
    # given a customer with a mailbox, and a stranger who is just being enrolled by the number
    customer_id = await make_customer(conn, email=EMAIL, now=now)
    async with pool.acquire() as other:
        async with conn.transaction():
            stranger = await meeting(shop, said(phone=PHONE), now=now)(conn)
            # when the customer says the same number
            waiting = asyncio.create_task(meet(other, shop, said(EMAIL, PHONE), now=now))
            async with pool.acquire() as third:
                await until_waiting(third)
        known = await waiting
    # then
    assert (known.customer_id, known.phone) == (customer_id, None)
    assert stranger.phone == PHONE
    assert await count(conn, "customers") == 2
