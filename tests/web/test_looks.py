"""The merchant's colour on our pages: whichever it is, all can be read, by day and by night."""

import re
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wallet.looks import CONTRAST_MIN, PALETTE, contrast, on_color
from web.pages.looks import DARK_SHEET, LIGHT_SHEET, look_of_color, shade

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SURFACES = ("paper", "sheet", "words")


def said_by(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """The colours by day and by night."""
    day, _, night = css.partition("@media")
    return tuple(dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", part)) for part in (day, night))  # type: ignore[return-value]  # two parts


def surfaces() -> tuple[list[str], list[str]]:
    """What stands behind words in base.css, by day and by night."""
    day, _, night = (
        (files("web.static") / "base.css").read_text("utf-8").partition("@media (prefers-color-scheme: dark)")
    )
    return tuple([re.findall(rf"--{name}: (#\w+);", part)[0] for name in SURFACES] for part in (day, night))  # type: ignore[return-value]  # two parts


@given(COLORS)
@example("#000000")
@example("#ffffff")
@example("#777777")
def test_links_and_buttons_can_be_read_by_day_and_by_night(color: str) -> None:
    day, night = said_by(look_of_color(color, logo=None).css)

    for colors, behind in zip((day, night), surfaces(), strict=True):
        assert [contrast(colors["accent"], one) >= CONTRAST_MIN for one in behind] == [True, True, True]
        assert contrast(colors["accent"], colors["on-accent"]) >= CONTRAST_MIN
    assert contrast(day["brand-deep"], day["on-brand"]) >= contrast(color, day["on-brand"])


def test_sheets_are_the_hardest_to_read_on() -> None:
    day, night = surfaces()

    assert min(day, key=lambda one: contrast(one, "#000000")) == LIGHT_SHEET
    assert max(night, key=lambda one: contrast(one, "#000000")) == DARK_SHEET


@pytest.mark.parametrize("color", PALETTE)
def test_colour_itself_is_not_changed(color: str) -> None:
    day, night = said_by(look_of_color(color, logo=None).css)

    assert (day["brand"], day["on-brand"]) == (day["press"], day["on-press"]) == (color, on_color(color))
    assert day["accent"] == color  # All of the palette is read well on light sheets as it is.
    assert {"brand", "press"} & set(night) == set()


def test_shade_is_the_nearest_that_can_be_read() -> None:
    assert shade("#1f4e79", towards="#000000", read_on="#ffffff") == "#1f4e79"
    assert shade("#ffffff", towards="#000000", read_on="#ffffff") == "#757575"
    assert shade("#000000", towards="#ffffff", read_on="#000000") == "#757575"
