"""The merchant's colours on a page of theirs: given to its styles by the one style element that the page may have."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from schema.program import logo_url
from wallet.looks import CONTRAST_MIN, NEAR_BLACK, WHITE, contrast, on_color
from wallet.programs import Program

LIGHT_SHEET = "#f4f1ea"
DARK_SHEET = "#332e2a"
"""Of the surfaces in web/static/base.css the darkest of the light ones, and the lightest of the dark ones: what is read
on these is read on all.
"""
STEPS = 50
DEEPER = 10
"""So many of the steps lead to the shade beside the colour on which text is read even better."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a page needs to look like its merchant's."""

    css: Markup
    logo: str | None
    """Where the logo is, on this server."""

    @property
    def csp(self) -> dict[str, str]:
        """The page's own style element, by its hash (CSP 3, 6.7.2.3), beside our style sheets."""
        digest = b64encode(hashlib.sha256(str(self.css).encode()).digest()).decode()
        return {"style-src": f"'self' 'sha256-{digest}'"}


def look_of(program: Program) -> Look:
    """The program's look."""
    return look_of_color(program.color, logo=logo_url(program))


def look_of_color(color: str, *, logo: str | None) -> Look:
    """The colour (`#rrggbb`) is shown as it is where its own text stands on it; links and outlines have a shade of
    it that is read well, by day and by night.
    """
    away = "#000000" if on_color(color) == WHITE else "#ffffff"
    day = {
        "brand": color,
        "brand-deep": _mixed(color, away, DEEPER),
        "on-brand": on_color(color),
        "press": color,
        "on-press": on_color(color),
        "accent": shade(color, towards="#000000", read_on=LIGHT_SHEET),
        "on-accent": WHITE,
    }
    night = {"accent": shade(color, towards="#ffffff", read_on=DARK_SHEET), "on-accent": NEAR_BLACK}
    css = f":root{{{_said(day)}}}@media (prefers-color-scheme:dark){{:root{{{_said(night)}}}}}"
    return Look(Markup(css), logo)  # noqa: S704 -- a colour has one form


def shade(color: str, *, towards: str, read_on: str) -> str:
    """The nearest mixture of the two that is read well on that surface; `towards` is."""
    for step in range(STEPS):
        mixed = _mixed(color, towards, step)
        if contrast(mixed, read_on) >= CONTRAST_MIN:
            return mixed
    return towards


def _mixed(color: str, other: str, step: int) -> str:
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{(one * (STEPS - step) + two * step) // STEPS:02x}" for one, two in pairs)


def _said(colors: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{color}" for name, color in colors.items())
