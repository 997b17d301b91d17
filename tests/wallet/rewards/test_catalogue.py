"""What a merchant can put into the catalogue, and how it ends."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Shop, make_reward, make_shop
from tests.wallet.rewards.scenes import everything
from wallet import rewards
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.rewards import NewReward, Reward
from wallet.values import MINOR_MAX, Minor, Points, ProgramId, RewardKind, StoreId

GOOD: dict[str, Any] = {
    "slug": "free-coffee",
    "name": "Free coffee",
    "kind": RewardKind.FREE_ITEM,
    "cost_points": Points(50),
}


async def create(conn: Conn, shop: Shop, *, now: datetime, **said: Any) -> Reward:
    new = NewReward(**{**GOOD, **said})
    return await rewards.create(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, new=new, now=now)


async def test_a_reward_is_had_as_it_was_said(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    made = await create(
        conn,
        shop,
        kind=RewardKind.PERCENT_OFF,
        description="A tenth off your coffee.",
        percent=10,
        ceiling_minor=Minor(5_000),
        categories=["coffee"],
        skus=["CAKE"],
        stock=7,
        per_member=2,
        tiers=["Silver", "Gold"],
        stores=[shop.store_id],
        claimable_until=now + timedelta(days=9),
        voucher_days=30,
        now=now,
    )
    assert [made] == await rewards.of_program(conn, merchant_id=shop.merchant_id, program_id=shop.program_id)
    assert (made.kind, made.percent, made.ceiling_minor, made.amount_minor) == (RewardKind.PERCENT_OFF, 10, 5_000, None)
    assert (made.categories, made.skus, made.tiers) == (frozenset({"coffee"}), frozenset({"CAKE"}), ("Silver", "Gold"))
    assert (made.cost_points, made.cost_stamps, made.stock, made.per_member) == (50, None, 7, 2)
    assert (made.stores, made.claimable_from, made.voucher_days) == (frozenset({shop.store_id}), now, 30)
    assert (made.claimable_until, made.description) == (now + timedelta(days=9), "A tenth off your coffee.")


AMOUNT = {"kind": RewardKind.AMOUNT_OFF}
PERCENT = {"kind": RewardKind.PERCENT_OFF}
PERK = {"kind": RewardKind.PERK}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"slug": "Free Coffee"}, "slug", "slug_form"),
    ({"name": " "}, "name", "blank"),
    ({"name": "x" * 81}, "name", "too_long"),
    ({"description": "x" * 281}, "description", "too_long"),
    ({"description": "a\x00b"}, "description", "unprintable"),
    (AMOUNT, "amountMinor", "required"),
    ({**AMOUNT, "amount_minor": 0}, "amountMinor", "out_of_range"),
    ({**AMOUNT, "amount_minor": MINOR_MAX + 1}, "amountMinor", "out_of_range"),
    ({"amount_minor": 5}, "amountMinor", "not_of_this_kind"),
    (PERCENT, "percent", "required"),
    ({**PERCENT, "percent": 101}, "percent", "out_of_range"),
    ({"percent": 5}, "percent", "not_of_this_kind"),
    ({"ceiling_minor": 0}, "ceilingMinor", "out_of_range"),
    ({**PERK, "ceiling_minor": 5}, "ceilingMinor", "not_of_this_kind"),
    ({**PERK, "categories": ["coffee"]}, "categories", "not_of_this_kind"),
    ({**PERK, "skus": ["CAKE"]}, "skus", "not_of_this_kind"),
    ({"categories": ["a", " "]}, "categories[1]", "blank"),
    ({"skus": ["a", "a"]}, "skus", "repeated"),
    ({"skus": [str(n) for n in range(201)]}, "skus", "too_many"),
    ({"categories": [str(n) for n in range(51)]}, "categories", "too_many"),
    ({"tiers": ["x" * 41]}, "tiers[0]", "too_long"),
    ({"stores": [StoreId(uuid4())]}, "stores", "unknown_store"),
    ({"cost_points": None}, "costPoints", "one_price"),
    ({"cost_stamps": 5}, "costPoints", "one_price"),
    ({"cost_points": 0}, "costPoints", "out_of_range"),
    ({"cost_points": None, "cost_stamps": 1_001}, "costStamps", "out_of_range"),
    ({"stock": 0}, "stock", "out_of_range"),
    ({"per_member": 0}, "perMember", "out_of_range"),
    ({"voucher_days": 731}, "voucherDays", "out_of_range"),
]


@pytest.mark.parametrize(("said", "field", "code"), WRONG, ids=[f"{field} {code}" for _, field, code in WRONG])
async def test_what_cannot_be_is_named_and_nothing_is_made(
    said: dict[str, Any], field: str, code: str, conn: Conn, now: datetime
) -> None:
    shop = await make_shop(conn, now=now)
    before = await everything(conn)
    with pytest.raises(InvalidInput) as refused:
        await create(conn, shop, now=now, **said)
    assert [(problem.field, problem.phrase.code) for problem in refused.value.problems] == [(field, code)]
    assert await everything(conn) == before


async def test_a_window_that_ends_before_it_begins_or_is_past_is_refused(conn: Conn, now: datetime) -> None:
    shop, day = await make_shop(conn, now=now), timedelta(days=1)
    for window in (
        {"claimable_until": now},
        {"claimable_from": now + day, "claimable_until": now + day},
        {"claimable_from": now - 2 * day, "claimable_until": now - day},
    ):
        with pytest.raises(InvalidInput) as refused:
            await create(conn, shop, now=now, **window)
        assert [problem.phrase.code for problem in refused.value.problems] == ["ends_before_it_begins"]


async def test_all_that_is_wrong_is_said_at_once(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    with pytest.raises(InvalidInput) as refused:
        await create(conn, shop, slug="", name="", cost_points=None, now=now)
    assert [problem.field for problem in refused.value.problems] == ["slug", "name", "costPoints"]


async def test_a_slug_is_one_reward_of_a_program_and_another_of_the_next(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    await create(conn, shop, now=now)
    with pytest.raises(InvalidInput) as refused:
        await create(conn, shop, now=now)
    assert [problem.phrase.code for problem in refused.value.problems] == ["reward_slug_taken"]
    assert (await create(conn, other, now=now)).slug == "free-coffee"


async def test_no_reward_for_another_merchants_program_or_store(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    new = NewReward(**GOOD)
    for program_id in (other.program_id, ProgramId(uuid4())):
        with pytest.raises(NotFound):
            await rewards.create(conn, merchant_id=shop.merchant_id, program_id=program_id, new=new, now=now)
    with pytest.raises(InvalidInput):
        await create(conn, shop, stores=[other.store_id], now=now)


async def test_a_reward_ends_by_its_date(conn: Conn, now: datetime) -> None:
    shop, at = await make_shop(conn, now=now), now + timedelta(days=1)
    reward = await make_reward(conn, shop, now=now)

    async def end(slug: str, at: datetime) -> Reward:
        return await rewards.end(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, slug=slug, at=at, now=now
        )

    # when it is to end tomorrow, and then today after all
    assert (await end(reward.slug, at)).claimable_until == at
    assert (await end(reward.slug, now)).claimable_until == now
    # then it is over, and stays so
    for slug in (reward.slug, "no-such-reward"):
        with pytest.raises(NotFound):
            await end(slug, at)
    with pytest.raises(InvalidInput):
        await end(reward.slug, now - timedelta(seconds=1))


async def test_a_reward_that_has_not_begun_can_be_called_off(conn: Conn, now: datetime) -> None:
    shop, begins = await make_shop(conn, now=now), now + timedelta(days=9)
    reward = await make_reward(conn, shop, claimable_from=begins, now=now)
    ended = await rewards.end(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, slug=reward.slug, at=now, now=now
    )
    assert (ended.claimable_from, ended.claimable_until) == (begins, begins)
