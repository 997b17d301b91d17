"""What goes wrong around a till: other tabs, another shop, a full or broken device, a sale that nobody can take."""

import json

import pytest
from playwright.async_api import BrowserContext, Response, Route

from schema.translations import DECIMALS
from tests.factories import Shop
from tests.live import Live
from tests.web.browser.till.scene import Member, Network, Till, new_shop
from tests.web.browser.till.without_network import is_ready_for_no_network, sell, sell_offline, wait_for_sent
from wallet import stores
from wallet.values import TerminalId

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

API = "**/pos/graphql"
SALES_BY_STORE_SQL = "SELECT s.store_id, s.total_minor FROM sales AS s WHERE s.merchant_id = $1"
TAKES_NOTHING = """
    IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    0
"""
# Whatever is read from now on takes for ever, as if the page were closed just then.
READS_NOTHING = """
    IDBDatabase.prototype.transaction = ((real) => function (shelf, mode, options) {
        const none = { getAll: () => ({}), get: () => ({}) };
        return mode === "readonly" ? { objectStore: () => none } : real.call(this, shelf, mode, options);
    })(IDBDatabase.prototype.transaction);
    0
"""
CAME = "(path) => performance.getEntriesByName(location.origin + path).length > 0"
CLOSED = """
    IDBDatabase.prototype.transaction = ((real) => function (...given) {
        if (!globalThis.databaseClosed) this.close();
        globalThis.databaseClosed = true;
        return real.apply(this, given);
    })(IDBDatabase.prototype.transaction);
    0
"""


def is_settled(response: Response) -> bool:
    return '"operationName":"settleOffline"' in (response.request.post_data or "")


async def other_store_of(live: Live, shop: Shop) -> TerminalId:
    async with live.runtime.pool.acquire() as conn, conn.transaction():
        store_id = await stores.create_store(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, name="Other store", now=live.clock()
        )
        return await stores.create_terminal(
            conn, merchant_id=shop.merchant_id, store_id=store_id, name="Till 1", now=live.clock()
        )


def of_terminal(shop: Shop, terminal_id: TerminalId) -> Shop:
    return Shop(
        merchant_id=shop.merchant_id,
        program_id=shop.program_id,
        program_number=shop.program_number,
        slug=shop.slug,
        store_id=shop.store_id,
        terminal_id=terminal_id,
        session_id=shop.session_id,
        terminal=shop.terminal,
    )


async def activate_for(till: Till, shop: Shop) -> None:
    """The till is taken away, and given an activation code of that shop."""
    await till.revoke_session()
    await till.page.goto(f"{till.live.base_url}/till")
    await till.page.get_by_role("heading", name="This till was signed out").wait_for()
    till.shop = shop
    await till.activate()


@pytest.mark.parametrize("same_merchant", [True, False], ids=["another store", "another merchant"])
async def test_sale_is_booked_where_it_was_sold_or_waits(
    live: Live, context: BrowserContext, same_merchant: bool
) -> None:
    # given a sale without a network
    elsewhere = await new_shop(live)
    till = await Till.open(live, context)
    member = await till.member()
    shop = till.shop
    if same_merchant:
        elsewhere = of_terminal(shop, await other_store_of(live, shop))
    await is_ready_for_no_network(till.page)
    await context.set_offline(True)
    await sell_offline(till, member, "80")

    # when the device becomes a till of another place before it is sent
    await till.page.route(API, settling := Network("settleOffline", served=False, times=1_000))
    await context.set_offline(False)
    await activate_for(till, elsewhere)
    settling.mend()
    await till.page.reload()
    await till.page.get_by_role("link", name="1 sale to send").click()

    # then it waits, and says for what
    await till.page.get_by_text("Sold at ").wait_for()
    assert await till.sales() == []
    assert await till.page.get_by_text("Not recorded:").count() == 0

    # and is sent once the device is back
    async with till.page.expect_response(is_settled):
        await activate_for(till, shop)
    await wait_for_sent(till.page)
    async with live.runtime.pool.acquire() as conn:
        rows = await conn.fetch(SALES_BY_STORE_SQL, shop.merchant_id)
    assert [(row["store_id"], row["total_minor"]) for row in rows] == [(shop.store_id, 8_000)]


async def test_customer_of_another_merchant_does_not_stay_at_the_counter(live: Live, context: BrowserContext) -> None:
    elsewhere = await new_shop(live)
    till = await Till.open(live, context)
    member = await till.member(points=7)
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("80")

    await activate_for(till, elsewhere)

    assert await till.page.get_by_text("Meera").count() == 0
    await till.page.get_by_role("heading", name="Waiting for a customer").wait_for()
    assert await till.page.get_by_text("waits for its customer").count() == 0


async def test_sale_that_another_tab_has_settled_is_shown_where_it_was_made(till: Till) -> None:
    member = await till.member()
    other = await till.page.context.new_page()
    await other.goto(f"{till.live.base_url}/till")
    await other.get_by_role("button", name="New customer").wait_for()
    # This tab's answers are lost for ever; those of the other one are not.
    await till.page.route(API, Network("checkout", served=False, times=1_000))

    await sell(till, member, "80")

    assert "+80" in await till.see_recorded()
    assert [sale["total_minor"] for sale in await till.sales()] == [8_000]
    await wait_for_sent(other)


async def test_gift_card_that_was_sold_while_nobody_looked_waits_to_be_shown(till: Till) -> None:
    member = await till.member()
    network = Network("checkout", served=True, times=1_000)
    await till.page.route(API, network)
    await sell_gift_card(till, member, "500")
    await till.press("Serve the next customer meanwhile")
    network.mend()

    await till.page.get_by_role("link", name="Gift card to show").click()
    await till.page.reload()
    await till.press("Show it")

    await till.page.get_by_role("heading", name="Gift card of ₹500").wait_for()
    await wait_for_sent(till.page)
    assert len(await till.sales()) == 1


async def test_numbers_of_a_gift_card_stay_until_they_are_put_away(till: Till) -> None:
    meera, latha = await till.member(), await till.member("Latha")
    await sell_gift_card(till, meera, "500")
    await till.page.get_by_role("heading", name="Gift card of ₹500").wait_for()
    scans = till.asked.count("scan")

    await till.scan((await latha.code()).token)
    await till.scan("12345678901")

    assert await till.page.get_by_role("heading", name="Gift card of ₹500").is_visible()
    assert till.asked.count("scan") == scans
    await till.press("Next customer")
    await till.scan((await latha.code()).token)
    await till.see_customer("Latha")


async def test_no_gift_card_is_sold_without_a_network(till: Till) -> None:
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)

    await sell_gift_card(till, member, "500")

    await till.page.get_by_text("Without a connection no gift card can be sold.").wait_for()
    assert await till.page.locator(".bar-state a.pill").count() == 0


async def sell_gift_card(till: Till, member: Member, amount: str) -> None:
    await till.scan((await member.code()).token)
    await till.page.locator(".customer").wait_for()
    await till.type_amount(amount)
    await till.press("What is bought")
    await till.page.get_by_label("What it is").select_option("GIFT_CARD_SALE")
    await till.press("Done")
    await till.press("Record")


async def test_full_device_says_that_nothing_was_recorded(till: Till) -> None:
    member = await till.member()
    await till.page.evaluate(TAKES_NOTHING)

    await sell(till, member, "80")

    await till.page.get_by_text("This device could not keep the sale").wait_for()
    assert await till.sales() == []
    await till.page.reload()
    await till.press("Record")
    assert "+80" in await till.see_recorded()
    assert len(await till.sales()) == 1
    till.complaints.clear()  # The browser's error is told in the console, too.


async def test_database_that_the_browser_has_closed_is_opened_again(till: Till) -> None:
    member = await till.member()
    await till.page.evaluate(CLOSED)

    await sell(till, member, "80")

    assert "+80" in await till.see_recorded()
    assert len(await till.sales()) == 1


@pytest.mark.parametrize("offline", [False, True], ids=["online", "offline"])
async def test_page_that_is_loaded_again_while_a_sale_is_being_kept_makes_one_of_it(till: Till, offline: bool) -> None:
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(offline)
    await till.scan((await member.code()).token)
    await till.page.locator(".customer").wait_for()
    await till.type_amount("80")
    await till.page.evaluate(READS_NOTHING)
    await till.press("Record")
    await till.page.get_by_text("Recording…").wait_for()

    await till.page.reload()

    if offline:
        await till.page.get_by_role("heading", name="Kept on this device").wait_for()
        await till.page.context.set_offline(False)
    else:
        assert "+80" in await till.see_recorded()
    await wait_for_sent(till.page)
    assert [sale["total_minor"] for sale in await till.sales()] == [8_000]


async def test_sale_that_the_server_cannot_take_holds_up_no_other(till: Till) -> None:
    # given three sales without a network, at one of which the server fails
    members = [await till.member(name) for name in ("Meera", "Latha", "Asha")]
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    for member, amount in zip(members, ("13", "31", "32"), strict=True):
        await sell_offline(till, member, amount)

    async def fail(route: Route) -> None:
        said = route.request.post_data or ""
        if json.loads(said)["operationName"] == "settleOffline" and '"amountMinor":1300' in said:
            refusal = {"errors": [{"message": "", "extensions": {"code": "INTERNAL"}}]}
            return await route.fulfill(json=refusal)
        return await route.continue_()

    await till.page.route(API, fail)
    await till.page.context.set_offline(False)

    await till.page.get_by_role("link", name="1 sale to send").wait_for()
    assert sorted(sale["total_minor"] for sale in await till.sales()) == [3_100, 3_200]
    await till.page.unroute(API, fail)
    async with till.page.expect_response(is_settled):
        await till.page.reload()
    await wait_for_sent(till.page)
    assert len(await till.sales()) == 3


async def test_window_that_keeps_nothing_says_so_where_a_sale_is_kept(live: Live, context: BrowserContext) -> None:
    await context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); };")
    till = await Till.open(live, context)
    member = await till.member()
    await till.page.wait_for_function(CAME, arg="/.well-known/jwks.json")
    await context.set_offline(True)

    await sell(till, member, "80")

    await till.page.get_by_role("heading", name="Kept on this device").wait_for()
    await till.page.get_by_text("This window keeps nothing").wait_for()


async def test_page_that_the_server_has_left_behind_offers_the_new_one(till: Till) -> None:
    async def forget(route: Route) -> None:
        await route.fulfill(json={"errors": [{"message": "", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]})

    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.route(API, forget)

    await till.scan((await member.code()).token)

    await till.page.get_by_role("button", name="New version: load it").wait_for()


async def test_activation_whose_end_is_lost_goes_on_by_itself(live: Live, context: BrowserContext) -> None:
    till = await Till.open(live, context, activated=False)
    await till.page.get_by_label("Activation code").fill(await till.activation_code())

    async def lose(route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        await (route.abort() if said["operationName"] == "terminal" else route.continue_())

    await till.page.route(API, lose)
    await till.press("Activate")
    await till.page.get_by_text("No connection. Nothing is lost").wait_for()
    await till.page.unroute(API, lose)

    # A try that the page makes of itself may be faster than a finger: then there is nothing to press.
    await till.page.get_by_role("button", name="Try again").evaluate_all("(all) => all.forEach((each) => each.click())")

    await till.page.get_by_role("button", name="New customer").wait_for()


async def test_minor_units_are_those_of_the_server_for_every_currency(till: Till) -> None:
    found = await till.page.evaluate(
        """import("/static/lib/format.js").then(({ decimals }) =>
            Object.fromEntries(Intl.supportedValuesOf("currency").map((currency) => [currency, decimals(currency)])))"""
    )

    assert found == {currency: DECIMALS.get(currency, 2) for currency in found}
    assert await till.page.evaluate(
        """(known) => import("/static/lib/format.js").then(({ decimals }) => known.map(decimals))""", [*DECIMALS]
    ) == [*DECIMALS.values()]
