"""The merchant's pictures that a sender chooses from, for the mail and the page of a gift."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet import pictures
from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, NotFound
from wallet.pictures import Picture
from wallet.values import DesignId, MerchantId, ProgramId

NAME_MAX = 80
ALT_TEXT_MAX = 200

INSERT_DESIGN_SQL = """
    INSERT INTO gift_designs (merchant_id, program_id, name, alt_text, media_type, image, created_at)
    SELECT merchant_id, program_id, $3, $4, $5, $6, $7
    FROM programs
    WHERE merchant_id = $1 AND program_id = $2
    RETURNING merchant_id, design_id, program_id, name, alt_text, media_type, created_at, retired_at
"""

DESIGNS_OF_PROGRAM_SQL = """
    SELECT merchant_id, design_id, program_id, name, alt_text, media_type, created_at, retired_at
    FROM gift_designs
    WHERE merchant_id = $1 AND program_id = $2 AND ($3 OR retired_at IS NULL)
    ORDER BY created_at, design_id
"""

DESIGNS_SQL = """
    SELECT d.merchant_id, d.design_id, d.program_id, d.name, d.alt_text, d.media_type, d.created_at, d.retired_at
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, design_id)
    JOIN gift_designs AS d ON d.merchant_id = k.merchant_id AND d.design_id = k.design_id
"""

CAN_BE_CHOSEN_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_designs
        WHERE merchant_id = $1 AND program_id = $2 AND design_id = $3 AND retired_at IS NULL
    )
"""

RETIRE_DESIGN_SQL = """
    UPDATE gift_designs SET retired_at = COALESCE(retired_at, $3)
    WHERE merchant_id = $1 AND design_id = $2
    RETURNING merchant_id, design_id, program_id, name, alt_text, media_type, created_at, retired_at
"""

IMAGE_SQL = """
    SELECT media_type, image
    FROM gift_designs
    WHERE merchant_id = $1 AND design_id = $2
"""


@dataclass(frozen=True, slots=True)
class DesignKey:
    merchant_id: MerchantId
    design_id: DesignId


@dataclass(frozen=True, slots=True)
class Design:
    """A picture of a program's, without its bytes. One that is retired stays with the gifts that have it."""

    key: DesignKey
    program_id: ProgramId
    name: str
    alt_text: str
    media_type: str
    created_at: datetime
    retired_at: datetime | None


def from_row(row: Row) -> Design:
    return Design(
        key=DesignKey(row["merchant_id"], row["design_id"]),
        program_id=row["program_id"],
        name=row["name"],
        alt_text=row["alt_text"],
        media_type=row["media_type"],
        created_at=row["created_at"],
        retired_at=row["retired_at"],
    )


async def add(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    name: str,
    alt_text: str,
    content: bytes,
    now: datetime,
) -> Design:
    """Senders of the program can choose one more picture.

    Raises InvalidInput for texts that are blank, too long or cannot be printed, and for a picture that is no PNG and no
    SVG that could stand anywhere (wallet/pictures.py); NotFound for a program that is not the merchant's.
    """
    problems = text_problems("name", name, most=NAME_MAX) + text_problems("altText", alt_text, most=ALT_TEXT_MAX)
    if problems:
        raise InvalidInput(problems)
    media_type = pictures.media_type_of(content)
    facts = (merchant_id, program_id, name, alt_text, media_type, content, now)
    row = await conn.fetchrow(INSERT_DESIGN_SQL, *facts)
    if row is None:
        raise NotFound
    return from_row(row)


async def of_program(
    conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, retired_too: bool = False
) -> list[Design]:
    """The pictures that a sender can choose, the first made first."""
    return [from_row(row) for row in await conn.fetch(DESIGNS_OF_PROGRAM_SQL, merchant_id, program_id, retired_too)]


async def by_keys(conn: Conn, *, keys: Sequence[DesignKey]) -> dict[DesignKey, Design]:
    """Those of them that there are, retired or not, in one statement."""
    ids = [key.merchant_id for key in keys], [key.design_id for key in keys]
    found = [from_row(row) for row in await conn.fetch(DESIGNS_SQL, *ids)]
    return {design.key: design for design in found}


async def can_be_chosen(conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, design_id: DesignId) -> bool:
    """Whether it is a picture of this program's that is not retired."""
    return bool(await conn.fetchval(CAN_BE_CHOSEN_SQL, merchant_id, program_id, design_id))


async def retire(conn: Conn, *, merchant_id: MerchantId, design_id: DesignId, now: datetime) -> Design:
    """Nobody can choose it any more; gifts that have it keep it. Raises NotFound."""
    row = await conn.fetchrow(RETIRE_DESIGN_SQL, merchant_id, design_id, now)
    if row is None:
        raise NotFound
    return from_row(row)


async def image(conn: Conn, *, key: DesignKey) -> Picture | None:
    """The picture itself; None if there is none of that name."""
    row = await conn.fetchrow(IMAGE_SQL, key.merchant_id, key.design_id)
    return Picture.from_row(row) if row else None
