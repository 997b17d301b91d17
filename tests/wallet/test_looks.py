"""What a program looks like: colours on which something can be read, and one logo."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import Shop, make_shop
from tests.wallet.counter import count
from tests.wallet.test_pictures import png, svg
from wallet import looks, programs
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.looks import CONTRAST_MIN, NEAR_BLACK, PALETTE, WHITE, color_of, contrast, on_color
from wallet.pictures import BYTES_MAX, Picture
from wallet.programs import Program
from wallet.values import LogoId

BROWN, CREAM = "#7a3b1d", "#f4e9d8"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def standing(conn: Conn, shop: Shop, *, now: datetime) -> Program:
    found = await programs.find_by_slug(conn, slug=shop.slug, now=now)
    assert found == await programs.get(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=now)
    return found


async def colored(conn: Conn, shop: Shop, color: str) -> str:
    return await looks.set_color(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, color=color)


async def with_logo(conn: Conn, shop: Shop, content: bytes, *, now: datetime) -> LogoId:
    return await looks.set_logo(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, content=content, now=now
    )


# --- colours


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), (WHITE, WHITE, 1.0)],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == ratio


def test_white_is_read_on_every_colour_of_the_palette() -> None:
    assert len(set(PALETTE)) == len(PALETTE) == 12
    assert all(contrast(WHITE, color) >= CONTRAST_MIN and on_color(color) == WHITE for color in PALETTE)


@given(st.from_regex(programs.SLUG, fullmatch=True))
def test_slug_has_one_colour_of_the_palette_always(slug: str) -> None:
    assert color_of(slug, None) == color_of(slug, None)
    assert color_of(slug, None) in PALETTE
    assert color_of(slug, CREAM) == CREAM


def test_slugs_are_spread_over_the_palette_and_keep_their_colours() -> None:
    assert {color_of(f"shop-{n}", None) for n in range(200)} == set(PALETTE)
    assert [color_of(slug, None) for slug in ("monsoon-coffee", "bakery", "a")] == ["#1f4e79", "#9a1750", "#0b5563"]


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_what_is_read_better_is_written_on_a_colour(number: int) -> None:
    color = f"#{number:06x}"
    other = {WHITE: NEAR_BLACK, NEAR_BLACK: WHITE}[on_color(color)]
    assert contrast(on_color(color), color) >= contrast(other, color)


async def test_program_has_the_colour_that_its_merchant_gave_it(conn: Conn, shop: Shop, now: datetime) -> None:
    assert (await standing(conn, shop, now=now)).color == color_of(shop.slug, None)
    for said, color, on in ((" #7A3B1D ", BROWN, WHITE), (CREAM, CREAM, NEAR_BLACK)):
        assert await colored(conn, shop, said) == color
        stands = await standing(conn, shop, now=now)
        assert (stands.color, stands.on_color) == (color, on)


@pytest.mark.parametrize(
    ("color", "code"),
    [
        *[(form, "color_form") for form in ("", "#", "#fff", "7a3b1d", "#7a3b1g", "#7a3b1d0", "brown", "#７a3b1d")],
        *[(neither, "color_contrast") for neither in ("#7a7a7a", "#808080", "#008a4e")],
    ],
)
async def test_colour_on_which_nothing_is_read_is_refused(
    conn: Conn, shop: Shop, now: datetime, color: str, code: str
) -> None:
    await colored(conn, shop, BROWN)
    with pytest.raises(InvalidInput) as refused:
        await colored(conn, shop, color)
    assert [(problem.field, problem.phrase.code) for problem in refused.value.problems] == [("color", code)]
    assert (await standing(conn, shop, now=now)).color == BROWN


# --- the logo


async def test_new_logo_has_a_new_name_and_the_earlier_one_is_gone(conn: Conn, shop: Shop, now: datetime) -> None:
    assert (await standing(conn, shop, now=now)).logo_id is None
    # when
    first = await with_logo(conn, shop, png(), now=now)
    assert await looks.logo(conn, merchant_id=shop.merchant_id, logo_id=first) == Picture("image/png", png())
    second = await with_logo(conn, shop, svg("<rect/>"), now=now + timedelta(days=1))
    # then
    assert first != second == (await standing(conn, shop, now=now)).logo_id
    assert await looks.logo(conn, merchant_id=shop.merchant_id, logo_id=first) is None
    drawn = Picture("image/svg+xml", svg("<rect/>"))
    assert await looks.logo(conn, merchant_id=shop.merchant_id, logo_id=second) == drawn
    assert await count(conn, "program_logos") == 1


async def test_logo_that_is_taken_away_is_gone(conn: Conn, shop: Shop, now: datetime) -> None:
    other = await make_shop(conn, now=now)
    logo, theirs = [await with_logo(conn, each, png(), now=now) for each in (shop, other)]
    for _ in range(2):
        await looks.drop_logo(conn, merchant_id=shop.merchant_id, program_id=shop.program_id)
        assert (await standing(conn, shop, now=now)).logo_id is None
        assert await looks.logo(conn, merchant_id=shop.merchant_id, logo_id=logo) is None
    assert (await standing(conn, other, now=now)).logo_id == theirs
    assert await looks.logo(conn, merchant_id=shop.merchant_id, logo_id=theirs) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_too_large"),
        (b"x" * (BYTES_MAX + 1), "picture_too_large"),
        (b"GIF89a", "picture_form"),
        (svg("<script>alert(1)</script>"), "picture_not_plain"),
    ],
)
async def test_logo_that_could_do_harm_is_refused_and_the_earlier_one_stays(
    conn: Conn, shop: Shop, now: datetime, content: bytes, code: str
) -> None:
    logo = await with_logo(conn, shop, png(), now=now)
    with pytest.raises(InvalidInput) as refused:
        await with_logo(conn, shop, content, now=now)
    assert [(problem.field, problem.phrase.code) for problem in refused.value.problems] == [("file", code)]
    assert (await standing(conn, shop, now=now)).logo_id == logo


async def test_program_of_another_merchant_is_not_found(conn: Conn, shop: Shop, now: datetime) -> None:
    other = await make_shop(conn, now=now)
    theirs = replace(shop, merchant_id=other.merchant_id)
    with pytest.raises(NotFound):
        await colored(conn, theirs, BROWN)
    with pytest.raises(NotFound):
        await with_logo(conn, theirs, png(), now=now)
    stands = await standing(conn, shop, now=now)
    assert (stands.color, stands.logo_id) == (color_of(shop.slug, None), None)
