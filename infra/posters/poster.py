"""What a poster says: a program's words and rules, in one language or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema.program import point_names
from schema.translations import Translator
from wallet.programs import Program
from wallet.values import Phrase
from web.invitations import invitation, told_first

TERMS_MAX = 3
"""So many sentences are read while somebody waits for their change."""


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
        invitation=say.say(invitation(program)),
        scan=say.say(Phrase("poster_scan")),
        terms=tuple(say.say(term, names) for term in told_first(program, most=TERMS_MAX)),
        rules=say.say(Phrase("poster_rules")),
    )
