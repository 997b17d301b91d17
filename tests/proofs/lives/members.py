"""What members do in a life: join, buy vouchers and cancel them, send gifts, claim them and take them back."""

from datetime import timedelta

from tests.proofs.lives.world import Life
from tests.wallet.counter import Member
from wallet import cards, gifts, rewards
from wallet.values import Points

VOUCHERS_SQL = "SELECT voucher_id, card_id FROM vouchers WHERE merchant_id = $1 ORDER BY voucher_id"
DELIVERY_SQL = "SELECT delivery FROM gifts WHERE gift_id = $1 AND (held_until IS NULL OR held_until <= $2)"
WAITING_SQL = """
    SELECT gift_id
    FROM gifts
    WHERE merchant_id = $1 AND status = 'SCHEDULED' AND (held_until IS NULL OR held_until <= $2)
"""
OPEN_LINKS_SQL = """
    SELECT l.link_hash
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    WHERE l.merchant_id = $1 AND l.revoked_at IS NULL AND g.closed_at IS NULL
    ORDER BY g.kind, g.gift_id, l.created_at, l.link_hash
"""
COST_SQL = "SELECT points FROM gifts WHERE gift_id = $1 AND kind = 'REWARD'"
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
    """The mail of a gift leaves, with a link: mostly of one that waits for it."""
    if life.given:
        waiting = {row["gift_id"] for row in await life.conn.fetch(WAITING_SQL, life.shop.merchant_id, life.now)}
        fit = [gift for gift in life.given if gift.gift_id in waiting]
        gift = life.rng.choice(fit if fit and life.chance(0.8) else life.given[-3:])
        link = life.rng.randbytes(32)
        row = await life.conn.fetchrow(DELIVERY_SQL, gift.gift_id, life.now)
        if row is None:
            return
        delivery = row["delivery"]
        prepared = await gifts.prepare_delivery(
            life.conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=delivery,
            link_hash=link,
            now=life.now,
        )
        if prepared:
            await gifts.record_sent(
                life.conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=delivery, now=life.now
            )
            life.links.append(link)


async def claim_gift(life: Life) -> None:
    """Somebody with the link has the gift, which one of the members may have sent just now."""
    if not life.links or life.chance(0.5):
        if life.chance(0.4):
            await give(life)
        await mail_gift(life)
    link = await some_link(life) or life.rng.randbytes(32)
    customer_id, key = (await life.somebody_with_the_app()).customer_id, life.key()

    async def ask() -> gifts.Claimed:
        return await gifts.claim(life.conn, customer_id=customer_id, link_hash=link, idempotency_key=key, now=life.now)

    claimed = await life.keyed(ask, lambda done: done.gift_id)
    life.told -= await life.conn.fetchval(COST_SQL, claimed.gift_id) or 0


async def some_link(life: Life) -> bytes | None:
    """One that was mailed lately, mostly of a gift that is still open."""
    rows = await life.conn.fetch(OPEN_LINKS_SQL, life.shop.merchant_id)
    if rows and life.chance(0.7):
        link: bytes = life.rng.choice(rows)["link_hash"]
        return link
    return life.rng.choice(life.links[-3:]) if life.links else None


async def decline_gift(life: Life) -> None:
    """Somebody with a link says no."""
    link, key = await some_link(life), life.key()
    if link is None:
        return

    async def ask() -> gifts.Declined:
        return await gifts.decline(life.conn, link_hash=link, idempotency_key=key, now=life.now)

    await life.keyed(ask, lambda done: done.sender_card_id)


async def mend_gift(life: Life) -> None:
    """The sender has it mailed again, or on another day."""
    if not life.given:
        return
    gift, key, later = life.rng.choice(life.given[-4:]), life.key(), life.now + timedelta(days=1)
    email = life.rng.choice((None, "other@example.com"))

    async def resend() -> gifts.Resent:
        return await gifts.resend(
            life.conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            corrected_email=email,
            corrected_email_key=email,
            idempotency_key=key,
            now=life.now,
        )

    async def reschedule() -> gifts.Rescheduled:
        return await gifts.reschedule(
            life.conn,
            customer_id=gift.sender_customer_id,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            deliver_at=later,
            idempotency_key=key,
            now=life.now,
        )

    await life.keyed(life.rng.choice((resend, reschedule)), lambda done: done.gift.gift_id)


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
