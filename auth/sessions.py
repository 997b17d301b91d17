"""Sessions: devices that are signed in. A session is a family of refresh tokens, each good for one refresh.

A token that comes back after its use means that two hold the session, and nobody can say which one is the thief: the
session ends (RFC 9700 §4.14.2). Except that answers get lost on the way to a phone: for ten seconds, and while its
successor has not been used, the same token is answered with the same successor again. No wider, except for pages: what
they keep in a cookie is waited for without a limit (docs/decisions/0020-sessions-of-the-pages.md).
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from auth import access_tokens, refresh_tokens
from auth.access_tokens import AccessToken, Audience
from auth.errors import SessionEnded
from auth.keys import KeyRing
from auth.refresh_tokens import RefreshToken
from auth.secrets import SecretBox
from auth.viewers import SessionId
from wallet.database import Conn, Row
from wallet.errors import NotFound
from wallet.values import CustomerId, MerchantId, TerminalId

LOST_ANSWER = timedelta(seconds=10)
INACTIVE_CUSTOMER = timedelta(days=90)
INACTIVE_TERMINAL = timedelta(days=400)
DEVICE_NAME_CHARACTERS_MAX = 80
DEVICE_NAME_IF_NONE = "?"
LISTED_MAX = 100

EndedBecause = Literal["signed_out", "token_reused", "revoked", "replaced"]

OPEN_SQL = """
    WITH opened AS (
        INSERT INTO sessions (session_id, customer_id, merchant_id, terminal_id, device_name, created_at, last_seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        RETURNING session_id
    )
    INSERT INTO refresh_tokens (session_id, seq, token_hash, issued_at, expires_at)
    SELECT session_id, 1, $7, $6, $8
    FROM opened
"""

LOCK_SQL = """
    SELECT customer_id, merchant_id, terminal_id
    FROM sessions
    WHERE session_id = $1 AND (customer_id IS NOT NULL) = $2 AND ended_at IS NULL
    FOR UPDATE
"""

USE_SQL = """
    UPDATE refresh_tokens
    SET used_at = $4
    WHERE session_id = $1 AND seq = $2 AND token_hash = $3 AND used_at IS NULL AND expires_at > $4
    RETURNING seq
"""

SUCCEED_SQL = """
    WITH seen AS (
        UPDATE sessions
        SET last_seen_at = $4
        WHERE session_id = $1
        RETURNING session_id
    )
    INSERT INTO refresh_tokens (session_id, seq, token_hash, issued_at, expires_at)
    SELECT session_id, $2, $3, $4, $5
    FROM seen
"""

FATE_SQL = """
    SELECT token.used_at, successor.expires_at AS successor_expires_at, successor.used_at AS successor_used_at
    FROM refresh_tokens AS token
    LEFT JOIN refresh_tokens AS successor ON successor.session_id = token.session_id AND successor.seq = token.seq + 1
    WHERE token.session_id = $1 AND token.seq = $2
"""

END_SQL = """
    UPDATE sessions
    SET ended_at = $2, ended_because = $3
    WHERE session_id = $1 AND ended_at IS NULL
"""

SIGN_OUT_SQL = """
    UPDATE sessions
    SET ended_at = $3, ended_because = 'signed_out'
    WHERE customer_id = $1 AND session_id = $2 AND ended_at IS NULL
    RETURNING session_id
"""

END_OF_TERMINAL_SQL = """
    UPDATE sessions
    SET ended_at = $3, ended_because = $4
    WHERE merchant_id = $1 AND terminal_id = $2 AND ended_at IS NULL
"""

LIVE_SQL = """
    SELECT session_id
    FROM sessions
    WHERE session_id = $1
        AND ended_at IS NULL
        AND last_seen_at > CASE WHEN customer_id IS NOT NULL THEN $2::timestamptz ELSE $3 END
"""

OF_CUSTOMER_SQL = """
    SELECT session_id, device_name, created_at, last_seen_at
    FROM sessions
    WHERE customer_id = $1 AND ended_at IS NULL AND last_seen_at > $2
    ORDER BY last_seen_at DESC, session_id
    LIMIT $3
"""

FIND_SQL = """
    SELECT session_id, device_name, created_at, last_seen_at
    FROM sessions
    WHERE customer_id = $1 AND session_id = $2 AND ended_at IS NULL AND last_seen_at > $3
"""


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a device keeps: one token to show, one to get the next pair with."""

    session_id: SessionId
    access: AccessToken
    refresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """One device that is signed in, as its customer sees it."""

    session_id: SessionId
    device_name: str
    created_at: datetime
    last_seen_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> "Session":
        return cls(
            session_id=SessionId(row["session_id"]),
            device_name=row["device_name"],
            created_at=row["created_at"],
            last_seen_at=row["last_seen_at"],
        )


async def open_for_customer(
    conn: Conn, *, box: SecretBox, ring: KeyRing, customer_id: CustomerId, device_name: str, now: datetime
) -> SessionTokens:
    """The customer is signed in on one more device, which is signed out after 90 days without a refresh."""
    session_id = SessionId(uuid4())
    refresh = refresh_tokens.make(box, session_id=session_id, seq=1)
    name, ends_at = _device_name(device_name), now + INACTIVE_CUSTOMER
    kept = refresh_tokens.hash_of(refresh)
    await conn.execute(OPEN_SQL, session_id, customer_id, None, None, name, now, kept, ends_at)
    access = access_tokens.issue_to_customer(ring, customer_id=customer_id, session_id=session_id, now=now)
    return SessionTokens(session_id, access, refresh)


async def open_for_terminal(
    conn: Conn,
    *,
    box: SecretBox,
    ring: KeyRing,
    merchant_id: MerchantId,
    terminal_id: TerminalId,
    device_name: str,
    now: datetime,
) -> SessionTokens:
    """The terminal has a session, which ends after 400 days without a refresh. Its earlier ones are the caller's."""
    session_id = SessionId(uuid4())
    refresh = refresh_tokens.make(box, session_id=session_id, seq=1)
    name, ends_at = _device_name(device_name), now + INACTIVE_TERMINAL
    kept = refresh_tokens.hash_of(refresh)
    await conn.execute(OPEN_SQL, session_id, None, merchant_id, terminal_id, name, now, kept, ends_at)
    access = access_tokens.issue_to_terminal(
        ring, merchant_id=merchant_id, terminal_id=terminal_id, session_id=session_id, now=now
    )
    return SessionTokens(session_id, access, refresh)


async def refresh(
    conn: Conn,
    *,
    box: SecretBox,
    ring: KeyRing,
    refresh_token: str,
    audience: Audience,
    lost_within: timedelta | None = LOST_ANSWER,
    now: datetime,
) -> SessionTokens | SessionEnded:
    """The next pair of tokens; the one shown is used up, and the device was last seen now.

    An old token ends its session, except for an answer that was lost up to `lost_within` ago (None: at any time), its
    successor being unused and not past its date: see above. A text that is no token of ours, or one for the other API,
    ends nothing. SessionEnded is returned, not raised: commit, then let auth.errors.granted raise it.
    """
    shown = refresh_tokens.read(box, refresh_token)
    if shown is None:
        return SessionEnded()
    # The lock comes first: of two who show the same token, the second one sees what the first one left.
    owner = await conn.fetchrow(LOCK_SQL, shown.session_id, audience is Audience.CUSTOMER)
    if owner is None:
        return SessionEnded()
    successor = refresh_tokens.make(box, session_id=shown.session_id, seq=shown.seq + 1)
    if await conn.fetchval(USE_SQL, shown.session_id, shown.seq, shown.hash, now) is not None:
        ends_at = now + (INACTIVE_CUSTOMER if audience is Audience.CUSTOMER else INACTIVE_TERMINAL)
        kept = refresh_tokens.hash_of(successor)
        await conn.execute(SUCCEED_SQL, shown.session_id, shown.seq + 1, kept, now, ends_at)
    elif not await _answer_was_lost(conn, shown, lost_within=lost_within, now=now):
        return SessionEnded()
    return SessionTokens(shown.session_id, _access_token(ring, owner, shown.session_id, now), successor)


async def _answer_was_lost(conn: Conn, shown: RefreshToken, *, lost_within: timedelta | None, now: datetime) -> bool:
    """Whether this token was used lately enough and its successor never. If it was used otherwise, the session ends."""
    fate = await conn.fetchrow(FATE_SQL, shown.session_id, shown.seq)
    if fate is not None:
        if fate["used_at"] is None:
            return False  # It is past its date: nobody has reused anything.
        successor_is_unused = fate["successor_expires_at"] is not None and fate["successor_used_at"] is None
        if successor_is_unused and (lost_within is None or now - fate["used_at"] <= lost_within):
            # Past the date of its successor too, the device was away for too long: nobody has reused anything.
            return bool(fate["successor_expires_at"] > now)
    await _end(conn, shown.session_id, because="token_reused", now=now)
    return False


async def _end(conn: Conn, session_id: SessionId, *, because: EndedBecause, now: datetime) -> None:
    await conn.execute(END_SQL, session_id, now, because)


def _access_token(ring: KeyRing, owner: Row, session_id: SessionId, now: datetime) -> AccessToken:
    if owner["customer_id"] is not None:
        customer_id = CustomerId(owner["customer_id"])
        return access_tokens.issue_to_customer(ring, customer_id=customer_id, session_id=session_id, now=now)
    return access_tokens.issue_to_terminal(
        ring,
        merchant_id=MerchantId(owner["merchant_id"]),
        terminal_id=TerminalId(owner["terminal_id"]),
        session_id=session_id,
        now=now,
    )


async def end(conn: Conn, *, customer_id: CustomerId, session_id: SessionId, now: datetime) -> None:
    """The customer's device is signed out. Raises NotFound if it is not theirs or was signed out before."""
    if await conn.fetchval(SIGN_OUT_SQL, customer_id, session_id, now) is None:
        raise NotFound


async def replace(conn: Conn, *, session_id: SessionId, now: datetime) -> None:
    """The session is over: its device has another one. Who calls has seen a genuine refresh token of it."""
    await _end(conn, session_id, because="replaced", now=now)


async def end_of_terminal(
    conn: Conn, *, merchant_id: MerchantId, terminal_id: TerminalId, because: EndedBecause, now: datetime
) -> None:
    """No session of the terminal is live."""
    await conn.execute(END_OF_TERMINAL_SQL, merchant_id, terminal_id, now, because)


async def require_live(conn: Conn, *, session_id: SessionId, now: datetime) -> None:
    """Before something that must not be done with a token whose session has ended meanwhile. Raises SessionEnded."""
    if await conn.fetchval(LIVE_SQL, session_id, now - INACTIVE_CUSTOMER, now - INACTIVE_TERMINAL) is None:
        raise SessionEnded


async def of_customer(conn: Conn, *, customer_id: CustomerId, now: datetime) -> list[Session]:
    """The devices that the customer is signed in on, the last seen first; the hundred last seen at most."""
    rows = await conn.fetch(OF_CUSTOMER_SQL, customer_id, now - INACTIVE_CUSTOMER, LISTED_MAX)
    return [Session.from_row(row) for row in rows]


async def find(conn: Conn, *, customer_id: CustomerId, session_id: SessionId, now: datetime) -> Session | None:
    """The customer's device, if it is theirs and signed in."""
    row = await conn.fetchrow(FIND_SQL, customer_id, session_id, now - INACTIVE_CUSTOMER)
    return None if row is None else Session.from_row(row)


def _device_name(said: str) -> str:
    """What the device calls itself, made fit to be kept and shown; no name is a reason not to sign in."""
    printable = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in said)
    return " ".join(printable.split())[:DEVICE_NAME_CHARACTERS_MAX].rstrip() or DEVICE_NAME_IF_NONE
