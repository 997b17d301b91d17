"""E-gifts: sent, mended and cancelled by their sender, claimed by the holder of the link."""

from datetime import datetime

from auth import emails, links
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.card import Card
from schema.field import given
from schema.gift import (
    CancelGiftInput,
    CancelGiftResult,
    ClaimGiftInput,
    ClaimGiftResult,
    Gift,
    GiftCancelled,
    GiftClaimed,
    GiftPreview,
    GiftResent,
    GiftSent,
    ResendGiftInput,
    ResendGiftResult,
    SendGiftInput,
    SendGiftResult,
)
from schema.ids import CardKey, GiftKey, expect
from wallet import cards, gifts
from wallet.errors import GiftNotClaimable, InvalidInput


async def gift(info: Info, token: str) -> GiftPreview | None:
    link_hash = links.hash_of(token)
    if link_hash is None:
        return None
    async with info.context.pool.acquire() as conn:
        preview = await gifts.preview(conn, link_hash=link_hash, now=info.context.now)
    return GiftPreview.from_domain(preview) if preview else None


async def send_gift(info: Info, said: Input[SendGiftInput]) -> SendGiftResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(CardKey, said.card_id)
        recipient = _recipient(said, context.now)
        sent = await gifts.send(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            card_id=key.card_id,
            points=said.points,
            recipient_name=said.recipient_name,
            recipient_email=recipient.text,
            recipient_email_key=recipient.key,
            message=given(said.message),
            deliver_at=given(said.deliver_at),
            locale=customer.locale,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
        card = await cards.get(
            conn, customer_id=customer.customer_id, merchant_id=sent.gift.merchant_id, card_id=sent.gift.card_id
        )
    if not sent.replayed:
        context.changes.publish(card.merchant_id, card.card_id)
    return GiftSent(gift=Gift.from_domain(sent.gift), card=Card.from_domain(card))


def _recipient(said: Input[SendGiftInput], now: datetime) -> emails.Address:
    """The address it goes to. One that is none is told together with all else that is wrong with the gift."""
    try:
        return emails.normalise(said.recipient_email, field="recipientEmail")
    except InvalidInput as wrong:
        others = gifts.problems_of(
            recipient_name=said.recipient_name, message=given(said.message), deliver_at=given(said.deliver_at), now=now
        )
        raise InvalidInput([*wrong.problems, *others]) from None


async def cancel_gift(info: Info, said: Input[CancelGiftInput]) -> CancelGiftResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(GiftKey, said.gift_id)
        cancelled = await gifts.cancel(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            gift_id=key.gift_id,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
        card = await cards.get(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            card_id=cancelled.gift.card_id,
        )
    if not cancelled.replayed:
        context.changes.publish(card.merchant_id, card.card_id)
    return GiftCancelled(gift=Gift.from_domain(cancelled.gift), card=Card.from_domain(card))


async def resend_gift(info: Info, said: Input[ResendGiftInput]) -> ResendGiftResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(GiftKey, said.gift_id)
        typed = given(said.corrected_email)
        corrected = None if typed is None else emails.normalise(typed, field="correctedEmail")
        resent = await gifts.resend(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            gift_id=key.gift_id,
            corrected_email=corrected.text if corrected else None,
            corrected_email_key=corrected.key if corrected else None,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    if not resent.replayed:
        # What was due on the sender's card by now has happened, since it was held.
        context.changes.publish(resent.gift.merchant_id, resent.gift.card_id)
    return GiftResent(gift=Gift.from_domain(resent.gift))


async def claim_gift(info: Info, said: Input[ClaimGiftInput]) -> ClaimGiftResult:
    context = info.context
    link_hash = links.hash_of(said.token)
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        if link_hash is None:
            raise GiftNotClaimable
        claimed = await gifts.claim(
            conn,
            customer_id=customer.customer_id,
            link_hash=link_hash,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
        card = await cards.get(
            conn, customer_id=customer.customer_id, merchant_id=claimed.merchant_id, card_id=claimed.card_id
        )
    if not claimed.replayed:
        for merchant_id, card_id in claimed.changed:
            context.changes.publish(merchant_id, card_id)
    return GiftClaimed(card=Card.from_domain(card), points=claimed.points, sender_name=claimed.sender_name)
