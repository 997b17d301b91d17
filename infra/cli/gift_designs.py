"""`regulars gift-design`: the pictures that senders of gifts choose from."""

from pathlib import Path
from uuid import UUID

from cyclopts import App

from infra.cli.app import answer, opened
from infra.cli.merchants import program_of
from infra.cli.picture_files import picture_in
from wallet.gifts import Design, designs
from wallet.values import DesignId, MerchantId

gift_design = App(name="gift-design", help="The pictures that senders of gifts choose from.")


@gift_design.command(name="add")
async def add_gift_design(file: Path, *, program: str, name: str, alt_text: str, json: bool = False) -> None:
    """Add a picture to a program (by its slug): a PNG, or an SVG that does nothing but draw.

    Mail programs show no SVG: whoever gets such a gift by mail sees the picture on the page of the gift alone.

    Parameters
    ----------
    name
        What the merchant calls it.
    alt_text
        What is told to whoever does not see the picture.
    """
    content = picture_in(file)
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        found = await program_of(conn, program, now)
        added = await designs.add(
            conn,
            merchant_id=found.merchant_id,
            program_id=found.program_id,
            name=name,
            alt_text=alt_text,
            content=content,
            now=now,
        )
    answer(_facts(added), as_json=json)


@gift_design.command(name="list")
async def list_gift_designs(*, program: str, json: bool = False) -> None:
    """List the pictures of a program (by its slug), also those that were retired."""
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        found = await program_of(conn, program, clock())
        listed = await designs.of_program(
            conn, merchant_id=found.merchant_id, program_id=found.program_id, retired_too=True
        )
    if json:
        answer({"giftDesigns": [_facts(each) for each in listed]}, as_json=True)
    elif listed:
        answer({str(each.key.design_id): _line(each) for each in listed}, as_json=False)


@gift_design.command(name="retire")
async def retire_gift_design(*, merchant: UUID, design: UUID, json: bool = False) -> None:
    """Let nobody choose a picture any more. Gifts that have it keep it."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        retired = await designs.retire(conn, merchant_id=MerchantId(merchant), design_id=DesignId(design), now=clock())
    answer(_facts(retired), as_json=json)


def _line(design: Design) -> str:
    return f"{design.name}, {design.media_type}{', retired' if design.retired_at else ''}"


def _facts(design: Design) -> dict[str, object]:
    return {
        "designId": str(design.key.design_id),
        "merchantId": str(design.key.merchant_id),
        "name": design.name,
        "altText": design.alt_text,
        "mediaType": design.media_type,
        "retiredAt": design.retired_at.isoformat() if design.retired_at else None,
    }
