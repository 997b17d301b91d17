"""The poster as it comes out of a printer."""

import re
from dataclasses import replace

import pytest
from typst import Fonts

from infra.posters import Form, LettersMissing, LogoUnusable, Paper, Poster, Wording, of_program, printed
from infra.posters.printing import compiler_of
from schema.translations import LANGUAGES, translator
from tests.infra.posters.reading import codes_in, grey, pages_of, text_of
from tests.infra.posters.shop import PROGRAM
from tests.wallet.test_pictures import png, svg
from wallet.programs import Program

FONTS = Fonts()
ADDRESS = "https://points.example/join/monsoon"

LONGEST = "An Extraordinarily Long Established Family Bakery and Coffee House of Fort Kochi"
UNBROKEN = "W" * 80
MARKUP = '#panic() *x* _y_ $1+1$ `r` @z #[ "q" <b> // \\u{41} = ~ -- [ ] { }'


def poster(*languages: str, logo: bytes | None = None, program: Program = PROGRAM) -> Poster:
    return of_program(
        program,
        logo=logo,
        base_url="https://points.example",
        says=[translator(f"{language}-IN") for language in languages or ("en",)],
    )


def pdf_of(shown: Poster, paper: Paper = Paper.A4) -> bytes:
    return printed(shown, form=Form.PDF, paper=paper, fonts=FONTS)


def said(text: str) -> str:
    """Without what a line's end takes away."""
    return re.sub(r"\s", "", text)


def sentences(wording: Wording) -> list[str]:
    return [wording.invitation, wording.scan, *wording.terms, wording.rules]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_viewer_finds_every_sentence_in_each_language(language: str) -> None:
    shown = poster(language)
    # when
    text = said(text_of(pdf_of(shown)))
    # then
    for sentence in (
        "Monsoon Coffee",
        "Monsoon Regulars",
        "points.example/join/monsoon",
        *sentences(shown.wordings[0]),
    ):
        assert text.count(said(sentence)) >= 1, sentence


def test_two_languages_stand_on_one_poster() -> None:
    shown = poster("ml", "en")
    # when
    pdf = pdf_of(shown)
    # then
    text = said(text_of(pdf))
    assert [text.count(said(each)) for wording in shown.wordings for each in sentences(wording)] == [1] * 12
    assert b"/Lang(ml)" in pdf
    assert pages_of(pdf) == 1


def test_the_pdf_says_its_title_and_its_language() -> None:
    pdf = pdf_of(poster("th"))
    assert b'<rdf:li xml:lang="x-default">Monsoon Coffee: Monsoon Regulars</rdf:li>' in pdf
    assert b"<dc:language><rdf:Bag><rdf:li>th</rdf:li></rdf:Bag></dc:language>" in pdf
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


@pytest.mark.parametrize("form", Form)
def test_the_same_poster_is_the_same_file(form: Form) -> None:
    one, same = [printed(poster("hi"), form=form, paper=Paper.A5, fonts=fonts) for fonts in (FONTS, None)]
    other = printed(poster("hi", program=replace(PROGRAM, slug="monsun")), form=form, paper=Paper.A5, fonts=FONTS)
    assert one == same != other


@pytest.mark.parametrize(("paper", "millimetres"), [("a4", (210, 297)), ("a5", (148, 210)), ("letter", (216, 279))])
def test_a_camera_reads_the_code_in_print_and_at_a_quarter_of_its_size(
    paper: str, millimetres: tuple[int, int]
) -> None:
    rows = grey(printed(poster("ml", "en"), form=Form.PNG, paper=Paper(paper), fonts=FONTS))
    assert (round(len(rows[0]) / 300 * 25.4), round(len(rows) / 300 * 25.4)) == millimetres
    assert codes_in(rows) == [ADDRESS]
    assert codes_in(rows, every=4) == [ADDRESS]


def test_the_svg_is_one_page_that_loads_nothing() -> None:
    drawn = printed(poster("bn"), form=Form.SVG, paper=Paper.A4, fonts=FONTS).decode()
    assert drawn.startswith("<svg ")
    assert drawn.count("<svg ") == 1
    assert set(re.findall(r'\bhref="(?!#|data:)([^"]*)"', drawn)) <= {ADDRESS}


@pytest.mark.parametrize(
    ("paper", "logo"), [(Paper.A4, None), (Paper.A5, None), (Paper.LETTER, png())], ids=["a4", "a5", "letter-logo"]
)
@pytest.mark.parametrize("languages", [("en",), ("ml", "te"), ("th", "hi")], ids="+".join)
@pytest.mark.parametrize(
    "name", [LONGEST, UNBROKEN, "മ" * 80, "ก" * 80, "AB"], ids=["longest", "unbroken", "malayalam", "thai", "shortest"]
)
def test_the_longest_names_fit(name: str, logo: bytes | None, languages: tuple[str, ...], paper: Paper) -> None:
    shown = poster(
        *languages,
        logo=logo,
        program=replace(
            PROGRAM,
            merchant_name=name,
            name=f"{name[:-1]}.",
            point_name_plural=name[:30],
            stamp_reward=name,
            slug="s" * 64,
        ),
    )
    # Whatever had no room even in its smallest size has left a mark.
    assert compiler_of(shown, paper=paper, fonts=FONTS).query("<tight>") == "[]"
    text = said(text_of(pdf_of(shown, paper)))
    assert said(name) in text
    assert all(said(wording.terms[0]) in text for wording in shown.wordings)


def test_sentences_that_have_no_room_are_left_out_whole() -> None:
    wordy = replace(PROGRAM, point_name_plural="W" * 30, point_name="W" * 30, stamp_reward=UNBROKEN)
    shown = poster("ml", "te", program=wordy)
    text = said(text_of(pdf_of(shown, Paper.A5)))
    for wording in shown.wordings:
        told = [said(term) in text for term in wording.terms]
        assert told == sorted(told, reverse=True)
        assert told[0]
    assert "…" not in text


def test_names_are_printed_and_never_run() -> None:
    named = replace(PROGRAM, merchant_name=MARKUP, name=MARKUP[::-1], point_name_plural="#beans", stamp_reward="*x* #x")
    pdf = pdf_of(poster("en", program=named))
    text = said(text_of(pdf))
    assert said(MARKUP) in text
    assert said(MARKUP[::-1]) in text
    assert said("Collect #beans with every visit.") in text
    assert said("*x* #x") in text


def test_letters_that_no_font_has_are_named_and_nothing_is_printed() -> None:
    bare = Fonts(include_system_fonts=False)
    for form in Form:
        with pytest.raises(LettersMissing) as missing:
            printed(
                poster("en", program=replace(PROGRAM, merchant_name="Café 𖵀")), form=form, paper=Paper.A4, fonts=bare
            )
        assert missing.value.letters == ("𖵀",)
    strange = replace(PROGRAM, merchant_name='"\U0010fffd" \u0d3e')
    with pytest.raises(LettersMissing) as unseen:
        printed(poster("en", program=strange), form=Form.PDF, paper=Paper.A4, fonts=bare)
    assert unseen.value.letters == ("\U0010fffd", "\u0d3e")
    with pytest.raises(LettersMissing) as missing:
        printed(poster("ml"), form=Form.PDF, paper=Paper.A4, fonts=bare)
    assert "ഓ" in "".join(missing.value.letters)


def test_english_needs_no_font_of_the_machine() -> None:
    pdf = printed(poster("en"), form=Form.PDF, paper=Paper.A4, fonts=Fonts(include_system_fonts=False))
    assert said("You get 1 bean for every ₹10 you spend.") in said(text_of(pdf))


def test_the_logo_and_the_colour_of_the_program_are_on_it() -> None:
    plain = grey(printed(poster(), form=Form.PNG, paper=Paper.A5, fonts=FONTS))
    branded = grey(
        printed(
            poster(logo=png(), program=replace(PROGRAM, color="#f2b134")), form=Form.PNG, paper=Paper.A5, fonts=FONTS
        )
    )
    drawn = svg('<rect width="8" height="8"/>')
    assert (plain[5][5], branded[5][5]) == (0x5C, 0xB1)
    assert codes_in(branded) == [ADDRESS]
    assert len(pdf_of(poster(logo=drawn))) != len(pdf_of(poster()))


def test_a_logo_that_cannot_be_drawn_is_said() -> None:
    with pytest.raises(LogoUnusable):
        pdf_of(poster(logo=b"\x89PNG\r\n\x1a\n broken"))
