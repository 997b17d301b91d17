"""Wanting no gift mails: one press or one click of a mail program, for the mailbox that the link went to."""

from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from auth import links
from tests.factories import Shop, make_shop
from tests.web.contents import all_rows
from tests.web.mailed import MailedGift, mail_gift
from tests.web.markup import Markup
from wallet import gifts
from wallet.database import Conn
from wallet.values import GiftStatus

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
REFUSALS_SQL = "SELECT count(*) FROM mail_suppressions"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
async def gift(conn: Conn, shop: Shop, now: datetime) -> MailedGift:
    return await mail_gift(conn, shop, now=now)


async def test_looking_stops_nothing(browser: httpx.AsyncClient, conn: Conn, gift: MailedGift) -> None:
    before = await all_rows(conn)

    for method in ("GET", "HEAD") * 20:
        assert (await browser.request(method, f"/g/{gift.token}/stop")).status_code == 200

    assert await all_rows(conn) == before


async def test_page_is_one_button_that_needs_no_script(browser: httpx.AsyncClient, gift: MailedGift) -> None:
    answer = await browser.get(f"/g/{gift.token}/stop")

    page = Markup(answer.text)
    assert "Send me no more gift mails" in page.text
    assert [attributes for tag, attributes in page.elements if tag == "form"] == [{"method": "post"}]
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "Meera" not in page.text


@pytest.mark.parametrize("body", [ONE_CLICK, {}], ids=["mail program", "person"])
async def test_post_stops_gift_mails_to_that_mailbox(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, gift: MailedGift, body: dict[str, str], now: datetime
) -> None:
    for _ in range(2):
        answer = await browser.post(f"/g/{gift.token}/stop", data=body)
        assert answer.status_code == 200
        assert "It is done" in Markup(answer.text).text

    # the next gift to this mailbox is not mailed, and this one can still be claimed
    assert await conn.fetchval(REFUSALS_SQL) == 1
    unwanted = await mail_gift(conn, shop, now=now)
    found = await gifts.find(
        conn, customer_id=unwanted.sender_id, merchant_id=unwanted.merchant_id, gift_id=unwanted.gift_id
    )
    assert found is not None
    assert found.status is GiftStatus.BOUNCED
    assert (await browser.get(f"/g/{gift.token}")).status_code == 200


async def test_link_to_an_address_that_was_corrected_stops_no_mail_to_the_right_one(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, gift: MailedGift, now: datetime
) -> None:
    # given a gift whose address was corrected after its mail had left
    async with conn.transaction():
        await gifts.resend(
            conn,
            customer_id=gift.sender_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            corrected_email="right@example.com",
            corrected_email_key="right@example.com",
            idempotency_key=uuid4(),
            now=now,
        )

    # when whoever got the first mail wants no more
    assert (await browser.post(f"/g/{gift.token}/stop", data=ONE_CLICK)).status_code == 200

    # then their mailbox is the one that gets none
    [refused] = await conn.fetch("SELECT email_hash FROM mail_suppressions")
    assert refused["email_hash"] == sha256(b"asha@example.com").digest()


async def test_link_that_is_none_is_answered_alike_and_stops_nothing(
    browser: httpx.AsyncClient, conn: Conn, gift: MailedGift
) -> None:
    real = await browser.get(f"/g/{gift.token}/stop")
    before = await all_rows(conn)

    for token in (links.new_link().token, "x", gift.token[:-1], "%00"):
        shown = await browser.get(f"/g/{token}/stop")
        done = await browser.post(f"/g/{token}/stop", data=ONE_CLICK)
        assert (shown.status_code, shown.content) == (200, real.content)
        assert (done.status_code, "It is done" in done.text) == (200, True)

    assert await all_rows(conn) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_nothing_else_is_taken(browser: httpx.AsyncClient, conn: Conn, gift: MailedGift, method: str) -> None:
    assert (await browser.request(method, f"/g/{gift.token}/stop")).status_code == 405
    assert await conn.fetchval(REFUSALS_SQL) == 0
