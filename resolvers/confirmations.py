"""Confirming the address of a customer who was enrolled at a counter."""

from auth import confirmations
from resolvers.arguments import Input
from resolvers.context import Info
from schema.confirmation import ConfirmationNotUsable, ConfirmEmailInput, ConfirmEmailResult, EmailConfirmed
from wallet.values import Phrase


async def confirm_email(info: Info, said: Input[ConfirmEmailInput]) -> ConfirmEmailResult:
    """Anybody may ask: the link is the proof."""
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        confirmed = await confirmations.confirm(conn, token=said.token, now=context.now)
    if not confirmed:
        return ConfirmationNotUsable(message=context.say.say(Phrase("confirmation_not_usable")))
    return EmailConfirmed(message=context.say.say(Phrase("email_confirmed")))
