"""E-gifts: sent, mended and cancelled by their sender, claimed by the holder of the link."""

from datetime import datetime

import strawberry

from auth import emails, gift_cards, links
from resolvers import callers, payments
from resolvers.arguments import Input
from resolvers.context import Info, RequestContext
from schema.card import Card
from schema.field import given
from schema.gift import (
    CancelGiftInput,
    CancelGiftResult,
    ClaimGiftInput,
    ClaimGiftResult,
    DeclineGiftInput,
    DeclineGiftResult,
    Gift,
    GiftAwaitsPayment,
    GiftCancelled,
    GiftClaimed,
    GiftDeclined,
    GiftPreview,
    GiftRescheduled,
    GiftResent,
    GiftSent,
    GiftThanked,
    GiftViewed,
    MarkGiftViewedResult,
    RescheduleGiftInput,
    RescheduleGiftResult,
    ResendGiftInput,
    ResendGiftResult,
    SendGiftInput,
    SendGiftResult,
    ThankForGiftInput,
    ThankForGiftResult,
)
from schema.gift_card import GiftCard
from schema.ids import CardKey, GiftCardKey, GiftDesignKey, GiftKey, RewardKey, decode, encode, expect
from schema.voucher import Voucher
from wallet import cards, gifts, rewards, value
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, InvalidInput, NotFound
from wallet.gifts import Purse
from wallet.payments import Payment
from wallet.values import CustomerId, DesignId, MerchantId, Minor, RewardId


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
        reward = reward_of(given(said.reward_id), key.merchant_id)
        design = design_of(given(said.design_id), key.merchant_id)
        recipient = _recipient(said, context.now)
        amount = given(said.value_minor)
        sent = await gifts.send(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            card_id=key.card_id,
            points=given(said.points),
            value_minor=None if amount is None else Minor(amount),
            reward_id=reward,
            design_id=design,
            provider=context.payments.name if context.payments else None,
            purse=_purse(context, said, key.merchant_id),
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
    if sent.payment is not None:
        return await _awaits(context, sent.gift, sent.payment)
    return GiftSent(gift=Gift.from_domain(sent.gift), card=Card.from_domain(card))


async def _awaits(context: RequestContext, gift: gifts.Gift, payment: Payment) -> GiftAwaitsPayment:
    """What the app pays with. Where there is nothing to pay with, the gift may have ended by that."""
    started = await payments.start(context, payment)
    if started.url is None and started.client_secret is None:
        async with context.pool.acquire() as conn:
            found = await gifts.find(
                conn, customer_id=gift.sender_customer_id, merchant_id=gift.merchant_id, gift_id=gift.gift_id
            )
        gift = found or gift
    return GiftAwaitsPayment(gift=Gift.from_domain(gift), payment=started)


def reward_of(reward_id: strawberry.ID | None, merchant_id: MerchantId) -> RewardId | None:
    """The reward that is named. Another merchant's, or none at all, is as if it did not exist."""
    if reward_id is None:
        return None
    key = expect(RewardKey, reward_id)
    if key.merchant_id != merchant_id:
        raise NotFound
    return key.reward_id


def design_of(design_id: strawberry.ID | None, merchant_id: MerchantId) -> DesignId | None:
    """The design that is named. Raises InvalidInput for another merchant's, or none at all."""
    if design_id is None:
        return None
    key = decode(design_id)
    if not isinstance(key, GiftDesignKey) or key.merchant_id != merchant_id:
        raise InvalidInput.of("designId", "unknown_design")
    return key.design_id


def _purse(context: RequestContext, said: Input[SendGiftInput], merchant_id: MerchantId) -> Purse | None:
    """The gift card that the money comes out of. Another merchant's, or none at all, is as if it did not exist."""
    gift_card_id = given(said.gift_card_id)
    if gift_card_id is None:
        return None
    key = expect(GiftCardKey, gift_card_id)
    if key.merchant_id != merchant_id:
        raise NotFound
    return Purse(key.gift_card_id, gift_cards.minter(context.box, merchant_id=merchant_id))


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
        gift_card, voucher = await _claimed(conn, claimed, customer.customer_id, now=context.now)
    if not claimed.replayed:
        for merchant_id, card_id in claimed.changed:
            context.changes.publish(merchant_id, card_id)
    return GiftClaimed(
        gift_id=encode(GiftKey(claimed.merchant_id, claimed.gift_id)),
        card=Card.from_domain(card),
        points=claimed.points,
        sender_name=claimed.sender_name,
        gift_card=gift_card,
        voucher=voucher,
    )


async def _claimed(
    conn: Conn, claimed: gifts.Claimed, customer_id: CustomerId, *, now: datetime
) -> tuple[GiftCard | None, Voucher | None]:
    if claimed.gift_card_id is not None:
        card = await value.find(
            conn, customer_id=customer_id, merchant_id=claimed.merchant_id, gift_card_id=claimed.gift_card_id
        )
        return GiftCard.from_domain(card) if card else None, None
    if claimed.voucher_id is not None:
        voucher = await rewards.find_voucher(
            conn, customer_id=customer_id, merchant_id=claimed.merchant_id, voucher_id=claimed.voucher_id, now=now
        )
        return None, Voucher.from_domain(voucher) if voucher else None
    return None, None


async def reschedule_gift(info: Info, said: Input[RescheduleGiftInput]) -> RescheduleGiftResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(GiftKey, said.gift_id)
        moved = await gifts.reschedule(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            gift_id=key.gift_id,
            deliver_at=said.deliver_at,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    if not moved.replayed:
        context.changes.publish(moved.gift.merchant_id, moved.gift.card_id)
    return GiftRescheduled(gift=Gift.from_domain(moved.gift))


async def decline_gift(info: Info, said: Input[DeclineGiftInput]) -> DeclineGiftResult:
    """Anybody may ask: the link is the proof, and nobody has to make an account to say no."""
    context = info.context
    link_hash = links.hash_of(said.token)
    if link_hash is None:
        raise GiftNotClaimable
    async with context.pool.acquire() as conn, conn.transaction():
        declined = await gifts.decline(conn, link_hash=link_hash, idempotency_key=said.idempotency_key, now=context.now)
    if not declined.replayed:
        context.changes.publish(declined.merchant_id, declined.sender_card_id)
    return GiftDeclined(sender_name=declined.sender_name)


async def thank_for_gift(info: Info, said: Input[ThankForGiftInput]) -> ThankForGiftResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        key = expect(GiftKey, said.gift_id)
        thanked = await gifts.thank(
            conn,
            customer_id=customer.customer_id,
            merchant_id=key.merchant_id,
            gift_id=key.gift_id,
            message=said.message,
            idempotency_key=said.idempotency_key,
            now=context.now,
        )
    if not thanked.replayed:
        context.changes.publish(thanked.gift.merchant_id, thanked.gift.card_id)
    return GiftThanked(gift=Gift.from_domain(thanked.gift))


async def mark_gift_viewed(info: Info, token: str) -> MarkGiftViewedResult:
    """Anybody may: the link is the proof."""
    context = info.context
    link_hash = links.hash_of(token)
    if link_hash is None:
        raise GiftNotClaimable
    async with context.pool.acquire() as conn, conn.transaction():
        viewed = await gifts.mark_viewed(conn, link_hash=link_hash, now=context.now)
        preview = await gifts.preview(conn, link_hash=link_hash, now=context.now)
    if viewed is not None:
        context.changes.publish(viewed.merchant_id, viewed.sender_card_id)
    if preview is None:
        raise GiftNotClaimable
    return GiftViewed(preview=GiftPreview.from_domain(preview))
