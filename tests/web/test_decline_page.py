"""Saying no to a gift without scripts: looking does nothing, one press does it, and no link tells of another."""

from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from auth import links
from schema.translations import LANGUAGES, translator
from tests.factories import Shop, make_shop
from tests.wallet.gifts.scenes import assert_lawful
from tests.web.conftest import Hands
from tests.web.contents import all_rows
from tests.web.mailed import MailedGift, mail_gift
from tests.web.markup import Markup
from tests.web.test_gift_page import cancel, claim, resend
from wallet import gifts
from wallet.database import Conn
from wallet.values import GiftKind, GiftStatus


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def status(conn: Conn, gift: MailedGift) -> GiftStatus:
    found = await gifts.find(conn, customer_id=gift.sender_id, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("kind", GiftKind)
async def test_one_press_declines_and_a_second_is_told_the_same(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, kind: GiftKind, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, kind=kind, now=now)
    address = f"/g/{gift.token}/decline"

    # when it is looked at
    shown = Markup((await browser.get(address)).text)
    assert "Decline this gift?" in shown.text
    assert "Meera sent you" in shown.text
    assert [attributes["method"] for tag, attributes in shown.elements if tag == "form"] == ["post"]
    assert await status(conn, gift) is GiftStatus.SENT

    # and pressed twice
    answers = [await browser.post(address) for _ in range(2)]

    # then it is declined, once
    for answer in answers:
        assert answer.status_code == 200
        assert "You declined the gift It goes back to Meera." in Markup(answer.text).text
    assert await status(conn, gift) is GiftStatus.DECLINED
    assert await conn.fetchval("SELECT count(*) FROM gift_events WHERE kind = 'DECLINED'") == 1
    assert (await browser.get(f"/g/{gift.token}")).status_code == 404
    await assert_lawful(conn)


async def test_link_that_opens_no_gift_is_answered_as_the_gifts_page_answers_it(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, hands: Hands, now: datetime
) -> None:
    claimed, cancelled, replaced, lapsed = [await mail_gift(conn, shop, now=now) for _ in range(4)]
    async with conn.transaction():
        await claim(conn, claimed, now=now)
        await cancel(conn, cancelled, now=now)
        await resend(conn, replaced, now=now)
    hands.now = lapsed.claimable_until
    tokens = [gift.token for gift in (claimed, cancelled, replaced, lapsed)]
    tokens += [links.new_link().token, "x", "A" * 4000, "' OR 1=1 --", "\0", "മലയാളം"]
    before = await all_rows(conn)
    known = await browser.get("/g/nothing")

    for token in tokens:
        for answer in (
            await browser.get(f"/g/{quote(token, safe='')}/decline"),
            await browser.post(f"/g/{quote(token, safe='')}/decline"),
        ):
            assert (answer.status_code, answer.content, answer.headers) == (404, known.content, known.headers)

    assert await all_rows(conn) == before


async def test_gift_can_be_declined_until_its_last_moment(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, hands: Hands, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, now=now)
    hands.now = gift.claimable_until
    assert (await browser.post(f"/g/{gift.token}/decline")).status_code == 404
    hands.now = gift.claimable_until - timedelta(microseconds=1)
    assert (await browser.post(f"/g/{gift.token}/decline")).status_code == 200


async def test_page_has_a_form_that_is_sent_here_and_no_script(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, now=now)

    answer = await browser.get(f"/g/{gift.token}/decline")

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (policy["script-src"], policy["form-action"], policy["default-src"]) == ("'none'", "'self'", "'none'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert "script" not in [tag for tag, _ in Markup(answer.text).elements]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_speaks_the_readers_language(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, language: str, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, kind=GiftKind.REWARD, now=now)
    say, headers = translator(f"{language}-IN"), {"accept-language": f"{language}-IN"}

    asked = await browser.get(f"/g/{gift.token}/decline", headers=headers)
    done = await browser.post(f"/g/{gift.token}/decline", headers=headers)

    assert say.gettext("Decline this gift?") in Markup(asked.text).text
    assert "Free coffee" in Markup(asked.text).text
    assert say.gettext("You declined the gift") in Markup(done.text).text
