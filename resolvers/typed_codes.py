"""Ten digits can be guessed, 218 cannot: a till that types ten wrong ones in ten minutes may type none for ten more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from auth import rate_limits
from auth.viewers import as_terminal
from resolvers.context import RequestContext
from schema.failures import Unauthenticated
from wallet.database import Conn
from wallet.errors import CodeInvalid, Refusal, TooManyAttempts

WRONG_MAX = 10
WINDOW = timedelta(minutes=10)
WRONG = "typed_code.wrong"
LOCKED = "typed_code.locked"

TYPED_LENGTH_MAX = 40
"""Ten digits with any spaces; what a scanner reads is longer."""


@asynccontextmanager
async def counted(conn: Conn, context: RequestContext, code: str) -> AsyncIterator[None]:
    """Goes around the transaction in which the code is tried, on a connection that is in none yet.

    A code that was typed and proves CodeInvalid stays counted, whatever is rolled back; any other is not. Raises
    TooManyAttempts before anything is tried, for a right code too.
    """
    terminal = as_terminal(context.viewer)
    if terminal is None:
        raise Unauthenticated
    if len(code) > TYPED_LENGTH_MAX:
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
