"""What members do in a life: join, buy vouchers and cancel them, send gifts, claim them and take them back."""

from datetime import timedelta

from tests.proofs.lives.world import Life
from tests.wallet.counter import Member
from wallet import cards, gifts, rewards
from wallet.values import Points

VOUCHERS_SQL = "SELECT voucher_id, card_id FROM vouchers WHERE merchant_id = $1 ORDER BY voucher_id"
INSERT_CUSTOMER_SQL = """
    INSERT INTO customers (email, email_key, locale, created_at)
    VALUES ($1, $1, 'en', $2)
    RETURNING customer_id
"""


async def join(life: Life) -> None:
    """Somebody new, or once more somebody who has a card."""
    if life.chance(0.4) or len(life.members) > 3:
        customer_id = (await life.somebody_with_the_app()).customer_id
    else:
        customer_id = await life.conn.fetchval(INSERT_CUSTOMER_SQL, f"{life.key().hex}@example.com", life.now)
    key = life.key()

    async def ask() -> cards.Joined:
        return await cards.join(
            life.conn, customer_id=customer_id, program_slug=life.shop.slug, idempotency_key=key, now=life.now
        )

    joined = await life.keyed(ask, lambda done: done.card.card_id)
    if not joined.already_member:
        life.members.append(Member(customer_id, joined.card.card_id))
        life.told += (await life.rules()).bonuses.joining


async def claim(life: Life) -> None:
    member, reward, key = (await life.somebody_with_the_app()), life.rng.choice(life.catalogue), life.key()

    async def ask() -> rewards.Claimed:
        return await rewards.claim(
            life.conn,
            customer_id=member.customer_id,
            merchant_id=life.shop.merchant_id,
            card_id=member.card_id,
            reward_id=reward.reward_id,
            idempotency_key=key,
            now=life.now,
        )

    await life.keyed(ask, lambda done: done.voucher.voucher_id)


async def cancel(life: Life) -> None:
    found = await life.conn.fetch(VOUCHERS_SQL, life.shop.merchant_id)
    if not found:
        return
    row, key = life.rng.choice(found), life.key()
    owner = next(member for member in life.members if member.card_id == row["card_id"])

    async def ask() -> rewards.Cancelled:
        return await rewards.cancel(
            life.conn,
            customer_id=owner.customer_id,
            merchant_id=life.shop.merchant_id,
            voucher_id=row["voucher_id"],
            idempotency_key=key,
            now=life.now,
        )

    await life.keyed(ask, lambda done: done.voucher.voucher_id)


async def give(life: Life) -> None:
    member, points, key = (await life.somebody_with_the_app()), Points(life.rng.randint(1, 9)), life.key()
    deliver_at = life.now + timedelta(days=1) if life.chance(0.2) else None

    async def ask() -> gifts.Sent:
        return await gifts.send(
            life.conn,
            customer_id=member.customer_id,
            merchant_id=life.shop.merchant_id,
            card_id=member.card_id,
            points=points,
            recipient_name="Ravi",
            recipient_email="ravi@example.com",
            recipient_email_key="ravi@example.com",
            message=None,
            deliver_at=deliver_at,
            locale="en",
            idempotency_key=key,
            now=life.now,
        )

    life.given.append((await life.keyed(ask, lambda done: done.gift.gift_id)).gift)


async def mail_gift(life: Life) -> None:
    """The mail of a gift leaves, with a link."""
    if life.given:
        gift, link = life.rng.choice(life.given[-3:]), life.rng.randbytes(32)
        prepared = await gifts.prepare_delivery(
            life.conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=gift.delivery,
            link_hash=link,
            now=life.now,
        )
        if prepared:
            await gifts.record_sent(
                life.conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=gift.delivery, now=life.now
            )
            life.links.append(link)


async def claim_gift(life: Life) -> None:
    """Somebody with the link has the gift, which one of the members may have sent just now."""
    if not life.links or life.chance(0.5):
        await give(life)
        await mail_gift(life)
    link = life.rng.choice(life.links[-3:]) if life.links else life.rng.randbytes(32)
    customer_id, key = (await life.somebody_with_the_app()).customer_id, life.key()

    async def ask() -> gifts.Claimed:
        return await gifts.claim(life.conn, customer_id=customer_id, link_hash=link, idempotency_key=key, now=life.now)

    await life.keyed(ask, lambda done: done.gift_id)


async def cancel_gift(life: Life) -> None:
    if not life.given:
        return
    gift, key = life.rng.choice(life.given), life.key()

    async def ask() -> gifts.Cancelled:
        return await gifts.cancel(
            life.conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            idempotency_key=key,
            now=life.now,
        )

    await life.keyed(ask, lambda done: done.gift.gift_id)
