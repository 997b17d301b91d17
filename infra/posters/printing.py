"""A poster as a file: typeset by Typst, with the fonts of this machine and without a network."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib.resources import files

from typst import Compiler, Fonts, TypstError

from infra.posters.poster import Poster, Wording
from wallet import qr
from wallet.pictures import PNG_BEGINS

SERIF = (
    "Libertinus Serif",
    "Noto Serif Devanagari",
    "Noto Serif Bengali",
    "Noto Serif Malayalam",
    "Noto Serif Telugu",
    "Noto Serif Thai",
)
"""For the merchant's name. The first comes with Typst; a letter that none of them has is looked for everywhere."""

SANS = (
    "Noto Sans",
    "Liberation Sans",
    "DejaVu Sans",
    "Libertinus Serif",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Malayalam",
    "Noto Sans Telugu",
    "Noto Sans Thai",
)

DATED = datetime(2026, 1, 1, tzinfo=UTC)
"""Of every poster: PDF/A asks for a date, and a fixed one makes the same poster the same file."""

PIXELS_PER_INCH = 300
LONGEST_WORD = 24
"""In letters. A longer word may be broken, so that it fits on the paper in a size that can be read."""

WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+"
)
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese letters: their lines end between words that no space parts."""

UNSHOWN = re.compile(r'the text `"((?:\\.|[^"\\])+)"` could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
"""How Rust writes a letter that cannot be seen alone, and a quotation mark."""


class Form(StrEnum):
    PDF = "pdf"
    SVG = "svg"
    PNG = "png"


class Paper(StrEnum):
    A4 = "a4"
    A5 = "a5"
    LETTER = "letter"


class LettersMissing(Exception):
    """No font of this machine has these letters."""

    def __init__(self, letters: Sequence[str]) -> None:
        super().__init__(" ".join(letters))
        self.letters = tuple(letters)


class LogoUnusable(Exception):
    """The program's logo could not be drawn; it says why."""


def printed(poster: Poster, *, form: Form, paper: Paper, fonts: Fonts | None = None) -> bytes:
    """The poster as one page. The same poster, with the same fonts, is the same file.

    A PDF is PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1): its text is text, it has a title and a language, and
    there is no letter in it that a font lacks. Typst says nothing of such letters otherwise, so every poster is set as
    a PDF first. Raises LettersMissing, LogoUnusable.
    """
    compiler = compiler_of(poster, paper=paper, fonts=fonts or Fonts())
    source = template()
    try:
        page = compiler.compile(source, format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=DATED)
    except TypstError as error:
        letters = [_unescaped(text) for text in UNSHOWN.findall(error.diagnostic)]
        if letters:
            raise LettersMissing(list(dict.fromkeys(each for each in letters if not each.isspace()))) from None
        if poster.logo is not None:
            raise LogoUnusable(error.message) from None
        raise
    if form is not Form.PDF:
        page = compiler.compile(source, format="svg" if form is Form.SVG else "png", ppi=PIXELS_PER_INCH)
    assert isinstance(page, bytes), "everything is placed on one page"
    return page


def template() -> bytes:
    return files("infra.posters").joinpath("poster.typ").read_bytes()


def compiler_of(poster: Poster, *, paper: Paper, fonts: Fonts) -> Compiler:
    """The template with the poster as its data: nothing of it is ever read as markup."""
    facts = {
        "paper": paper.value,
        "title": poster.title,
        "merchant": _text(poster.merchant),
        "program": None if poster.program == poster.merchant else _text(poster.program),
        "address": poster.address,
        "shown": _text(poster.address.removeprefix("https://")),
        "color": poster.color,
        "on_color": poster.on_color,
        "logo": None if poster.logo is None else _logo(poster.logo),
        "qr": qr.address_svg(poster.address),
        "terms": max(len(wording.terms) for wording in poster.wordings),
        "wordings": [_wording(wording) for wording in poster.wordings],
        "serif": _present(SERIF, fonts),
        "sans": _present(SANS, fonts),
        "longest_word": LONGEST_WORD,
    }
    return Compiler(template(), font_paths=fonts, sys_inputs={"poster": json.dumps(facts)})


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)


def _logo(content: bytes) -> dict[str, object]:
    return {"form": "png" if content.startswith(PNG_BEGINS) else "svg", "bytes": list(content)}


def _wording(wording: Wording) -> dict[str, object]:
    return {
        "language": wording.language,
        "invitation": _text(wording.invitation),
        "scan": _text(wording.scan),
        "terms": [_text(term) for term in wording.terms],
        "rules": _text(wording.rules),
    }


def _text(text: str) -> dict[str, object]:
    """A text with the words that a line cannot be broken in."""
    return {"text": text, "words": WITHOUT_SPACES.sub(" ", text).split()}


def _present(families: Sequence[str], fonts: Fonts) -> list[str]:
    """Those of the families that this machine has: Typst would warn of the others."""
    present = set(fonts.families())
    return [family for family in families if family in present]
