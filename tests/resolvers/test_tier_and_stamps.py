"""How far a member has come, as the phone and the till are shown it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_reward, make_shop
from tests.resolvers.api import Api
from tests.resolvers.counter import scanned
from tests.resolvers.world import Person, asked
from tests.wallet.ledger.midnight import KOLKATA, sold, stand, there
from wallet import ledger, programs
from wallet.database import Conn
from wallet.ledger import Cause, StampMove, lock_cards
from wallet.ledger.stamps import StampKind
from wallet.rules import Rules, StampRules, TierLevel, TierRules
from wallet.tiers import Standing
from wallet.values import MINOR_MAX

PARTS = """
    tier { name perks nextName toNext toNextMoney { amountMinor currency } keepUntil atRisk }
    stamps { collected needed reward { name kind costStamps } }
"""
PHONE = f"{{ viewer {{ cards {{ {PARTS} }} }} }}"
TILL = f"query ($id: ID!) {{ node(id: $id) {{ ... on Visit {{ card {{ {PARTS} }} }} }} }}"

A_DAY = timedelta(days=1)
LEVELS = (TierLevel("Silver", 500, perks=("A coffee on Sundays", "No queue")), TierLevel("Gold", 1_000))


async def revised(conn: Conn, shop: Shop, rules: Rules, *, now: datetime) -> None:
    """The program has these rules, from the next moment on."""
    await programs.revise(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, rules=rules, valid_from=now, now=now
    )


async def on_phone(phone: Api) -> dict[str, Any]:
    [card] = (await phone(PHONE))["viewer"]["cards"]
    return dict(card)


async def test_program_without_them_says_nothing_of_them(phone: Api, till: Api, asha: Person) -> None:
    assert await on_phone(phone) == {"tier": None, "stamps": None}
    visit = await scanned(till, phone, asha)
    assert (await till(TILL, id=visit))["node"]["card"] == {"tier": None, "stamps": None}


async def test_member_below_the_first_tier_sees_what_is_missing(
    phone: Api, till: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    await revised(conn, shop, Rules(tiers=TierRules(LEVELS)), now=now)
    await sold(conn, shop, asha.card_id, 120, at=now - A_DAY)
    await sold(conn, shop, asha.card_id, 70, at=now - A_DAY, review="HELD")
    await sold(conn, shop, asha.card_id, 400, at=now - 400 * A_DAY)
    expected = {
        "name": "Member",
        "perks": [],
        "nextName": "Silver",
        "toNext": 380,
        "toNextMoney": None,
        "keepUntil": None,
        "atRisk": False,
    }
    assert (await on_phone(phone))["tier"] == expected
    assert (await on_phone(phone.speaking("ml-IN")))["tier"]["name"] == "അംഗം"
    # and so does the till
    visit = await scanned(till, phone, asha)
    assert (await till(TILL, id=visit))["node"]["card"]["tier"] == expected


async def test_member_hears_in_time_that_the_tier_is_at_risk(
    phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given a tier that is reviewed on 22 December, at half past nine on 22 November in London
    await revised(conn, shop, Rules(tiers=TierRules(LEVELS, at_risk_days=30)), now=now)
    until = there(KOLKATA, 2026, 12, 22)
    await stand(conn, shop, asha.card_id, Standing("Silver", now - 300 * A_DAY, until, until), now=now)
    await sold(conn, shop, asha.card_id, 600, at=there(KOLKATA, 2025, 12, 20))
    await sold(conn, shop, asha.card_id, 200, at=now - A_DAY)
    tier = (await on_phone(phone))["tier"]
    assert tier == {
        "name": "Silver",
        "perks": ["A coffee on Sundays", "No queue"],
        "nextName": "Gold",
        "toNext": 200,
        "toNextMoney": None,
        "keepUntil": "2026-12-21T18:30:00Z",
        "atRisk": True,
    }
    # when enough is bought for the day of the review
    await sold(conn, shop, asha.card_id, 300, at=now - A_DAY)
    tier = (await on_phone(phone))["tier"]
    assert (tier["nextName"], tier["toNext"], tier["atRisk"]) == ("Gold", 0, False)


async def test_where_money_counts_money_is_missing(
    phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    await revised(conn, shop, Rules(tiers=TierRules(LEVELS, basis="spend")), now=now)
    await sold(conn, shop, asha.card_id, 0, minor=450, at=now - A_DAY)
    tier = (await on_phone(phone))["tier"]
    assert (tier["toNext"], tier["toNextMoney"]) == (50, {"amountMinor": 50, "currency": "INR"})


@pytest.mark.parametrize("collected", [0, 3, -2])
async def test_punch_card_says_how_full_it_is_and_what_for(
    phone: Api, till: Api, asha: Person, shop: Shop, conn: Conn, now: datetime, collected: int
) -> None:
    await make_reward(conn, shop, slug="free-coffee", cost_stamps=10, now=now)
    await revised(conn, shop, Rules(stamps=StampRules(per="item", needed=10, reward="free-coffee")), now=now)
    if collected:
        async with conn.transaction():
            cards = await lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[asha.card_id], now=now)
            kind: StampKind = "COLLECTED" if collected > 0 else "TAKEN_BACK"
            moves = [StampMove(kind, collected)]
            await ledger.move_stamps(conn, cards[asha.card_id], moves=moves, cause=Cause(now), now=now)
    expected = {
        "collected": collected,
        "needed": 10,
        "reward": {"name": "Free coffee", "kind": "FREE_ITEM", "costStamps": 10},
    }
    assert (await on_phone(phone))["stamps"] == expected
    visit = await scanned(till, phone, asha)
    assert (await till(TILL, id=visit))["node"]["card"]["stamps"] == expected


async def test_stamps_for_a_reward_that_is_not_there_yet_are_not_shown(
    phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    other = await make_shop(conn, rules=Rules(stamps=StampRules("item", needed=10, reward="free-coffee")), now=now)
    await make_card(conn, other, asha.customer_id, now=now)
    assert [card["stamps"] for card in (await phone(PHONE))["viewer"]["cards"]] == [None, None]


async def test_the_most_that_a_tier_can_take_can_be_told(phone: Api, shop: Shop, conn: Conn, now: datetime) -> None:
    dear = TierRules((TierLevel("Gold", MINOR_MAX),), basis="spend")
    await revised(conn, shop, Rules(tiers=dear), now=now)
    assert (await on_phone(phone))["tier"]["toNextMoney"] == {"amountMinor": MINOR_MAX, "currency": "INR"}


async def test_tiers_of_many_cards_are_one_statement(
    phone: Api, asha: Person, shop: Shop, conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    await revised(conn, shop, Rules(tiers=TierRules(LEVELS)), now=now)
    for _ in range(4):
        other = await make_shop(conn, rules=Rules(tiers=TierRules(LEVELS)), now=now)
        await make_card(conn, other, asha.customer_id, now=now)
    async with statements.counted() as said:
        cards = (await phone("{ viewer { cards { tier { name } } } }"))["viewer"]["cards"]
    assert cards == [{"tier": {"name": "Member"}}] * 5
    assert len([one for one in asked(said) if "FROM sales" in one or "JOIN sales" in one]) == 1
    assert len(asked(said)) == 4
