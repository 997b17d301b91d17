"""One state, whoever looks: the app, the till, the receipt, the statement; and every point with its own date."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.factories import Shop, make_points
from tests.failures import documents as say
from tests.failures.visits import brought_back, card_of, claimed, lines, sale_of, sold, visit
from tests.journeys import Scene, Till, claim_of, member, open_reward, phone_of, show_code
from tests.proofs.racing import assert_lawful
from wallet.midnights import midnight

KOLKATA = ZoneInfo("Asia/Kolkata")

CLAIM = """
mutation Claim($input: ClaimRewardInput!) {
  claimReward(input: $input) { __typename ... on InsufficientPoints { needed available } }
}
"""


async def test_the_app_the_till_and_the_answer_to_a_sale_say_one_balance(scene: Scene, shop: Shop, at: Till) -> None:
    owner = await member(scene, shop, points=30)
    reward = await open_reward(scene, shop, cost_points=12)
    voucher, unused = await claimed(owner, reward), await claimed(owner, reward)
    # when something is used, bought and brought back
    bought = await sold(at, sale_of(await visit(scene, owner, at), lines(6_000, 9_000), voucherIds=[voucher]))
    back = await brought_back(at, bought, lineIds=["1"])
    # then the till that asks again and the phone show what the last answer showed
    opened = await at.pos.do(say.SCAN, {"code": await show_code(scene, owner)})
    shown, card = opened["card"], await card_of(scene, owner)
    assert (shown["active"], shown["pending"], shown["revision"]) == tuple(
        back["card"][name] for name in ("active", "pending", "revision")
    )
    assert (card["balance"]["active"], card["balance"]["pending"], card["revision"]) == (
        shown["active"],
        shown["pending"],
        shown["revision"],
    )
    assert shown["vouchers"] == [{"id": unused}]
    assert {each["id"] for each in card["vouchers"] if each["state"] == "USABLE"} == {unused}
    # and what is spendable is the sum of what the lots say is left
    assert sum(lot["remaining"] for lot in card["lots"]) == card["balance"]["active"]
    assert card["history"]["edges"][0]["node"]["balanceAfter"] == card["balance"]["active"]
    await assert_lawful(scene)


async def test_points_of_two_dates_go_each_on_its_own_and_the_sooner_is_spent_first(scene: Scene, shop: Shop) -> None:
    # given points of three lives: until the end of day 10, of day 20, and for ever
    owner = await member(scene, shop, points=5)
    today = scene.now.astimezone(KOLKATA).date()
    ends = [midnight(today + timedelta(days=days), KOLKATA) for days in (10, 20)]
    async with scene.live.runtime.pool.acquire() as conn:
        for ends_at in reversed(ends):
            await make_points(conn, shop, owner.card_id, 10, now=scene.now, expires_at=ends_at)
    # then both dates are shown, not the first alone
    card = await card_of(scene, owner)
    assert [(each["points"], datetime.fromisoformat(each["expiresAt"])) for each in card["expiring"]] == [
        (10, ends[0]),
        (10, ends[1]),
    ]
    # when 12 are spent, they are the ten that go first and two of the next
    await claimed(owner, await open_reward(scene, shop, cost_points=12))
    [expiring] = (await card_of(scene, owner))["expiring"]
    assert (expiring["points"], datetime.fromisoformat(expiring["expiresAt"])) == (8, ends[1])
    # and when the printed day is nearly over where the shop is, they are good; when it is over, they are gone
    dear = await open_reward(scene, shop, cost_points=14)
    for moment, available in ((ends[1] - timedelta(seconds=1), 13), (ends[1], 5)):
        scene.live.clock.advance(moment - scene.now)
        phone = await phone_of(scene, owner.person.customer_id, owner.person.email)
        refused = await phone.app.do(CLAIM, claim_of(owner, dear))
        assert (refused["__typename"], refused["available"]) == ("InsufficientPoints", available)
    await assert_lawful(scene)
