"""Sales without a network, and sales whose answer was lost: kept on the device, settled by themselves, never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext

from tests.factories import make_card, make_shop
from tests.live import Live
from tests.web.browser.till.scene import CLOCK, Network, Till
from tests.web.browser.till.without_network import is_ready_for_no_network, sell, sell_offline, wait_for_sent
from wallet.values import CheckInPurpose

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

API = "**/pos/graphql"
OCCURRED_SQL = "SELECT occurred_at FROM sales WHERE merchant_id = $1"
OPERATORS_SQL = """
    SELECT o.name, s.review
    FROM sales AS s
    LEFT JOIN operators AS o ON o.merchant_id = s.merchant_id AND o.operator_id = s.operator_id
    WHERE s.merchant_id = $1
"""


async def test_sales_without_a_network_survive_a_reload_and_are_settled_once(till: Till) -> None:
    # given two sales without a network
    meera, latha = await till.member("Meera"), await till.member("Latha")
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    await sell_offline(till, meera, "80")
    await sell_offline(till, latha, "15")
    await till.page.get_by_role("link", name="2 sales to send").wait_for()

    # when the page is loaded again, still without one, and then it comes back
    await till.page.reload()
    await till.page.get_by_role("link", name="2 sales to send").wait_for()
    assert await till.sales() == []
    await till.page.context.set_offline(False)

    # then both are there, by themselves
    await wait_for_sent(till.page)
    sales = await till.sales()
    assert sorted((sale["total_minor"], sale["offline"], sale["card_id"]) for sale in sales) == sorted(
        [(8_000, True, meera.card_id), (1_500, True, latha.card_id)]
    )
    assert len({sale["receipt_number"] for sale in sales}) == 2


async def test_sales_of_a_closed_page_are_settled_by_the_next(till: Till) -> None:
    member = await till.member()
    context = till.page.context
    await is_ready_for_no_network(till.page)
    await context.set_offline(True)
    await sell_offline(till, member, "22")
    await till.page.close()
    await context.set_offline(False)

    page = await context.new_page()
    await page.goto(f"{till.live.base_url}/till")

    await page.get_by_role("button", name="New customer").wait_for()
    await wait_for_sent(page)
    assert [sale["total_minor"] for sale in await till.sales()] == [2_200]


async def test_two_tabs_settle_each_sale_once(till: Till) -> None:
    member, other = await till.member(), await till.member("Latha")
    context = till.page.context
    second = await context.new_page()
    till.listen(second)
    await second.goto(f"{till.live.base_url}/till")
    await second.get_by_role("button", name="New customer").wait_for()
    await is_ready_for_no_network(till.page)
    await context.set_offline(True)
    await sell_offline(till, member, "31")
    await sell_offline(till, other, "32")
    await second.get_by_role("link", name="2 sales to send").wait_for()
    in_vain = till.asked.count("settleOffline")

    await context.set_offline(False)

    await wait_for_sent(till.page)
    await wait_for_sent(second)
    assert sorted(sale["total_minor"] for sale in await till.sales()) == [3_100, 3_200]
    assert till.asked.count("settleOffline") == in_vain + 1


@pytest.mark.parametrize("refused", ["over", "spends", "digits", "forged", "twice"])
async def test_what_a_till_cannot_take_by_itself_it_does_not_take(till: Till, refused: str) -> None:
    member = await till.member()
    earn, redeem = await member.code(), await member.code(CheckInPurpose.REDEEM)
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    if refused == "over":
        await till.page.evaluate("Date.now = ((now) => () => now() + 120_000)(Date.now)")
    if refused == "twice":
        await till.scan(earn.token)
        await till.page.locator(".customer").wait_for()
        await till.type_amount("5")
        await till.press("Record")
        await till.press("Next customer")
    forged = earn.token[:-1] + str((int(earn.token[-1]) + 1) % 10)
    code = {"spends": redeem.token, "digits": earn.digits, "forged": forged}.get(refused, earn.token)

    await till.scan(code)

    said = {
        "over": "This code is over.",
        "spends": "Without a connection nothing can be spent.",
        "digits": "Without a connection the ten digits say nothing.",
        "forged": "This is not a check-in code.",
        "twice": "This code was used a moment ago.",
    }[refused]
    await till.page.locator(".notice.problem").filter(has_text=said).wait_for()
    assert await till.page.locator(".customer").count() == 0


@pytest.mark.parametrize("served", [True, False], ids=["answer lost", "request lost"])
async def test_checkout_without_an_answer_is_one_sale_after_a_reload(till: Till, served: bool) -> None:
    # given a checkout whose answer does not come, however often it is sent
    member = await till.member()
    network = Network("checkout", served=served, times=1_000)
    await till.page.route(API, network)
    await sell(till, member, "80")
    await till.page.get_by_text("No answer yet.").wait_for()

    # when the page is loaded again, and the network is back
    await till.page.reload()
    await till.page.get_by_role("heading", name="Recording…").wait_for()
    network.mend()

    # then it is one sale, and its result is shown
    assert "+80" in await till.see_recorded()
    assert [sale["total_minor"] for sale in await till.sales()] == [8_000]
    assert len(network.keys) > 1
    assert len(set(network.keys)) == 1


async def test_next_customer_is_served_while_an_answer_is_waited_for(till: Till) -> None:
    meera, latha = await till.member("Meera"), await till.member("Latha")
    network = Network("checkout", served=True, times=1_000)
    await till.page.route(API, network)
    await sell(till, meera, "80")
    await till.press("Serve the next customer meanwhile")
    await till.page.get_by_role("link", name="1 sale to send").wait_for()
    network.mend()

    await sell(till, latha, "20")
    assert "+20" in await till.see_recorded()

    await wait_for_sent(till.page)
    assert sorted(sale["total_minor"] for sale in await till.sales()) == [2_000, 8_000]


async def test_sale_that_arrives_after_its_visit_counts_by_its_code(till: Till) -> None:
    # given a checkout that has not reached the server for sixteen minutes
    member = await till.member()
    network = Network("checkout", served=False, times=1_000)
    await till.page.route(API, network)
    await sell(till, member, "70")
    await till.press("Serve the next customer meanwhile")
    till.live.clock.advance(timedelta(minutes=16))

    network.mend()

    await wait_for_sent(till.page)
    [sale] = await till.sales()
    assert (sale["total_minor"], sale["offline"], sale["review"]) == (7_000, True, "HELD")


async def test_refused_sale_stays_in_sight_until_somebody_has_seen_it(till: Till) -> None:
    # given a sale of a customer whose code the server takes no more, since three days have gone
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    await sell_offline(till, member, "12")
    till.live.clock.advance(timedelta(hours=73))

    await till.page.context.set_offline(False)
    await till.page.get_by_role("link", name="1 refused").click()

    # then it says why, also after a reload, and goes when it was seen
    await till.page.get_by_text("Not recorded:").wait_for()
    await till.page.reload()
    await till.page.get_by_text("Not recorded:").wait_for()
    assert await till.sales() == []
    await till.press("I have seen it")
    await till.page.get_by_role("heading", name="Everything is sent").wait_for()
    await wait_for_sent(till.page)


async def test_sale_that_will_be_too_old_is_told_before(till: Till) -> None:
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    await sell_offline(till, member, "12")
    assert await till.page.locator(".pill.alarm").count() == 0

    await till.page.evaluate("Date.now = ((now) => () => now() + 50 * 3_600_000)(Date.now)")
    await till.page.get_by_role("link", name="1 sale to send").click()

    await till.page.get_by_text("Bring this device online before").wait_for()
    assert await till.page.locator(".pill.alarm").count() == 1


async def test_offline_sale_names_who_sold_it_and_the_pin_is_not_kept_as_it_is(
    live: Live, context: BrowserContext
) -> None:
    till = await Till.open(live, context, operators_required=True)
    await till.operator("4711")
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await context.set_offline(True)
    await till.scan((await member.code()).token)
    await till.page.get_by_label("Your PIN").fill("4711")
    await till.press("Go on")
    await till.type_amount("9")
    await till.press("Record")
    await till.page.get_by_role("heading", name="Kept on this device").wait_for()
    assert "4711" not in await till.page.evaluate(KEPT)

    await till.page.reload()
    await context.set_offline(False)

    await wait_for_sent(till.page)
    async with live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(OPERATORS_SQL, till.shop.merchant_id)
    assert [(row["name"], row["review"]) for row in rows] == [("Operator 4711", None)]
    assert till.complaints == []


async def test_look_up_without_a_network_says_so_and_loses_nothing(till: Till) -> None:
    await till.page.context.set_offline(True)
    await till.press("Find by phone or e-mail")
    field = till.page.get_by_label("Telephone number or e-mail address")
    await field.fill("asha@example.com")
    await till.press("Find")

    await till.page.get_by_text("No connection. Nothing is lost").wait_for()
    assert await field.input_value() == "asha@example.com"


KEPT = """
    new Promise((resolve) => {
        indexedDB.open("regulars-till").onsuccess = ({ target }) => {
            const found = target.result.transaction("sales").objectStore("sales").getAll();
            found.onsuccess = () => resolve(JSON.stringify(found.result));
        };
    })
"""


async def test_code_of_another_shop_is_not_taken_without_a_network(till: Till) -> None:
    # given a customer who has this shop's card and another's
    member = await till.member()
    now = till.live.clock()
    async with till.live.runtime.pool.acquire() as conn:
        elsewhere = await make_shop(conn, now=now)
        card_id = await make_card(conn, elsewhere, member.customer_id, now=now)
    wrong = replace(member, shop=elsewhere, card_id=card_id)
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)

    # when they show the other one, without a network
    await till.scan((await wrong.code()).token)

    # then the till says so at once, and takes the right one
    await till.page.get_by_text("This is not a code of this shop.").wait_for()
    assert await till.page.locator(".customer").count() == 0
    await till.scan((await member.code()).token)
    await till.page.locator(".customer").wait_for()


@pytest.mark.parametrize("minutes", [7, -7])
async def test_device_whose_clock_is_wrong_sells_without_a_network_all_the_same(
    live: Live, context: BrowserContext, minutes: int
) -> None:
    # given a till whose clock somebody has set by hand
    await context.add_init_script(CLOCK % (minutes * 60_000))
    till = await Till.open(live, context)
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await context.set_offline(True)

    # when a fresh code is shown without a network, also after a reload
    await sell_offline(till, member, "80")
    await till.page.reload()
    await till.page.locator(".ways").wait_for()
    await sell_offline(till, member, "15")
    await context.set_offline(False)

    # then both count, at the time at which they were made
    await wait_for_sent(till.page)
    assert sorted(sale["total_minor"] for sale in await till.sales()) == [1_500, 8_000]
    async with live.runtime.pool.acquire() as conn:
        made = [row["occurred_at"] for row in await conn.fetch(OCCURRED_SQL, till.shop.merchant_id)]
    assert all(abs(live.clock() - at) < timedelta(minutes=2) for at in made)
    assert till.complaints == []
