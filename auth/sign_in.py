"""Signing in with a code that is mailed: six digits, ten minutes, five tries, once.

The code belongs to an attempt, whose id only the device that asked for it holds: somebody who sees the code alone can
do nothing with it. Nothing here looks a customer up before the code was right, so known and unknown addresses cannot be
told apart. The code is made when its mail is, by the worker: no row of the outbox holds one.
"""

import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from auth import rate_limits, sessions
from auth.emails import Address
from auth.errors import SignInCodeRejected
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from wallet import outbox
from wallet.database import Conn, Row
from wallet.errors import InvalidInput
from wallet.stores import LOCALE, LOCALE_MAX
from wallet.values import CustomerId

AttemptId = NewType("AttemptId", UUID)

LIFE = timedelta(minutes=10)
TRIES = 5
CODE_DIGITS = 6
MAIL_TOPIC = "mail.sign_in"

REQUESTS_WINDOW = timedelta(hours=1)
REQUESTS_PER_ADDRESS_AND_CLIENT = 5
REQUESTS_PER_ADDRESS = 30
REQUESTS_PER_CLIENT = 30

WRONG_CODES_WINDOW = timedelta(hours=24)
WRONG_CODES_PER_ADDRESS_AND_CLIENT = 30
"""Over all attempts of an address from one place: a year of guessing every day succeeds with a chance of 1 %."""
WRONG_CODES_PER_ADDRESS = 100
"""From all places together: a stranger who wants to lock the owner out has to have them mailed twenty times a day."""

INSERT_ATTEMPT_SQL = """
    INSERT INTO sign_in_attempts (email, email_key, locale, tries_left, created_at, expires_at, client_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING attempt_id
"""

MAKE_CODE_SQL = """
    UPDATE sign_in_attempts
    SET code_hash = $2
    WHERE attempt_id = $1 AND consumed_at IS NULL AND tries_left > 0 AND expires_at > $3
    RETURNING email, locale, expires_at
"""

TRY_SQL = """
    UPDATE sign_in_attempts
    SET tries_left = tries_left - 1
    WHERE attempt_id = $1 AND consumed_at IS NULL AND tries_left > 0 AND expires_at > $2
    RETURNING tries_left, code_hash, client_hash, email, email_key, locale
"""

CONSUME_SQL = """
    UPDATE sign_in_attempts
    SET consumed_at = $2
    WHERE attempt_id = $1 AND consumed_at IS NULL
"""

CONFIRM_CUSTOMER_SQL = """
    INSERT INTO customers (email, email_key, locale, confirmed_at, created_at)
    VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (email_key) DO UPDATE
    SET confirmed_at = COALESCE(customers.confirmed_at, excluded.confirmed_at)
    RETURNING customer_id
"""


@dataclass(frozen=True, slots=True)
class Requested:
    """The attempt that the mailed code will belong to."""

    attempt_id: AttemptId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MadeCode:
    """What to mail, to whom and in which language."""

    email: str
    locale: str
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The customer whose mailbox it is, and the session that was opened."""

    customer_id: CustomerId
    tokens: SessionTokens


async def request_code(
    conn: Conn, *, box: SecretBox, email: Address, locale: str, client: bytes | None, now: datetime
) -> Requested:
    """There is an attempt, and a mail is on its way: the same statements whoever the address belongs to.

    `client` is where the request comes from (an IP address, say); None if that is not known. Raises InvalidInput for a
    locale that is not BCP 47, and TooManyAttempts: one client may have an address written to 5 times an hour, all
    clients together 30 times, and a client may ask 30 times an hour, so that nobody locks somebody else out cheaply.
    """
    if len(locale) > LOCALE_MAX or not LOCALE.fullmatch(locale):
        raise InvalidInput.of("locale", "not_a_locale")
    key = email.key.encode()
    await _count_request(conn, box, "sign_in.pair", [key, client or b""], REQUESTS_PER_ADDRESS_AND_CLIENT, now)
    await _count_request(conn, box, "sign_in.address", [key], REQUESTS_PER_ADDRESS, now)
    if client is not None:
        await _count_request(conn, box, "sign_in.client", [client], REQUESTS_PER_CLIENT, now)
    expires_at = now + LIFE
    origin = None if client is None else box.keyed_hash("client", client)
    facts = (email.text, email.key, locale, TRIES, now, expires_at, origin)
    attempt_id = await conn.fetchval(INSERT_ATTEMPT_SQL, *facts)
    await outbox.add(conn, topic=MAIL_TOPIC, payload={"attemptId": str(attempt_id)}, run_at=now, now=now)
    return Requested(attempt_id=AttemptId(attempt_id), expires_at=expires_at)


async def _count_request(
    conn: Conn, box: SecretBox, scope: str, subject: Sequence[bytes], limit: int, now: datetime
) -> None:
    hashed = box.keyed_hash("rate_limit", *subject)
    await rate_limits.hit(conn, scope=scope, subject=hashed, limit=limit, window=REQUESTS_WINDOW, now=now)


async def make_code(conn: Conn, *, box: SecretBox, attempt_id: AttemptId, now: datetime) -> MadeCode | None:
    """A new code for the attempt, to be mailed and forgotten; an earlier one is good no more. None if it is over.

    The tries stay as they are, so mailing again is no way to more of them.
    """
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = await conn.fetchrow(MAKE_CODE_SQL, attempt_id, _hash(box, attempt_id, code), now)
    if row is None:
        return None
    return MadeCode(email=row["email"], locale=row["locale"], code=code, expires_at=row["expires_at"])


async def sign_in(
    conn: Conn,
    *,
    box: SecretBox,
    ring: KeyRing,
    attempt_id: AttemptId,
    code: str,
    device_name: str,
    now: datetime,
) -> SignedIn | SignInCodeRejected:
    """The mailbox's customer, made if there was none, is signed in; the attempt is used up.

    A wrong code costs one of five tries; after the fifth the right one is refused too. SignInCodeRejected is returned,
    not raised, because the try must be committed: auth.errors.granted raises it afterwards. Raises TooManyAttempts
    after 30 wrong codes in 24 hours for the attempts at this address from where this one was asked for, or 100 in all.
    """
    attempt = await conn.fetchrow(TRY_SQL, attempt_id, now)
    if attempt is None:
        return SignInCodeRejected(attempts_left=0)
    # Every try counts until it was right, so that racers cannot try more often than one after the other could.
    key = attempt["email_key"].encode()
    counted = (
        (
            "sign_in.wrong",
            box.keyed_hash("rate_limit", key, attempt["client_hash"] or b""),
            WRONG_CODES_PER_ADDRESS_AND_CLIENT,
        ),
        ("sign_in.wrong_in_all", box.keyed_hash("rate_limit", key), WRONG_CODES_PER_ADDRESS),
    )
    for scope, subject, limit in counted:
        await rate_limits.hit(conn, scope=scope, subject=subject, limit=limit, window=WRONG_CODES_WINDOW, now=now)
    right = attempt["code_hash"]
    if right is None or not hmac.compare_digest(right, _hash(box, attempt_id, _digits(code))):
        return SignInCodeRejected(attempts_left=attempt["tries_left"])
    for scope, subject, _ in counted:
        await rate_limits.give_back(conn, scope=scope, subject=subject, now=now)
    await conn.execute(CONSUME_SQL, attempt_id, now)
    customer_id = await _confirm_customer(conn, attempt, now)
    tokens = await sessions.open_for_customer(
        conn, box=box, ring=ring, customer_id=customer_id, device_name=device_name, now=now
    )
    return SignedIn(customer_id=customer_id, tokens=tokens)


async def _confirm_customer(conn: Conn, attempt: Row, now: datetime) -> CustomerId:
    email, email_key, locale = attempt["email"], attempt["email_key"], attempt["locale"]
    return CustomerId(await conn.fetchval(CONFIRM_CUSTOMER_SQL, email, email_key, locale, now))


def _hash(box: SecretBox, attempt_id: AttemptId, code: str) -> bytes:
    return box.keyed_hash("sign_in_code", attempt_id.bytes, code.encode(errors="replace"))


def _digits(code: str) -> str:
    """The code as typed, without blanks and dashes, the digits of any script as ASCII."""
    kept = (char for char in code if not char.isspace() and char != "-")
    return "".join(str(unicodedata.decimal(char, char)) for char in kept)
