"""The customer's own page: name, language, birthday, devices, statements, and the way out."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.live import Live
from tests.web.browser.app.scenes import CardHolder, new_card_holder, window

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUSTOMER_SQL = "SELECT name, locale, birth_month, birth_day FROM customers WHERE customer_id = $1"
LIVE_SESSIONS_SQL = "SELECT device_name FROM sessions WHERE customer_id = $1 AND ended_at IS NULL ORDER BY created_at"


async def stored(holder: CardHolder) -> tuple[object, ...]:
    async with holder.live.runtime.pool.acquire() as conn:
        [row] = await conn.fetch(CUSTOMER_SQL, holder.customer_id)
    return row["name"], row["locale"], row["birth_month"], row["birth_day"]


def text_of(file: Path) -> str:
    return file.read_text("utf-8")


async def live_sessions(holder: CardHolder) -> list[str]:
    async with holder.live.runtime.pool.acquire() as conn:
        return [row["device_name"] for row in await conn.fetch(LIVE_SESSIONS_SQL, holder.customer_id)]


async def test_name_is_changed_and_taken_away(holder: CardHolder) -> None:
    await holder.open("/app/me")
    name = holder.page.get_by_label("Name", exact=True)
    await expect(name).to_have_value("Anjali")

    await name.fill("Anjali Menon")
    await holder.press("Save the name")
    await expect(holder.page.get_by_text("Saved.")).to_be_visible()
    assert (await stored(holder))[0] == "Anjali Menon"
    await name.fill("")
    await expect(holder.page.get_by_text("Saved.")).to_have_count(0)
    await name.press("Enter")
    await expect(holder.page.get_by_text("Saved.")).to_be_visible()
    assert (await stored(holder))[0] is None


async def test_language_is_changed_here_and_in_the_mails(holder: CardHolder) -> None:
    await holder.open("/app/me")
    await holder.page.get_by_role("button", name="മലയാളം").click()

    await expect(holder.page.locator("html")).to_have_attribute("lang", "ml-IN")
    await expect(holder.page.get_by_role("button", name="മലയാളം")).to_have_attribute("aria-pressed", "true")
    assert (await stored(holder))[1] == "ml-IN"
    await holder.page.get_by_role("button", name="English").click()
    await expect(holder.page.locator("html")).to_have_attribute("lang", "en-IN")
    await expect(holder.heading("Me")).to_be_visible()


async def test_birthday_is_said_once_and_so_before(holder: CardHolder) -> None:
    await holder.open("/app/me")
    await expect(holder.page.get_by_text("it cannot be changed afterwards.")).to_be_visible()
    await holder.page.get_by_label("Month").select_option("February")
    day = holder.page.get_by_label("Day", exact=True)
    for wrong in ("", "0", "30"):
        await day.fill(wrong)
        await holder.press("Save the birthday")
        await expect(holder.page.get_by_text("This month has days from 1 to 29.")).to_be_visible()

    await day.fill("29")
    await holder.press("Save the birthday")
    await expect(holder.page.get_by_role("heading", name="Is it 29 February?")).to_be_visible()
    assert (await stored(holder))[2:] == (None, None)
    await holder.press("Yes, that is my birthday")

    await expect(holder.page.locator(".said")).to_have_text("29 February")
    assert (await stored(holder))[2:] == (2, 29)
    await holder.page.reload()
    await expect(holder.page.locator(".said")).to_have_text("29 February")
    await expect(holder.page.get_by_role("button", name="Save the birthday")).to_have_count(0)


async def test_other_device_is_signed_out_and_this_one_is_marked(live: Live, chromium: Browser) -> None:
    async with window(chromium) as page, window(chromium) as lost:
        holder = await new_card_holder(live, page)
        elsewhere = CardHolder(
            live, lost, holder.customer_id, holder.email, [], shop=holder.shop, card_id=holder.card_id
        )
        await elsewhere.sign_in("Lost phone")
        await elsewhere.open()
        await elsewhere.page.locator(".card-page, .wallet").first.wait_for()

        await holder.open("/app/me")
        devices = holder.page.get_by_role("region", name="Your devices")
        await expect(devices.locator("li").filter(has_text="This device")).to_have_count(1)
        await expect(devices.get_by_role("button")).to_have_count(1)
        await holder.press("Sign out Lost phone")

        await expect(holder.page.get_by_text("Lost phone is signed out.")).to_be_visible()
        await expect(devices.locator("li")).to_have_count(1)
        assert await live_sessions(holder) == ["Phone"]
        await elsewhere.open("/app/me")
        await expect(elsewhere.page.get_by_label("Your e-mail address")).to_be_visible()
        assert holder.complaints == []


async def test_statement_is_downloaded_to_read_and_signed(holder: CardHolder) -> None:
    await holder.open("/app/me")
    await holder.page.get_by_label("First day").fill("2030-01-01")
    await holder.press("Make the statement")
    await expect(holder.page.get_by_text("Choose a first and a last day")).to_be_visible()

    # The clock of the server is ahead of the device's here.
    await holder.page.get_by_label("First day").fill("2026-01-01")
    await holder.page.get_by_label("Last day").fill("2027-12-31")
    await holder.press("Make the statement")

    async with holder.page.expect_download() as text:
        await holder.page.get_by_role("link", name="Download to read").click()
    async with holder.page.expect_download() as signed:
        await holder.page.get_by_role("link", name="Download signed").click()
    read, jws = await text.value, await signed.value
    assert (read.suggested_filename, jws.suggested_filename) == (
        "regulars-2026-01-01-2027-12-31.txt",
        "regulars-2026-01-01-2027-12-31.jws",
    )
    assert "+120" in text_of(await read.path())
    assert text_of(await jws.path()).count(".") == 2


async def test_signing_out_leaves_nothing_on_the_device(holder: CardHolder) -> None:
    await holder.open(holder.place)
    await holder.page.locator(".qr").wait_for()
    await holder.open("/app/me")
    await holder.press("Sign out")
    sheet = holder.page.get_by_role("dialog")
    await sheet.get_by_role("button", name="Stay").click()
    assert await live_sessions(holder) == ["Phone"]

    await holder.press("Sign out")
    await sheet.get_by_role("button", name="Sign out").click()

    await expect(holder.page.get_by_label("Your e-mail address")).to_be_visible()
    assert await live_sessions(holder) == []
    kept = await holder.page.evaluate("""async () => {
        const opened = await new Promise((done) => {
            const request = indexedDB.open("regulars app");
            request.onsuccess = () => done(request.result);
        });
        const all = [...opened.objectStoreNames].map((shelf) => new Promise((done) => {
            const request = opened.transaction(shelf).objectStore(shelf).getAllKeys();
            request.onsuccess = () => done(request.result);
        }));
        return (await Promise.all(all)).flat();
    }""")
    assert kept == []
    await holder.page.go_back()
    await expect(holder.page.get_by_label("Your e-mail address")).to_be_visible()


async def test_signing_out_of_a_session_that_is_over_leaves_nothing_either(holder: CardHolder) -> None:
    await holder.open("/app/me")
    await holder.page.locator(".languages").wait_for()
    await holder.page.evaluate("sessionStorage.setItem('draft', 'for Ravi')")
    await holder.end_sessions()

    await holder.press("Sign out")
    await holder.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    await holder.page.get_by_label("Your e-mail address").wait_for()
    assert await holder.page.evaluate("sessionStorage.getItem('draft')") is None


async def test_signing_out_needs_the_network_and_says_so(holder: CardHolder) -> None:
    await holder.open("/app/me")
    await holder.page.locator(".languages").wait_for()
    await holder.context.set_offline(True)

    await holder.press("Sign out")
    await holder.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    await expect(holder.page.get_by_role("dialog")).to_contain_text("No connection.")
    assert await live_sessions(holder) == ["Phone"]
