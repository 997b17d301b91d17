"""A real browser before the whole application. Without Chromium these tests say so in one line and do not run.

The browser is started once and belongs to the session's event loop, so whatever touches it runs there, too.
"""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.database import MigratedServer
from tests.live import Live, live_application
from tests.web.browser.visiting import Visit

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

NOT_TRIED = (
    "The tests in a browser did not run: no Chromium on the PATH. Install it (Debian: apt install chromium), "
    "then run `make test` again."
)

CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("browser")])
        items[:] = [item for item in items if not item.get_closest_marker("browser")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None:
        terminalreporter.write_line(NOT_TRIED)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        await found.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def live(server: MigratedServer) -> AsyncIterator[Live]:
    """The whole application, worker and mailbox included."""
    async with server.clone() as database, live_application(database) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A phone that knows nothing yet."""
    found = await chromium.new_context(viewport={"width": 360, "height": 740}, locale="en-IN")
    found.set_default_timeout(10_000)
    yield found
    await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(live: Live, page: Page) -> Visit:
    """Somebody who was sent a gift, the mail in their mailbox, about to open its link."""
    return await Visit.begin(live, page)
