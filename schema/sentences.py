"""How a sentence with facts in it is written down, in English. schema/phrases.py has them all."""

import re
from dataclasses import dataclass

NAMED_POINTS = re.compile(r"\{(\w+_)?points\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`plural` is said for other numbers of the fact `counts` than one (each language has its own rule for that)."""

    text: str
    plural: str | None = None
    counts: str = ""

    @property
    def names_points(self) -> bool:
        """Whether it says what the program calls its points."""
        return NAMED_POINTS.search(self.text) is not None


def says(text: str) -> Sentence:
    """The catalogues' tool looks for calls of this name."""
    return Sentence(text)


def counted(text: str, plural: str, *, by: str) -> Sentence:
    """The catalogues' tool looks for calls of this name."""
    return Sentence(text, plural, by)
