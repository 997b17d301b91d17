"""Money on its way to the next step: what a card carries at each rate."""

from collections.abc import Mapping
from dataclasses import dataclass

from wallet.values import Minor, Points


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """`points` for every `per_minor` spent."""

    points: Points
    per_minor: Minor


@dataclass(frozen=True, slots=True)
class Carry:
    """Money below the next step, on its way to the next purchase at the same rate, in hundredths of a minor unit."""

    rate: Rate
    hundredths: int


def carries_from_json(said: Mapping[str, int]) -> dict[Rate, int]:
    """What a card carries at each rate, in hundredths of a minor unit, as `carries_to_json` stored it."""
    carries = dict[Rate, int]()
    for name, hundredths in said.items():
        points, per_minor = name.split("/")
        carries[Rate(Points(int(points)), Minor(int(per_minor)))] = hundredths
    return carries


def carries_to_json(carries: Mapping[Rate, int]) -> dict[str, int]:
    """A member for each rate at which something is carried, in hundredths of a minor unit.

    `{"1/5000": 300000}` is 3,000 on the way to 1 per 5,000.
    """
    return {f"{rate.points}/{rate.per_minor}": carried for rate, carried in sorted(carries.items()) if carried}
