"""The counter learns whom it serves: by a scan, or by enrolling."""

import math
from datetime import timedelta

from auth import check_in_tokens, confirmations, emails, phones, rate_limits
from auth.emails import Address
from resolvers import callers, operators, typed_codes
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.enrolment import CustomerEnrolled, EnrolByPhoneInput, EnrolInput, EnrolResult
from schema.field import given
from schema.visit import ScanInput, ScanResult, Visit
from wallet import enrolments, fingerprint, visits
from wallet.customers import Contact
from wallet.database import Conn
from wallet.enrolments import Enrolled
from wallet.errors import InvalidInput, OperatorUnknown, TooManyAttempts
from wallet.values import OperatorId, Terminal, TerminalId

ENROLMENTS_AN_HOUR = 60
ENROLMENTS_WINDOW = timedelta(hours=1)


async def scan(info: Info, said: Input[ScanInput]) -> ScanResult:
    context = info.context
    ring = await context.rings.current(context.now)
    async with (
        context.pool.acquire() as conn,
        typed_codes.counted(conn, context, said.code),
        operators.counted(conn, context),
        conn.transaction(),
    ):
        terminal = await callers.terminal(conn, context)
        operator_id = await operators.named_operator(conn, context, terminal, given(said.operator_pin))
        code = check_in_tokens.read(ring, text=said.code, now=context.now)
        visit = await visits.open_by_scan(conn, terminal=terminal, code=code, operator_id=operator_id, now=context.now)
    return Visit.from_domain(visit)


async def enrol(info: Info, said: Input[EnrolInput]) -> EnrolResult:
    context = info.context
    async with context.pool.acquire() as conn, operators.counted(conn, context), conn.transaction():
        terminal = await callers.terminal(conn, context)
        operator_id = await _operator(conn, context, terminal, said)
        address, phone = emails.normalise(said.email, field="email"), _phone(terminal, given(said.phone))
        name, locale = given(said.name), given(said.locale)
        # A key never expires: what was said without a number has the fingerprint that it always had.
        facts = {"email": address.text, "name": name, "locale": locale, **({"phone": phone} if phone else {})}
        enrolled = await enrolments.enrol(
            conn,
            terminal=terminal,
            contact=Contact(address.text, address.key, phone),
            name=name,
            locale=locale,
            operator_id=operator_id,
            idempotency_key=said.idempotency_key,
            input_hash=fingerprint.of("enrol", facts),
            now=context.now,
        )
        await _follow_up(conn, context, terminal, enrolled, field="email")
    return CustomerEnrolled.from_domain(enrolled)


async def enrol_by_phone(info: Info, said: Input[EnrolByPhoneInput]) -> EnrolResult:
    context = info.context
    async with context.pool.acquire() as conn, operators.counted(conn, context), conn.transaction():
        terminal = await callers.terminal(conn, context)
        operator_id = await _operator(conn, context, terminal, said)
        phone = phones.normalise(said.phone, locale=terminal.locale, field="phone")
        name, locale = given(said.name), given(said.locale)
        enrolled = await enrolments.enrol(
            conn,
            terminal=terminal,
            contact=Contact(None, None, phone),
            name=name,
            locale=locale,
            operator_id=operator_id,
            idempotency_key=said.idempotency_key,
            input_hash=fingerprint.of("enrolByPhone", {"phone": phone, "name": name, "locale": locale}),
            now=context.now,
        )
        await _follow_up(conn, context, terminal, enrolled, field="phone")
    return CustomerEnrolled.from_domain(enrolled)


async def _operator(
    conn: Conn, context: RequestContext, terminal: Terminal, said: EnrolInput | EnrolByPhoneInput
) -> OperatorId | None:
    """Who enrols. An enrolment that is sent again is answered again, whoever stands there by now."""
    try:
        return await operators.named_operator(conn, context, terminal, given(said.operator_pin))
    except OperatorUnknown:
        if await enrolments.is_recorded(conn, terminal=terminal, idempotency_key=said.idempotency_key):
            return None
        raise


def _phone(terminal: Terminal, typed: str | None) -> str | None:
    return None if typed is None else phones.normalise(typed, locale=terminal.locale, field="phone")


async def _follow_up(
    conn: Conn, context: RequestContext, terminal: Terminal, enrolled: Enrolled, *, field: str
) -> None:
    """A new enrolment is counted, and whoever has a mailbox is told of the card."""
    if not enrolled.replayed:
        await _count_enrolment(conn, context, terminal.terminal_id, field=field)
    reader = enrolled.to_tell
    if reader is not None:
        await confirmations.mail(
            conn,
            box=context.box,
            email=Address(reader.email, reader.email_key),
            customer_id=reader.customer_id,
            merchant_id=terminal.merchant_id,
            card_id=enrolled.visit.card_id,
            now=context.now,
        )


async def _count_enrolment(conn: Conn, context: RequestContext, terminal_id: TerminalId, *, field: str) -> None:
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
        raise InvalidInput.of(field, "too_many_enrolled", minutes=minutes) from None
