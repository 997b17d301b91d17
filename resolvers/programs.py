"""What a join poster opens, and joining."""

from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.card import Card, JoinProgramInput, JoinProgramResult, ProgramJoined
from schema.program import Program
from wallet import cards, programs


async def program(info: Info, slug: str) -> Program | None:
    async with info.context.pool.acquire() as conn:
        found = await programs.find_by_slug(conn, slug=slug, now=info.context.now)
    return Program.from_domain(found) if found else None


async def join_program(info: Info, said: Input[JoinProgramInput]) -> JoinProgramResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        joined = await cards.join(
            conn,
            customer_id=customer.customer_id,
            program_slug=said.program_slug,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    return ProgramJoined(card=Card.from_domain(joined.card), already_member=joined.already_member)
