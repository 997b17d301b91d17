"""A key that comes back with other input is refused, and not a byte of the database changes: for every mutation that
takes a key, and for everything that could be other about its input.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type

from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from schema.ids import GiftCardKey, MemberGiftCardKey, encode
from tests.factories import Shop
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    claim_of,
    deliver_gift,
    gift_of,
    key_of,
    member,
    mint,
    new_key,
    open_gift_card,
    open_reward,
    open_shop,
    send_gift,
    show_code,
    signed_in,
    till,
)
from tests.live import Caller
from tests.proofs import documents as say
from tests.proofs.giving import a_picture, claim_money, money_of, reward_of, send_money
from tests.proofs.racing import Answer, assert_lawful, everything, only, race
from wallet.values import CheckInPurpose

Input = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    scene: Scene
    shop: Shop
    owner: Member
    till: Till

    async def visit(self) -> str:
        opened = await self.till.pos.do(say.SCAN, {"code": await show_code(self.scene, self.owner)})
        visit_id: str = opened["id"]
        return visit_id

    async def sale(self) -> str:
        given = {"sale": {**basket(), "customer": {"visitId": await self.visit()}}, "idempotencyKey": new_key()}
        recorded = await self.till.pos.do(say.CHECKOUT, given)
        sale_id: str = recorded["sale"]["id"]
        return sale_id


@dataclass(frozen=True, slots=True)
class Keyed:
    """What was done with a key, and what it is told then: `others` differ from `given` in what their name says."""

    caller: Caller
    document: str
    given: Input
    others: Mapping[str, Input]
    batch: str | None = None
    """The input field that holds a list of inputs, each with a key of its own."""

    async def do(self, given: Input) -> Answer:
        if self.batch is None:
            return await self.caller.do(self.document, given)
        answer = await self.caller.do(self.document, {self.batch: [given]})
        result: Answer = answer["results"][0]
        return result


async def join_program(world: World) -> Keyed:
    newcomer, other = await signed_in(world.scene), await open_shop(world.scene)
    given = {"programSlug": world.shop.slug, "idempotencyKey": new_key()}
    return Keyed(newcomer.app, say.JOIN, given, {"programSlug": {"programSlug": other.slug}})


async def send(world: World) -> Keyed:
    others: dict[str, Input] = {
        "points": {"points": 6},
        "recipientName": {"recipientName": "Fiend"},
        "recipientEmail": {"recipientEmail": "fiend@example.com"},
        "message": {"message": "Have two"},
        "no message": {"message": None},
        "deliverAt": {"deliverAt": (world.scene.now + timedelta(days=1)).isoformat()},
    }
    return Keyed(world.owner.app, say.SEND_GIFT, gift_of(world.owner, 5), others)


async def send_of_money(world: World) -> Keyed:
    pictures = [await a_picture(world.scene, world.shop) for _ in range(2)]
    reward = await open_reward(world.scene, world.shop, cost_points=5)
    others: dict[str, Input] = {
        "valueMinor": {"valueMinor": 501},
        "designId": {"designId": pictures[1]},
        "no designId": {"designId": None},
        "points instead": {"valueMinor": None, "points": 5},
        "a reward instead": {"valueMinor": None, "rewardId": reward},
        "recipientEmail": {"recipientEmail": "fiend@example.com"},
        "deliverAt": {"deliverAt": (world.scene.now + timedelta(days=1)).isoformat()},
    }
    return Keyed(world.owner.app, say.SEND_GIFT, money_of(world.owner, designId=pictures[0]), others)


async def send_of_a_reward(world: World) -> Keyed:
    one, two = [await open_reward(world.scene, world.shop, cost_points=5) for _ in range(2)]
    others: dict[str, Input] = {
        "rewardId": {"rewardId": two},
        "points instead": {"rewardId": None, "points": 5},
        "money instead": {"rewardId": None, "valueMinor": 500},
        "message": {"message": "Have two"},
    }
    return Keyed(world.owner.app, say.SEND_GIFT, reward_of(world.owner, one), others)


async def cancel_of_money(world: World) -> Keyed:
    gifts = [await send_money(world.scene, world.owner) for _ in range(2)]
    given = {"giftId": gifts[0], "idempotencyKey": new_key()}
    return Keyed(world.owner.app, say.CANCEL_GIFT, given, {"giftId": {"giftId": gifts[1]}})


async def reschedule(world: World) -> Keyed:
    days = [(world.scene.now + timedelta(days=n)).isoformat() for n in range(1, 4)]
    gifts = [await send_money(world.scene, world.owner, deliverAt=days[0]) for _ in range(2)]
    given = {"giftId": gifts[0], "deliverAt": days[1], "idempotencyKey": new_key()}
    others: dict[str, Input] = {"giftId": {"giftId": gifts[1]}, "deliverAt": {"deliverAt": days[2]}}
    return Keyed(world.owner.app, say.RESCHEDULE_GIFT, given, others)


async def decline(world: World) -> Keyed:
    tokens = [await deliver_gift(world.scene, await send_money(world.scene, world.owner)) for _ in range(2)]
    friend = await signed_in(world.scene)
    given = {"token": tokens[0], "idempotencyKey": new_key()}
    return Keyed(friend.app, say.DECLINE, given, {"token": {"token": tokens[1]}})


async def thank(world: World) -> Keyed:
    friend = await member(world.scene, world.shop)
    gifts = [(await claim_money(world.scene, world.owner, friend))[0] for _ in range(2)]
    given = {"giftId": gifts[0], "message": "Thank you!", "idempotencyKey": new_key()}
    others: dict[str, Input] = {"giftId": {"giftId": gifts[1]}, "message": {"message": "Thanks!"}}
    return Keyed(friend.app, say.THANK, given, others)


async def cancel(world: World) -> Keyed:
    gifts = [await send_gift(world.scene, world.owner, 5) for _ in range(2)]
    given = {"giftId": gifts[0], "idempotencyKey": new_key()}
    return Keyed(world.owner.app, say.CANCEL_GIFT, given, {"giftId": {"giftId": gifts[1]}})


async def resend(world: World) -> Keyed:
    gifts = [await send_gift(world.scene, world.owner, 5) for _ in range(2)]
    given = {"giftId": gifts[0], "correctedEmail": "right@example.com", "idempotencyKey": new_key()}
    others: dict[str, Input] = {
        "giftId": {"giftId": gifts[1]},
        "correctedEmail": {"correctedEmail": "wrong@example.com"},
        "no correctedEmail": {"correctedEmail": None},
    }
    return Keyed(world.owner.app, say.RESEND_GIFT, given, others)


async def claim(world: World) -> Keyed:
    tokens = [await deliver_gift(world.scene, await send_gift(world.scene, world.owner, 5)) for _ in range(2)]
    friend = await signed_in(world.scene)
    given = {"token": tokens[0], "idempotencyKey": new_key()}
    return Keyed(friend.app, say.CLAIM, given, {"token": {"token": tokens[1]}})


async def claim_reward(world: World) -> Keyed:
    rewards = [await open_reward(world.scene, world.shop, cost_points=5) for _ in range(2)]
    return Keyed(
        world.owner.app, say.CLAIM_REWARD, claim_of(world.owner, rewards[0]), {"rewardId": {"rewardId": rewards[1]}}
    )


async def cancel_voucher(world: World) -> Keyed:
    reward = await open_reward(world.scene, world.shop, cost_points=5)
    claimed = [await world.owner.app.do(say.CLAIM_REWARD, claim_of(world.owner, reward)) for _ in range(2)]
    first, other = [each["voucher"]["id"] for each in claimed]
    given = {"voucherId": first, "idempotencyKey": new_key()}
    return Keyed(world.owner.app, say.CANCEL_VOUCHER, given, {"voucherId": {"voucherId": other}})


def other_sales(world: World, sale: Input, customer: Input) -> dict[str, Input]:
    """Everything that can be other about a sale."""
    first, second = sale["lines"]
    return {
        "customer": {"sale": {**sale, "customer": customer}},
        "receiptNumber": {"sale": {**sale, "receiptNumber": "R-2"}},
        "currency": {"sale": {**sale, "currency": "EUR"}},
        "occurredAt": {"sale": {**sale, "occurredAt": (world.scene.now - timedelta(minutes=1)).isoformat()}},
        "a line less": {"sale": {**sale, "lines": [first]}},
        "order of lines": {"sale": {**sale, "lines": [second, first]}},
        "lineId": {"sale": {**sale, "lines": [{**first, "lineId": "3"}, second]}},
        "kind": {"sale": {**sale, "lines": [first, {**second, "kind": "TIP"}]}},
        "amountMinor": {"sale": {**sale, "lines": [first, {**second, "amountMinor": 5_001}]}},
        "quantity": {"sale": {**sale, "lines": [first, {**second, "quantity": 2}]}},
        "sku": {"sale": {**sale, "lines": [first, {**second, "sku": "TEA"}]}},
        "category": {"sale": {**sale, "lines": [first, {**second, "category": "DRINKS"}]}},
        "description": {"sale": {**sale, "lines": [first, {**second, "description": "Tea"}]}},
    }


async def checkout(world: World) -> Keyed:
    sale = {**basket(), "customer": {"visitId": await world.visit()}}
    others = other_sales(world, sale, {"visitId": await world.visit()})
    others["a code"] = {"sale": {**sale, "customer": {"code": await show_code(world.scene, world.owner)}}}
    return Keyed(world.till.pos, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, others)


async def checkout_with_gift_cards(world: World) -> Keyed:
    """Paid with two, one of which is loaded in another sale; the number of a third is read from it."""
    place = world.shop.merchant_id, world.shop.program_id, world.owner.person.customer_id
    one, two = [theirs(await open_gift_card(world.scene, *place, 500)) for _ in range(2)]
    token, _ = await mint(world.scene, world.owner, CheckInPurpose.REDEEM)
    visit = (await world.till.pos.do(say.SCAN, {"code": token}))["id"]
    paying: list[Input] = [{"giftCard": {"id": one}, "amountMinor": 100}, {"giftCard": {"id": two}}]
    sale = {**basket(), "customer": {"visitId": visit}, "tenders": paying}
    selling = {"lineId": "9", "kind": "GIFT_CARD_SALE", "amountMinor": 1_000}
    others: dict[str, Input] = {
        "no tenders": {"sale": {**sale, "tenders": []}},
        "a tender less": {"sale": {**sale, "tenders": paying[:1]}},
        "order of tenders": {"sale": {**sale, "tenders": paying[::-1]}},
        "amountMinor": {"sale": {**sale, "tenders": [{**paying[0], "amountMinor": 101}, paying[1]]}},
        "no amountMinor": {"sale": {**sale, "tenders": [{"giftCard": {"id": one}}, paying[1]]}},
        "selling": {"sale": {**sale, "lines": [*sale["lines"], selling]}},
    }
    return Keyed(world.till.pos, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, others)


async def checkout_of_gift_cards(world: World) -> Keyed:
    number = (await sold_gift_card(world))["number"]
    line = {"lineId": "9", "kind": "GIFT_CARD_SALE", "amountMinor": 1_000, "quantity": 2}
    sale = {**basket(), "lines": [line], "customer": {"visitId": await world.visit()}}
    loading = {**line, "quantity": 1, "loads": {"number": number}}
    # What counts the tries of a number is there once it was tried, and as it was after a right one.
    await world.till.pos.do(say.QUOTE, {**sale, "lines": [loading]})
    others: dict[str, Input] = {
        "quantity": {"sale": {**sale, "lines": [{**line, "quantity": 1}]}},
        "amountMinor": {"sale": {**sale, "lines": [{**line, "amountMinor": 2_000}]}},
        "loads": {"sale": {**sale, "lines": [loading]}},
    }
    return Keyed(world.till.pos, say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()}, others)


async def sold_gift_card(world: World) -> dict[str, Any]:
    line = {"lineId": "9", "kind": "GIFT_CARD_SALE", "amountMinor": 1_000}
    sale = {**basket(), "lines": [line], "customer": {"visitId": await world.visit()}}
    recorded = await world.till.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})
    sold: dict[str, Any] = recorded["giftCardsSold"][0]
    return sold


def theirs(gift_card: str) -> str:
    """A customer's gift card as a till names it."""
    key = key_of(gift_card)
    assert isinstance(key, GiftCardKey)
    return encode(MemberGiftCardKey(key.merchant_id, key.gift_card_id))


async def settle_offline(world: World) -> Keyed:
    scanned_at = world.scene.now - timedelta(seconds=2)
    codes = [await show_code(world.scene, world.owner) for _ in range(2)]
    sale = {**basket(), "customer": {"code": codes[0]}}
    others = other_sales(world, sale, {"code": codes[1]})
    others["scannedAt"] = {"scannedAt": (scanned_at + timedelta(seconds=1)).isoformat()}
    given = {"sale": sale, "scannedAt": scanned_at.isoformat(), "idempotencyKey": new_key()}
    return Keyed(world.till.pos, say.SETTLE, given, others, batch="sales")


async def refund(world: World) -> Keyed:
    given = {"saleId": await world.sale(), "lineIds": ["2"], "idempotencyKey": new_key()}
    others: dict[str, Input] = {
        "saleId": {"saleId": await world.sale()},
        "lineIds": {"lineIds": ["1"]},
        "more lineIds": {"lineIds": ["2", "1"]},
        "no lineIds": {"lineIds": None},
    }
    return Keyed(world.till.pos, say.REFUND, given, others)


async def enrol(world: World) -> Keyed:
    given = {"email": "new@example.com", "name": "New", "locale": "en-IN", "idempotencyKey": new_key()}
    others: dict[str, Input] = {
        "email": {"email": "other@example.com"},
        "name": {"name": "Newt"},
        "no name": {"name": None},
        "locale": {"locale": "ml-IN"},
        "phone": {"phone": "+919847012345"},
    }
    return Keyed(world.till.pos, say.ENROL, given, others)


async def enrol_by_phone(world: World) -> Keyed:
    given = {"phone": "+919847012345", "name": "New", "locale": "en-IN", "idempotencyKey": new_key()}
    others: dict[str, Input] = {
        "phone": {"phone": "+919847099999"},
        "name": {"name": "Newt"},
        "no name": {"name": None},
        "locale": {"locale": "ml-IN"},
    }
    return Keyed(world.till.pos, say.ENROL_BY_PHONE, given, others)


async def transfer(world: World) -> Keyed:
    place = world.shop.merchant_id, world.shop.program_id, world.owner.person.customer_id
    one, two = [await open_gift_card(world.scene, *place, 500) for _ in range(2)]
    given = {"fromId": one, "toId": two, "amountMinor": 100, "idempotencyKey": new_key()}
    others: dict[str, Input] = {"amount": {"amountMinor": 101}, "other way": {"fromId": two, "toId": one}}
    return Keyed(world.owner.app, say.TRANSFER, given, others)


CASES: dict[str, Callable[[World], Awaitable[Keyed]]] = {
    "joinProgram": join_program,
    "sendGift": send,
    "sendGift of money": send_of_money,
    "sendGift of a reward": send_of_a_reward,
    "cancelGift": cancel,
    "cancelGift of money": cancel_of_money,
    "rescheduleGift": reschedule,
    "declineGift": decline,
    "thankForGift": thank,
    "resendGift": resend,
    "claimGift": claim,
    "claimReward": claim_reward,
    "cancelVoucher": cancel_voucher,
    "transferGiftCardBalance": transfer,
    "checkout": checkout,
    "checkout with gift cards": checkout_with_gift_cards,
    "checkout of gift cards": checkout_of_gift_cards,
    "settleOffline": settle_offline,
    "refund": refund,
    "enrol": enrol,
    "enrolByPhone": enrol_by_phone,
}


@pytest.fixture
async def world(scene: Scene) -> World:
    shop = await open_shop(scene)
    return World(scene, shop, await member(scene, shop, points=1_000), await till(scene, shop))


def takes_key(given: GraphQLInputObjectType) -> bool:
    inner = [get_named_type(field.type) for field in given.fields.values()]
    return "idempotencyKey" in given.fields or any(
        takes_key(kind) for kind in inner if isinstance(kind, GraphQLInputObjectType)
    )


def mutations_with_a_key(schema: GraphQLSchema) -> set[str]:
    assert schema.mutation_type is not None
    found = set()
    for name, field in schema.mutation_type.fields.items():
        kinds = [get_named_type(argument.type) for argument in field.args.values()]
        if any(takes_key(kind) for kind in kinds if isinstance(kind, GraphQLInputObjectType)):
            found.add(name)
    return found


def test_no_mutation_with_a_key_is_forgotten() -> None:
    schemas = [schema._schema for schema in (customer_schema, pos_schema)]
    assert set().union(*map(mutations_with_a_key, schemas)) == {name.split()[0] for name in CASES}


@pytest.mark.parametrize("mutation", CASES)
async def test_a_key_with_other_input_is_refused_and_nothing_changes(world: World, mutation: str) -> None:
    # given
    keyed = await CASES[mutation](world)
    first = await keyed.do(keyed.given)
    assert "message" not in first, first
    before = await everything(world.scene)
    # when
    answers = {what: await keyed.do({**keyed.given, **other}) for what, other in keyed.others.items()}
    # then
    assert {what: answer["__typename"] for what, answer in answers.items()} == dict.fromkeys(
        answers, "IdempotencyKeyReused"
    )
    assert await everything(world.scene) == before
    # and the same input is still answered
    again = await keyed.do(keyed.given)
    assert {**again, "replayed": True} == {**first, "replayed": True}
    assert await everything(world.scene) == before


@pytest.mark.parametrize("mutation", CASES)
async def test_one_key_with_two_inputs_at_once_does_one_of_them(world: World, mutation: str) -> None:
    # given
    keyed = await CASES[mutation](world)
    other = {**keyed.given, **next(iter(keyed.others.values()))}
    # when
    answers = await race([partial(keyed.do, given) for given in (keyed.given, other) * 8])
    # then: all who said the one got it, all who said the other were refused
    refused = [answer["__typename"] == "IdempotencyKeyReused" for answer in answers]
    assert refused in ([False, True] * 8, [True, False] * 8)
    done = [answer for answer in answers if answer["__typename"] != "IdempotencyKeyReused"]
    assert len({answer["__typename"] for answer in done}) == 1
    assert "message" not in done[0], done[0]
    assert all({**answer, "replayed": True} == {**done[0], "replayed": True} for answer in done)
    assert only(answers, "InvalidInput") == []
    await assert_lawful(world.scene)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sendGift", "cancelGift"),
        ("cancelGift", "resendGift"),
        ("sendGift of money", "cancelGift of money"),
        ("rescheduleGift", "cancelGift"),
        ("claimReward", "cancelVoucher"),
        ("cancelVoucher", "claimReward"),
        ("checkout", "settleOffline"),
    ],
)
async def test_a_key_of_one_operation_is_no_key_of_another(world: World, first: str, second: str) -> None:
    # given
    done, other = await CASES[first](world), await CASES[second](world)
    await done.do(done.given)
    before = await everything(world.scene)
    # when
    answer = await other.do({**other.given, "idempotencyKey": done.given["idempotencyKey"]})
    # then
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(world.scene) == before
