"""What a merchant may do by hand to the gift card of a gift: nothing that puts paid money in two places, or in none."""

from datetime import datetime

import pytest

from infra.pool import Pool
from tests.auth.racing import second_waits_for_first
from tests.wallet.gifts.scenes import assert_lawful, cancel, claim, make_scene
from tests.wallet.gifts.test_held_back import disputed
from tests.wallet.gifts.test_kinds import VALUE, mailed_value
from tests.wallet.gifts.test_races import claiming
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.payments.scenes import mint
from wallet import payments
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.gifts import Gift, by_hand, paying
from wallet.gifts.by_hand import InHand, Obstacle
from wallet.payments import Seen, SeenState, Source, Told
from wallet.values import GiftCardId, MerchantId

CARD_SQL = "SELECT gift_card_id FROM gift_cards WHERE gift_id = $1"


async def hand(conn: Conn, gift: Gift, *, now: datetime) -> InHand:
    card: GiftCardId = await conn.fetchval(CARD_SQL, gift.gift_id)
    async with conn.transaction():
        return await by_hand.hold(conn, merchant_id=gift.merchant_id, gift_card_id=card, now=now)


async def obstacles(conn: Conn, gift: Gift, *, now: datetime) -> tuple[Obstacle | None, Obstacle | None]:
    """Against moving what stands on it, and against unblocking it."""
    held = await hand(conn, gift, now=now)
    return held.against_moving, held.against_unblocking


async def paid_back(conn: Conn, gift: Gift, *, now: datetime) -> None:
    payment = await payments.of_gift(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
    assert payment is not None
    async with conn.transaction():
        await paying.hear(
            conn,
            merchant_id=gift.merchant_id,
            payment_id=payment.payment_id,
            seen=Seen(SeenState.PAID, payment.ref, payment.amount, refunded_minor=VALUE),
            told=Told(Source.WEBHOOK, "evt_3"),
            mint=mint,
            now=now,
        )


async def test_money_of_an_open_gift_is_not_moved_and_that_of_a_claimed_one_is(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    assert await obstacles(conn, gift, now=now) == (Obstacle.UNCLAIMED, None)
    await claim(conn, link, customer_id=scene.friend, now=now)
    assert await obstacles(conn, gift, now=now) == (None, None)


async def test_disputed_card_stays_blocked_until_the_dispute_is_won(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    await disputed(conn, gift, now=now)
    assert await obstacles(conn, gift, now=now) == (None, Obstacle.DISPUTED)
    await disputed(conn, gift, won=True, now=now)
    assert await obstacles(conn, gift, now=now) == (None, None)


async def test_claimed_card_whose_payment_went_back_stays_blocked(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    await paid_back(conn, gift, now=now)
    assert await obstacles(conn, gift, now=now) == (None, Obstacle.PAID_BACK)
    await assert_lawful(conn)


async def test_card_of_a_cancelled_gift_and_one_of_no_gift_are_as_they_are(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed_value(conn, scene, now=now)
    await cancel(conn, gift, now=now)
    held = await hand(conn, gift, now=now)
    assert held.against_moving is None
    merchant_id, other = scene.shop.merchant_id, await make_gift_card(conn, scene.shop, 100, now=now)
    async with conn.transaction():
        plain = await by_hand.hold(conn, merchant_id=merchant_id, gift_card_id=other, now=now)
        assert (plain.gift, plain.payment, plain.card.balance) == (None, None, 100)
        assert (plain.against_moving, plain.against_unblocking) == (None, None)
        with pytest.raises(NotFound):
            await by_hand.hold(conn, merchant_id=MerchantId(other), gift_card_id=other, now=now)


async def test_hand_waits_for_a_claim_that_has_begun_and_then_knows_of_it(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    card: GiftCardId = await conn.fetchval(CARD_SQL, gift.gift_id)

    async def holding(racer: Conn) -> InHand:
        return await by_hand.hold(racer, merchant_id=gift.merchant_id, gift_card_id=card, now=now)

    held = await second_waits_for_first(pool, claiming(link, scene.friend, now), holding)

    assert isinstance(held, InHand)
    assert (held.against_moving, held.card.owner_customer_id) == (None, scene.friend)
