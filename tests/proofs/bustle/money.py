"""What is called for in a busy town with money value: gift cards sold, loaded, moved and blocked, gifts of money paid
for at the built-in bank, declined or claimed, and gifts of rewards.
"""

from contextlib import suppress
from typing import Any

from infra.payments import keeping
from infra.payments.builtin import BuiltinProvider
from schema.ids import GiftCardKey, GiftKey, MemberGiftCardKey, encode
from tests.journeys import Member, deliver_gift, gift_of
from tests.proofs import documents as say
from tests.proofs.bustle.town import Town, keep
from wallet.errors import Refusal
from wallet.gifts import by_hand
from wallet.gifts.by_hand import InHand, Obstacle
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import GiftCardId

OWN_SQL = "SELECT gift_card_id FROM gift_cards WHERE merchant_id = $1 AND owner_customer_id = $2 ORDER BY gift_card_id"
USABLE_SQL = """
    SELECT gift_card_id, state
    FROM gift_cards
    WHERE merchant_id = $1 AND state <> 'DEACTIVATED' AND owner_customer_id IS NOT NULL
    ORDER BY gift_card_id
"""
PAYMENTS_SQL = """
    SELECT payment_id, provider_ref
    FROM payments
    WHERE merchant_id = $1
    ORDER BY payment_id DESC
    LIMIT $2
"""
PAID_SQL = """
    SELECT gift_id
    FROM gifts
    WHERE merchant_id = $1 AND kind = 'VALUE' AND status = 'SCHEDULED'
    ORDER BY gift_id
"""
LATELY = 12


async def own_cards(town: Town, owner: Member) -> list[GiftCardId]:
    async with town.scene.live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(OWN_SQL, town.shop.merchant_id, owner.person.customer_id)
    return [GiftCardId(row["gift_card_id"]) for row in rows]


async def tenders_of(town: Town, owner: Member) -> list[dict[str, Any]]:
    """Up to three of the customer's own gift cards, in any order, for a part or for all."""
    cards = await own_cards(town, owner)
    chosen = town.rng.sample(cards, min(len(cards), town.rng.choice((1, 2, 3))))
    named = [{"giftCard": {"id": encode(MemberGiftCardKey(town.shop.merchant_id, card))}} for card in chosen]
    return [{**each, **town.rng.choice(({}, {"amountMinor": 50}))} for each in named]


async def sold_lines(town: Town, owner: Member) -> list[dict[str, Any]]:
    """A line that makes two gift cards, or loads one of the customer's own."""
    cards = await own_cards(town, owner)
    line: dict[str, Any] = {"lineId": "g", "kind": "GIFT_CARD_SALE", "amountMinor": 600}
    if cards and town.rng.random() < 0.6:
        loads = encode(MemberGiftCardKey(town.shop.merchant_id, town.rng.choice(cards)))
        return [{**line, "loads": {"id": loads}}]
    return [{**line, "quantity": 2}]


async def move(town: Town) -> None:
    """Money moves between two own cards, often both ways at once."""
    owner = town.rng.choice(town.members)
    cards = await own_cards(town, owner)
    if len(cards) > 1:
        source, target = (encode(GiftCardKey(town.shop.merchant_id, card)) for card in town.rng.sample(cards, 2))
        given = {"fromId": source, "toId": target, "amountMinor": town.rng.choice((10, 200, 600))}
        await town.keyed(owner, say.TRANSFER, given, "from")


async def give_money(town: Town) -> None:
    owner = town.rng.choice(town.members)
    worth = {"valueMinor": town.rng.choice((300, 900))}
    await _give(town, owner, worth)


async def give_reward(town: Town) -> None:
    await _give(town, town.rng.choice(town.members), {"rewardId": town.rng.choice(town.rewards[:4])})


async def _give(town: Town, owner: Member, worth: dict[str, Any]) -> None:
    given = {key: said for key, said in gift_of(owner, 1).items() if key not in ("points", "idempotencyKey")}
    sent = await town.keyed(owner, say.SEND_GIFT, {**given, **worth}, "gift")
    if sent["__typename"] in ("GiftSent", "GiftAwaitsPayment"):
        keep(town.gifts, (owner, sent["gift"]["id"]))
    if sent["__typename"] == "GiftSent":
        with suppress(AssertionError):  # somebody has taken it back by now
            keep(town.links, await deliver_gift(town.scene, sent["gift"]["id"]))


async def pay(town: Town) -> None:
    """A payer decides, or wants the money back; and we look, as the worker would, perhaps several at once."""
    runtime = town.scene.live.runtime
    async with runtime.pool.acquire() as conn:
        rows = await conn.fetch(PAYMENTS_SQL, town.shop.merchant_id, LATELY)
    if not rows:
        return
    row, bank = town.rng.choice(rows), runtime.providers["builtin"]
    assert isinstance(bank, BuiltinProvider)
    if row["provider_ref"] is not None:
        way = town.rng.choice((bank.approve,) * 6 + (bank.decline, bank.dispute))
        town.counted(f"bank: {way.__name__} {await way(row['provider_ref'])}")
    heard = await keeping.settle(runtime.keeping, town.shop.merchant_id, row["payment_id"])
    assert heard is not None
    town.counted(f"look: {heard.after.state.value}")


async def mail_money(town: Town) -> None:
    """The mail of a gift that was paid for leaves, if no other worker is faster."""
    async with town.scene.live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(PAID_SQL, town.shop.merchant_id)
    if rows:
        with suppress(AssertionError):
            gift = encode(GiftKey(town.shop.merchant_id, town.rng.choice(rows)["gift_id"]))
            keep(town.links, await deliver_gift(town.scene, gift))
            town.counted("mail: left")


async def decline(town: Town) -> None:
    if town.links:
        given = {"token": town.rng.choice(town.links[-8:])}
        await town.keyed(town.rng.choice(town.members), say.DECLINE, given, "__typename")


async def block(town: Town) -> None:
    """The merchant blocks a gift card, or lets it be used again; seldom it ends one."""
    async with town.scene.live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(USABLE_SQL, town.shop.merchant_id)
        if not rows:
            return
        row = town.rng.choice(rows)
        way = value.unblock if row["state"] == "BLOCKED" else value.block
        way = value.deactivate if town.rng.random() < 0.1 else way
        with suppress(Refusal):
            async with conn.transaction():
                now, card = town.scene.now, GiftCardId(row["gift_card_id"])
                held = await by_hand.hold(conn, merchant_id=town.shop.merchant_id, gift_card_id=card, now=now)
                if _against(way, held) is not None:
                    town.counted(f"merchant: must not {way.__name__}")
                    return
                await way(conn, held.card, cause=ValueCause(now, "As it happens"), now=now)
            town.counted(f"merchant: {way.__name__}")


def _against(way: object, held: InHand) -> Obstacle | None:
    """What `regulars gift-card` heeds."""
    if way is value.unblock:
        return held.against_unblocking
    return held.against_moving if way is value.deactivate else None


async def settle_all(town: Town) -> None:
    """Nobody pays or asks any more, and every payment has been looked at until it changes no more."""
    runtime = town.scene.live.runtime
    async with runtime.pool.acquire() as conn:
        rows = await conn.fetch(PAYMENTS_SQL, town.shop.merchant_id, 1_000_000)
    for row in rows:
        for _ in range(2):
            await keeping.settle(runtime.keeping, town.shop.merchant_id, row["payment_id"])
