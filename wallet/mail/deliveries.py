"""Which mails were offered to the mail server, so that what comes back later finds what it is about.

Each mail has a token of its own in the sender address of its envelope (a variable envelope return path): whoever
reports on it, days later and in whatever words, has to write to that address. 80 random bits, known to nobody but the
mail servers on its way; what is kept is a hash.
"""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from wallet.database import Conn, Row
from wallet.values import GiftId, MerchantId

TOKEN_BYTES = 10
KEPT_FOR = timedelta(days=30)
"""Mail servers give up after five days; a forwarded report may come later."""

INSERT_DELIVERY_SQL = """
    INSERT INTO mail_deliveries (token_hash, topic, merchant_id, gift_id, delivery, email_hash, message_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

DELIVERY_SQL = """
    SELECT token_hash, topic, merchant_id, gift_id, delivery, email_hash, message_id, created_at
    FROM mail_deliveries
    WHERE token_hash = $1
"""

# A mail that was offered twice has one id and is one mail.
NEWEST_DELIVERY_SQL = """
    SELECT token_hash, topic, merchant_id, gift_id, delivery, email_hash, message_id, created_at
    FROM mail_deliveries
    WHERE message_id = $1
    ORDER BY created_at DESC
    LIMIT 1
"""

NOTE_BOUNCED_SQL = """
    UPDATE mail_deliveries SET bounced_at = $2
    WHERE token_hash = $1 AND bounced_at IS NULL
    RETURNING token_hash
"""

NOTE_COMPLAINED_SQL = """
    UPDATE mail_deliveries SET complained_at = $2
    WHERE token_hash = $1 AND complained_at IS NULL
    RETURNING token_hash
"""

COUNT_SINCE_SQL = """
    SELECT count(*)
    FROM mail_deliveries
    WHERE email_hash = $1 AND topic = $2 AND created_at > $3
"""

FORGET_DELIVERIES_SQL = """
    DELETE FROM mail_deliveries
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM mail_deliveries
        WHERE created_at <= $1
        ORDER BY created_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING topic
"""


@dataclass(frozen=True, slots=True)
class GiftDelivery:
    """Which mail of which gift: the first, or the second after a correction."""

    merchant_id: MerchantId
    gift_id: GiftId
    number: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail that was offered to the mail server. `gift` is None for every other kind."""

    token_hash: bytes
    topic: str
    gift: GiftDelivery | None
    email_hash: bytes
    message_id: str
    created_at: datetime


def from_row(row: Row) -> Delivery:
    gift = None
    if row["gift_id"] is not None:
        gift = GiftDelivery(MerchantId(row["merchant_id"]), GiftId(row["gift_id"]), row["delivery"])
    return Delivery(row["token_hash"], row["topic"], gift, row["email_hash"], row["message_id"], row["created_at"])


def new_token() -> str:
    """80 random bits as base32 (RFC 4648) in small letters: the case of a mailbox's name is lost on the way."""
    return b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()


def hash_of(token: str) -> bytes:
    return sha256(token.lower().encode()).digest()


async def record(conn: Conn, *, delivery: Delivery) -> None:
    """What a report with the token of this mail is about is known from now on."""
    gift = delivery.gift
    await conn.execute(
        INSERT_DELIVERY_SQL,
        delivery.token_hash,
        delivery.topic,
        gift.merchant_id if gift else None,
        gift.gift_id if gift else None,
        gift.number if gift else None,
        delivery.email_hash,
        delivery.message_id,
        delivery.created_at,
    )


async def by_token(conn: Conn, *, token: str) -> Delivery | None:
    """The mail with this token, if we sent one and it is not forgotten."""
    row = await conn.fetchrow(DELIVERY_SQL, hash_of(token))
    return from_row(row) if row else None


async def by_message_id(conn: Conn, *, message_id: str) -> Delivery | None:
    """The newest mail with this Message-ID (without its angle brackets), if we sent one and it is not forgotten."""
    row = await conn.fetchrow(NEWEST_DELIVERY_SQL, message_id)
    return from_row(row) if row else None


async def note_bounced(conn: Conn, delivery: Delivery, *, now: datetime) -> bool:
    """It is known that the mail came back. False if it was known before."""
    return await conn.fetchval(NOTE_BOUNCED_SQL, delivery.token_hash, now) is not None


async def note_complained(conn: Conn, delivery: Delivery, *, now: datetime) -> bool:
    """It is known that the mail was called spam. False if it was known before."""
    return await conn.fetchval(NOTE_COMPLAINED_SQL, delivery.token_hash, now) is not None


async def count_since(conn: Conn, *, email_hash: bytes, topic: str, since: datetime) -> int:
    """How many mails of this kind the mailbox was sent after that moment."""
    found: int = await conn.fetchval(COUNT_SINCE_SQL, email_hash, topic, since)
    return found


async def forget(conn: Conn, *, limit: int, now: datetime) -> int:
    """At most `limit` mails of more than 30 days ago are forgotten. Returns how many."""
    return len(await conn.fetch(FORGET_DELIVERIES_SQL, now - KEPT_FOR, limit))
