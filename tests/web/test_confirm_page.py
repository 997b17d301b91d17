"""Confirming the address of a customer who was enrolled at a counter: a page that only shows, and a link that works."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest

from auth import confirmations, links
from infra.pool import Pool
from tests.database import StatementCounter
from tests.web.contents import all_rows
from tests.web.markup import Markup
from wallet.database import Conn
from wallet.values import CustomerId

INSERT_UNCONFIRMED_SQL = """
    INSERT INTO customers (email, email_key, locale, created_at)
    VALUES ($1, $1, 'en-IN', $2)
    RETURNING customer_id
"""

CONFIRMED_AT_SQL = """
    SELECT confirmed_at
    FROM customers
    WHERE customer_id = $1
"""


@pytest.fixture
async def enrolled(conn: Conn, now: datetime) -> CustomerId:
    """A customer who was enrolled at a counter and has not been heard of since."""
    return CustomerId(await conn.fetchval(INSERT_UNCONFIRMED_SQL, "enrolled@example.com", now))


@pytest.fixture
async def token(conn: Conn, enrolled: CustomerId, now: datetime) -> str:
    return await confirmations.new_link(conn, customer_id=enrolled, now=now)


async def confirmed_at(conn: Conn, customer_id: CustomerId) -> datetime | None:
    found: datetime | None = await conn.fetchval(CONFIRMED_AT_SQL, customer_id)
    return found


async def test_page_confirms_nothing_and_asks_nothing(
    browser: httpx.AsyncClient, conn: Conn, token: str, statements: StatementCounter
) -> None:
    before = await all_rows(conn)

    async with statements.counted() as said:
        for method in ("GET", "HEAD") * 20:
            assert (await browser.request(method, f"/confirm/{token}")).status_code == 200

    assert said == []
    assert await all_rows(conn) == before


async def test_page_is_the_same_for_every_link(browser: httpx.AsyncClient, token: str) -> None:
    real = await browser.get(f"/confirm/{token}")

    for other in (links.new_link().token, "x", "", "a/b", "%00"):
        answer = await browser.get(f"/confirm/{other}")
        assert (answer.status_code, answer.content, answer.headers) == (real.status_code, real.content, real.headers)
    assert "Confirm your address" in Markup(real.text).text
    assert real.headers["referrer-policy"] == "no-referrer"
    assert real.headers["cache-control"] == "no-store"
    assert real.headers["x-robots-tag"] == "noindex, nofollow"


async def test_link_confirms_its_customer(conn: Conn, enrolled: CustomerId, token: str, now: datetime) -> None:
    later = now + timedelta(hours=1)

    assert await confirmations.confirm(conn, token=token, now=later) is True

    assert await confirmed_at(conn, enrolled) == later


async def test_link_that_is_used_again_gives_the_same_answer_and_changes_nothing(
    conn: Conn, enrolled: CustomerId, token: str, now: datetime
) -> None:
    await confirmations.confirm(conn, token=token, now=now)
    before = await all_rows(conn)

    again = await confirmations.confirm(conn, token=token, now=now + timedelta(days=29))

    assert again is True
    assert await all_rows(conn) == before
    assert await confirmed_at(conn, enrolled) == now


async def test_second_link_does_not_end_the_first(conn: Conn, enrolled: CustomerId, token: str, now: datetime) -> None:
    await confirmations.new_link(conn, customer_id=enrolled, now=now)

    assert await confirmations.confirm(conn, token=token, now=now) is True


async def test_two_who_use_a_link_at_once_confirm_once(
    pool: Pool, conn: Conn, enrolled: CustomerId, token: str, now: datetime
) -> None:
    moments = [now + timedelta(seconds=n) for n in range(8)]

    async def confirm(at: datetime) -> bool:
        async with pool.acquire() as own, own.transaction():
            return await confirmations.confirm(own, token=token, now=at)

    assert await asyncio.gather(*(confirm(at) for at in moments)) == [True] * 8

    first = await confirmed_at(conn, enrolled)
    assert first in moments
    await confirm(now + timedelta(days=1))
    assert await confirmed_at(conn, enrolled) == first


async def test_link_lasts_thirty_days_and_no_longer(
    conn: Conn, enrolled: CustomerId, token: str, now: datetime
) -> None:
    over = now + timedelta(days=30)

    assert await confirmations.confirm(conn, token=token, now=over) is False
    assert await confirmed_at(conn, enrolled) is None
    assert await confirmations.confirm(conn, token=token, now=over - timedelta(microseconds=1)) is True


@pytest.mark.parametrize("text", ["", "x", "\0", "é" * 43, "=" * 43, "A" * 10_000, "unknown"])
async def test_text_that_is_no_link_confirms_nobody(
    conn: Conn, enrolled: CustomerId, token: str, text: str, now: datetime
) -> None:
    before = await all_rows(conn)
    shown = links.new_link().token if text == "unknown" else text

    assert await confirmations.confirm(conn, token=shown, now=now) is False

    assert await all_rows(conn) == before


async def test_token_itself_is_nowhere_in_the_database(conn: Conn, enrolled: CustomerId, now: datetime) -> None:
    token = await confirmations.new_link(conn, customer_id=enrolled, now=now)

    kept = await conn.fetch("SELECT link_hash, expires_at FROM email_confirmations")

    assert [(bytes(row["link_hash"]), row["expires_at"]) for row in kept] == [
        (links.hash_of(token), now + timedelta(days=30))
    ]


async def test_links_past_their_date_are_swept(conn: Conn, enrolled: CustomerId, token: str, now: datetime) -> None:
    live = await confirmations.new_link(conn, customer_id=enrolled, now=now + timedelta(seconds=1))
    over = now + timedelta(days=30)

    assert await confirmations.sweep(conn, now=over) == 1
    assert await confirmations.sweep(conn, now=over) == 0

    assert await confirmations.confirm(conn, token=live, now=over) is True
