"""Who stands at the till, by the PIN that they typed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth import operator_pins, rate_limits
from auth.viewers import as_terminal
from resolvers.context import RequestContext
from schema.failures import Unauthenticated
from wallet import operators, reviews
from wallet.database import Conn
from wallet.errors import OperatorUnknown, TooManyAttempts
from wallet.values import OperatorId, Phrase, Terminal, TerminalId

WRONG_MAX = 10
WINDOW = timedelta(hours=1)
WRONG = "operator_pin.wrong"


@asynccontextmanager
async def counted(conn: Conn, context: RequestContext) -> AsyncIterator[None]:
    """Goes around the transaction in which `operator_of` is asked, on a connection that is in none yet.

    A wrong PIN stays counted, whatever is rolled back: a till that types ten in an hour is told of none, right or
    wrong, until the hour is over. Raises OperatorUnknown.
    """
    terminal = as_terminal(context.viewer)
    if terminal is None:
        raise Unauthenticated
    try:
        yield
    except OperatorUnknown as refusal:
        if refusal.missing or refusal.retry_at is not None:
            raise
        await count_wrong(conn, context, terminal.terminal_id)
        raise


async def count_wrong(conn: Conn, context: RequestContext, terminal_id: TerminalId) -> None:
    """The till typed one more PIN that is nobody's. Raises OperatorUnknown where those are too many."""
    subject, now = _subject(context, terminal_id), context.now
    try:
        await rate_limits.hit(conn, scope=WRONG, subject=subject, limit=WRONG_MAX, window=WINDOW, now=now)
    except TooManyAttempts as too_many:
        raise OperatorUnknown(retry_at=too_many.retry_at) from None


async def operator_of(
    conn: Conn, context: RequestContext, terminal: Terminal, pin: str | None, *, at: datetime | None = None
) -> OperatorId | None:
    """Whose PIN it is, or was at `at`; None where none was given and the merchant does not ask for one. Two statements
    with a PIN.

    The block that this is called in stands in `counted`, or nothing keeps a till from trying all PINs. Raises
    OperatorUnknown for a PIN that is nobody's, for none where one is needed, and for any while too many were wrong.
    """
    if pin is None:
        if terminal.operators_required:
            raise OperatorUnknown(missing=True)
        return None
    pin_hash = operator_pins.hash_of(context.box, merchant_id=terminal.merchant_id, pin=pin)
    operator_id = await operators.find(conn, terminal=terminal, pin_hash=pin_hash, at=at or context.now)
    if operator_id is None:
        raise OperatorUnknown
    try:
        subject = _subject(context, terminal.terminal_id)
        await rate_limits.check(conn, scope=WRONG, subject=subject, limit=WRONG_MAX, now=context.now)
    except TooManyAttempts as too_many:
        raise OperatorUnknown(retry_at=too_many.retry_at) from None
    return operator_id


async def named_operator(conn: Conn, context: RequestContext, terminal: Terminal, pin: str | None) -> OperatorId | None:
    """As `operator_of`, where a PIN is welcome and never needed: nothing is sold and nothing taken back."""
    return None if pin is None else await operator_of(conn, context, terminal, pin)


@dataclass(frozen=True, slots=True)
class Absent:
    """Who stood at a till that had no network. `wrong`: the PIN was nobody's; `doubt`: why nobody is named."""

    operator_id: OperatorId | None
    doubt: Phrase | None = None
    wrong: bool = False


async def absent_operator(
    conn: Conn, context: RequestContext, terminal: Terminal, pin: str | None, *, at: datetime
) -> Absent:
    """As `operator_of` for what was sold without a network: the goods are gone, so nothing is refused.

    Who calls this counts a wrong PIN where the answer tells that it was one.
    """
    try:
        return Absent(await operator_of(conn, context, terminal, pin, at=at))
    except OperatorUnknown as refusal:
        wrong = not refusal.missing and refusal.retry_at is None
        return Absent(None, reviews.OPERATOR_UNKNOWN, wrong)


def _subject(context: RequestContext, terminal_id: TerminalId) -> bytes:
    return context.box.keyed_hash("rate_limit", terminal_id.bytes)
