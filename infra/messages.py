"""The catalogues of every language: what the code and the templates say, collected for translation, made for gettext.

`python -m infra.messages` collects the messages, merges them into schema/locale/*/LC_MESSAGES/messages.po and compiles.
`python -m infra.messages --compile` compiles only, which is what an installation does.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

from web import words

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "schema" / "locale"
TRANSLATED = ("bn", "hi", "ml", "te", "th")
"""English is what the code says."""

SOURCES = ("schema", "resolvers", "web")
METHODS = [("**.py", "python"), ("**.jinja", "jinja2")]
OPTIONS = {"**.jinja": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "gettext": None,
    "ngettext": (1, 2),
    "_": None,
    "says": None,
    "counted": (1, 2),
}

BEGUN = datetime(2026, 11, 22, tzinfo=UTC)
"""Stands in every catalogue's header, so that collecting again changes nothing but what changed."""


def main() -> None:
    if sys.argv[1:] not in ([], ["--compile"]):
        sys.exit("Usage: python -m infra.messages [--compile]")
    if not sys.argv[1:]:
        collected = collect()
        for language in TRANSLATED:
            update(language, collected)
    for language in TRANSLATED:
        compile_catalogue(language)


def collect() -> Catalog:
    """Every message of the code and the templates, with the files that say it."""
    catalogue = Catalog(charset="utf-8", creation_date=BEGUN)
    for source, message, comments, context in _messages():
        catalogue.add(message, locations=[(source, 0)], auto_comments=comments, context=context)
    return catalogue


def read(language: str) -> Catalog:
    """The language's catalogue as it is committed; an empty one if there is none yet."""
    path = po_path(language)
    if not path.exists():
        return _new(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def merged(language: str, collected: Catalog) -> Catalog:
    """The language's catalogue with exactly the collected messages. What is new is empty: no translation is guessed."""
    catalogue = read(language)
    catalogue.update(collected, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def update(language: str, collected: Catalog) -> None:
    """The .po file has exactly the collected messages."""
    catalogue = merged(language, collected)
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    with po_path(language).open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False, sort_output=True)


def compile_catalogue(language: str) -> None:
    """The .mo file beside the .po file says the same."""
    with mo_path(language).open("wb") as file:
        write_mo(file, read(language))


def po_path(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def mo_path(language: str) -> Path:
    return po_path(language).with_suffix(".mo")


def _messages() -> Iterator[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    for source in SOURCES:
        found = extract_from_dir(ROOT / source, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",))
        for path, _, message, comments, context in found:
            yield f"{source}/{path}", message, comments, context
    for folder in sorted({folder for folders in words.PAGES.values() for folder in folders} | {""}):
        for name, script in words.scripts(folder):
            for said in words.messages_of(script):
                yield f"web/static/{folder}/{name}".replace("//", "/"), said, [], None


def _new(language: str) -> Catalog:
    locale = Locale.parse(language)
    catalogue = Catalog(
        locale=locale,
        header_comment=f"# Regulars in {locale.english_name}.\n#",
        project="Regulars",
        version="1",
        charset="utf-8",
        creation_date=BEGUN,
        revision_date=BEGUN,
        fuzzy=False,
    )
    # Which numbers are plural is CLDR's to say; the table that Babel takes otherwise differs for Hindi and Bengali.
    catalogue.mime_headers = [("Plural-Forms", f"{to_gettext(locale.plural_form)};")]
    return catalogue


if __name__ == "__main__":
    main()
