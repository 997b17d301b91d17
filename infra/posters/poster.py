"""What a poster says: a program's words and rules, in one language or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema.program import point_names
from schema.translations import Translator
from wallet.programs import Program
from wallet.values import Phrase

TERMS_MAX = 3
"""So many sentences are read while somebody waits for their change."""

TERMS = (
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


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of the poster in one language. `language` is an ISO 639 code."""

    language: str
    invitation: str
    scan: str
    terms: tuple[str, ...]
    rules: str


@dataclass(frozen=True, slots=True)
class Poster:
    """All that is printed. `address` is where the code leads; colours are `#rrggbb`; `logo` is a PNG or an SVG."""

    merchant: str
    program: str
    address: str
    color: str
    on_color: str
    logo: bytes | None
    wordings: tuple[Wording, ...]

    @property
    def title(self) -> str:
        return self.merchant if self.merchant == self.program else f"{self.merchant}: {self.program}"


def of_program(program: Program, *, logo: bytes | None, base_url: str, says: Sequence[Translator]) -> Poster:
    """The poster of a program with the rules in force, said by each of the translators."""
    return Poster(
        merchant=program.merchant_name,
        program=program.name,
        address=f"{base_url}/join/{program.slug}",
        color=program.color,
        on_color=program.on_color,
        logo=logo,
        wordings=tuple(_wording(program, say) for say in says),
    )


def _wording(program: Program, say: Translator) -> Wording:
    names = point_names(program)
    return Wording(
        language=say.locale.language,
        invitation=say.say(_invitation(program)),
        scan=say.say(Phrase("poster_scan")),
        terms=tuple(say.say(term, names) for term in _told(program)),
        rules=say.say(Phrase("poster_rules")),
    )


def _invitation(program: Program) -> Phrase:
    if program.rules.gives_points:
        return Phrase("poster_points", {"name": program.point_name_plural})
    return Phrase("poster_stamps") if program.rules.stamps else Phrase("poster_welcome")


def _told(program: Program) -> list[Phrase]:
    told = [term for term in program.terms() if term.code in TERMS]
    return sorted(told, key=lambda term: TERMS.index(term.code))[:TERMS_MAX]
