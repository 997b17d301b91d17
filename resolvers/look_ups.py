"""A customer without a phone in hand: the till asks for the card by an address or a number."""

from datetime import timedelta

from strawberry import UNSET

from auth import emails, phones, rate_limits
from auth.errors import granted
from resolvers import callers, operators
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.field import given
from schema.look_up import LookUpInput, LookUpResult
from schema.visit import Visit
from wallet import look_ups
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.look_ups import Kind, Subject
from wallet.values import Terminal

A_TILL_S_WINDOW = timedelta(minutes=10)
A_TILL_S_LOOK_UPS = 30

A_MERCHANT_S_WINDOW = timedelta(hours=1)
A_MERCHANT_S_MISSES = 300
"""More than one till alone can miss, so that no till locks the others out; few against a list of addresses."""


async def look_up(info: Info, said: Input[LookUpInput], operator_pin: str | None = UNSET) -> LookUpResult:
    """What was asked is counted and written down, found or not: nothing of it is raised before it is committed."""
    context = info.context
    async with context.pool.acquire() as conn, operators.counted(conn, context), conn.transaction():
        terminal = await callers.terminal(conn, context)
        operator_id = await operators.named_operator(conn, context, terminal, given(operator_pin))
        await _count(conn, context, terminal)
        subject = _subject(context, terminal, said)
        answer = await look_ups.look_up(
            conn, terminal=terminal, subject=subject, operator_id=operator_id, now=context.now
        )
        if isinstance(answer, NotFound):
            await _count_miss(conn, context, terminal)
    return Visit.from_domain(granted(answer))


async def _count(conn: Conn, context: RequestContext, terminal: Terminal) -> None:
    """Raises TooManyAttempts where the till has asked 30 times in ten minutes, or its merchant's tills have missed 300
    times in an hour. The merchant's counter is only looked at here, so that its tills do not wait for each other.
    """
    await rate_limits.hit(
        conn,
        scope="look_up.terminal",
        subject=context.box.keyed_hash("rate_limit", terminal.terminal_id.bytes),
        limit=A_TILL_S_LOOK_UPS,
        window=A_TILL_S_WINDOW,
        now=context.now,
    )
    await rate_limits.check(
        conn,
        scope="look_up.merchant",
        subject=context.box.keyed_hash("rate_limit", terminal.merchant_id.bytes),
        limit=A_MERCHANT_S_MISSES,
        now=context.now,
    )


async def _count_miss(conn: Conn, context: RequestContext, terminal: Terminal) -> None:
    """Exactly so many are told that somebody is no member, however many ask at once. Raises TooManyAttempts."""
    await rate_limits.hit(
        conn,
        scope="look_up.merchant",
        subject=context.box.keyed_hash("rate_limit", terminal.merchant_id.bytes),
        limit=A_MERCHANT_S_MISSES,
        window=A_MERCHANT_S_WINDOW,
        now=context.now,
    )


def _subject(context: RequestContext, terminal: Terminal, said: LookUpInput) -> Subject:
    email, phone = given(said.email), given(said.phone)
    kind: Kind = "PHONE" if email is None else "EMAIL"
    typed = (phone if email is None else email) or ""
    try:
        key = (
            emails.normalise(typed, field="email").key
            if kind == "EMAIL"
            else phones.normalise(typed, locale=terminal.locale, field="phone")
        )
    except InvalidInput:
        key = None
    meant = (key or typed.strip()).encode()
    return Subject(kind, key, context.box.keyed_hash("look_up", terminal.merchant_id.bytes, kind.encode(), meant))
