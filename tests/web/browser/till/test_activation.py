"""A device becomes a till, stays one, and says so when it is none any more."""

import pytest
from playwright.async_api import BrowserContext

from tests.live import Live
from tests.web.browser.till.scene import Till
from tests.web.browser.till.without_network import is_ready_for_no_network, sell_offline, wait_for_sent

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ENDED = "This till was signed out"


@pytest.mark.parametrize("how", ["as it was given", "small letters in one", "with blanks"])
async def test_code_is_taken_however_it_is_typed(live: Live, context: BrowserContext, how: str) -> None:
    till = await Till.open(live, context, activated=False)
    code = await till.activation_code()
    typed = {"as it was given": code, "small letters in one": code.replace("-", "").lower()}.get(how)

    await till.page.get_by_label("Activation code").press_sequentially(typed or f" {code[:4]} {code[5:]} ")
    await till.press("Activate")

    await till.page.get_by_role("button", name="New customer").wait_for()
    assert till.complaints == []


async def test_pasted_code_is_shown_in_its_groups(live: Live, context: BrowserContext) -> None:
    till = await Till.open(live, context, activated=False)
    field = till.page.get_by_label("Activation code")

    await field.fill("bcdf ghjk")

    assert await field.input_value() == "BCDF-GHJK"


async def test_wrong_code_is_told_at_its_field_and_nothing_is_activated(live: Live, context: BrowserContext) -> None:
    till = await Till.open(live, context, activated=False)
    code = await till.activation_code()
    wrong = code.replace(code[0], "X" if code[0] != "X" else "Z")

    await till.page.get_by_label("Activation code").fill("BCD")
    await till.press("Activate")
    await till.page.get_by_text("The activation code has eight letters").wait_for()
    assert till.asked == ["terminal"]
    await till.page.get_by_label("Activation code").fill(wrong)
    await till.press("Activate")

    await till.page.locator(".problem").filter(has_text="code").first.wait_for()
    assert await till.page.get_by_label("Activation code").evaluate("field => field === document.activeElement")
    await till.activate()


async def test_activated_once_it_stays_a_till(till: Till) -> None:
    await till.page.reload()

    await till.page.get_by_role("button", name="New customer").wait_for()
    assert till.asked.count("activateTerminal") == 1
    # No token is anywhere that a script could read.
    kept = await till.page.evaluate("[JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]")
    assert not any("ey" in each for each in kept)


async def test_session_that_ends_in_the_middle_of_a_sale_costs_a_code_and_nothing_else(till: Till) -> None:
    # given an amount that was typed
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("45")

    # when the owner takes the till away, and gives it back
    await till.revoke_session()
    await till.press("Record")
    await till.page.get_by_role("heading", name=ENDED).wait_for()
    await till.page.get_by_text("1 sale is still on this device").wait_for()
    assert await till.sales() == []
    await till.page.get_by_label("Activation code").fill(await till.activation_code())
    await till.press("Activate")

    # then the same sale is recorded, once
    result = await till.see_recorded()
    assert "+45" in result
    assert [sale["total_minor"] for sale in await till.sales()] == [4_500]


async def test_till_that_was_taken_away_says_so_after_a_reload(till: Till) -> None:
    await till.revoke_session()

    await till.page.reload()

    await till.page.get_by_role("heading", name=ENDED).wait_for()
    await till.activate()


async def test_till_that_was_taken_away_meanwhile_says_what_it_still_has_and_sends_it_afterwards(till: Till) -> None:
    # given a sale without a network, and a till that is taken away before it is opened again
    member = await till.member()
    await is_ready_for_no_network(till.page)
    await till.page.context.set_offline(True)
    await sell_offline(till, member, "22")
    await till.page.goto("about:blank")
    await till.revoke_session()
    await till.page.context.set_offline(False)

    # when it is opened and activated
    await till.page.goto(f"{till.live.base_url}/till")
    await till.page.get_by_role("heading", name=ENDED).wait_for()
    await till.page.get_by_text("1 sale is still on this device").wait_for()
    assert await till.sales() == []
    await till.activate()

    # then the sale is there, once
    await wait_for_sent(till.page)
    assert [sale["total_minor"] for sale in await till.sales()] == [2_200]
