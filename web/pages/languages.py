"""The languages that a page can be read in, for its reader to choose from."""

from dataclasses import dataclass

from babel import Locale

from schema.translations import LANGUAGES, Translator


@dataclass(frozen=True, slots=True)
class Language:
    """`name` is what its speakers call it; `tag` (BCP 47) has the reader's region."""

    tag: str
    name: str
    chosen: bool


def languages(say: Translator) -> list[Language]:
    """All of them, in one order; the reader's is chosen."""
    region = f"-{say.locale.territory}" if say.locale.territory else ""
    return [Language(f"{one}{region}", _name(one), one == say.locale.language) for one in LANGUAGES]


def _name(language: str) -> str:
    named = Locale.parse(language).get_language_name(language)
    assert named, language
    return named[:1].upper() + named[1:]
