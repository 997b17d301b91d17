"""How much a phone has to fetch before the applications can be used, and that it need not fetch it twice."""

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.live import Live
from tests.web.browser.loading import KEPT, opened

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FIRST_LOAD_BYTES_MAX = 100_000


@pytest.mark.parametrize("scope", ["/app", "/till"])
async def test_first_load_is_small_and_the_second_comes_from_the_device(
    live: Live, chromium: Browser, scope: str
) -> None:
    # Given a phone that never saw the application, and one that did
    found = await opened(chromium, live.base_url + scope, scope)

    # Then all that the first needs is within the limit, on a slow network as well
    assert 20_000 < found.first.packed_bytes <= FIRST_LOAD_BYTES_MAX
    assert 20_000 < found.slow.packed_bytes <= FIRST_LOAD_BYTES_MAX
    # And the second fetches next to nothing: what it asks the API, and no file
    assert found.second.packed_bytes < 5_000


@pytest.mark.parametrize("scope", ["/app", "/till"])
async def test_application_starts_without_a_network(live: Live, context: BrowserContext, scope: str) -> None:
    # Given a device that has opened it once
    page = await context.new_page()
    await page.goto(live.base_url + scope)
    await page.locator("h1").first.wait_for()
    assert await page.evaluate(KEPT, scope)

    # When the network is gone and it is opened again, at another of its addresses too
    await context.set_offline(True)
    for address in (scope, f"{scope}/nowhere"):
        other = await context.new_page()
        await other.goto(live.base_url + address)

        # Then it is there
        await other.locator("h1").first.wait_for()
        await other.close()
