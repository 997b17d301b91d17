"""What opening the applications costs a phone, in a real browser."""

from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import async_playwright

from tests.bench.stage import Stage
from tests.faults.processes import Api, free_port, settings_of, stop
from tests.web.browser.conftest import CHROMIUM, QUIET
from tests.web.browser.loading import Opened, opened
from web.pages.shell import SHELLS


async def pages(stage: Stage, folder: Path) -> Mapping[str, Opened]:
    """By the path of each application; empty on a machine without a browser.

    By an API of its own: a page calls it only where it is known by the address that the page was opened with.
    """
    if CHROMIUM is None:
        return {}
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = settings_of(REGULARS_DATA_DIR=str(stage.data_dir), REGULARS_PUBLIC_BASE_URL=address)
    logs = folder / "pages"
    logs.mkdir()
    served = Api(settings, logs, (), port)
    await served.start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            return {shell.path: await opened(browser, address + shell.path, shell.path) for shell in SHELLS}
    finally:
        await stop(served.running)
