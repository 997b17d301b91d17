"""The page of a program, which its poster opens: for everybody, with or without scripts."""

import re
from datetime import datetime
from html import escape
from urllib.parse import quote

import httpx
import pytest

from infra.demo.program import RULES
from schema.program import point_names
from schema.translations import LANGUAGES, translator
from tests.database import StatementCounter
from tests.factories import Shop, make_shop
from tests.web.contents import all_rows
from tests.web.markup import Markup
from tests.web.test_gift_page import LOGO, hash_of, style_of
from wallet import looks, programs, stores
from wallet.database import Conn
from wallet.rules import Rules, StampRules


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, rules=RULES, now=now)


async def test_page_tells_the_program_without_scripts(browser: httpx.AsyncClient, shop: Shop) -> None:
    answer = await browser.get(f"/join/{shop.slug}", headers={"accept-language": "en-IN"})

    text = Markup(answer.text).text
    assert answer.status_code == 200
    assert shop.terminal.merchant_name in text
    assert "Collect beans with every visit." in text
    assert "You get 1 bean for every ₹10 you spend." in text
    assert "You get 20 beans for joining." in text
    assert "They do not see your e-mail address" in text
    assert f"ask at the counter of {shop.terminal.merchant_name} for a card" in text


async def test_page_tells_every_rule(browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime) -> None:
    program = await programs.get(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=now)
    say = translator("en-IN")

    text = Markup((await browser.get(f"/join/{shop.slug}", headers={"accept-language": "en-IN"})).text).text

    terms = [say.say(term, point_names(program)) for term in program.terms()]
    assert len(terms) > 20
    assert [term for term in terms if term not in text] == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (Rules(), "Collect beans with every visit."),
        (Rules(points=0, stamps=StampRules("visit", 10, "coffee")), "Collect stamps with every visit."),  # type: ignore[arg-type]  # no points
    ],
)
async def test_page_invites_to_what_there_is(
    browser: httpx.AsyncClient, conn: Conn, rules: Rules, said: str, now: datetime
) -> None:
    shop = await make_shop(conn, rules=rules, now=now)

    assert said in Markup((await browser.get(f"/join/{shop.slug}")).text).text


@pytest.mark.parametrize("slug", ["nothing", "", "a/b", "A" * 4000, "' OR 1=1 --", "\0", "മലയാളം", "Program-1"])
async def test_program_that_is_none_is_told_with_404(
    browser: httpx.AsyncClient, shop: Shop, statements: StatementCounter, slug: str
) -> None:
    async with statements.counted() as said:
        answer = await browser.get(f"/join/{quote(slug, safe='/')}")

    page = Markup(answer.text)
    assert answer.status_code == 404
    assert len(said) <= 1
    assert "There is no such program" in page.text
    assert "Scan the poster again" in page.text
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


async def test_looking_takes_one_statement_and_changes_nothing(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, statements: StatementCounter
) -> None:
    before = await all_rows(conn)

    async with statements.counted() as said:
        await browser.get(f"/join/{shop.slug}")
    posted = await browser.post(f"/join/{shop.slug}", json={"join": True})

    assert len(said) == 1
    assert posted.status_code == 405
    assert await all_rows(conn) == before


async def test_search_engines_and_messengers_are_told(browser: httpx.AsyncClient, shop: Shop) -> None:
    answer = await browser.get(f"/join/{shop.slug}", headers={"accept-language": "en-IN"})

    meta = {
        facts.get("property") or facts.get("name"): facts["content"]
        for tag, facts in Markup(answer.text).elements
        if tag == "meta" and "content" in facts
    }
    assert "x-robots-tag" not in answer.headers
    assert "robots" not in meta
    assert (meta["og:title"] or "").endswith(shop.terminal.merchant_name)
    assert meta["og:description"] == meta["description"]
    assert (meta["description"] or "").startswith("Collect beans with every visit. You get 1 bean for every ₹10")


async def test_page_has_the_colours_and_the_logo_of_its_merchant(
    browser: httpx.AsyncClient, conn: Conn, shop: Shop, now: datetime
) -> None:
    program_id = shop.program_id
    await looks.set_color(conn, merchant_id=shop.merchant_id, program_id=program_id, color="#4b2e83")
    await looks.set_logo(conn, merchant_id=shop.merchant_id, program_id=program_id, content=LOGO, now=now)

    answer = await browser.get(f"/join/{shop.slug}")

    assert ":root{--brand:#4b2e83;" in style_of(answer.text)
    [logo] = [address for address in Markup(answer.text).addresses() if address.startswith("/program-logos/")]
    assert (await browser.get(logo)).content == LOGO


async def test_page_keeps_a_strict_policy(browser: httpx.AsyncClient, shop: Shop) -> None:
    answer = await browser.get(f"/join/{shop.slug}")

    [import_map] = re.findall(r'<script type="importmap">(.*?)</script>', answer.text)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{hash_of(import_map)}'",
        "style-src": f"'self' 'sha256-{hash_of(style_of(answer.text))}'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    elements = Markup(answer.text).elements
    assert [name for _, facts in elements for name in facts if name == "style" or name[:2] == "on"] == []
    # An import map that comes after a script is not read.
    assert answer.text.index("importmap") < answer.text.index('type="module"')
    assert answer.text.index("importmap") < answer.text.index("modulepreload")


async def test_names_are_plain_text(browser: httpx.AsyncClient, conn: Conn, now: datetime) -> None:
    name = '<img src=x onerror=alert(1)>"&{{ 7 * 7 }}'
    merchant_id = await stores.create_merchant(
        conn, name=name, currency="INR", locale="en-IN", timezone="Asia/Kolkata", country=None, now=now
    )
    await programs.create(
        conn,
        merchant_id=merchant_id,
        slug="hostile",
        name=name,
        point_name="<b>",
        point_name_plural="<b>s",
        rules=Rules(),
        now=now,
    )

    html = (await browser.get("/join/hostile")).text

    page = Markup(html)
    assert name in page.text
    assert [tag for tag, _ in page.elements if tag in {"img", "b"}] == []
    assert escape(name, quote=False) in html.replace("&#34;", '"')


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_speaks_the_readers_language(browser: httpx.AsyncClient, shop: Shop, language: str) -> None:
    say = translator(f"{language}-IN")

    answer = await browser.get(f"/join/{shop.slug}", headers={"accept-language": f"{language}-IN"})
    gone = await browser.get("/join/nothing", headers={"accept-language": f"{language}-IN"})

    assert f'<html lang="{say.tag}" dir="ltr">' in answer.text
    assert say.gettext("What you get") in Markup(answer.text).text
    assert f"/static/words/join.{language}.js" in answer.text
    assert say.gettext("There is no such program") in Markup(gone.text).text
