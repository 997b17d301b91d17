"""Reading rules from JSON: every mistake is noted at its place, and the reading goes on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wallet.baskets import TEXT_MAX, text_problems
from wallet.errors import Problem
from wallet.fingerprint import Json
from wallet.values import Phrase

CATEGORIES_MAX = 50
SKUS_MAX = 200

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
"""What stands in a link, or names a reward: small letters, digits, hyphens inside, 64 characters at most."""


@dataclass(slots=True)
class Reading:
    """A JSON object being read field by field. Parts of it note their mistakes in the same list."""

    said: Mapping[str, Json]
    path: str
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(
        cls, said: Json, *, path: str = "", known: Sequence[str], problems: list[Problem] | None = None
    ) -> "Reading":
        """What is no object is noted as such and read as an empty one; so is every member that is not `known`."""
        found = [] if problems is None else problems
        if not isinstance(said, Mapping):
            read = cls({}, path, found)
            read.wrong("", "not_an_object")
            return read
        read = cls(said, path, found)
        for key in said.keys() - set(known):
            read.wrong(key, "unknown_field")
        return read

    def part(self, key: str, *, known: Sequence[str]) -> "Reading":
        """The object that is this member; an empty one if it is left out."""
        return Reading.of(self.said.get(key, {}), path=self._at(key), known=known, problems=self.problems)

    def parts(self, key: str, *, most: int, known: Sequence[str]) -> "list[Reading]":
        """The objects of a list, at most so many."""
        return [
            Reading.of(each, path=f"{self._at(key)}[{at}]", known=known, problems=self.problems)
            for at, each in enumerate(self.items(key, most=most))
        ]

    def wrong(self, key: str, code: str, **facts: int) -> None:
        self.problems.append(Problem(self._at(key) or "rules", Phrase(code, facts)))

    def given(self, key: str) -> bool:
        return self.said.get(key) is not None

    def number(self, key: str, least: int, most: int, *, default: int | None = None) -> int:
        value = self.said.get(key, default)
        if value is None and key not in self.said:
            self.wrong(key, "required")
        elif not isinstance(value, int) or isinstance(value, bool):
            self.wrong(key, "not_a_whole_number")
        elif not least <= value <= most:
            self.wrong(key, "out_of_range", least=least, most=most)
        else:
            return value
        return least

    def number_or_none(self, key: str, least: int, most: int) -> int | None:
        return self.number(key, least, most) if self.given(key) else None

    def flag(self, key: str) -> bool:
        value = self.said.get(key, False)
        if not isinstance(value, bool):
            self.wrong(key, "not_true_or_false")
        return value is True

    def choice(self, key: str, *choices: str) -> str:
        """One of the words; the first if it is none of them, or left out, both of which are noted."""
        value = self.said.get(key)
        if key not in self.said:
            self.wrong(key, "required")
        elif value not in choices:
            self.wrong(key, "unknown_choice")
        else:
            return str(value)
        return choices[0]

    def text(self, key: str, *, most: int) -> str:
        """Plain text as a person reads it: one line, not blank, nothing that cannot be printed."""
        if key not in self.said:
            self.wrong(key, "required")
            return ""
        return self._text(key, self.said[key], most=most)

    def slug(self, key: str) -> str:
        value = self.said.get(key)
        if key not in self.said:
            self.wrong(key, "required")
        elif not isinstance(value, str) or SLUG.fullmatch(value) is None:
            self.wrong(key, "slug_form")
        else:
            return value
        return ""

    def texts(self, key: str, *, most: int, length: int = TEXT_MAX) -> tuple[str, ...]:
        """A list of at most so many texts, none of them twice."""
        texts = list[str]()
        for at, each in enumerate(self.items(key, most=most)):
            place = f"{key}[{at}]"
            text = self._text(place, each, most=length)
            if text and text in texts:
                self.wrong(place, "repeated")
            texts.append(text)
        return tuple(texts)

    def categories(self, key: str = "categories") -> tuple[str, ...]:
        return self.texts(key, most=CATEGORIES_MAX)

    def skus(self, key: str = "skus") -> tuple[str, ...]:
        return self.texts(key, most=SKUS_MAX)

    def items(self, key: str, *, most: int) -> list[Json]:
        value = self.said.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, "not_a_list")
            return []
        if len(value) > most:
            self.wrong(key, "too_many", most=most)
            return []
        return value

    def _text(self, place: str, value: Json, *, most: int) -> str:
        if not isinstance(value, str):
            self.wrong(place, "not_a_text")
            return ""
        self.problems.extend(text_problems(self._at(place), value, most=most))
        return value

    def _at(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)
