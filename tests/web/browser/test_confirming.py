"""Confirming an address in a browser."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Page

from auth import confirmations, links
from tests.live import Live
from tests.web.browser.app.scenes import new_phone
from wallet.values import CustomerId

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

INSERT_UNCONFIRMED_SQL = """
    INSERT INTO customers (email, email_key, locale, created_at)
    VALUES ($1, $1, 'en-IN', $2)
    RETURNING customer_id
"""

CONFIRMED_SQL = """
    SELECT count(customer.confirmed_at)
    FROM email_confirmations AS confirmation
    JOIN customers AS customer ON customer.customer_id = confirmation.customer_id
    WHERE confirmation.link_hash = $1
"""


async def new_link(live: Live) -> str:
    async with live.runtime.pool.acquire() as conn:
        email = f"enrolled.{uuid4().hex[:8]}@example.com"
        customer_id = CustomerId(await conn.fetchval(INSERT_UNCONFIRMED_SQL, email, live.clock()))
        token = await confirmations.new_link(conn, customer_id=customer_id, now=live.clock())
    return f"{live.base_url}/confirm/{token}"


async def confirmed(live: Live, link: str) -> int:
    """How many of the link's one customer are confirmed."""
    async with live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval(CONFIRMED_SQL, links.hash_of(link.rpartition("/")[2])))


async def test_one_press_confirms_and_a_second_visit_is_told_the_same(live: Live, page: Page) -> None:
    link = await new_link(live)

    for before in (0, 1):
        await page.goto(link)
        await page.wait_for_load_state("networkidle")
        assert await confirmed(live, link) == before
        await page.get_by_role("button", name="Confirm").click()
        await page.get_by_text("Thank you. Your e-mail address is confirmed.").wait_for()
        assert await page.evaluate("document.activeElement.id") == "answer"
        assert await page.get_by_role("button").count() == 0
        assert await confirmed(live, link) == 1


async def test_link_that_is_none_says_what_to_do(live: Live, page: Page) -> None:
    await page.goto(f"{live.base_url}/confirm/nothing")

    await page.get_by_role("button", name="Confirm").click()

    await page.get_by_text("This link cannot be used any more.").wait_for()
    assert await page.get_by_text("You can close this page.").is_hidden()


async def test_session_that_is_over_costs_nothing(live: Live, page: Page) -> None:
    # given somebody who was signed in here until their session was ended from elsewhere
    phone = await new_phone(live, page)
    await phone.end_sessions()
    live.clock.advance(timedelta(minutes=61))
    link = await new_link(live)
    await phone.page.goto(link)

    await phone.press("Confirm")

    await page.get_by_text("Thank you. Your e-mail address is confirmed.").wait_for()
    assert await confirmed(live, link) == 1
    assert phone.complaints == []


async def test_connection_that_breaks_costs_one_more_press(live: Live, page: Page) -> None:
    link = await new_link(live)
    await page.route("**/graphql", lambda route: route.abort(), times=1)
    await page.goto(link)

    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_text("The connection broke. Please try again.").wait_for()
    assert await confirmed(live, link) == 0
    await page.get_by_role("button", name="Confirm").click()

    await page.get_by_text("Thank you. Your e-mail address is confirmed.").wait_for()
    assert await confirmed(live, link) == 1
