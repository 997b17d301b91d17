"""The app without a network: it starts from the device, says so, and shows what was there."""

import json

import pytest
from playwright.async_api import Route, expect

from tests.web.browser.app.scenes import CardHolder, another_card
from tests.web.browser.judging import misfits
from tests.web.browser.loading import KEPT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BAR = "No network. You see what was there at"


async def kept(holder: CardHolder, path: str) -> None:
    """The page was opened, and the device has all that it is made of."""
    await holder.open(path)
    await holder.page.locator("h1").wait_for()
    assert await holder.page.evaluate(KEPT, "/app")


async def test_reload_without_a_network_starts_from_the_device(holder: CardHolder) -> None:
    # given somebody who saw their card and its history
    await kept(holder, holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.page.get_by_role("link", name="History").click()
    await holder.page.locator(".line").wait_for()

    # when the page is loaded again without a network
    await holder.context.set_offline(True)
    await holder.page.reload()

    # then what was there is there, and it says from when
    await expect(holder.page.locator(".line")).to_contain_text("+120")
    await expect(holder.page.locator(".bars")).to_contain_text(BAR)
    await holder.press("Back")
    await holder.page.get_by_text("No network, so no code.").wait_for()
    await expect(holder.page.locator(".balance .hidden-words")).to_have_text("120")
    assert len(await holder.shown_code()) == 16


async def test_wallet_is_there_without_a_network(holder: CardHolder) -> None:
    await another_card(holder, points=5)
    await kept(holder, "/app")
    await expect(holder.page.locator(".face")).to_have_count(2)

    await holder.context.set_offline(True)
    other = holder.listen(await holder.context.new_page())
    await other.goto(f"{holder.live.base_url}/app")

    await expect(other.locator(".face")).to_have_count(2)
    await expect(other.locator(".bars")).to_contain_text(BAR)


async def test_card_that_was_never_opened_shows_what_the_wallet_knows_of_it(holder: CardHolder) -> None:
    await another_card(holder, points=5)
    await kept(holder, "/app")
    await expect(holder.page.locator(".face")).to_have_count(2)
    await holder.context.set_offline(True)

    await holder.page.locator(".card-link", has_text="120").click()

    await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    await expect(holder.page.locator(".face .amount")).to_contain_text("120")
    await holder.page.get_by_text("At the counter, say the e-mail address").wait_for()
    assert await misfits(holder.page) == []
    await holder.context.set_offline(False)
    await holder.page.locator(".qr").wait_for()


async def test_what_was_never_seen_says_that_it_needs_the_network(holder: CardHolder) -> None:
    await kept(holder, holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.context.set_offline(True)

    await holder.page.get_by_role("link", name="History").click()

    await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    await holder.context.set_offline(False)
    await holder.press("Try again")
    await holder.page.locator(".line").wait_for()
    await expect(holder.page.locator(".bars")).not_to_contain_text("No network")


async def test_bar_goes_when_the_network_comes_back(holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.context.set_offline(True)
    await expect(holder.page.locator(".bars")).to_contain_text(BAR)

    await holder.context.set_offline(False)

    await expect(holder.page.locator(".bars")).not_to_contain_text("No network")
    await holder.page.locator(".qr").wait_for()


async def test_page_that_became_too_old_says_so_and_can_be_renewed(holder: CardHolder) -> None:
    # given a server that does not know any more what this page asks
    async def forget(route: Route) -> None:
        error = {"message": "?", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
        await route.fulfill(body=json.dumps({"errors": [error]}), content_type="application/json")

    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.page.route("**/graphql", forget)
    await holder.page.get_by_role("link", name="History").click()
    await holder.page.get_by_text("A newer version of this page is ready.").wait_for()

    # when the page is renewed
    await holder.page.unroute("**/graphql", forget)
    await holder.press("Show it")

    # then it works again, in the same place
    await holder.page.locator(".line").wait_for()
    await expect(holder.page.get_by_text("A newer version of this page is ready.")).to_have_count(0)
    assert holder.page.url.endswith("/history")
