"""Two windows and a third: a phone shows its code, the till's camera sees it, and a gift goes on to a friend.

The camera is Chromium's own, and what is before it is a picture of the phone's window, taken as it stands there.
"""

import asyncio
import re
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect

from schema.ids import CardKey, encode
from tests.live import Live
from tests.web.browser.app.scenes import Phone, window
from tests.web.browser.till.film import FRAMES, camera_showing
from tests.web.browser.till.scene import CLOCK, Till
from tests.web.browser.till.test_camera import browser_before
from tests.web.browser.tour import GIFT_LINK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CODE = re.compile(r"\b[0-9]{6}\b")
LOADS = "performance.getEntriesByType('navigation').length + (window.loads = (window.loads ?? 0))"


async def hold_up(phone: Page, film: Path) -> None:
    """What the phone's window shows is before the camera."""
    picture = await phone.screenshot(type="jpeg", quality=85)
    await asyncio.to_thread(film.write_bytes, picture * FRAMES)


async def send_gift(page: Page, recipient: str) -> None:
    """Thirty points, from the card that is shown, in three steps."""
    await page.get_by_role("link", name="Send a gift").click()
    await page.get_by_role("radio", name="beans").check(force=True)
    await page.get_by_label("How many beans?").fill("30")
    await page.get_by_role("button", name="Next: for whom").click()
    await page.get_by_label("Their name").fill("Latha")
    await page.get_by_label("Their e-mail address").fill(recipient)
    await page.get_by_role("button", name="Next: look and send").click()
    await page.get_by_role("button", name="Send the gift").click()


async def claim(live: Live, page: Page, recipient: str) -> None:
    """By the link in the mailbox, with the code in the next mail."""
    mail = await live.mailbox.wait_for(recipient)
    link = GIFT_LINK.search(mail.text)
    assert link is not None, mail.text
    await page.goto(link[0])
    await page.get_by_label("Your e-mail address").fill(recipient)
    await page.get_by_role("button", name="Send me a code").click()
    code = CODE.search((await live.mailbox.wait_for(recipient, count=2)).text)
    assert code is not None
    await page.get_by_label("The six digits of the code").fill(code[0])
    await page.get_by_role("button", name="Claim").click()
    await page.locator("#done").wait_for()


async def test_points_arrive_on_the_phone_that_the_till_saw_and_go_on_as_a_gift(
    live: Live, chromium: Browser, tmp_path: Path
) -> None:
    film = tmp_path / "camera.mjpeg"
    recipient = f"latha.{uuid.uuid4().hex[:8]}@example.com"
    async with (
        browser_before(*camera_showing(film)) as counter,
        window(chromium) as page,
        window(chromium) as friends,
    ):
        # given a till that was just activated, and a member of its shop who is signed in
        till = await Till.open(live, counter)
        member = await till.member(points=20)
        await page.context.add_init_script(CLOCK % (live.clock.ahead.total_seconds() * 1000))
        phone = Phone(live, page, member.customer_id, "")
        phone.listen(page)
        await phone.sign_in()
        card = encode(CardKey(till.shop.merchant_id, member.card_id))
        await phone.open(f"/app/cards/{quote(card, safe='')}")
        await page.locator(".qr").wait_for()
        loaded = await page.evaluate(LOADS)

        # when the till's camera sees the phone, and 80 rupees are recorded
        await hold_up(page, film)
        await till.press("Start the camera")
        await till.see_customer("Meera")
        await till.type_amount("80")
        await till.press("Record")

        # then both windows say it, and the phone was not loaded again
        assert "+80" in await till.see_recorded()
        await expect(page.locator(".arrival")).to_contain_text("+80 beans")
        await expect(page.locator(".balance .hidden-words")).to_have_text("100")
        assert await page.evaluate(LOADS) == loaded

        # and when thirty of them are sent to a friend, who claims them in a third window
        await send_gift(page, recipient)
        await page.locator("ol.timeline").wait_for()
        await claim(live, friends, recipient)

        # then the friend has them, and the sender sees it, without asking
        assert "+30" in await friends.locator(".card").first.inner_text()
        await expect(page.locator("ol.timeline")).to_contain_text("claimed")
        assert (till.complaints, phone.complaints) == ([], [])
