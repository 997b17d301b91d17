"""The code that a phone shows."""

from datetime import timedelta

from auth import check_in_tokens, rate_limits
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.check_in import CheckInCode, CreateCheckInCodeInput, CreateCheckInCodeResult
from schema.ids import CardKey, expect
from wallet import check_ins, qr

CODES_A_MINUTE = 30


async def create_check_in_code(info: Info, said: Input[CreateCheckInCodeInput]) -> CreateCheckInCodeResult:
    context = info.context
    caller = callers.customer_id(context)
    ring = await context.rings.current(context.now)
    async with context.pool.acquire() as conn:
        # Counted by itself, so that a refused one counts too.
        await rate_limits.hit(
            conn,
            scope="check_in_code",
            subject=context.box.keyed_hash("rate_limit", caller.bytes),
            limit=CODES_A_MINUTE,
            window=timedelta(minutes=1),
            now=context.now,
        )
        async with conn.transaction():
            customer = await callers.signed_in(conn, context)
            card = expect(CardKey, said.card_id)
            minted = await check_ins.mint(
                conn,
                customer_id=customer.customer_id,
                merchant_id=card.merchant_id,
                card_id=card.card_id,
                purpose=said.purpose,
                now=context.now,
            )
    token = check_in_tokens.mint(
        ring,
        purpose=minted.purpose,
        program_number=minted.program_number,
        card_reference=minted.card_reference,
        expires_at=minted.expires_at,
        jti=minted.jti,
        now=context.now,
    )
    return CheckInCode.from_domain(minted, token=token, qr_svg=qr.svg(token), now=context.now)
