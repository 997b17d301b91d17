"""A member's rewards and vouchers, as their phone lists them and as a till that serves them does."""

from datetime import datetime, timedelta
from uuid import uuid4

from schema.ids import MemberCardKey, encode
from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_points, make_reward, make_shop
from tests.resolvers.api import Api
from tests.resolvers.counter import scanned
from tests.resolvers.documents import CANCEL_VOUCHER
from tests.resolvers.rewarding import claimed, reward_id
from tests.resolvers.world import Person, asked
from wallet import stores
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.values import StoreId

OFFERS = "rewards { available reasons reward { id name kind costPoints costStamps } }"
CARDS = f"""
    query ($states: [VoucherState!]) {{
        viewer {{ cards {{ {OFFERS} vouchers(states: $states) {{ id state reward {{ id }} }} }} }}
    }}
"""
USUAL = "query ($id: ID!) { node(id: $id) { ... on Card { vouchers { id state } } } }"
AT_THE_TILL = f"query ($id: ID!) {{ node(id: $id) {{ ... on MemberCard {{ {OFFERS} vouchers {{ id state }} }} }} }}"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


async def kind(api: Api, node_id: str) -> str | None:
    node = (await api(NODE, id=node_id))["node"]
    return node and str(node["__typename"])


async def other_store(conn: Conn, shop: Shop, now: datetime) -> StoreId:
    return await stores.create_store(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, name="Store B", now=now
    )


async def test_rewards_come_with_reasons_what_can_be_had_first(
    phone: Api, asha: Person, coffee: Reward, shop: Shop, conn: Conn
) -> None:
    # given one that is too dear, beside the coffee for 40 of the 100 beans
    await make_reward(conn, shop, cost_points=112, now=phone.now)
    # when
    [card] = (await phone(CARDS))["viewer"]["cards"]
    # then
    assert [(offer["available"], offer["reasons"]) for offer in card["rewards"]] == [
        (True, []),
        (False, ["12 beans more needed."]),
    ]
    assert card["rewards"][0]["reward"] == {
        "id": reward_id(coffee),
        "name": "Free coffee",
        "kind": "FREE_ITEM",
        "costPoints": 40,
        "costStamps": None,
    }


async def test_vouchers_are_those_that_can_be_used_unless_others_are_asked_for(
    phone: Api, asha: Person, coffee: Reward
) -> None:
    # given
    first, second = [await claimed(phone, asha, coffee) for _ in range(2)]
    await phone.do(CANCEL_VOUCHER, voucherId=first["id"], idempotencyKey=str(uuid4()))

    async def listed(document: str, **variables: object) -> list[tuple[str, str]]:
        [card] = (await phone(document, **variables))["viewer"]["cards"]
        return [(voucher["id"], voucher["state"]) for voucher in card["vouchers"]]

    # then
    usable, cancelled = (second["id"], "USABLE"), (first["id"], "CANCELLED")
    assert (await phone(USUAL, id=asha.card))["node"]["vouchers"] == [{"id": second["id"], "state": "USABLE"}]
    assert await listed(CARDS) == [usable]
    assert await listed(CARDS, states=["CANCELLED"]) == [cancelled]
    assert await listed(CARDS, states=None) == [usable, cancelled]
    assert await listed(CARDS, states=[]) == []


async def test_many_cards_with_all_they_have_take_as_many_statements_as_one(
    phone: Api, asha: Person, coffee: Reward, conn: Conn, statements: StatementCounter
) -> None:
    # given
    await claimed(phone, asha, coffee)

    async def seen() -> list[str]:
        async with statements.counted() as said:
            await phone(CARDS)
        return asked(said)

    await seen()
    one = await seen()
    # when there are three more cards, each with a reward that is too dear
    for _ in range(3):
        shop = await make_shop(conn, now=phone.now)
        card_id = await make_card(conn, shop, asha.customer_id, now=phone.now)
        await make_points(conn, shop, card_id, 10, now=phone.now)
        await make_reward(conn, shop, now=phone.now)
    four = await seen()
    # then: the viewer, the cards, rewards, vouchers; and what the programs call their points
    cards = (await phone(CARDS))["viewer"]["cards"]
    assert [len(card["rewards"]) for card in cards] == [1, 1, 1, 1]
    assert cards[3]["rewards"][0]["reasons"] == ["40 beans more needed."]
    assert (len(one), len(four)) == (4, 5), four


# ---------------------------------------------------------------- at a till


async def test_a_till_sees_what_is_had_and_can_be_used_in_its_store(
    till: Api, phone: Api, asha: Person, coffee: Reward, shop: Shop, conn: Conn
) -> None:
    # given rewards of this store, of the other one and of both; a voucher for each
    now = phone.now
    here = await make_reward(conn, shop, cost_points=10, stores=[shop.store_id], now=now)
    there = await make_reward(conn, shop, cost_points=20, stores=[await other_store(conn, shop, now)], now=now)
    vouchers = [await claimed(phone, asha, reward) for reward in (coffee, here, there)]
    cancelled = await claimed(phone, asha, here)
    await phone.do(CANCEL_VOUCHER, voucherId=cancelled["id"], idempotencyKey=str(uuid4()))
    # when
    await scanned(till, phone, asha)
    card = (await till(AT_THE_TILL, id=member_card(asha)))["node"]
    # then
    assert [(offer["reward"]["id"], offer["available"], offer["reasons"]) for offer in card["rewards"]] == [
        (reward_id(here), True, []),
        (reward_id(coffee), False, ["10 beans more needed."]),
    ]
    assert [voucher["id"] for voucher in card["vouchers"]] == [vouchers[1]["id"], vouchers[0]["id"]]


def member_card(person: Person) -> str:
    return encode(MemberCardKey(person.merchant_id, person.card_id))


# ---------------------------------------------------------------- node(id)


async def test_a_reward_is_seen_by_members_of_its_program(
    phone: Api, other_phone: Api, anybody: Api, till: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    elsewhere = await make_reward(conn, await make_shop(conn, now=phone.now), now=phone.now)
    for api in (phone, other_phone, till):
        assert await kind(api, reward_id(coffee)) == "Reward"
        assert await kind(api, reward_id(elsewhere)) is None
    assert await anybody.failure(NODE, id=reward_id(coffee)) == "UNAUTHENTICATED"


async def test_a_voucher_is_seen_by_its_owner_and_by_the_store_that_serves_them(
    phone: Api, other_phone: Api, till: Api, asha: Person, coffee: Reward
) -> None:
    voucher = (await claimed(phone, asha, coffee))["id"]
    assert await kind(phone, voucher) == "Voucher"
    assert await kind(other_phone, voucher) is None
    # the till only while it serves the owner
    assert await kind(till, voucher) is None
    await scanned(till, phone, asha)
    assert await kind(till, voucher) == "Voucher"
    assert await kind(till.at(till.now + timedelta(minutes=15)), voucher) is None


async def test_what_is_had_in_another_store_is_nothing_to_this_till(
    phone: Api, till: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    there = await make_reward(conn, shop, stores=[await other_store(conn, shop, phone.now)], now=phone.now)
    voucher = (await claimed(phone, asha, there))["id"]
    await scanned(till, phone, asha)
    assert [await kind(till, node_id) for node_id in (reward_id(there), voucher)] == [None, None]
    assert [await kind(phone, node_id) for node_id in (reward_id(there), voucher)] == ["Reward", "Voucher"]
