"""What a program says to somebody who is not a member yet."""

from wallet.programs import Program
from wallet.values import Phrase

TOLD_FIRST = (
    "term_earn",
    "term_stamps_full",
    "term_bonus_joining",
    "term_bonus_first_purchase",
    "term_no_expiry",
    "term_gift",
    "term_value_gift",
)
"""What a newcomer cares for, in this order. Each is true as it stands: a multiplier is not among them, because a
sentence of its own says when it holds."""


def invitation(program: Program) -> Phrase:
    """One sentence: what there is to collect."""
    if program.rules.gives_points:
        return Phrase("poster_points", {"name": program.point_name_plural})
    return Phrase("poster_stamps") if program.rules.stamps else Phrase("poster_welcome")


def told_first(program: Program, *, most: int) -> list[Phrase]:
    """Of the program's terms those that a newcomer cares for, `most` of them."""
    told = [term for term in program.terms() if term.code in TOLD_FIRST]
    return sorted(told, key=lambda term: TOLD_FIRST.index(term.code))[:most]
