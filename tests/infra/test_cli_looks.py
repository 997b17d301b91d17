"""`regulars brand`, run as a merchant runs it."""

from pathlib import Path

from tests.database import Database
from tests.infra.commands import environment_of, regulars
from tests.infra.test_cli_gift_cards import asked, make_program, refused
from tests.wallet.test_pictures import png, svg
from wallet.looks import color_of

BRAND = ("brand", "--program", "monsoon")


async def test_what_stands_is_printed_and_changed_in_one_go(database: Database, tmp_path: Path) -> None:
    await make_program(database)
    file = tmp_path / "logo.svg"
    file.write_bytes(svg("<circle r='4'/>"))
    # when
    begun = await asked(database, *BRAND)
    branded = await asked(database, *BRAND, "--color", "#F4E9D8", "--logo", str(file))
    stands = await asked(database, *BRAND)
    bare = await asked(database, *BRAND, "--no-logo")
    # then
    assert begun == {
        "program": "monsoon", "color": color_of("monsoon", None), "onColor": "#ffffff", "logoUrl": None
    }  # fmt: skip
    assert stands == branded
    assert (branded["color"], branded["onColor"]) == ("#f4e9d8", "#1a1a1a")
    assert branded["logoUrl"].startswith("/program-logos/")
    assert bare == {**branded, "logoUrl": None}
    said = await regulars(*BRAND, environment=environment_of(database))
    assert said.out.splitlines()[:2] == ["program  monsoon", "color    #f4e9d8"]


async def test_what_cannot_be_is_refused_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    await make_program(database)
    file = tmp_path / "logo.png"
    file.write_bytes(png())
    stands = await asked(database, *BRAND, "--color", "#7a3b1d", "--logo", str(file))
    harmful = tmp_path / "logo.svg"
    harmful.write_bytes(svg("<script>alert(1)</script>"))
    # when
    refusals = [
        await refused(database, *BRAND, *said)
        for said in (
            ("--color", "brown"),
            ("--color", "#808080"),
            ("--color", "#2f3e9e", "--logo", str(harmful)),
            ("--logo", str(tmp_path / "nothing")),
            ("--logo", str(file), "--no-logo"),
        )
    ]
    unknown = await refused(database, "brand", "--program", "nowhere", "--color", "#7a3b1d")
    # then
    assert refusals == [
        ["color: Write the colour as # and six digits or letters from a to f, e.g. #7a3b1d."],
        ["color: Neither white nor black is read well on this colour. Choose a darker or a lighter one."],
        ["file: The SVG has something in it besides a drawing: a script, a link, or what loads more."],
        ["file: This is no PNG or SVG picture, or it is damaged."],
        ["Either a logo is given or it is taken away: --logo and --no-logo do not go together."],
    ]
    assert unknown == ["There is no such merchant, program, store, terminal, operator, reward, sale or gift card."]
    assert await asked(database, *BRAND) == stands
