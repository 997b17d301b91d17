"""What a program looks like: the merchant's colour and logo, on the card in the app, at the till and on paper."""

import hashlib
import re
from datetime import datetime

from wallet import pictures
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.pictures import Picture
from wallet.values import LogoId, MerchantId, ProgramId

COLOR = re.compile(r"#[0-9a-f]{6}")

WHITE = "#ffffff"
NEAR_BLACK = "#1a1a1a"

CONTRAST_MIN = 4.5
"""What WCAG 2.2 asks of text of any size (success criterion 1.4.3, level AA)."""

PALETTE = (
    "#7a3b1d",
    "#8c2f39",
    "#9a1750",
    "#6a2c70",
    "#4b2e83",
    "#2f3e9e",
    "#1f4e79",
    "#0b5563",
    "#0f5f4b",
    "#2e5e1f",
    "#5b5311",
    "#3d3d4e",
)
"""Deep colours for programs whose merchant has chosen none. White is read on all of them. The order stays as it is, or
programs change their colour.
"""

SET_COLOR_SQL = """
    UPDATE programs SET color = $3
    WHERE merchant_id = $1 AND program_id = $2
    RETURNING program_id
"""

PUT_LOGO_SQL = """
    INSERT INTO program_logos (merchant_id, program_id, media_type, image, created_at)
    SELECT merchant_id, program_id, $3, $4, $5
    FROM programs
    WHERE merchant_id = $1 AND program_id = $2
    ON CONFLICT (merchant_id, program_id) DO UPDATE SET
        logo_id = EXCLUDED.logo_id, media_type = EXCLUDED.media_type, image = EXCLUDED.image,
        created_at = EXCLUDED.created_at
    RETURNING logo_id
"""

DROP_LOGO_SQL = """
    DELETE FROM program_logos
    WHERE merchant_id = $1 AND program_id = $2
"""

LOGO_SQL = """
    SELECT media_type, image
    FROM program_logos
    WHERE merchant_id = $1 AND logo_id = $2
"""


def color_of(slug: str, chosen: str | None) -> str:
    """The colour of a program as `#rrggbb`: the merchant's, else one of the palette, decided by the slug for good."""
    return chosen or PALETTE[int.from_bytes(hashlib.sha256(slug.encode()).digest()) % len(PALETTE)]


def on_color(color: str) -> str:
    """What text on the colour is written in: white or near black, whichever is read better."""
    return max((WHITE, NEAR_BLACK), key=lambda text: contrast(text, color))


def contrast(one: str, other: str) -> float:
    """How far two colours are apart, from 1 to 21: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def set_color(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, color: str) -> str:
    """The program has this colour, which is returned in lower case.

    Raises InvalidInput naming `color` for what is no #rrggbb (color_form) and for a colour on which neither white nor
    near black is read well (color_contrast); NotFound for a program that is not the merchant's.
    """
    said = color.strip().lower()
    if not COLOR.fullmatch(said):
        raise InvalidInput.of("color", "color_form")
    if contrast(on_color(said), said) < CONTRAST_MIN:
        raise InvalidInput.of("color", "color_contrast")
    if await conn.fetchval(SET_COLOR_SQL, merchant_id, program_id, said) is None:
        raise NotFound
    return said


async def set_logo(
    conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, content: bytes, now: datetime
) -> LogoId:
    """The program has this logo, under a name that no picture had before; an earlier one is gone.

    Raises InvalidInput for a picture that is no PNG and no SVG that could stand anywhere (wallet/pictures.py), NotFound
    for a program that is not the merchant's.
    """
    media_type = pictures.media_type_of(content)
    logo_id = await conn.fetchval(PUT_LOGO_SQL, merchant_id, program_id, media_type, content, now)
    if logo_id is None:
        raise NotFound
    return LogoId(logo_id)


async def drop_logo(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId) -> None:
    """The program has no logo, whether it had one or not."""
    await conn.execute(DROP_LOGO_SQL, merchant_id, program_id)


async def logo(conn: Conn, *, merchant_id: MerchantId, logo_id: LogoId) -> Picture | None:
    """The picture of that name; None where there is none, or none any more."""
    row = await conn.fetchrow(LOGO_SQL, merchant_id, logo_id)
    return Picture.from_row(row) if row else None
