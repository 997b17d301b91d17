"""Mailboxes that get no gift mail, whoever the gift is from, and why. What is kept is a hash of the address.

A mailbox can be on the list for several reasons at once: that it works again does not undo what its owner asked for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from wallet.database import Conn, Row


class Suppression(StrEnum):
    """Why a mailbox gets no gift mail."""

    UNWANTED = "UNWANTED"
    """Its owner asked us to, by the link in a gift mail."""
    BOUNCED = "BOUNCED"
    """There is no such mailbox, as the mail system said."""
    COMPLAINED = "COMPLAINED"
    """Its owner called our mail spam, as their mail service said."""
    MANUAL = "MANUAL"
    """The operator entered it."""


BOUNCED_FOR = timedelta(days=90)
"""A mailbox that failed is tried again after that: people make one, come back, renew a domain."""

HARMFUL = frozenset({Suppression.BOUNCED, Suppression.COMPLAINED, Suppression.MANUAL})
"""What harms our standing with mail services, so that other mail than gifts is held back too. UNWANTED does not: it
speaks of gifts."""

SUPPRESSIONS_OF_SQL = """
    SELECT reason
    FROM mail_suppressions
    WHERE email_hash = $1 AND (until IS NULL OR until > $2)
"""

ADD_SUPPRESSION_SQL = """
    INSERT INTO mail_suppressions (email_hash, reason, since, until)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (email_hash, reason) DO UPDATE SET until = EXCLUDED.until
    WHERE mail_suppressions.until < EXCLUDED.until
"""

REMOVE_SUPPRESSIONS_SQL = """
    DELETE FROM mail_suppressions
    WHERE email_hash = $1 AND reason = ANY($2::text[])
    RETURNING reason
"""

WORKS_AGAIN_SQL = """
    DELETE FROM mail_suppressions
    WHERE email_hash = $1 AND reason = 'BOUNCED' AND since < $2
"""

LIST_SUPPRESSIONS_SQL = """
    SELECT email_hash, reason, since, until
    FROM mail_suppressions
    WHERE until IS NULL OR until > $1
    ORDER BY since DESC, email_hash DESC, reason DESC
    LIMIT $2
"""

LIST_MAILBOX_SQL = """
    SELECT email_hash, reason, since, until
    FROM mail_suppressions
    WHERE email_hash = $1 AND (until IS NULL OR until > $2)
    ORDER BY since DESC, reason
"""

FORGET_SUPPRESSIONS_SQL = """
    DELETE FROM mail_suppressions
    WHERE ctid = ANY(ARRAY(
        SELECT ctid
        FROM mail_suppressions
        WHERE until <= $1
        ORDER BY until
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING reason
"""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One mailbox on the list, known by its hash, for one reason."""

    email_hash: bytes
    reason: Suppression
    since: datetime
    until: datetime | None


def from_row(row: Row) -> Suppressed:
    return Suppressed(row["email_hash"], Suppression(row["reason"]), row["since"], row["until"])


def hash_of(email_key: str) -> bytes:
    """What is kept of a mailbox: the SHA-256 of the key of its address, as in gift_links."""
    return sha256(email_key.encode()).digest()


async def of_mailbox(conn: Conn, *, email_hash: bytes, now: datetime) -> frozenset[Suppression]:
    """Why this mailbox gets no gift mail; nothing if it does."""
    rows = await conn.fetch(SUPPRESSIONS_OF_SQL, email_hash, now)
    return frozenset(Suppression(row["reason"]) for row in rows)


async def add(conn: Conn, *, email_hash: bytes, reason: Suppression, now: datetime) -> None:
    """The mailbox is on the list for this reason; one that bounced for 90 days from now, any other for good."""
    until = now + BOUNCED_FOR if reason is Suppression.BOUNCED else None
    await conn.execute(ADD_SUPPRESSION_SQL, email_hash, reason.value, now, until)


async def remove(conn: Conn, *, email_hash: bytes, reasons: Collection[Suppression]) -> list[Suppression]:
    """The mailbox is not on the list for any of these reasons. Returns those for which it was."""
    rows = await conn.fetch(REMOVE_SUPPRESSIONS_SQL, email_hash, [reason.value for reason in reasons])
    return sorted(Suppression(row["reason"]) for row in rows)


async def works_again(conn: Conn, *, email_hash: bytes, mailed_at: datetime) -> None:
    """A mail that left at that moment arrived: the mailbox is not on the list for one that came back before."""
    await conn.execute(WORKS_AGAIN_SQL, email_hash, mailed_at)


async def listed(conn: Conn, *, limit: int, now: datetime) -> list[Suppressed]:
    """At most `limit` of the list, the newest first."""
    return [from_row(row) for row in await conn.fetch(LIST_SUPPRESSIONS_SQL, now, limit)]


async def listed_for(conn: Conn, *, email_hash: bytes, now: datetime) -> list[Suppressed]:
    """All that is on the list of one mailbox, the newest first."""
    return [from_row(row) for row in await conn.fetch(LIST_MAILBOX_SQL, email_hash, now)]


async def forget(conn: Conn, *, limit: int, now: datetime) -> int:
    """At most `limit` that are over are gone. Returns how many."""
    return len(await conn.fetch(FORGET_SUPPRESSIONS_SQL, now, limit))
