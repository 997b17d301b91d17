"""Check-in codes: what a phone shows so that a till knows whom it serves.

The digits of the QR are made from them in auth/check_in_tokens.py.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet import damm
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CardId, CheckInPurpose, CustomerId, MerchantId

LIVES = {CheckInPurpose.EARN: timedelta(seconds=90), CheckInPurpose.REDEEM: timedelta(seconds=45)}

LEEWAY = timedelta(seconds=5)
"""For how long after its end a code still opens a visit: the way from the screen through the scanner to us."""

DIGITS_KEPT_BACK = timedelta(minutes=1)
"""How long after a code's end its ten digits stand for nothing else, so that a slow cashier who types them is told that
they expired, and never meets another customer."""

DIGITS_TRIED_MAX = 6
"""Of the thousand million typed codes a few thousand are taken at any time: to meet taken ones six times over does not
happen by chance."""

FIND_OWN_CARD_SQL = """
    SELECT c.reference, d.number
    FROM cards AS c
    JOIN program_directory AS d ON d.merchant_id = c.merchant_id AND d.program_id = c.program_id
    WHERE c.merchant_id = $1 AND c.card_id = $2 AND c.customer_id = $3
"""

LOCK_OWN_CARD_SQL = """
    SELECT c.card_id
    FROM cards AS c
    WHERE c.merchant_id = $1 AND c.card_id = $2 AND c.customer_id = $3
    FOR NO KEY UPDATE
"""

END_EARLIER_SQL = """
    UPDATE check_in_codes
    SET ended_at = $3
    WHERE merchant_id = $1 AND card_id = $2 AND expires_at > $4 AND ended_at IS NULL AND purpose = 'REDEEM'
"""

SHOW_SQL = """
    INSERT INTO check_in_codes AS taken (merchant_id, short_code, jti, card_id, purpose, minted_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (merchant_id, short_code) DO UPDATE
    SET jti = excluded.jti, card_id = excluded.card_id, purpose = excluded.purpose, minted_at = excluded.minted_at,
        expires_at = excluded.expires_at, ended_at = NULL
    WHERE taken.expires_at < $8
    RETURNING short_code
"""

# By ctid: the plan of a join with the rows to delete reads the whole table, however few they are.
FORGET_SHOWN_SQL = """
    DELETE FROM check_in_codes
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM check_in_codes
        WHERE expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING short_code
"""

FORGET_USED_SQL = """
    DELETE FROM used_codes
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM used_codes
        WHERE used_at <= $1
        ORDER BY used_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING jti
"""

KEPT_FOR = timedelta(hours=96)
"""A till that was offline may bring a code 72 hours after it was scanned: until then we must know if it was used or
replaced. A day more is for whoever has to find out what happened."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A code that may be shown. The numbers are what its token holds; `card_reference` and `jti` are unsigned."""

    program_number: int
    card_reference: int
    jti: int
    short_code: str
    purpose: CheckInPurpose
    expires_at: datetime
    refresh_at: datetime


async def mint(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    purpose: CheckInPurpose,
    now: datetime,
) -> Minted:
    """The customer's card has a new code, good for 90 seconds to earn and 45 to redeem, once.

    Its time ends on a whole second, as the token can say no less. A new REDEEM code ends the card's earlier one; any
    number of EARN codes may be live. The phone should ask for the next code when two thirds of the time are over.
    Raises NotFound if the card is not this customer's.
    """
    if purpose is CheckInPurpose.REDEEM:
        # Two codes minted at once would not see each other: the second waits here, and then ends the first.
        await conn.execute(LOCK_OWN_CARD_SQL, merchant_id, card_id, customer_id)
    card = await conn.fetchrow(FIND_OWN_CARD_SQL, merchant_id, card_id, customer_id)
    if card is None:
        raise NotFound
    if purpose is CheckInPurpose.REDEEM:
        await conn.execute(END_EARLIER_SQL, merchant_id, card_id, now, now - LEEWAY)
    life = LIVES[purpose]
    expires_at = (now + life).replace(microsecond=0)
    jti = secrets.randbits(64)
    return Minted(
        program_number=card["number"],
        card_reference=as_unsigned(card["reference"]),
        jti=jti,
        short_code=await _show(conn, merchant_id, card_id, purpose, jti, expires_at, now=now),
        purpose=purpose,
        expires_at=expires_at,
        refresh_at=expires_at - life / 3,
    )


async def _show(
    conn: Conn,
    merchant_id: MerchantId,
    card_id: CardId,
    purpose: CheckInPurpose,
    jti: int,
    expires_at: datetime,
    *,
    now: datetime,
) -> str:
    """Ten digits stand for the code, and for no other one of the merchant that is live."""
    for _ in range(DIGITS_TRIED_MAX):
        digits = f"{secrets.randbelow(10**9):09d}"
        short_code = f"{digits}{damm.check_digit(digits)}"
        free_since = now - DIGITS_KEPT_BACK
        facts = (merchant_id, short_code, as_bigint(jti), card_id, purpose, now, expires_at, free_since)
        if await conn.fetchval(SHOW_SQL, *facts):
            return short_code
    raise RuntimeError("no free digits were found for a check-in code")


async def forget(conn: Conn, *, limit: int, now: datetime) -> int:
    """Up to `limit` codes that no till can bring any more are gone, and as many of their marks of use; how many.

    Call again until it is 0. Racers do not wait for each other.
    """
    over = now - KEPT_FOR
    shown = await conn.fetch(FORGET_SHOWN_SQL, over, limit)
    used = await conn.fetch(FORGET_USED_SQL, over, limit)
    return len(shown) + len(used)


def as_bigint(unsigned: int) -> int:
    """An unsigned number of 64 bits as the bigint with the same bits, which is how PostgreSQL keeps it."""
    return unsigned - 2**64 if unsigned >= 2**63 else unsigned


def as_unsigned(bigint: int) -> int:
    """The unsigned number of 64 bits that `as_bigint` made the bigint of."""
    return bigint % 2**64
