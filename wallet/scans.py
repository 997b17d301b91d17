"""A scanned or typed code: whose card it names, and that it is good only once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.check_ins import LEEWAY, LIVES, as_bigint, as_unsigned
from wallet.database import Conn, Row
from wallet.errors import CodeAlreadyUsed, CodeExpired, CodeInvalid
from wallet.values import CardId, CheckInPurpose, ProgramId, ScannedCode, SignedCode, Terminal

CLOCK_SKEW = timedelta(minutes=2)
"""How far a till's clock may be behind ours: so long before it was made a code may seem to have been scanned."""

# A code whose row in check_in_codes is gone was live before the row was taken for newer digits or cleared away.
IDENTIFY_SIGNED_SQL = """
    SELECT c.card_id, c.program_id, $5::text AS purpose, $4::bigint AS jti, $6::timestamptz AS expires_at,
           s.jti IS NOT NULL AS shown, s.ended_at, u.used_at
    FROM program_directory AS d
    JOIN cards AS c ON c.merchant_id = d.merchant_id AND c.program_id = d.program_id AND c.reference = $3
    LEFT JOIN check_in_codes AS s ON s.merchant_id = c.merchant_id AND s.jti = $4
    LEFT JOIN used_codes AS u ON u.merchant_id = c.merchant_id AND u.jti = $4
    WHERE c.merchant_id = $1 AND d.merchant_id = $1 AND d.number = $2
"""

IDENTIFY_TYPED_SQL = """
    SELECT c.card_id, c.program_id, s.purpose, s.jti, s.expires_at, TRUE AS shown, s.ended_at, u.used_at
    FROM check_in_codes AS s
    JOIN cards AS c ON c.merchant_id = s.merchant_id AND c.card_id = s.card_id
    LEFT JOIN used_codes AS u ON u.merchant_id = s.merchant_id AND u.jti = s.jti
    WHERE s.merchant_id = $1 AND s.short_code = $2
"""

USED_AT_SQL = """
    SELECT used_at
    FROM used_codes
    WHERE merchant_id = $1 AND jti = $2
"""


@dataclass(frozen=True, slots=True)
class Identified:
    """The card that a code names, and what is known of the code. Whether it is still good is not judged yet."""

    card_id: CardId
    program_id: ProgramId
    purpose: CheckInPurpose
    jti: int
    expires_at: datetime
    shown: bool
    ended_at: datetime | None
    used_at: datetime | None


def from_row(row: Row) -> Identified:
    return Identified(
        card_id=row["card_id"],
        program_id=row["program_id"],
        purpose=CheckInPurpose(row["purpose"]),
        jti=as_unsigned(row["jti"]),
        expires_at=row["expires_at"],
        shown=row["shown"],
        ended_at=row["ended_at"],
        used_at=row["used_at"],
    )


async def identify(conn: Conn, *, terminal: Terminal, code: ScannedCode) -> Identified:
    """The card of the terminal's merchant that the code names. One statement; its time is not judged here.

    Raises CodeInvalid if there is none: unknown, or another merchant's.
    """
    if isinstance(code, SignedCode):
        said = (code.program_number, as_bigint(code.card_reference), as_bigint(code.jti), code.purpose)
        row = await conn.fetchrow(IDENTIFY_SIGNED_SQL, terminal.merchant_id, *said, code.expires_at)
    else:
        row = await conn.fetchrow(IDENTIFY_TYPED_SQL, terminal.merchant_id, code.digits)
    if row is None:
        raise CodeInvalid
    return from_row(row)


def judge(code: Identified, *, at: datetime) -> None:
    """Nothing, if the code was good at `at`. Raises CodeAlreadyUsed, CodeExpired; CodeInvalid if it was not made yet.

    A code that is both used and out of time says that it was used: the cashier then knows that the scan before this
    one worked. A REDEEM code is over as soon as the card has a newer one.
    """
    if code.used_at is not None:
        raise CodeAlreadyUsed(code.used_at)
    if at < code.expires_at - LIVES[code.purpose] - CLOCK_SKEW:
        raise CodeInvalid
    if at >= code.expires_at + LEEWAY:
        raise CodeExpired(code.expires_at)
    if code.purpose is CheckInPurpose.REDEEM:
        if code.ended_at is not None and code.ended_at <= at:
            raise CodeExpired(code.ended_at)
        if not code.shown:
            raise CodeExpired(min(code.expires_at, at))


async def already_used(conn: Conn, *, terminal: Terminal, identified: Identified) -> CodeAlreadyUsed:
    """The refusal of a code that somebody else used up since it was identified."""
    jti = as_bigint(identified.jti)
    return CodeAlreadyUsed(await conn.fetchval(USED_AT_SQL, terminal.merchant_id, jti))
