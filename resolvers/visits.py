"""The counter learns whom it serves: by a scan, or by enrolling."""

import math
from datetime import timedelta

from auth import check_in_tokens, confirmations, emails, rate_limits
from resolvers import callers, typed_codes
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.enrolment import CustomerEnrolled, EnrolInput, EnrolResult
from schema.field import given
from schema.visit import ScanInput, ScanResult, Visit
from wallet import enrolments, fingerprint, visits
from wallet.database import Conn
from wallet.errors import InvalidInput, TooManyAttempts
from wallet.values import TerminalId

ENROLMENTS_AN_HOUR = 60
ENROLMENTS_WINDOW = timedelta(hours=1)


async def scan(info: Info, said: Input[ScanInput]) -> ScanResult:
    context = info.context
    ring = await context.rings.current(context.now)
    async with (
        context.pool.acquire() as conn,
        typed_codes.counted(conn, context, said.code),
        conn.transaction(),
    ):
        terminal = await callers.terminal(conn, context)
        code = check_in_tokens.read(ring, text=said.code, now=context.now)
        visit = await visits.open_by_scan(conn, terminal=terminal, code=code, now=context.now)
    return Visit.from_domain(visit)


async def enrol(info: Info, said: Input[EnrolInput]) -> EnrolResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        terminal = await callers.terminal(conn, context)
        address = emails.normalise(said.email, field="email")
        name, locale = given(said.name), given(said.locale)
        enrolled = await enrolments.enrol(
            conn,
            terminal=terminal,
            email=address.text,
            email_key=address.key,
            name=name,
            locale=locale,
            idempotency_key=said.idempotency_key,
            input_hash=fingerprint.of("enrol", {"email": address.text, "name": name, "locale": locale}),
            now=context.now,
        )
        if not enrolled.replayed:
            await _count_enrolment(conn, context, terminal.terminal_id)
        if enrolled.to_tell is not None:
            await confirmations.mail(
                conn,
                box=context.box,
                email=address,
                customer_id=enrolled.to_tell,
                merchant_id=terminal.merchant_id,
                card_id=enrolled.visit.card_id,
                now=context.now,
            )
    return CustomerEnrolled.from_domain(enrolled)


async def _count_enrolment(conn: Conn, context: RequestContext, terminal_id: TerminalId) -> None:
    """A till enrols 60 times an hour; one too many undoes what it did. Repeating an earlier one is none.

    Raises InvalidInput, which tills have known from the first day: this operation cannot say TooManyAttempts.
    """
    try:
        await rate_limits.hit(
            conn,
            scope="enrolment",
            subject=context.box.keyed_hash("rate_limit", terminal_id.bytes),
            limit=ENROLMENTS_AN_HOUR,
            window=ENROLMENTS_WINDOW,
            now=context.now,
        )
    except TooManyAttempts as refusal:
        minutes = math.ceil((refusal.retry_at - context.now) / timedelta(minutes=1))
        raise InvalidInput.of("email", "too_many_enrolled", minutes=minutes) from None
