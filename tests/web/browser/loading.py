"""What opening a page costs: what comes over the network until it can be used, and what a second visit takes."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from playwright.async_api import Browser, CDPSession, Page

SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""The browser's own "Slow 3G": 400 kbit/s, 400 ms a round trip."""

USABLE = "form input"
"""Whoever comes for the first time is asked for an address, or for the code of the till."""

KEPT = """(scope) => Promise.race([
    navigator.serviceWorker.ready.then(({ active, scope: address }) => {
        const mine = new URL(address).pathname === scope;
        if (active.state === "activated") return mine;
        return new Promise((done) => active.addEventListener("statechange", () => done(mine), { once: true }));
    }),
    new Promise((done) => setTimeout(done, 15_000, false)),
])"""
"""Whether the service worker of the scope keeps all that it keeps, as soon as it does; false if that takes too long."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One opening: `packed_bytes` as they came over the network, headers included; `files`, by what came."""

    packed_bytes: int
    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that was never seen before; the same on a slow network; and again, from what the device kept."""

    first: Loaded
    slow: Loaded
    second: Loaded


async def opened(browser: Browser, address: str, scope: str) -> Opened:
    """Opens the application of that scope as a phone that never saw it, then as one that did.

    In Malayalam: it takes the most bytes of all our languages.
    """
    slow = await _first(browser, address, network=SLOW_3G)
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="ml-IN")
    try:
        page = await context.new_page()
        first = await _measured(page, address)
        # Playwright waits for a promise that is returned: the worker has kept all that it keeps.
        assert await page.evaluate(KEPT, scope), f"{scope} has no service worker"
        second = await _measured(page, address)
    finally:
        await context.close()
    return Opened(first, slow, second)


async def _first(browser: Browser, address: str, *, network: dict[str, Any]) -> Loaded:
    context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="ml-IN", service_workers="block")
    try:
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Network.enable")
        await session.send("Network.emulateNetworkConditions", network)
        return await _measured(page, address, session)
    finally:
        await context.close()


async def _measured(page: Page, address: str, session: CDPSession | None = None) -> Loaded:
    """Until the page can be used. What its worker fetches in the background meanwhile is the worker's, not counted."""
    session = session or await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    began = perf_counter()
    await page.goto(address)
    await page.locator(USABLE).first.wait_for()
    return Loaded(sum(sizes), len([size for size in sizes if size]), perf_counter() - began)
