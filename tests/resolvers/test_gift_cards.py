"""Gift cards in the app and at the till: what their owner sees and moves, and what the counter sees of them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schema.ids import GiftCardActivityKey, GiftCardKey, MemberCardKey, MemberGiftCardKey, encode
from tests.database import StatementCounter
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api
from tests.resolvers.counter import scanned
from tests.resolvers.world import Person, asked, everything
from tests.wallet.ledger.value.scenes import locked, make_gift_card
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import GiftCardId, Minor

CARDS = """
    query ($first: Int! = 20, $after: String) {
        viewer { giftCards {
            id last4 state balance { amountMinor currency } expiresAt
            activities(first: $first, after: $after) {
                edges {
                    node { id kind amount { amountMinor } balanceAfter { amountMinor } occurredAt storeName } cursor
                }
                pageInfo { hasNextPage hasPreviousPage endCursor }
            }
        } }
    }
"""

TRANSFER = """
    mutation ($input: TransferGiftCardBalanceInput!) {
        transferGiftCardBalance(input: $input) {
            __typename
            ... on GiftCardBalanceTransferred { from { id balance { amountMinor } } to { id balance { amountMinor } } }
            ... on InvalidInput { problems { field message } }
            ... on InsufficientValue { needed { amountMinor } available { amountMinor } }
            ... on UserError { message }
        }
    }
"""

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"

AT_THE_TILL = """
    query ($id: ID!) { node(id: $id) { ... on MemberCard {
        giftCards { id last4 state balance { amountMinor currency } expiresAt }
    } } }
"""


def id_of(shop: Shop, gift_card_id: GiftCardId) -> str:
    return encode(GiftCardKey(shop.merchant_id, gift_card_id))


@pytest.fixture
async def one(conn: Conn, shop: Shop, asha: Person, phone: Api) -> GiftCardId:
    return await make_gift_card(conn, shop, 100_000, owner=asha.customer_id, now=phone.now)


@pytest.fixture
async def two(conn: Conn, shop: Shop, asha: Person, phone: Api) -> GiftCardId:
    return await make_gift_card(conn, shop, 5_000, owner=asha.customer_id, now=phone.now + timedelta(minutes=1))


def moving(shop: Shop, source: GiftCardId, target: GiftCardId, amount: int) -> dict[str, Any]:
    return {
        "fromId": id_of(shop, source),
        "toId": id_of(shop, target),
        "amountMinor": amount,
        "idempotencyKey": str(uuid4()),
    }


async def test_the_owner_sees_the_balance_and_what_happened(
    phone: Api, shop: Shop, one: GiftCardId, conn: Conn
) -> None:
    # given
    async with conn.transaction():
        [card] = await locked(conn, shop, one, now=phone.now)
        cause = ValueCause(phone.now, store_id=shop.store_id)
        await value.redeem(conn, card, amount=Minor(25_000), cause=cause, now=phone.now)
    # when
    [seen] = (await phone(CARDS))["viewer"]["giftCards"]
    # then
    activities = seen.pop("activities")
    assert seen == {
        "id": id_of(shop, one),
        "last4": seen["last4"],
        "state": "ACTIVE",
        "balance": {"amountMinor": 75_000, "currency": "INR"},
        "expiresAt": None,
    }
    assert [edge["node"] for edge in activities["edges"]] == [
        {
            "id": encode(GiftCardActivityKey(shop.merchant_id, one, seq)),
            "kind": kind,
            "amount": {"amountMinor": amount},
            "balanceAfter": {"amountMinor": after},
            "occurredAt": "2026-11-22T09:30:00Z",
            "storeName": store,
        }
        for seq, kind, amount, after, store in (
            (2, "REDEEM", -25_000, 75_000, shop.terminal.store_name),
            (1, "ACTIVATE", 100_000, 100_000, None),
        )
    ]


async def test_activities_are_paged(phone: Api, shop: Shop, one: GiftCardId, two: GiftCardId) -> None:
    await phone.do(TRANSFER, **moving(shop, one, two, 1))

    first = (await phone(CARDS, first=1))["viewer"]["giftCards"][1]["activities"]
    rest = (await phone(CARDS, first=1, after=first["pageInfo"]["endCursor"]))["viewer"]["giftCards"][1]["activities"]

    assert [edge["node"]["kind"] for page in (first, rest) for edge in page["edges"]] == ["TRANSFER_OUT", "ACTIVATE"]
    assert first["pageInfo"] | {"endCursor": None} == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "endCursor": None,
    }
    assert rest["pageInfo"]["hasNextPage"] is False


async def test_the_cards_and_their_activities_take_three_statements(
    phone: Api, one: GiftCardId, two: GiftCardId, statements: StatementCounter
) -> None:
    await phone(CARDS)
    async with statements.counted() as seen:
        await phone(CARDS)

    assert len(asked(seen)) == 3, seen


async def test_money_moves_between_one_s_own_cards(phone: Api, shop: Shop, one: GiftCardId, two: GiftCardId) -> None:
    said = moving(shop, one, two, 40_000)

    answers = [await phone.do(TRANSFER, **said) for _ in range(2)]

    for answer in answers:
        assert answer == {
            "__typename": "GiftCardBalanceTransferred",
            "from": {"id": id_of(shop, one), "balance": {"amountMinor": 60_000}},
            "to": {"id": id_of(shop, two), "balance": {"amountMinor": 45_000}},
        }


async def test_each_refusal_is_said_and_changes_nothing(
    phone: Api, other_phone: Api, shop: Shop, one: GiftCardId, two: GiftCardId, conn: Conn
) -> None:
    # given a card of another shop's, and a key that was used
    other = await make_shop(conn, now=phone.now)
    elsewhere = encode(GiftCardKey(other.merchant_id, two))
    used = moving(shop, one, two, 1)
    await phone.do(TRANSFER, **used)
    before = await everything(conn)
    # when
    answers = [
        await phone.do(TRANSFER, **said)
        for said in (
            moving(shop, one, two, 100_000),
            moving(shop, one, two, 0),
            moving(shop, one, one, 1),
            {**moving(shop, one, two, 1), "toId": elsewhere},
            {**moving(shop, one, two, 1), "fromId": "garbage"},
            {**used, "amountMinor": 2},
        )
    ]
    strange = await other_phone.do(TRANSFER, **moving(shop, one, two, 1))
    # then
    assert [answer["__typename"] for answer in answers] == [
        "InsufficientValue",
        "InvalidInput",
        "InvalidInput",
        "InvalidInput",
        "NotFound",
        "IdempotencyKeyReused",
    ]
    assert answers[0] == {
        "__typename": "InsufficientValue",
        "needed": {"amountMinor": 100_000},
        "available": {"amountMinor": 99_999},
        "message": "This needs ₹1,000; the gift card has ₹999.99.",
    }
    assert [answer["problems"][0]["field"] for answer in answers[1:4]] == ["amountMinor", "toId", "toId"]
    assert strange == {"__typename": "NotFound", "message": "This gift card was not found among yours."}
    assert await everything(conn) == before


async def test_a_blocked_card_says_that_it_is(
    phone: Api, shop: Shop, one: GiftCardId, two: GiftCardId, conn: Conn
) -> None:
    async with conn.transaction():
        [card] = await locked(conn, shop, one, now=phone.now)
        await value.block(conn, card, cause=ValueCause(phone.now, "Lost"), now=phone.now)

    answer = await phone.do(TRANSFER, **moving(shop, one, two, 1))

    assert answer == {
        "__typename": "GiftCardNotUsable",
        "message": f"The gift card ending in {card.last4} is blocked. Please ask the shop.",
    }


async def test_nobody_else_sees_a_card_or_what_happened_on_it(
    phone: Api, other_phone: Api, anybody: Api, till: Api, shop: Shop, one: GiftCardId
) -> None:
    for key in (GiftCardKey(shop.merchant_id, one), GiftCardActivityKey(shop.merchant_id, one, 1)):
        assert (await phone(NODE, id=encode(key)))["node"]["id"] == encode(key)
        assert (await other_phone(NODE, id=encode(key)))["node"] is None
        assert (await till(NODE, id=encode(key)))["node"] is None
        assert await anybody.failure(NODE, id=encode(key)) == "UNAUTHENTICATED"
    assert (await other_phone(CARDS))["viewer"]["giftCards"] == []
    assert (await phone(NODE, id=encode(MemberGiftCardKey(shop.merchant_id, one))))["node"] is None


async def test_the_till_sees_what_can_pay_while_it_serves_the_owner(
    till: Api, phone: Api, asha: Person, shop: Shop, one: GiftCardId, two: GiftCardId
) -> None:
    # given
    member_gift_card = encode(MemberGiftCardKey(shop.merchant_id, one))
    assert (await till(NODE, id=member_gift_card))["node"] is None
    # when
    await scanned(till, phone, asha)
    cards = (await till(AT_THE_TILL, id=member_card(asha)))["node"]["giftCards"]
    # then the older first, as neither expires
    assert [card["id"] for card in cards] == [
        member_gift_card,
        encode(MemberGiftCardKey(shop.merchant_id, two)),
    ]
    assert cards[0]["balance"] == {"amountMinor": 100_000, "currency": "INR"}
    assert (await till(NODE, id=member_gift_card))["node"] == {
        "__typename": "MemberGiftCard",
        "id": member_gift_card,
    }
    later = till.at(till.now + timedelta(minutes=15))
    assert (await later(NODE, id=member_gift_card))["node"] is None


def member_card(person: Person) -> str:
    return encode(MemberCardKey(person.merchant_id, person.card_id))
