"""What the scripts of the pages say: found in the scripts, said in every language by modules that the pages import.

In a script `t("…")` says a sentence and `n("…", "…", count)` one of two, by a number; both take their sentences as
plain strings in double quotes, so that they can be found.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from gettext import NullTranslations
from importlib.resources import files

from schema.translations import DEFAULT, LANGUAGES, translator

PAGES: Mapping[str, Sequence[str]] = {"app": ("lib", "app", "places"), "till": ("lib", "till"), "join": ("lib", "join")}
"""The folders of scripts of each page."""

STRING = r'"(?:[^"\\\n]|\\.)*"'
SAID = re.compile(rf"(?<![\w.$])(?:t\(\s*({STRING})|n\(\s*({STRING})\s*,\s*({STRING}))")
"""A JavaScript string in double quotes without JavaScript's own escapes is a JSON string."""

Message = str | tuple[str, str]
"""A sentence, or the singular and the plural of one."""


def messages_of(script: str) -> Iterator[Message]:
    """What the script says, in the order in which it does."""
    for found in SAID.finditer(script):
        single, one, many = (json.loads(text) if text else "" for text in found.groups())
        yield single or (one, many)


def scripts(folder: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each script of a folder of web/static."""
    for file in sorted((files("web.static") / folder).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".js"):
            yield file.name, file.read_text("utf-8")


def modules() -> Iterator[tuple[str, str, str]]:
    """The page, the language, and the module of words, for each of both."""
    for page, folders in PAGES.items():
        said = dict.fromkeys(message for folder in folders for message in _said(folder))
        for language in LANGUAGES:
            yield page, language, _module(list(said), language)


@cache
def _said(folder: str) -> list[Message]:
    return [message for _, text in scripts(folder) for message in messages_of(text)]


def _module(said: Sequence[Message], language: str) -> str:
    """Translations by what is said in English. What is counted has one for each of the two categories that there are.

    Of CLDR's plural categories our languages have `one` and `other`, or `other` alone, and 1 and 2 are of them.
    """
    catalogue = translator(language).catalogue
    found = {} if language == DEFAULT else dict(_translated(catalogue, said))
    return f"export const messages = {json.dumps(found, ensure_ascii=False)};\n"


def _translated(catalogue: NullTranslations, said: Sequence[Message]) -> Iterator[tuple[str, str | list[str]]]:
    for message in said:
        if isinstance(message, str):
            yield message, catalogue.gettext(message)
        else:
            one, many = message
            yield many, [catalogue.ngettext(one, many, 1), catalogue.ngettext(one, many, 2)]
