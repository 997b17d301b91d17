"""`regulars poster`, run as a merchant runs it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.database import Database
from tests.infra.commands import environment_of, regulars
from tests.infra.posters.reading import codes_in, grey, pages_of, text_of
from tests.infra.test_cli import made
from tests.infra.test_cli_gift_cards import make_program, refused
from tests.wallet.test_pictures import svg

POSTER = ("poster", "--program", "monsoon")


async def print_to(database: Database, *arguments: str, **environment: str) -> None:
    """The command has written the poster, and says nothing."""
    done = await regulars(*POSTER, *arguments, environment=environment_of(database, **environment))
    assert (done.code, done.out, done.err) == (0, "", "")


async def test_poster_is_printed_with_the_address_of_this_installation(database: Database, tmp_path: Path) -> None:
    # given
    await make_program(database)
    place = {"REGULARS_PUBLIC_BASE_URL": "https://points.example"}
    # when
    await print_to(database, "--pdf", str(tmp_path / "poster.pdf"), "--paper", "a5", **place)
    await print_to(database, "--png", str(tmp_path / "poster.png"), "--paper", "a5", **place)
    await print_to(database, "--svg", str(tmp_path / "poster.svg"), **place)
    # then
    pdf = (tmp_path / "poster.pdf").read_bytes()
    assert "Collect points with every visit." in text_of(pdf)
    assert "points.example/join/monsoon" in text_of(pdf)
    assert pages_of(pdf) == 1
    assert codes_in(grey((tmp_path / "poster.png").read_bytes())) == ["https://points.example/join/monsoon"]
    assert (tmp_path / "poster.svg").read_bytes().startswith(b"<svg ")


async def test_languages_are_the_merchants_or_those_that_are_named(database: Database, tmp_path: Path) -> None:
    # given
    merchant = ("merchant", "create", "--name", "Monsoon", "--currency", "THB", "--locale", "th-TH")
    merchant_id = str((await made(database, *merchant))["merchantId"])
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    own, named, repeated = (tmp_path / name for name in ("own.pdf", "named.pdf", "repeated.pdf"))
    # when
    await print_to(database, "--pdf", str(own))
    await print_to(database, "--pdf", str(named), "--language", "en", "hi")
    await print_to(database, "--pdf", str(repeated), "--language", "en", "--language", "hi")
    # then
    assert "สะสม points ทุกครั้งที่มา" in text_of(own.read_bytes())
    text = text_of(named.read_bytes())
    assert text.index("Collect points with every visit.") < text.index("हर विज़िट पर points जमा करें।")
    assert "สะสม" not in text
    assert repeated.read_bytes() == named.read_bytes()


async def test_poster_has_the_colour_and_the_logo_of_the_program(database: Database, tmp_path: Path) -> None:
    # given
    await make_program(database)
    logo = tmp_path / "logo.svg"
    logo.write_bytes(svg('<rect width="8" height="8"/>'))
    plain, branded = tmp_path / "plain.svg", tmp_path / "branded.svg"
    await print_to(database, "--svg", str(plain))
    # when
    await made(database, "brand", "--program", "monsoon", "--color", "#ff8800", "--logo", str(logo))
    await print_to(database, "--svg", str(branded))
    # then
    assert ("#ff8800" in plain.read_text(), "#ff8800" in branded.read_text()) == (False, True)
    assert ("<image" in plain.read_text(), branded.read_text().count("<image")) == (True, 2)


async def test_poster_goes_to_standard_output(database: Database, tmp_path: Path) -> None:
    # given
    await make_program(database)
    await print_to(database, "--pdf", str(tmp_path / "poster.pdf"))
    # when
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from infra.cli import main; main()",
        *(*POSTER, "--pdf", "-"),
        env=environment_of(database),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    # then
    assert (process.returncode, err) == (0, b"")
    assert out == (tmp_path / "poster.pdf").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say where the poster goes, by exactly one of --pdf, --svg and --png."),
        (("--pdf", "a.pdf", "--png", "-"), "Say where the poster goes, by exactly one of --pdf, --svg and --png."),
        (("--pdf", "--png"), "--pdf: --png is no name of a file; ./--png is one."),
        (("--pdf", "-", "--language", "fr"), "language: fr is none of en, ml, hi, bn, te, th."),
        (("--pdf", "-", "--language", "en", "en"), "language: name one language, or two that differ."),
        (("--pdf", "-", "--language", "en", "hi", "ml"), "language: name one language, or two that differ."),
    ],
)
async def test_what_is_asked_for_wrongly_is_said(database: Database, arguments: tuple[str, ...], said: str) -> None:
    assert await refused(database, *POSTER, *arguments) == [said]


async def test_unknown_program_and_unknown_place_are_said(database: Database, tmp_path: Path) -> None:
    # given
    await make_program(database)
    nowhere = tmp_path / "nowhere" / "poster.pdf"
    # when
    unknown = await refused(database, "poster", "--program", "monsun", "--pdf", str(tmp_path / "poster.pdf"))
    no_folder = await refused(database, *POSTER, "--pdf", str(nowhere))
    a_folder = await refused(database, *POSTER, "--pdf", str(tmp_path))
    # then
    assert unknown == ["There is no such merchant, program, store, terminal, operator, reward, sale or gift card."]
    assert no_folder == [f"{nowhere}: No such file or directory"]
    assert a_folder == [f"{tmp_path}: Is a directory"]
    assert os.listdir(tmp_path) == []


async def test_letters_without_a_font_are_named_with_a_package_and_nothing_is_written(
    database: Database, tmp_path: Path
) -> None:
    # given
    merchant = ("merchant", "create", "--name", "Monsoon \U0010fffd", "--currency", "INR")
    merchant_id = str((await made(database, *merchant))["merchantId"])
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    # when
    done = await regulars(*POSTER, "--svg", str(tmp_path / "poster.svg"), environment=environment_of(database))
    # then
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "No font on this machine has these letters: U+10FFFD",
        "Install fonts that have them (on Debian: fonts-noto-core). Nothing was written.",
    ]
    assert os.listdir(tmp_path) == []
