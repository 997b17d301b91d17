"""Terminals as callers: how a device becomes one, and stops being one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auth import activation_codes, rate_limits, sessions
from auth.errors import ActivationCodeRejected
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import MerchantId, TerminalId

CODE_LIFE = timedelta(minutes=15)
WRONG_CODES_WINDOW = timedelta(minutes=10)
WRONG_CODES_PER_CLIENT = 10

LOCK_TERMINAL_SQL = """
    SELECT terminal_id
    FROM terminals
    WHERE merchant_id = $1 AND terminal_id = $2 AND revoked_at IS NULL
    FOR UPDATE
"""

FORGET_CODES_SQL = """
    DELETE FROM activation_codes
    WHERE merchant_id = $1 AND terminal_id = $2 AND used_at IS NULL
"""

INSERT_CODE_SQL = """
    INSERT INTO activation_codes (code_hash, merchant_id, terminal_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
"""

FIND_CODE_SQL = """
    SELECT merchant_id, terminal_id
    FROM activation_codes
    WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2
"""

USE_CODE_SQL = """
    UPDATE activation_codes
    SET used_at = $2
    WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2
    RETURNING terminal_id
"""

ACTIVATE_SQL = """
    UPDATE terminals
    SET activated_at = $3
    WHERE merchant_id = $1 AND terminal_id = $2
"""

REVOKE_SQL = """
    UPDATE terminals
    SET revoked_at = $3
    WHERE merchant_id = $1 AND terminal_id = $2 AND revoked_at IS NULL
    RETURNING terminal_id
"""


@dataclass(frozen=True, slots=True)
class Activated:
    """The terminal that the device is now, and the session that was opened."""

    merchant_id: MerchantId
    terminal_id: TerminalId
    tokens: SessionTokens


async def new_activation_code(
    conn: Conn, *, box: SecretBox, merchant_id: MerchantId, terminal_id: TerminalId, now: datetime
) -> str:
    """A code, XXXX-XXXX, that activates this terminal once within 15 minutes; an earlier unused one is good no more.

    The terminal's present session stays until the code is used. Raises NotFound for an unknown or revoked terminal.
    """
    # The terminal's lock comes first here, in activate and in revoke: one code at most is live, and nobody deadlocks.
    if await conn.fetchval(LOCK_TERMINAL_SQL, merchant_id, terminal_id) is None:
        raise NotFound
    await conn.execute(FORGET_CODES_SQL, merchant_id, terminal_id)
    code = activation_codes.new_code()
    hashed = activation_codes.hash_of(box, code)
    await conn.execute(INSERT_CODE_SQL, hashed, merchant_id, terminal_id, now, now + CODE_LIFE)
    return code


async def activate(
    conn: Conn, *, box: SecretBox, ring: KeyRing, code: str, device_name: str, client: bytes, now: datetime
) -> Activated | ActivationCodeRejected:
    """The device is the terminal that the code was made for; the terminal's earlier sessions have ended.

    `client` is where the request comes from: after 10 wrong codes from there in 10 minutes it raises TooManyAttempts,
    for right ones too. ActivationCodeRejected is returned, not raised, because the wrong code must stay counted:
    auth.errors.granted raises it after the commit.
    """
    subject = box.keyed_hash("rate_limit", client)
    # Every try counts until it was right, so that racers cannot try more often than one after the other could.
    await rate_limits.hit(
        conn,
        scope="activate.wrong",
        subject=subject,
        limit=WRONG_CODES_PER_CLIENT,
        window=WRONG_CODES_WINDOW,
        now=now,
    )
    found = await _use_code(conn, hashed=activation_codes.hash_of(box, code), now=now)
    if found is None:
        return ActivationCodeRejected()
    merchant_id, terminal_id = found
    await rate_limits.give_back(conn, scope="activate.wrong", subject=subject, now=now)
    await conn.execute(ACTIVATE_SQL, merchant_id, terminal_id, now)
    await sessions.end_of_terminal(conn, merchant_id=merchant_id, terminal_id=terminal_id, because="replaced", now=now)
    tokens = await sessions.open_for_terminal(
        conn,
        box=box,
        ring=ring,
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        device_name=device_name,
        now=now,
    )
    return Activated(merchant_id=merchant_id, terminal_id=terminal_id, tokens=tokens)


async def _use_code(conn: Conn, *, hashed: bytes | None, now: datetime) -> tuple[MerchantId, TerminalId] | None:
    """The terminal of a live code, locked, the code used up; None, and nothing done, for any other code."""
    found = None if hashed is None else await conn.fetchrow(FIND_CODE_SQL, hashed, now)
    if found is None:
        return None
    merchant_id, terminal_id = MerchantId(found["merchant_id"]), TerminalId(found["terminal_id"])
    if await conn.fetchval(LOCK_TERMINAL_SQL, merchant_id, terminal_id) is None:
        return None
    if await conn.fetchval(USE_CODE_SQL, hashed, now) is None:
        return None
    return merchant_id, terminal_id


async def revoke(conn: Conn, *, merchant_id: MerchantId, terminal_id: TerminalId, now: datetime) -> None:
    """The terminal can do nothing any more: its sessions have ended, its codes are gone.

    An access token that it holds is refused at the next look at the terminal's session. Raises NotFound for an unknown
    terminal and for one that was revoked before.
    """
    if await conn.fetchval(REVOKE_SQL, merchant_id, terminal_id, now) is None:
        raise NotFound
    await conn.execute(FORGET_CODES_SQL, merchant_id, terminal_id)
    await sessions.end_of_terminal(conn, merchant_id=merchant_id, terminal_id=terminal_id, because="revoked", now=now)
