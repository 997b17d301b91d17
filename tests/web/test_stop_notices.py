"""Wanting no reminders: one press or one click of a mail program, for the customer that the link names."""

from datetime import datetime

import httpx
import pytest

from auth import notice_links
from auth.secrets import SecretBox
from tests.factories import make_customer
from tests.web.conftest import BOX
from tests.web.contents import all_rows
from tests.web.markup import Markup
from wallet.database import Conn
from wallet.values import CustomerId

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STOPPED_SQL = "SELECT notices_stopped_at FROM customers WHERE customer_id = $1"


@pytest.fixture
async def asha(conn: Conn, now: datetime) -> CustomerId:
    return await make_customer(conn, name="Asha", now=now)


@pytest.fixture
def url(asha: CustomerId) -> str:
    return f"/n/{notice_links.token_of(BOX, asha)}/stop"


async def test_looking_stops_nothing(browser: httpx.AsyncClient, conn: Conn, url: str) -> None:
    before = await all_rows(conn)
    for method in ("GET", "HEAD") * 5:
        assert (await browser.request(method, url)).status_code == 200
    assert await all_rows(conn) == before


async def test_page_is_one_button_that_needs_no_script(browser: httpx.AsyncClient, url: str) -> None:
    answer = await browser.get(url)
    page = Markup(answer.text)
    assert "Send me no more reminders" in page.text
    assert "Asha" not in page.text
    assert [attributes for tag, attributes in page.elements if tag == "form"] == [{"method": "post"}]
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [ONE_CLICK, {}], ids=["mail program", "person"])
async def test_post_stops_reminders_to_that_customer_alone(
    browser: httpx.AsyncClient, conn: Conn, asha: CustomerId, url: str, body: dict[str, str], now: datetime
) -> None:
    ben = await make_customer(conn, now=now)
    for _ in range(2):
        answer = await browser.post(url, data=body)
        assert answer.status_code == 200
        assert "It is done" in Markup(answer.text).text
    assert await conn.fetchval(STOPPED_SQL, asha) == now
    assert await conn.fetchval(STOPPED_SQL, ben) is None


async def test_link_that_is_none_is_answered_alike_and_stops_nothing(
    browser: httpx.AsyncClient, conn: Conn, asha: CustomerId, url: str, now: datetime
) -> None:
    ben = await make_customer(conn, now=now)
    token, other = notice_links.token_of(BOX, asha), notice_links.token_of(BOX, ben)
    forged = notice_links.token_of(SecretBox(b"x" * 32), asha)
    before, real = await all_rows(conn), await browser.get(url)
    for wrong in (forged, token[:-1], token[:20] + other[20:], other[:20] + token[20:], "x", "%00", token + "A"):
        shown = await browser.get(f"/n/{wrong}/stop")
        done = await browser.post(f"/n/{wrong}/stop", data=ONE_CLICK)
        assert (shown.status_code, shown.content) == (200, real.content)
        assert (done.status_code, "It is done" in done.text) == (200, True)
    assert await all_rows(conn) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_nothing_else_is_taken(
    browser: httpx.AsyncClient, conn: Conn, asha: CustomerId, url: str, method: str
) -> None:
    assert (await browser.request(method, url)).status_code == 405
    assert await conn.fetchval(STOPPED_SQL, asha) is None
