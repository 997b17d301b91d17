"""Ten digits can be guessed, 218 cannot: a till that types ten wrong ones in ten minutes may type none for ten more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from auth import check_in_tokens, rate_limits
from auth.viewers import as_terminal
from resolvers.context import RequestContext
from schema.failures import Unauthenticated
from wallet.database import Conn
from wallet.errors import CodeInvalid, Refusal, TooManyAttempts
from wallet.values import ScannedCode, SignedCode, TypedCode

WRONG_MAX = 10
WINDOW = timedelta(minutes=10)
WRONG = "typed_code.wrong"
LOCKED = "typed_code.locked"


@asynccontextmanager
async def counted(conn: Conn, context: RequestContext, code: str) -> AsyncIterator[None]:
    """Goes around the transaction in which the code is tried, on a connection that is in none yet.

    Whatever is no scanned token and proves CodeInvalid stays counted, whatever is rolled back; any other is not.
    Raises TooManyAttempts before anything is tried, for a right code too.
    """
    terminal = as_terminal(context.viewer)
    if terminal is None:
        raise Unauthenticated
    if is_scanned(code):
        yield
        return
    subject, now = context.box.keyed_hash("rate_limit", terminal.terminal_id.bytes), context.now
    await rate_limits.check(conn, scope=LOCKED, subject=subject, limit=1, now=now)
    # Counted before it is tried, so that many at once are no more tries than one after the other.
    await rate_limits.hit(conn, scope=WRONG, subject=subject, limit=WRONG_MAX, window=WINDOW, now=now)
    try:
        yield
    except CodeInvalid:
        await _lock_after_the_last(conn, context, subject)
        raise
    except Refusal:
        await rate_limits.give_back(conn, scope=WRONG, subject=subject, now=now)
        raise
    await rate_limits.give_back(conn, scope=WRONG, subject=subject, now=now)


async def _lock_after_the_last(conn: Conn, context: RequestContext, subject: bytes) -> None:
    try:
        await rate_limits.check(conn, scope=WRONG, subject=subject, limit=WRONG_MAX, now=context.now)
    except TooManyAttempts:
        await rate_limits.hit(conn, scope=LOCKED, subject=subject, limit=WRONG_MAX, window=WINDOW, now=context.now)


def is_scanned(code: str) -> bool:
    """Whether the text has the form of a whole token, once the blanks in it are dropped as for reading it."""
    return check_in_tokens.TOKEN.fullmatch(without_blanks(code)) is not None


def without_blanks(code: str) -> str:
    """The text as auth.check_in_tokens.read takes it."""
    return check_in_tokens.ENDING.sub("", code).translate(check_in_tokens.BLANKS)


def unverified(code: str) -> ScannedCode | None:
    """What the text says, nothing of it being checked; None if it has the form of no code.

    Good for one thing: to compare a request with what the same till has recorded under the same key.
    """
    digits = without_blanks(code)
    if token := check_in_tokens.TOKEN.fullmatch(digits):
        return _unpacked(int(token[2]))
    return TypedCode(digits) if check_in_tokens.TYPED.fullmatch(digits) else None


def _unpacked(number: int) -> SignedCode | None:
    if number >= 1 << 8 * check_in_tokens.SIGNED_BYTES:
        return None
    signed = number.to_bytes(check_in_tokens.SIGNED_BYTES, "big")
    kind, program, reference, exp, jti = check_in_tokens.PAYLOAD.unpack(signed[: check_in_tokens.PAYLOAD.size])
    purpose = check_in_tokens.PURPOSES.get(kind)
    if purpose is None:
        return None
    return SignedCode(purpose, program, reference, datetime.fromtimestamp(exp, UTC), jti)


@asynccontextmanager
async def counted_silently(conn: Conn, context: RequestContext, code: str | None) -> AsyncIterator[None]:
    """As `counted`, for operations that cannot say TooManyAttempts: a locked till's typed code is CodeInvalid.

    `code` is None where the customer is named otherwise.
    """
    if code is None:
        yield
        return
    try:
        async with counted(conn, context, code):
            yield
    except TooManyAttempts:
        raise CodeInvalid from None
