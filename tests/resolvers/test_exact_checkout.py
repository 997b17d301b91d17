"""Quotes that are done exactly, vouchers and rewards at the till, and what comes back, as a till reads it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Shop, make_points, make_reward, make_shop
from tests.resolvers.api import Api, as_customer, as_terminal
from tests.resolvers.conftest import make_person
from tests.resolvers.counter import recorded, sale_of, shown_code
from tests.resolvers.documents import CHECKOUT, QUOTE, REFUND, SALE, SCAN
from tests.resolvers.rewarding import claimed, reward_id
from tests.resolvers.test_sale import SALE_QUERY
from tests.resolvers.world import Person, everything
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.rules import ReviewRules, Rules, StampRules, TierLevel, TierRules
from wallet.values import CheckInPurpose, Minor, Points, RewardKind

REDEEM = CheckInPurpose.REDEEM
BESIDE = "You got 1 stamp with this purchase. You used: Chef's table."
OPERATIONS = "query ($visitId: ID!) { operations(visitId: $visitId) { sale { ...SaleParts } } }" + SALE


async def visit_to_redeem(till: Api, phone: Api, person: Person) -> str:
    code = await shown_code(phone, person, REDEEM)
    return str((await till.do(SCAN, code=code["token"]))["id"])


async def quoted(till: Api, visit: str, **named: list[str]) -> dict[str, Any]:
    return await till.do(QUOTE, **sale_of(visit=visit), **named)


async def sold(till: Api, visit: str, **named: list[str]) -> dict[str, Any]:
    return await till.do(CHECKOUT, sale={**sale_of(visit=visit), **named}, idempotencyKey=str(uuid4()))


async def test_a_quote_says_all_that_the_checkout_then_does(
    till: Api, phone: Api, asha: Person, coffee: Reward
) -> None:
    # given a quote with a free coffee bought on the spot, for 40 of Asha's 100 beans
    visit = await visit_to_redeem(till, phone, asha)
    sale = {**sale_of(visit=visit), "rewardIds": [reward_id(coffee)]}
    said = await till.do(QUOTE, **sale)
    assert said["__typename"] == "Quote"
    assert (said["total"]["amountMinor"], said["due"]["amountMinor"]) == (53_000, 3_000)
    assert said["discounts"] == [
        {"reward": {"name": "Free coffee"}, "lineId": "1", "amount": {"amountMinor": 50_000, "currency": "INR"}}
    ]
    assert (said["earns"], said["balanceAfter"], said["stamps"], said["tierAfter"]) == (0, 60, 0, None)
    assert said["receiptText"] == "This purchase earned no beans. You used: Free coffee."
    assert said["expiresAt"] == "2026-11-22T09:45:00Z"
    # when it is done
    answer = await till.do(CHECKOUT, sale=sale, quoteId=said["id"], idempotencyKey=str(uuid4()))
    # then it is what was said
    assert answer["__typename"] == "SaleRecorded"
    for name in ("lines", "discounts", "due", "stamps", "receiptText"):
        assert answer["sale"][name] == said[name]
    assert (answer["sale"]["points"], answer["card"]["active"]) == (said["earns"], said["balanceAfter"])
    assert till.published == [(asha.merchant_id, asha.card_id)]


async def test_a_quote_that_changed_is_answered_with_the_new_one(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    visit = await visit_to_redeem(till, phone, asha)
    first = await quoted(till, visit)
    await make_points(conn, shop, asha.card_id, 7, now=now)
    before = await everything(conn)

    changed = await till.do(CHECKOUT, sale=sale_of(visit=visit), quoteId=first["id"], idempotencyKey=str(uuid4()))

    assert (changed["__typename"], changed["quote"]["balanceAfter"]) == ("QuoteChanged", first["balanceAfter"] + 7)
    assert changed["message"] == "Something has changed since this was shown. Please look at it again and confirm."
    assert (await everything(conn), till.published) == (before, [])
    said = {"sale": sale_of(visit=visit), "quoteId": changed["quote"]["id"], "idempotencyKey": str(uuid4())}
    assert (await till.do(CHECKOUT, **said))["card"]["active"] == changed["quote"]["balanceAfter"]


async def test_spending_is_refused_in_the_words_of_the_program(
    till: Api, phone: Api, asha: Person, coffee: Reward, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given what Asha cannot have: with a code to earn, for more beans than she has, of which none is left to her
    dear = await make_reward(conn, shop, slug="dear", cost_points=101, now=now)
    once = await make_reward(conn, shop, slug="once", kind=RewardKind.PERK, cost_points=1, per_member=1, now=now)
    later = await make_reward(conn, shop, slug="later", cost_points=1, claimable_from=now + timedelta(days=1), now=now)
    used = (await claimed(phone, asha, coffee))["id"]
    visit = await visit_to_redeem(till, phone, asha)
    both = {"voucherIds": [used], "rewardIds": [reward_id(once)]}
    first = await till.do(CHECKOUT, sale={**sale_of(visit=visit), **both}, idempotencyKey=str(uuid4()))
    assert first["__typename"] == "SaleRecorded"
    earn = str((await till.do(SCAN, code=(await shown_code(phone, asha))["token"]))["id"])
    till.published.clear()
    before = await everything(conn)
    for way in (quoted, sold):
        # when it is quoted or sold, then each says why not
        assert await way(till, earn, rewardIds=[reward_id(coffee)]) == {
            "__typename": "RedeemCodeNeeded",
            "message": "To use a reward or a voucher, or the customer's own gift card, ask the customer for the code to"
            " redeem, and scan it.",
        }
        short = await way(till, visit, rewardIds=[reward_id(dear)])
        assert (short["__typename"], short["needed"], short["available"]) == ("InsufficientPoints", 101, 59)
        assert short["message"] == "This needs 101 beans; the card has 59 beans."
        gone = await way(till, visit, rewardIds=[reward_id(once), reward_id(later)])
        assert gone["reasons"] == ["Each member can have it 1 time only.", "To be had from 23 November 2026 on."]
        spent = await way(till, visit, voucherIds=[used])
        assert (spent["__typename"], spent["voucher"]) == ("VoucherNotUsable", {"id": used, "state": "USED"})
    assert (await everything(conn), till.published) == (before, [])


async def test_what_is_not_this_customer_s_is_not_found(
    till: Api, phone: Api, other_phone: Api, asha: Person, ben: Person, coffee: Reward, shop: Shop, conn: Conn
) -> None:
    await make_points(conn, shop, ben.card_id, 50, now=till.now)
    theirs = (await claimed(other_phone, ben, coffee))["id"]
    stranger = await make_shop(conn, now=till.now)
    elsewhere = await make_reward(conn, stranger, now=till.now)
    visit = await visit_to_redeem(till, phone, asha)
    before = await everything(conn)

    for named in (
        {"voucherIds": [theirs]},
        {"voucherIds": [reward_id(coffee)]},
        {"voucherIds": ["garbage"]},
        {"rewardIds": [reward_id(elsewhere)]},
        {"rewardIds": [theirs]},
    ):
        answer = await till.do(CHECKOUT, sale={**sale_of(visit=visit), **named}, idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "NotFound"
        assert answer["message"].startswith("The visit is over, or the voucher or reward is not for this customer.")
    assert await everything(conn) == before


async def test_the_same_key_gives_the_same_sale_with_its_rewards(
    till: Api, phone: Api, asha: Person, coffee: Reward, conn: Conn
) -> None:
    sale = {**sale_of(visit=await visit_to_redeem(till, phone, asha)), "rewardIds": [reward_id(coffee)]}
    said = {"sale": sale, "idempotencyKey": str(uuid4())}
    first = await till.do(CHECKOUT, **said)
    before = await everything(conn)

    again = await till.do(CHECKOUT, **said)

    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    assert await everything(conn) == before


async def test_a_refund_by_amount_says_what_came_back(till: Api, phone: Api, asha: Person, coffee: Reward) -> None:
    # given a coffee that was free, and a delivery
    sale = {**sale_of(visit=await visit_to_redeem(till, phone, asha)), "rewardIds": [reward_id(coffee)]}
    sale_id = (await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4())))["sale"]["id"]
    # when the money for the delivery comes back in two parts
    parts = [
        await till.do(REFUND, saleId=sale_id, amountMinor=amount, idempotencyKey=str(uuid4()))
        for amount in (1_000, 2_000)
    ]
    # then with the last of it everything has, the beans for the coffee too
    assert [part["refundDue"]["amountMinor"] for part in parts] == [1_000, 2_000]
    assert [(part["pointsTakenBack"], part["pointsGivenBack"], part["debt"]) for part in parts] == [
        (0, 0, 0),
        (0, 40, 0),
    ]
    assert parts[1]["card"]["active"] == 100
    for said, field in (({"amountMinor": 1, "lineIds": ["1"]}, "amountMinor"), ({"amountMinor": 0}, "amountMinor")):
        answer = await till.do(REFUND, saleId=sale_id, idempotencyKey=str(uuid4()), **said)
        assert [problem["field"] for problem in answer["problems"]] == [field]


@pytest.mark.parametrize("rules", [Rules(returns_debt=True), Rules(returns_debt=False)])
async def test_a_debt_is_said_to_the_till(new_till: Api, anybody: Api, conn: Conn, rules: Rules) -> None:
    now = new_till.now
    shop = await make_shop(conn, rules=rules, now=now)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    reward = await make_reward(conn, shop, cost_points=500, now=now)
    sale_id = (await recorded(till, phone, person))["sale"]["id"]
    await claimed(phone, person, reward)

    refunded = await till.do(REFUND, saleId=sale_id, idempotencyKey=str(uuid4()))

    assert (refunded["pointsTakenBack"], refunded["debt"]) == (0, 500 if rules.returns_debt else 0)


async def test_a_sale_that_the_merchant_looks_at_and_one_that_brings_a_tier(
    new_till: Api, anybody: Api, conn: Conn
) -> None:
    rules = Rules(
        points=Points(1),
        per_minor=Minor(100),
        tiers=TierRules((TierLevel("Silver", 400),)),
        review=ReviewRules(amount_minor=Minor(60_000)),
    )
    shop = await make_shop(conn, rules=rules, now=new_till.now)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=new_till.now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    visit = await visit_to_redeem(till, phone, person)

    odd = await till.do(QUOTE, **sale_of(visit=visit, amount_minor=60_000))
    usual = await till.do(QUOTE, **sale_of(visit=visit))
    held = await recorded(till, phone, person, lines=[{"lineId": "1", "amountMinor": 60_001}])

    said = "You earned 600 beans with this purchase, to spend as soon as the shop has confirmed it."
    assert (odd["tierAfter"], odd["balanceAfter"], odd["receiptText"]) == (None, 0, said)
    assert (usual["tierAfter"], usual["earns"]) == ("Silver", 500)
    assert (held["sale"]["inReview"], held["card"]["active"], held["card"]["pending"]) == (True, 0, 600)


@pytest.mark.parametrize(
    ("locale", "of_voucher", "of_reward"),
    [
        (
            "en-IN",
            "This voucher takes nothing off this purchase, so it was not used.",
            "Bread takes nothing off this purchase, so it was not bought.",
        ),
        ("ml-IN", "ഈ വൗച്ചർ കൊണ്ട്", "Bread: ഇതുകൊണ്ട്"),
        ("hi-IN", "इस वाउचर से", "Bread: इससे"),
        ("bn-IN", "এই ভাউচারে", "Bread: এই"),
        ("te-IN", "ఈ వోచర్", "Bread: ఇది"),
        ("th-TH", "บัตรแลกรับนี้", "Bread ไม่ได้ลดราคา"),
    ],
)
async def test_what_takes_nothing_off_is_refused_with_a_sentence_and_stays_as_it_was(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime,
    locale: str, of_voucher: str, of_reward: str,
) -> None:  # fmt: skip
    # given a voucher for bread, a reward too, and a basket of coffee
    bread = await make_reward(conn, shop, slug="bread", name="Bread", cost_points=10, categories=("bread",), now=now)
    held, visit = (await claimed(phone, asha, bread))["id"], await visit_to_redeem(till, phone, asha)
    before, speaking = await everything(conn), till.speaking(locale)
    for way in (quoted, sold):
        # when
        unused = await way(speaking, visit, voucherIds=[held])
        refused = await way(speaking, visit, rewardIds=[reward_id(bread)])
        # then
        assert (unused["__typename"], unused["voucher"]) == ("VoucherNotUsable", {"id": held, "state": "USABLE"})
        assert unused["message"].startswith(of_voucher)
        assert (refused["__typename"], len(refused["reasons"])) == ("RewardUnavailable", 1)
        assert refused["reasons"][0].startswith(of_reward)
    assert await everything(conn) == before


async def test_the_receipt_says_all_that_the_purchase_brought(
    new_till: Api, anybody: Api, conn: Conn, now: datetime
) -> None:
    # given a program of points, stamps and a tier, and one of stamps alone
    both = Rules(
        points=Points(1),
        per_minor=Minor(10_000),
        stamps=StampRules("item", needed=9, reward="free-coffee"),
        tiers=TierRules((TierLevel("Silver", 5),)),
    )
    for rules, said in (
        (both, f"You earned 5 beans with this purchase. {BESIDE} You have reached this tier: Silver."),
        (replace(both, points=Points(0), tiers=None), BESIDE),
    ):
        shop = await make_shop(conn, now=now, rules=rules)
        person = await make_person(conn, shop, email=f"{shop.slug}@example.com", name="Ira", points=10, now=now)
        till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
        perk = await make_reward(
            conn, shop, slug="table", name="Chef's table", kind=RewardKind.PERK, cost_points=10, now=now
        )
        visit = await visit_to_redeem(till, phone, person)
        # when
        quote = await quoted(till, visit, rewardIds=[reward_id(perk)])
        answer = await sold(till, visit, rewardIds=[reward_id(perk)])
        # then the quote, the sale and a copy of its receipt say the same
        copy = (await till(SALE_QUERY, id=answer["sale"]["id"]))["sale"]
        assert quote["receiptText"] == answer["sale"]["receiptText"] == copy["receiptText"] == said
        shown = {"reward": {"name": "Chef's table"}, "lineId": None, "amount": {"amountMinor": 0, "currency": "INR"}}
        assert quote["discounts"] == answer["sale"]["discounts"] == copy["discounts"] == [shown]
        # and so does the list of what the store did lately
        (operation,) = (await till(OPERATIONS, visitId=visit))["operations"]
        assert operation["sale"]["receiptText"] == said
        assert operation["sale"]["discounts"] == [shown]
