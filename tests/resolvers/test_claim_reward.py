from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import Shop, make_reward, make_shop
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_REWARD
from tests.resolvers.rewarding import claim_of, claimed, reward_id
from tests.resolvers.world import Person, everything
from wallet.database import Conn
from wallet.rewards import Reward

HISTORY = """
    query ($id: ID!) {
        node(id: $id) { ... on Card { history { edges { node { kind points balanceAfter reasons } } } } }
    }
"""


async def test_a_claimed_reward_is_a_voucher_and_its_price_is_reserved(
    phone: Api, asha: Person, coffee: Reward
) -> None:
    # when
    answer = await phone.do(CLAIM_REWARD, **claim_of(asha, coffee))
    # then
    assert answer["__typename"] == "RewardClaimed"
    assert answer["voucher"] | {"id": None, "usableUntil": None} == {
        "id": None,
        "state": "USABLE",
        "usableUntil": None,
        "usedAt": None,
        "storeName": None,
        "reward": {
            "id": reward_id(coffee),
            "name": "Free coffee",
            "description": None,
            "kind": "FREE_ITEM",
            "costPoints": 40,
            "costStamps": None,
        },
    }
    assert answer["voucher"]["usableUntil"] == "2026-12-22T18:30:00Z"
    assert answer["card"]["balance"] == {"active": 60, "pending": 0, "reserved": 40, "lifetimeEarned": 100}
    assert phone.published == [(asha.merchant_id, asha.card_id)]


async def test_the_history_says_what_it_was_for(phone: Api, asha: Person, coffee: Reward) -> None:
    await claimed(phone, asha, coffee)
    edges = (await phone(HISTORY, id=asha.card))["node"]["history"]["edges"]
    assert edges[0]["node"] == {
        "kind": "REDEEMED",
        "points": -40,
        "balanceAfter": 60,
        "reasons": ["For a voucher: Free coffee."],
    }


async def test_the_same_key_gives_the_same_answer(phone: Api, asha: Person, coffee: Reward, conn: Conn) -> None:
    said = claim_of(asha, coffee)
    first = await phone.do(CLAIM_REWARD, **said)
    before = await everything(conn)
    phone.published.clear()
    assert await phone.do(CLAIM_REWARD, **said) == first
    assert (await everything(conn), phone.published) == (before, [])


async def test_a_key_that_came_with_another_reward_is_refused(
    phone: Api, asha: Person, coffee: Reward, shop: Shop, conn: Conn
) -> None:
    key = str(uuid4())
    await phone.do(CLAIM_REWARD, **claim_of(asha, coffee, key=key))
    other = await make_reward(conn, shop, now=phone.now)
    before = await everything(conn)
    answer = await phone.do(CLAIM_REWARD, **claim_of(asha, other, key=key))
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_too_few_beans_are_said_in_beans(phone: Api, asha: Person, shop: Shop, conn: Conn) -> None:
    dear = await make_reward(conn, shop, cost_points=112, now=phone.now)
    before = await everything(conn)
    answer = await phone.do(CLAIM_REWARD, **claim_of(asha, dear))
    assert answer == {
        "__typename": "InsufficientPoints",
        "needed": 112,
        "available": 100,
        "message": "This needs 112 beans; the card has 100 beans.",
    }
    assert await everything(conn) == before


async def test_all_reasons_are_said_in_the_readers_language(phone: Api, asha: Person, shop: Shop, conn: Conn) -> None:
    # given a reward that is dear, to come, and not for everybody
    later = phone.now + timedelta(days=9)
    reward = await make_reward(conn, shop, cost_points=112, tiers=["Gold"], claimable_from=later, now=phone.now)
    before = await everything(conn)
    # when
    answer = await phone.do(CLAIM_REWARD, **claim_of(asha, reward))
    translated = await phone.speaking("hi-IN").do(CLAIM_REWARD, **claim_of(asha, reward))
    # then
    assert answer == {
        "__typename": "RewardUnavailable",
        "message": "This reward cannot be had now.",
        "reasons": [
            "12 beans more needed.",
            "To be had from 1 December 2026 on.",
            "Only for members of this tier: Gold.",
        ],
    }
    assert translated["reasons"][0] == "12 beans और चाहिए।"
    assert await everything(conn) == before


async def test_a_card_without_enough_stamps_is_told_how_many_are_missing(
    phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    reward = await make_reward(conn, shop, cost_stamps=1, now=phone.now)
    answer = await phone.do(CLAIM_REWARD, **claim_of(asha, reward))
    assert (answer["__typename"], answer["reasons"]) == ("RewardUnavailable", ["1 stamp more needed."])


@pytest.mark.parametrize("wrong", ["cardId", "rewardId"])
async def test_what_is_no_id_or_another_kind_of_thing_is_not_found(
    wrong: str, phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    before = await everything(conn)
    other = asha.card if wrong == "rewardId" else reward_id(coffee)
    for node_id in (other, "garbage"):
        answer = await phone.do(CLAIM_REWARD, **{**claim_of(asha, coffee), wrong: node_id})
        assert answer == {
            "__typename": "NotFound",
            "message": "This reward was not found. Open the list of rewards again.",
        }
    assert await everything(conn) == before


async def test_nobody_elses_card_pays_and_no_other_programs_reward_is_had(
    phone: Api, other_phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    elsewhere = await make_reward(conn, await make_shop(conn, now=phone.now), now=phone.now)
    before = await everything(conn)
    assert (await other_phone.do(CLAIM_REWARD, **claim_of(asha, coffee)))["__typename"] == "NotFound"
    assert (await phone.do(CLAIM_REWARD, **claim_of(asha, elsewhere)))["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, asha: Person, coffee: Reward) -> None:
    assert await anybody.failure(CLAIM_REWARD, input=claim_of(asha, coffee)) == "UNAUTHENTICATED"
