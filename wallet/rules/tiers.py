"""Tiers: the levels of a program, what they take and what they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from wallet.fingerprint import Json
from wallet.rules.multipliers import HUNDREDTHS_MAX, NAME_MAX, PLAIN
from wallet.rules.reading import Reading
from wallet.values import MINOR_MAX, POINTS_MAX

TierBasis = Literal["points", "spend"]
TierWindow = Literal["rolling", "calendar"]

LEVELS_MAX = 10
PERKS_MAX = 10
PERK_LENGTH = 120
MONTHS_MAX = 36
LEAST_MAX: Mapping[TierBasis, int] = {"points": POINTS_MAX - 1, "spend": MINOR_MAX}
"""A member is told what is missing to it: points, or an amount of money."""


@dataclass(frozen=True, slots=True)
class TierLevel:
    """From `least` on (points, or money in minor units) a member has this level: money counts `hundredths` / 100 times,
    and the perks, sentences for people, are theirs.
    """

    name: str
    least: int
    hundredths: int = PLAIN
    perks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "least": self.least,
            "hundredths": self.hundredths,
            "perks": list(self.perks),
        }


@dataclass(frozen=True, slots=True)
class TierRules:
    """The levels, the lowest first, and what counts for them.

    `basis`: points earned, or money spent on what can earn. `window`: in the last `months`, or in the calendar year.
    `grace_days`: so long after its time a level is kept. `at_risk_days`: so long before it the member is told.
    """

    levels: tuple[TierLevel, ...]
    basis: TierBasis = "points"
    window: TierWindow = "rolling"
    months: int = 12
    grace_days: int = 0
    at_risk_days: int = 30

    def level(self, name: str | None) -> TierLevel | None:
        """The level of this name; None for no name, and for one of an earlier revision that is gone."""
        return next((level for level in self.levels if level.name == name), None)

    def to_json(self) -> dict[str, Json]:
        return {
            "basis": self.basis,
            "window": self.window,
            "months": self.months,
            "grace_days": self.grace_days,
            "at_risk_days": self.at_risk_days,
            "levels": [level.to_json() for level in self.levels],
        }


def read_tiers(read: Reading) -> TierRules | None:
    """The tiers of the rules, if they have any."""
    if not read.given("tiers"):
        return None
    part = read.part("tiers", known=TierRules.__slots__)
    basis: TierBasis = "spend" if part.choice("basis", "points", "spend") == "spend" else "points"
    return TierRules(
        basis=basis,
        window="calendar" if part.choice("window", "rolling", "calendar") == "calendar" else "rolling",
        months=part.number("months", 1, MONTHS_MAX, default=12),
        grace_days=part.number("grace_days", 0, 365, default=0),
        at_risk_days=part.number("at_risk_days", 0, 365, default=30),
        levels=_levels(part, basis),
    )


def _levels(read: Reading, basis: TierBasis) -> tuple[TierLevel, ...]:
    parts = read.parts("levels", most=LEVELS_MAX, known=TierLevel.__slots__)
    if not parts:
        read.wrong("levels", "levels_needed")
    levels = [
        TierLevel(
            name=part.text("name", most=NAME_MAX),
            least=part.number("least", 1, LEAST_MAX[basis]),
            hundredths=part.number("hundredths", PLAIN, HUNDREDTHS_MAX, default=PLAIN),
            perks=part.texts("perks", most=PERKS_MAX, length=PERK_LENGTH),
        )
        for part in parts
    ]
    for at, (lower, level) in enumerate(pairwise(levels), start=1):
        if level.least <= lower.least:
            parts[at].wrong("least", "not_above_the_one_before")
        if level.name and any(level.name == before.name for before in levels[:at]):
            parts[at].wrong("name", "repeated")
    return tuple(levels)
