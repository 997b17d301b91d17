"""A sale at the till: a customer comes, an amount is typed, one button records it."""

import json
from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext, Route

from tests.factories import make_points, make_reward
from tests.live import Live
from tests.web.browser.till.scene import Till
from wallet.rules import Rules
from wallet.rules.limits import ReviewRules
from wallet.values import CheckInPurpose, Minor, RewardKind

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_whole_sale_takes_a_scan_and_three_touches(till: Till) -> None:
    # given a customer with a code
    member = await till.member(points=20)
    await till.page.evaluate("globalThis.touches = 0; addEventListener('pointerdown', () => touches += 1, true)")

    # when it is scanned, and 80 rupees are recorded
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("80")
    await till.press("Record")
    result = await till.see_recorded()

    # then it was three touches, and one sale
    assert await till.page.evaluate("touches") == 3
    [sale] = await till.sales()
    assert (sale["total_minor"], sale["points"], sale["card_id"]) == (8_000, 80, member.card_id)
    assert "+80" in result
    assert "100 beans" in result
    assert "₹80" in result


async def test_decimals_are_typed_behind_the_point(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")

    await till.type_amount("12.505")
    assert await till.page.locator(".amount-number").inner_text() == "₹12.50"
    await till.press("Delete the last digit")
    assert await till.page.locator(".amount-number").inner_text() == "₹12.5"
    await till.press("Record")
    await till.see_recorded()

    assert [sale["total_minor"] for sale in await till.sales()] == [1_250]


async def test_keyboard_types_the_amount_at_once_and_enter_records_it(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")

    await till.page.keyboard.type("64", delay=150)
    await till.page.keyboard.press("Enter")
    await till.see_recorded()
    await till.page.keyboard.press("Enter")

    await till.page.get_by_role("button", name="New customer").wait_for()
    assert [sale["total_minor"] for sale in await till.sales()] == [6_400]


async def test_several_lines_are_one_sale(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")

    await till.type_amount("30")
    await till.press("What is bought")
    await till.page.get_by_label("Category").fill("coffee")
    await till.press("One more")
    await till.press("Done")
    await till.press("One more line")
    await till.type_amount("15")
    await till.page.get_by_role("button", name="2 lines · ₹45 together").wait_for()
    await till.press("Record")
    await till.see_recorded()

    lines = till.said[till.asked.index("checkout")]["input"]["sale"]["lines"]
    assert [(line["amountMinor"], line["quantity"], line.get("category")) for line in lines] == [
        (3_000, 2, "coffee"),
        (1_500, 1, None),
    ]


async def test_last_of_many_quotes_is_the_one_that_counts(till: Till) -> None:
    # given a network on which the first answer comes last
    member = await till.member()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        lines = said["variables"].get("input", {}).get("lines") or [{}]
        if said["operationName"] == "quote" and lines[0].get("amountMinor") == 700:
            held.append(route)
        else:
            await route.continue_()

    await till.page.route("**/pos/graphql", hold)
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    async with till.page.expect_request(lambda request: "quote" in (request.post_data or "")):
        await till.type_amount("7")

    # when the amount has become another before it is answered
    await till.type_amount("5")
    await till.page.locator(".earns").filter(has_text="+75 beans").wait_for()
    assert len(held) == 1
    async with till.page.expect_response("**/pos/graphql"):
        await held[0].continue_()

    # then the late answer changes nothing
    await till.press("Record")
    assert "+75" in await till.see_recorded()
    assert [sale["total_minor"] for sale in await till.sales()] == [7_500]


async def test_reward_waits_for_a_code_to_spend_and_the_sale_goes_on(till: Till) -> None:
    # given a member who can have ten rupees off
    member = await till.member(points=50)
    async with till.live.runtime.pool.acquire() as conn:
        await make_reward(
            conn,
            till.shop,
            name="Ten off",
            kind=RewardKind.AMOUNT_OFF,
            cost_points=20,
            amount_minor=Minor(1_000),
            now=till.live.clock(),
        )
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("90")

    # when it is chosen with a code to earn
    await till.press("Rewards and gift cards Ten off")
    await till.page.locator("dialog").get_by_role("button", name="Ten off 20 beans").click()
    await till.press("Done")

    # then the page says what to ask for, and nothing can be recorded
    await till.page.get_by_text("Ask the customer to touch “Spend points or a voucher”").wait_for()
    assert await till.page.get_by_role("button", name="Record").is_disabled()

    # and with that code everything is as it was typed
    await till.scan((await member.code(CheckInPurpose.REDEEM)).token)
    await till.page.locator(".due").filter(has_text="₹80").wait_for()
    await till.press("Record")
    result = await till.see_recorded()
    assert "₹80" in result
    assert "110 beans" in result
    assert [sale["total_minor"] for sale in await till.sales()] == [9_000]


async def test_what_has_changed_since_the_quote_is_shown_before_it_is_recorded(till: Till) -> None:
    # given a quote, and points that come to the card behind it
    member = await till.member(points=10)
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("20")
    await till.page.locator(".earns").filter(has_text="then 30").wait_for()
    async with till.live.runtime.pool.acquire() as conn:
        await make_points(conn, till.shop, member.card_id, 500, now=till.live.clock())

    # when it is recorded
    await till.press("Record")

    # then nothing is, until somebody has seen the new amounts
    await till.page.get_by_text("Something has changed meanwhile").wait_for()
    await till.page.locator(".earns").filter(has_text="then 530").wait_for()
    assert await till.sales() == []
    await till.press("Record")
    assert "530 beans" in await till.see_recorded()
    assert len(await till.sales()) == 1


async def test_visit_that_is_over_keeps_the_amount_for_the_next_scan(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    till.live.clock.advance(timedelta(minutes=16))

    await till.type_amount("33")

    await till.page.get_by_text("The visit is over.").wait_for()
    await till.page.get_by_text("A sale of ₹33 waits for its customer.").wait_for()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.press("Record")
    await till.see_recorded()
    assert [sale["total_minor"] for sale in await till.sales()] == [3_300]


@pytest.mark.parametrize(("choice", "served"), [("Serve Latha", "Latha"), ("Stay with Meera", "Meera")])
async def test_other_customer_who_is_scanned_meanwhile_takes_over_nothing(till: Till, choice: str, served: str) -> None:
    meera, latha = await till.member("Meera"), await till.member("Latha")
    await till.scan((await meera.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("25")

    await till.scan((await latha.code()).token)
    await till.press(choice)

    await till.see_customer(served)
    shown = await till.page.locator(".amount-number").inner_text()
    assert shown == ("₹25" if served == "Meera" else "₹0")
    assert await till.sales() == []


async def test_next_scan_ends_the_result(till: Till) -> None:
    meera, latha = await till.member("Meera"), await till.member("Latha")
    await till.scan((await meera.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("10")
    await till.press("Record")
    await till.see_recorded()

    await till.scan((await latha.code()).token)

    await till.see_customer("Latha")
    assert await till.page.locator(".amount-number").inner_text() == "₹0"


async def test_sale_is_undone_where_it_was_made(till: Till) -> None:
    member = await till.member(points=7)
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("40")
    await till.press("Record")
    await till.see_recorded()

    await till.press("Undo")
    await till.press("Undo the sale")

    await till.page.get_by_role("heading", name="The sale is undone").wait_for()
    result = await till.page.locator(".result").inner_text()
    assert "-40" in result
    assert "₹40" in result
    await till.press("Next customer")
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    assert (await till.page.locator(".balance").inner_text()).startswith("7")


async def test_sale_that_looks_odd_is_recorded_and_said_kindly(live: Live, context: BrowserContext) -> None:
    till = await Till.open(live, context, rules=Rules(review=ReviewRules(amount_minor=Minor(1_000))))
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("80")
    await till.press("Record")

    assert "the customer has done nothing wrong" in await till.see_recorded()
    assert [sale["review"] for sale in await till.sales()] == ["HELD"]


async def test_gift_card_that_is_sold_is_shown_and_again_after_a_reload(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("500")
    await till.press("What is bought")
    await till.page.get_by_label("What it is").select_option("GIFT_CARD_SALE")
    await till.press("Done")
    await till.press("Record")
    await till.page.get_by_role("heading", name="Gift card of ₹500").wait_for()
    shown = await till.page.locator(".sold").inner_text()

    kept = await till.page.evaluate("JSON.stringify(sessionStorage)")
    assert not any(word in kept for word in ("giftCardsSold", '"pin":"'))
    await till.page.reload()
    await till.page.get_by_role("heading", name="Gift card of ₹500").wait_for()

    assert await till.page.locator(".sold").inner_text() == shown
    assert len(await till.sales()) == 1


async def test_pin_is_asked_once_and_a_wrong_one_again_with_the_same_sale(live: Live, context: BrowserContext) -> None:
    # given a shop whose people say who they are
    till = await Till.open(live, context, operators_required=True)
    await till.operator("4711")
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")

    # when somebody types a PIN that is nobody's, and then their own
    await till.page.get_by_label("Your PIN").fill("1234")
    await till.press("Go on")
    await till.type_amount("60")
    await till.page.locator(".field .problem").filter(has_text="PIN").wait_for()
    await till.page.get_by_label("Your PIN").fill("4711")
    await till.press("Go on")
    await till.page.locator(".earns").filter(has_text="+60 beans").wait_for()
    await till.press("Record")
    await till.see_recorded()

    # then it is not asked for the next customer, and nowhere written down
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("10")
    await till.press("Record")
    await till.see_recorded()
    assert len(await till.sales()) == 2
    assert "4711" not in await till.page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert till.complaints == []


async def test_open_sale_survives_a_reload(till: Till) -> None:
    member = await till.member(points=3)
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("18")

    await till.page.reload()

    await till.see_customer("Meera")
    assert await till.page.locator(".amount-number").inner_text() == "₹18"
    await till.press("Record")
    await till.see_recorded()
    assert len(await till.sales()) == 1


async def test_pin_is_asked_again_when_nobody_has_touched_the_till_for_minutes(
    live: Live, context: BrowserContext
) -> None:
    till = await Till.open(live, context, operators_required=True)
    await till.operator("4711")
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.page.get_by_label("Your PIN").fill("4711")
    await till.press("Go on")
    await till.type_amount("6")

    await till.page.evaluate("Date.now = ((now) => () => now() + 6 * 60_000)(Date.now)")
    await till.press("Record")

    await till.page.get_by_label("Your PIN").wait_for()
    assert await till.sales() == []
    await till.page.get_by_label("Your PIN").fill("4711")
    await till.press("Go on")
    await till.see_recorded()
    assert len(await till.sales()) == 1
