"""The page behind the mailed link of a gift: readable by everybody who holds it, telling nothing to anybody else."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import escape
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from auth import links
from schema.translations import LANGUAGES, translator
from tests.database import StatementCounter
from tests.factories import Shop, make_customer, make_shop
from tests.web.conftest import Hands
from tests.web.contents import all_rows
from tests.web.mailed import MailedGift, mail_gift
from tests.web.markup import Markup
from wallet import gifts, looks
from wallet.database import Conn
from wallet.values import GiftKind

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>'

SCANNERS = (
    "Mozilla/5.0 (compatible; SafeLinks)",
    "BarracudaLinkProtect/1.0",
    "WhatsApp/2.24",
    "facebookexternalhit/1.1",
    "Googlebot/2.1",
)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
async def gift(conn: Conn, shop: Shop, now: datetime) -> MailedGift:
    return await mail_gift(conn, shop, now=now)


async def test_page_tells_the_whole_gift_without_scripts(
    browser: httpx.AsyncClient, gift: MailedGift, shop: Shop
) -> None:
    answer = await browser.get(f"/g/{gift.token}")

    text = Markup(answer.text).text
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Hello Asha, a gift for you" in text
    assert f"Meera sent you 200 beans to spend at {shop.terminal.merchant_name}." in text
    assert "Thank you for the mangoes!" in text
    assert f"Program {shop.terminal.merchant_name.removeprefix('Merchant ')}" in text
    assert f"It waits for you until {translator('en').date(gift.claimable_until)}." in text
    assert "Sign in with your e-mail address." in text
    assert "turn scripts on" in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (GiftKind.VALUE, "Meera sent you ₹500 to spend at {shop}."),
        (GiftKind.REWARD, "a gift from {shop}: Free coffee."),
    ],
)
async def test_page_tells_money_and_rewards_without_scripts(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, kind: GiftKind, said: str, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, kind=kind, now=now)

    answer = await browser.get(f"/g/{gift.token}", headers={"accept-language": "en-IN"})

    page = Markup(answer.text)
    assert said.format(shop=shop.terminal.merchant_name) in page.text
    assert "turn scripts on" in page.text
    assert "Decline the gift" in page.text
    assert "beans" not in page.text


async def test_one_point_is_called_by_its_singular(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, points=1, now=now)

    text = Markup((await browser.get(f"/g/{gift.token}")).text).text

    assert "Meera sent you 1 bean to spend" in text


async def test_message_is_plain_text(browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime) -> None:
    message = "<img src=x onerror=alert(1)> & {{ 7 * 7 }}\nsecond line"
    gift = await mail_gift(conn, shop, message=message, sender_name="<b>Meera</b>", recipient_name="A & B", now=now)

    page = (await browser.get(f"/g/{gift.token}")).text

    assert escape(message, quote=False) in page
    markup = Markup(page)
    assert "<b>Meera</b> sent you" in markup.text
    assert "Hello A & B, a gift" in markup.text
    assert [tag for tag, _ in markup.elements if tag in {"img", "b"}] == []


async def test_gift_without_a_message_has_no_empty_quotation(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, message=None, now=now)

    page = Markup((await browser.get(f"/g/{gift.token}")).text)

    assert "blockquote" not in [tag for tag, _ in page.elements]


async def test_every_link_that_cannot_be_claimed_is_answered_alike(
    browser: httpx.AsyncClient,
    conn: Conn,
    shop: Shop,
    hands: Hands,
    statements: StatementCounter,
    now: datetime,
) -> None:
    # given links that are no good for every reason there is
    claimed, cancelled, replaced, lapsed = [await mail_gift(conn, shop, now=now) for _ in range(4)]
    async with conn.transaction():
        await claim(conn, claimed, now=now)
        await cancel(conn, cancelled, now=now)
        await resend(conn, replaced, now=now)
    hands.now = lapsed.claimable_until
    tokens = [
        claimed.token,
        cancelled.token,
        replaced.token,
        lapsed.token,
        links.new_link().token,
        "x",
        "",
        claimed.token[:-1],
        claimed.token + "=",
        claimed.token + "/more",
        "A" * 4000,
        "' OR 1=1 --",
        "\0",
        "മലയാളം",
    ]

    # when each is opened
    answers = []
    for token in tokens:
        async with statements.counted() as said:
            answer = await browser.get(f"/g/{quote(token, safe='/')}")
        answers.append((answer.status_code, answer.content, dict(answer.headers), said))

    # then nobody can tell one from another, and nothing of any gift is told
    assert answers[0][0] == 404
    assert len(answers[0][3]) == 1
    assert [answer == answers[0] for answer in answers] == [True] * len(tokens)
    text = Markup(answers[0][1].decode()).text
    assert "This gift cannot be opened" in text
    assert "Meera" not in text


async def claim(conn: Conn, gift: MailedGift, *, now: datetime) -> None:
    recipient = await make_customer(conn, now=now)
    link_hash = links.hash_of(gift.token)
    assert link_hash is not None
    await gifts.claim(conn, customer_id=recipient, link_hash=link_hash, idempotency_key=uuid4(), now=now)


async def cancel(conn: Conn, gift: MailedGift, *, now: datetime) -> None:
    await gifts.cancel(
        conn,
        customer_id=gift.sender_id,
        merchant_id=gift.merchant_id,
        gift_id=gift.gift_id,
        idempotency_key=uuid4(),
        now=now,
    )


async def resend(conn: Conn, gift: MailedGift, *, now: datetime) -> None:
    await gifts.resend(
        conn,
        customer_id=gift.sender_id,
        merchant_id=gift.merchant_id,
        gift_id=gift.gift_id,
        corrected_email=None,
        corrected_email_key=None,
        idempotency_key=uuid4(),
        now=now,
    )


@pytest.mark.parametrize("ended_by", [claim, cancel, resend])
async def test_link_that_ended_shows_its_gift_no_more(
    browser: httpx.AsyncClient,
    conn: Conn,
    gift: MailedGift,
    ended_by: Callable[..., Awaitable[None]],
    now: datetime,
) -> None:
    assert (await browser.get(f"/g/{gift.token}")).status_code == 200

    async with conn.transaction():
        await ended_by(conn, gift, now=now)

    assert (await browser.get(f"/g/{gift.token}")).status_code == 404


async def test_gift_can_be_opened_until_its_last_moment(
    browser: httpx.AsyncClient, gift: MailedGift, hands: Hands
) -> None:
    hands.now = gift.claimable_until - timedelta(microseconds=1)
    assert (await browser.get(f"/g/{gift.token}")).status_code == 200

    hands.now = gift.claimable_until
    assert (await browser.get(f"/g/{gift.token}")).status_code == 404


@pytest.mark.parametrize("kind", GiftKind)
async def test_looking_changes_nothing_whoever_looks(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, statements: StatementCounter, kind: GiftKind, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, kind=kind, now=now)
    before = await all_rows(conn)

    async with statements.counted() as said:
        for n in range(20):
            await browser.head(f"/g/{gift.token}", headers={"user-agent": SCANNERS[n % len(SCANNERS)]})
        for n in range(50):
            await browser.get(f"/g/{gift.token}", headers={"user-agent": SCANNERS[n % len(SCANNERS)]})
            await browser.get(f"/g/{gift.token}/decline", headers={"user-agent": SCANNERS[n % len(SCANNERS)]})
            await browser.get("/g/nothing")

    assert {statement.split()[0] for statement in said} <= {"SELECT", "WITH"}
    assert await all_rows(conn) == before


async def test_head_says_what_get_would(browser: httpx.AsyncClient, gift: MailedGift) -> None:
    for path in (f"/g/{gift.token}", "/g/nothing"):
        head, get = await browser.head(path), await browser.get(path)
        assert (head.status_code, dict(head.headers), head.content) == (get.status_code, dict(get.headers), b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_page_takes_nothing(browser: httpx.AsyncClient, conn: Conn, gift: MailedGift, method: str) -> None:
    before = await all_rows(conn)

    answer = await browser.request(method, f"/g/{gift.token}", json={"claim": True})

    assert answer.status_code == 405
    assert await all_rows(conn) == before


@pytest.mark.parametrize("known", [True, False])
async def test_page_is_kept_to_itself(browser: httpx.AsyncClient, gift: MailedGift, known: bool) -> None:
    answer = await browser.get(f"/g/{gift.token if known else 'nothing'}")

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["vary"] == "Accept-Language, Cookie"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    own_style = f" 'sha256-{hash_of(style_of(answer.text))}'" if known else ""
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self'{own_style}",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def style_of(html: str) -> str:
    """What stands in the page's one style element."""
    [found] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return str(found)


def hash_of(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


async def test_page_has_the_colours_and_the_logo_of_its_merchant(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, gift: MailedGift, now: datetime
) -> None:
    program_id = shop.program_id
    await looks.set_color(conn, merchant_id=shop.merchant_id, program_id=program_id, color="#FFD23F")
    await looks.set_logo(conn, merchant_id=shop.merchant_id, program_id=program_id, content=LOGO, now=now)

    for path in (f"/g/{gift.token}", f"/g/{gift.token}/decline"):
        answer = await browser.get(path)
        assert ":root{--brand:#ffd23f;" in style_of(answer.text)
        assert "--on-brand:#1a1a1a;" in style_of(answer.text)
        assert hash_of(style_of(answer.text)) in answer.headers["content-security-policy"]
        [logo] = [address for address in Markup(answer.text).addresses() if address.startswith("/program-logos/")]
        assert (await browser.get(logo)).content == LOGO


@pytest.mark.parametrize("known", [True, False])
async def test_page_keeps_its_own_policy(browser: httpx.AsyncClient, gift: MailedGift, known: bool) -> None:
    page = Markup((await browser.get(f"/g/{gift.token if known else 'nothing'}")).text)

    led = [address for address in page.addresses() if not address.startswith("/static/")]
    assert led == ["/app", "/app", *([f"/g/{gift.token}/decline"] if known else [])]
    inline = [name for _, attributes in page.elements for name in attributes if name == "style" or name[:2] == "on"]
    assert inline == []
    assert [attributes["src"] for tag, attributes in page.elements if tag == "script"] == ["/static/gift/gift.js"]
    assert [tag for tag, _ in page.elements if tag == "style"] == (["style"] if known else [])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_speaks_the_readers_language(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, language: str, now: datetime
) -> None:
    gift = await mail_gift(conn, shop, points=10_000, now=now)
    say = translator(f"{language}-IN")

    answer = await browser.get(f"/g/{gift.token}", headers={"accept-language": f"xx, {language}-IN;q=0.8, fr;q=0.7"})
    gone = await browser.get("/g/nothing", headers={"accept-language": f"{language}-IN"})

    text = Markup(answer.text).text
    assert f'<html lang="{say.tag}" dir="ltr">' in answer.text
    assert say.gettext("Claim your gift") in text
    assert f"{say.number(10_000)} beans" in text
    assert say.date(gift.claimable_until) in text
    assert f'<html lang="{say.tag}" dir="ltr">' in gone.text
    assert say.gettext("This gift cannot be opened") in Markup(gone.text).text


@pytest.mark.parametrize("wished", ["", "fr", "*", ";;;q=", "e" * 5000])
async def test_page_is_english_for_wishes_that_it_cannot_meet(
    browser: httpx.AsyncClient, gift: MailedGift, wished: str
) -> None:
    answer = await browser.get(f"/g/{gift.token}", headers={"accept-language": wished})

    assert answer.status_code == 200
    assert '<html lang="en" dir="ltr">' in answer.text
