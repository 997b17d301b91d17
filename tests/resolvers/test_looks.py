"""What a program looks like, to whoever may join it, to its members, and at its tills."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest

from schema.ids import GiftDesignKey, ProgramLogoKey, encode
from tests.database import StatementCounter
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.test_gift_life import make_design, node_of, page
from tests.resolvers.world import Person, asked
from tests.wallet.test_pictures import png, svg
from wallet import looks, operators, stores
from wallet.database import Conn
from wallet.values import DesignId, LogoId

PROGRAM = "query ($slug: String!) { program(slug: $slug) { color onColor logoUrl } }"
CARDS = "query { viewer { cards { program { color onColor logoUrl } } } }"
TERMINAL = """
    query { terminal {
        locale country operatorsNeeded serverTime programName programSlug programNumbers
        pointName pointNamePlural color onColor logoUrl
    } }
"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
CREAM = "#f4e9d8"


async def dressed(conn: Conn, shop: Shop, content: bytes, *, now: datetime) -> str:
    """The path of the logo that the program has now, beside a light colour."""
    await looks.set_color(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, color=CREAM)
    logo_id = await looks.set_logo(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, content=content, now=now
    )
    return f"/program-logos/{encode(ProgramLogoKey(shop.merchant_id, logo_id))}"


async def test_program_without_looks_has_a_colour_of_its_own(anybody: Api, till: Api, shop: Shop) -> None:
    color = looks.color_of(shop.slug, None)
    expected = {"color": color, "onColor": "#ffffff", "logoUrl": None}
    assert (await anybody(PROGRAM, slug=shop.slug))["program"] == expected
    terminal = (await till(TERMINAL))["terminal"]
    assert {name: terminal[name] for name in expected} == expected


async def test_poster_app_and_till_show_the_same_looks(
    anybody: Api, phone: Api, till: Api, shop: Shop, conn: Conn, now: datetime
) -> None:
    path = await dressed(conn, shop, png(), now=now)
    expected = {"color": CREAM, "onColor": "#1a1a1a", "logoUrl": path}
    assert (await anybody(PROGRAM, slug=shop.slug))["program"] == expected
    assert (await phone(CARDS))["viewer"]["cards"] == [{"program": expected}]
    terminal = (await till(TERMINAL))["terminal"]
    assert {name: terminal[name] for name in expected} == expected


async def test_till_is_told_all_that_its_page_says(
    till: Api, shop: Shop, conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    # when
    async with statements.counted() as seen:
        terminal = (await till(TERMINAL))["terminal"]
    # then the program was read once, and the numbers of all
    assert len(asked(seen)) == 3
    name = await conn.fetchval("SELECT name FROM programs WHERE program_id = $1", shop.program_id)
    assert terminal == {
        "locale": "en-IN",
        "country": "IN",
        "operatorsNeeded": False,
        "serverTime": now.isoformat().replace("+00:00", "Z"),
        "programName": name,
        "programSlug": shop.slug,
        "programNumbers": [str(shop.program_number)],
        "pointName": "bean",
        "pointNamePlural": "beans",
        "color": looks.color_of(shop.slug, None),
        "onColor": "#ffffff",
        "logoUrl": None,
    }
    # and when the merchant asks for PINs
    await operators.require(conn, merchant_id=shop.merchant_id, required=True)
    assert (await till(TERMINAL))["terminal"]["operatorsNeeded"] is True


async def test_store_speaks_its_own_language_whose_country_may_be_unknown(
    new_till: Api, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given a till of a store whose language tag names no country
    merchant_id = shop.merchant_id
    store_id = await stores.create_store(
        conn, merchant_id=merchant_id, program_id=shop.program_id, name="Kochi", locale="ml", now=now
    )
    terminal_id = await stores.create_terminal(conn, merchant_id=merchant_id, store_id=store_id, name="Till", now=now)
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, merchant_id, terminal_id, now)
    till = as_terminal(new_till, replace(shop, terminal_id=terminal_id, session_id=session_id))
    # then
    terminal = (await till(TERMINAL))["terminal"]
    assert (terminal["locale"], terminal["country"], terminal["programSlug"]) == ("ml", None, shop.slug)


@pytest.mark.parametrize(("content", "media_type"), [(png(), "image/png"), (svg("<rect/>"), "image/svg+xml")])
async def test_logo_is_served_so_that_it_can_do_nothing_and_is_kept(
    anybody: Api, shop: Shop, conn: Conn, now: datetime, content: bytes, media_type: str
) -> None:
    path = await dressed(conn, shop, content, now=now)
    # when
    answer = await page(anybody, path)
    # then
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]
    # and once it is another, the earlier one is gone
    other = await dressed(conn, shop, png(), now=now)
    assert other != path
    assert [(await page(anybody, each)).status_code for each in (path, other)] == [404, 200]


async def test_what_is_no_logo_is_not_found(
    anybody: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    path = await dressed(conn, shop, png(), now=now)
    logo = path.rpartition("/")[2]
    elsewhere = await make_shop(conn, now=now)
    design = node_of(await make_design(conn, shop, png(), now=now))
    nothing = (
        "garbage",
        asha.card,
        design,
        encode(ProgramLogoKey(shop.merchant_id, LogoId(uuid4()))),
        encode(ProgramLogoKey(elsewhere.merchant_id, LogoId(uuid4()))),
        encode(GiftDesignKey(shop.merchant_id, DesignId(uuid4()))),
    )
    for each in nothing:
        answer = await page(anybody, f"/program-logos/{each}")
        assert (answer.status_code, answer.headers["cache-control"], answer.content) == (404, "no-store", b"")
    # and a logo is no picture of a gift, and no node
    assert (await page(anybody, f"/gift-designs/{logo}")).status_code == 404
    assert await phone(NODE, id=logo) == {"node": None}
