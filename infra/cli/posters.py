"""`regulars poster`: what a shop prints and puts up at its counter."""

import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import Parameter

from infra import posters
from infra.cli.app import fail, note, opened
from infra.cli.merchants import program_of
from infra.posters import Form, LettersMissing, LogoUnusable, Paper, Poster
from schema.translations import LANGUAGES, Translator, translator
from wallet import looks
from wallet.database import Conn
from wallet.programs import Program
from wallet.values import MerchantId

LANGUAGES_MAX = 2
OUTPUT = "-"
LETTERS_SAID = 12

MERCHANT_LOCALE_SQL = """
    SELECT locale FROM merchants WHERE merchant_id = $1
"""

Languages = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]
Goal = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]


async def print_poster(
    *,
    program: str,
    pdf: Goal = None,
    svg: Goal = None,
    png: Goal = None,
    language: Languages = (),
    paper: Paper = Paper.A4,
) -> None:
    """Make a poster for the counter: the program (by its slug), what it gives, and a QR code that opens its page.

    Exit code 1: no font on this machine has some of the letters. Nothing was written then.

    Parameters
    ----------
    pdf
        Where the poster goes, as a PDF: a file, or - for standard output.
    svg
        The same as an SVG.
    png
        The same as a PNG, 300 pixels an inch.
    language
        One or two of en, ml, hi, bn, te and th. Left out, it is the merchant's.
    """
    form, file = _goal(pdf=pdf, svg=svg, png=png)
    _check_languages(language)
    async with opened() as (settings, pool, clock), pool.acquire() as conn:
        found = await program_of(conn, program, clock())
        says = await _translators(conn, found.merchant_id, language)
        poster = posters.of_program(found, logo=await _logo(conn, found), base_url=settings.public_base_url, says=says)
    _write(file, _printed(poster, form, paper))


def _goal(*, pdf: Path | None, svg: Path | None, png: Path | None) -> tuple[Form, Path]:
    goals = [(form, file) for form, file in ((Form.PDF, pdf), (Form.SVG, svg), (Form.PNG, png)) if file is not None]
    if len(goals) != 1:
        fail("Say where the poster goes, by exactly one of --pdf, --svg and --png.")
    [(form, file)] = goals
    if str(file).startswith("-") and str(file) != OUTPUT:
        fail(f"--{form}: {file} is no name of a file; ./{file} is one.")
    return form, file


def _check_languages(languages: Sequence[str]) -> None:
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown:
        fail(f"language: {unknown[0]} is none of {', '.join(LANGUAGES)}.")
    if len(languages) > LANGUAGES_MAX or len(set(languages)) != len(languages):
        fail("language: name one language, or two that differ.")


async def _translators(conn: Conn, merchant_id: MerchantId, languages: Sequence[str]) -> list[Translator]:
    """In the languages, as they are written in the merchant's country."""
    own = translator(str(await conn.fetchval(MERCHANT_LOCALE_SQL, merchant_id)))
    territory = own.locale.territory
    return [translator(f"{language}-{territory}" if territory else language) for language in languages] or [own]


async def _logo(conn: Conn, program: Program) -> bytes | None:
    if program.logo_id is None:
        return None
    picture = await looks.logo(conn, merchant_id=program.merchant_id, logo_id=program.logo_id)
    return picture.content if picture else None


def _printed(poster: Poster, form: Form, paper: Paper) -> bytes:
    try:
        return posters.printed(poster, form=form, paper=paper)
    except LettersMissing as missing:
        _say_missing(missing.letters)
    except LogoUnusable as trouble:
        fail(f"The program's logo cannot be printed ({trouble}).")


def _say_missing(letters: Sequence[str]) -> NoReturn:
    said = " ".join(map(_seen, letters[:LETTERS_SAID])) + (" …" if len(letters) > LETTERS_SAID else "")
    note(f"No font on this machine has these letters: {said}")
    note(f"Install fonts that have them (on Debian: {' '.join(packages_for(letters))}). Nothing was written.")
    sys.exit(1)


def _seen(letters: str) -> str:
    return letters if letters.isprintable() else " ".join(f"U+{ord(letter):04X}" for letter in letters)


def packages_for(letters: Sequence[str]) -> list[str]:
    """The packages of Debian whose fonts have the letters, as far as their names in Unicode tell."""
    return sorted({_package(letter) for text in letters for letter in text})


def _package(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if name.startswith(("CJK ", "HIRAGANA ", "KATAKANA ", "HANGUL ", "BOPOMOFO ")):
        return "fonts-noto-cjk"
    return "fonts-noto-color-emoji" if unicodedata.category(letter) == "So" else "fonts-noto-core"


def _write(file: Path, content: bytes) -> None:
    try:
        if str(file) == OUTPUT:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            file.write_bytes(content)
    except OSError as trouble:
        fail(f"{file}: {trouble.strerror or trouble}")
