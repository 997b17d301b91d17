"""Gifts as the worker leaves them: mailed, their link in somebody's mailbox."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from auth import links
from tests.factories import Shop, make_card, make_customer, make_points, make_reward
from tests.wallet.payments.scenes import mint
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import paying
from wallet.payments import Seen, SeenState, Source, Told
from wallet.values import CustomerId, GiftId, GiftKind, MerchantId, Minor, Points


@dataclass(frozen=True, slots=True)
class MailedGift:
    merchant_id: MerchantId
    gift_id: GiftId
    sender_id: CustomerId
    token: str
    claimable_until: datetime


async def mail_gift(
    conn: Conn,
    shop: Shop,
    *,
    points: int = 200,
    kind: GiftKind = GiftKind.POINTS,
    sender_name: str | None = "Meera",
    recipient_name: str = "Asha",
    message: str | None = "Thank you for the mangoes!",
    now: datetime,
) -> MailedGift:
    """A gift from a new customer of the shop, its mail sent at `now` unless the mailbox wants none.

    It is worth `points`, or 500 rupees, or a coffee.
    """
    sender_id = await make_customer(conn, name=sender_name, now=now)
    card_id = await make_card(conn, shop, sender_id, now=now)
    await make_points(conn, shop, card_id, points, now=now)
    link = links.new_link()
    reward_id = (await make_reward(conn, shop, now=now)).reward_id if kind is GiftKind.REWARD else None
    async with conn.transaction():
        sent = await gifts.send(
            conn,
            customer_id=sender_id,
            merchant_id=shop.merchant_id,
            card_id=card_id,
            points=Points(points) if kind is GiftKind.POINTS else None,
            value_minor=Minor(50_000) if kind is GiftKind.VALUE else None,
            reward_id=reward_id,
            provider="builtin",
            recipient_name=recipient_name,
            recipient_email="asha@example.com",
            recipient_email_key="asha@example.com",
            message=message,
            deliver_at=None,
            locale="en-IN",
            idempotency_key=uuid4(),
            now=now,
        )
        gift = sent.gift
        if sent.payment is not None:
            await paying.hear(
                conn,
                merchant_id=gift.merchant_id,
                payment_id=sent.payment.payment_id,
                seen=Seen(SeenState.PAID, f"pi_{uuid4().hex}"),
                told=Told(Source.WEBHOOK, "evt"),
                mint=mint,
                now=now,
            )
        mail = await gifts.prepare_delivery(
            conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=gift.delivery,
            link_hash=link.hash,
            now=now,
        )
        if mail is not None:
            await gifts.record_sent(
                conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=gift.delivery, now=now
            )
    found = await gifts.find(conn, customer_id=sender_id, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
    assert found is not None
    return MailedGift(gift.merchant_id, gift.gift_id, sender_id, link.token, found.claimable_until)
