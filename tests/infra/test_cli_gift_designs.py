"""`regulars gift-design`, run as a merchant runs it."""

from pathlib import Path

from tests.database import Database
from tests.infra.test_cli_gift_cards import asked, make_program, refused
from tests.wallet.test_pictures import png, svg

NAMED = ("--program", "monsoon", "--name", "Lights", "--alt-text", "Lanterns over a river")


async def test_pictures_are_added_listed_and_retired(database: Database, tmp_path: Path) -> None:
    merchant_id = await make_program(database)
    file = tmp_path / "lights.png"
    file.write_bytes(png())

    added = await asked(database, "gift-design", "add", str(file), *NAMED)
    retired = await asked(database, "gift-design", "retire", "--merchant", merchant_id, "--design", added["designId"])
    listed = await asked(database, "gift-design", "list", "--program", "monsoon")

    assert (added["mediaType"], added["name"], added["retiredAt"]) == ("image/png", "Lights", None)
    assert listed["giftDesigns"] == [retired]
    assert retired["retiredAt"] is not None


async def test_what_could_do_harm_is_refused(database: Database, tmp_path: Path) -> None:
    await make_program(database)
    file = tmp_path / "lights.svg"
    file.write_bytes(svg("<script>alert(1)</script>"))

    harmful = await refused(database, "gift-design", "add", str(file), *NAMED)
    missing = await refused(database, "gift-design", "add", str(tmp_path / "nothing"), *NAMED)

    assert harmful == ["file: The SVG has something in it besides a drawing: a script, a link, or what loads more."]
    assert missing == ["file: This is no PNG or SVG picture, or it is damaged."]
    assert (await asked(database, "gift-design", "list", "--program", "monsoon"))["giftDesigns"] == []
