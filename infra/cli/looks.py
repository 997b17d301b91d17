"""`regulars brand`: what a program looks like."""

from pathlib import Path

from infra.cli.app import answer, opened
from infra.cli.merchants import program_of
from infra.cli.picture_files import picture_in
from infra.settings import SettingsError
from schema.program import logo_url
from wallet import looks
from wallet.programs import Program


async def brand(
    *, program: str, color: str | None = None, logo: Path | None = None, no_logo: bool = False, json: bool = False
) -> None:
    """Give a program (by its slug) its colour and its logo; without any of them, print what stands.

    Parameters
    ----------
    color
        As #rrggbb, e.g. "#7a3b1d": one on which white or near black is read well.
    logo
        A PNG, or an SVG that does nothing but draw. It takes the place of an earlier one.
    no_logo
        Take the logo away.
    """
    if logo is not None and no_logo:
        raise SettingsError("Either a logo is given or it is taken away: --logo and --no-logo do not go together.")
    content = picture_in(logo) if logo is not None else None
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        found = await program_of(conn, program, now)
        merchant_id, program_id = found.merchant_id, found.program_id
        if color is not None:
            await looks.set_color(conn, merchant_id=merchant_id, program_id=program_id, color=color)
        if content is not None:
            await looks.set_logo(conn, merchant_id=merchant_id, program_id=program_id, content=content, now=now)
        if no_logo:
            await looks.drop_logo(conn, merchant_id=merchant_id, program_id=program_id)
        stands = await program_of(conn, program, now)
    answer(_facts(stands), as_json=json)


def _facts(program: Program) -> dict[str, object]:
    return {
        "program": program.slug,
        "color": program.color,
        "onColor": program.on_color,
        "logoUrl": logo_url(program),
    }
