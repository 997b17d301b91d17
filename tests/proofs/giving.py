"""Gifts of money and of rewards as their senders and recipients have them, over HTTP: what the proofs begin with."""

from typing import Any

from infra.payments.builtin import BuiltinProvider
from infra.payments.keeping import settle
from schema.ids import GiftDesignKey, encode
from tests.factories import Shop
from tests.journeys import Member, Scene, deliver_gift, gift_key, gift_of, new_key
from tests.proofs import documents as say
from wallet import payments
from wallet.gifts import designs

AMOUNT = 500


def money_of(sender: Member, amount_minor: int = AMOUNT, **more: Any) -> dict[str, Any]:
    """What sendGift is told for a gift of money."""
    return {**gift_of(sender, 1), "points": None, "valueMinor": amount_minor, **more}


def reward_of(sender: Member, reward: str, **more: Any) -> dict[str, Any]:
    """What sendGift is told for a gift of a reward."""
    return {**gift_of(sender, 1), "points": None, "rewardId": reward, **more}


async def a_picture(scene: Scene, shop: Shop) -> str:
    """The id of one more design that gifts of the program can have."""
    async with scene.live.runtime.pool.acquire() as conn:
        design = await designs.add(
            conn,
            merchant_id=shop.merchant_id,
            program_id=shop.program_id,
            name="Lights",
            alt_text="Lanterns over a river",
            content=b'<svg xmlns="http://www.w3.org/2000/svg"/>',
            now=scene.live.clock(),
        )
    return encode(GiftDesignKey(design.key.merchant_id, design.key.design_id))


async def begin_money(sender: Member, amount_minor: int = AMOUNT, **more: Any) -> str:
    """The id of a gift of money that waits for its payment."""
    asked = await sender.app.do(say.SEND_GIFT, money_of(sender, amount_minor, **more))
    gift: str = asked["gift"]["id"]
    return gift


async def pay(scene: Scene, gift: str) -> None:
    """Its sender has paid, and we know."""
    merchant_id, gift_id = gift_key(gift)
    runtime = scene.live.runtime
    async with runtime.pool.acquire() as conn:
        payment = await payments.of_gift(conn, merchant_id=merchant_id, gift_id=gift_id)
    assert payment is not None
    assert payment.ref is not None
    bank = runtime.providers[payment.provider]
    assert isinstance(bank, BuiltinProvider)
    await bank.approve(payment.ref)
    await settle(runtime.keeping, merchant_id, payment.payment_id)


async def send_money(scene: Scene, sender: Member, amount_minor: int = AMOUNT, **more: Any) -> str:
    """The id of a gift of money that is paid. Its mail has not left."""
    gift = await begin_money(sender, amount_minor, **more)
    await pay(scene, gift)
    return gift


async def send_reward(sender: Member, reward: str, **more: Any) -> str:
    """The id of a gift of a reward. Its mail has not left."""
    sent = await sender.app.do(say.SEND_GIFT, reward_of(sender, reward, **more))
    gift: str = sent["gift"]["id"]
    return gift


async def claim_money(scene: Scene, sender: Member, friend: Member, amount_minor: int = AMOUNT) -> tuple[str, str]:
    """The ids of a gift of money and of the gift card that the friend has claimed."""
    gift = await send_money(scene, sender, amount_minor)
    token = await deliver_gift(scene, gift)
    claimed = await friend.app.do(say.CLAIM, {"token": token, "idempotencyKey": new_key()})
    card: str = claimed["giftCard"]["id"]
    return gift, card
