"""Gifts before they are sent: where their mail and their page can be looked at."""

from auth import drafts
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from resolvers.gifts import design_of, reward_of
from schema.field import given
from schema.gift_draft import GiftDraft, GiftDraftInput, GiftDraftResult
from schema.ids import CardKey, expect
from wallet import gifts
from wallet.gifts import Worth
from wallet.values import Minor

PATH = "/g/draft/"


async def gift_draft(info: Info, said: Input[GiftDraftInput]) -> GiftDraftResult:
    context = info.context
    async with context.pool.acquire() as conn:
        customer = await callers.signed_in(conn, context)
        key = expect(CardKey, said.card_id)
        amount = given(said.value_minor)
        draft = await gifts.check_draft(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            card_id=key.card_id,
            worth=Worth(
                given(said.points),
                None if amount is None else Minor(amount),
                reward_of(given(said.reward_id), key.merchant_id),
            ),
            design_id=design_of(given(said.design_id), key.merchant_id),
            recipient_name=said.recipient_name,
            message=given(said.message),
            deliver_at=given(said.deliver_at),
            now=context.now,
        )
    sealed = drafts.seal(context.box, draft.to_facts(), locale=customer.locale, now=context.now)
    page_url = f"{context.public_url}{PATH}{sealed.token}"
    return GiftDraft(mail_url=f"{page_url}/mail", page_url=page_url, expires_at=sealed.expires_at)
