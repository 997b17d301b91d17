"""The counter learns whom it serves: by a scan, or by enrolling."""

from auth import check_in_tokens, emails
from resolvers import callers, typed_codes
from resolvers.arguments import Input
from resolvers.context import Info
from schema.enrolment import CustomerEnrolled, EnrolInput, EnrolResult
from schema.field import given
from schema.visit import ScanInput, ScanResult, Visit
from wallet import enrolments, fingerprint, visits


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
    return CustomerEnrolled.from_domain(enrolled)
