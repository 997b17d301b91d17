"""What becomes of a gift, as its sender watches it, and what its recipient does."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from schema.ids import GiftKey, decode
from tests.factories import make_customer
from tests.web.browser.app.belongings import GIFTS_SQL, active, answers_lost, claim, receive_gift, rows, send_gift
from tests.web.browser.app.scenes import CardHolder
from wallet import gifts
from wallet.gifts import Gift

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def found(holder: CardHolder, gift: str) -> Gift:
    key = decode(gift)
    assert isinstance(key, GiftKey)
    async with holder.live.runtime.pool.acquire() as conn:
        sent = await gifts.find(conn, customer_id=holder.customer_id, merchant_id=key.merchant_id, gift_id=key.gift_id)
    assert sent is not None
    return sent


async def test_claim_is_seen_while_the_page_is_open(holder: CardHolder) -> None:
    # given a gift that waits for its day, before the eyes of whoever sent it
    later = holder.live.clock() + timedelta(days=3)
    gift = await send_gift(holder, message="For you", deliver_at=later)
    await holder.open(f"/app/gifts/{gift}")
    stand = holder.page.locator(".life-stand")
    await expect(stand).to_have_text("Waits for its moment")
    await expect(holder.page.locator(".message")).to_have_text("For you")

    # when somebody claims it
    async with holder.live.runtime.pool.acquire() as conn:
        friend = await make_customer(conn, name="Latha", now=holder.live.clock())
    await claim(holder, await found(holder, gift), by=friend)
    holder.live.runtime.changes.publish(holder.shop.merchant_id, holder.card_id)

    # then the page says so by itself, and nothing can be changed any more
    await expect(stand).to_have_text("Claimed")
    await expect(holder.page.locator(".timeline li").last).to_contain_text("Latha claimed it")
    await expect(holder.page.get_by_role("button", name="Cancel the gift")).to_have_count(0)


async def test_cancelled_gift_comes_back_once_though_the_answer_was_lost(holder: CardHolder) -> None:
    gift = await send_gift(holder, points=30)
    assert await active(holder) == 90
    await holder.open(f"/app/gifts/{gift}")

    async with answers_lost(holder.page, "cancelGift") as asked:
        await holder.press("Cancel the gift")
        await holder.page.get_by_role("dialog").get_by_role("button", name="Cancel the gift").click()
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    assert len(asked) == 1

    await holder.page.reload()
    await expect(holder.page.locator(".life-stand")).to_have_text("Cancelled")
    await expect(holder.page.locator(".timeline li").last).to_contain_text("It was cancelled, and came back to you")
    assert await active(holder) == 120


async def test_wrong_address_is_corrected(holder: CardHolder) -> None:
    gift = await send_gift(holder, email="lathaa@example.com", deliver_at=holder.live.clock() + timedelta(days=3))
    await holder.open(f"/app/gifts/{gift}")
    await holder.press("Correct the address")
    field = holder.page.get_by_label("E-mail address of Latha")
    await expect(field).to_have_value("lathaa@example.com")

    # when it is no address at all, it is told at the field
    await field.fill("nobody")
    await holder.press("Save the address")
    await expect(holder.page.get_by_role("dialog").get_by_role("alert").first).to_contain_text("e-mail")

    # and a right one is taken
    await field.fill("latha@example.com")
    await holder.press("Save the address")
    await expect(holder.page.get_by_text("The mail will go to latha@example.com.")).to_be_visible()
    assert [row["recipient_email"] for row in await rows(holder, GIFTS_SQL)] == ["latha@example.com"]


async def test_gift_gets_another_moment(holder: CardHolder) -> None:
    gift = await send_gift(holder, deliver_at=holder.live.clock() + timedelta(days=3))
    await holder.open(f"/app/gifts/{gift}")
    await holder.press("Choose another moment")
    field = holder.page.get_by_label("Day and hour")

    await field.fill("2020-01-01T10:00")
    await holder.press("Send it then")
    await expect(holder.page.get_by_role("dialog")).to_contain_text("This lies in the past.")

    chosen = holder.live.clock() + timedelta(days=9)
    await field.fill(chosen.strftime("%Y-%m-%dT10:30"))
    await holder.press("Send it then")

    await expect(holder.page.get_by_text("Its mail leaves on")).to_be_visible()
    [row] = await rows(holder, GIFTS_SQL)
    assert (row["deliver_at"].date(), row["status"]) == (chosen.date(), "SCHEDULED")


async def test_gift_that_was_claimed_meanwhile_cannot_be_cancelled(holder: CardHolder) -> None:
    gift = await send_gift(holder, points=30, deliver_at=holder.live.clock() + timedelta(days=3))
    await holder.open(f"/app/gifts/{gift}")
    await holder.press("Cancel the gift")
    async with holder.live.runtime.pool.acquire() as conn:
        friend = await make_customer(conn, name="Latha", now=holder.live.clock())
    await claim(holder, await found(holder, gift), by=friend)

    await holder.page.get_by_role("dialog").get_by_role("button", name="Cancel the gift").click()

    await expect(holder.page.get_by_role("dialog")).to_contain_text("This gift was claimed, cancelled or returned")
    assert await active(holder) == 90


async def test_received_gift_is_thanked_for_once(holder: CardHolder) -> None:
    gift = await receive_gift(holder, points=30, message="Thanks for the mangoes")
    await holder.open("/app/gifts?received")
    await expect(holder.page.locator(".gift-line")).to_contain_text("30 beansfrom Meera")
    await holder.page.locator(".gift-line").click()
    await expect(holder.heading("Gift from Meera")).to_be_visible()
    await expect(holder.page.locator(".message")).to_have_text("Thanks for the mangoes")

    # when nothing is written it is told, and a link is told by the server
    await holder.press("Send your thanks")
    await expect(holder.page.get_by_text("Write a few words first.")).to_be_visible()
    words = holder.page.get_by_label("A few words for Meera")
    await words.fill("Look at https://example.com")
    await holder.press("Send your thanks")
    await expect(holder.page.get_by_text("looks like a link")).to_be_visible()

    # then they are sent, though the answer is lost, and are there after a reload
    await words.fill("So kind of you!")
    async with answers_lost(holder.page, "thankForGift"):
        await holder.press("Send your thanks")
        await holder.page.get_by_text("No connection. Nothing is lost").wait_for()
    await holder.page.reload()
    await expect(holder.page.locator(".thanks")).to_contain_text("So kind of you!")
    assert [row["thanks"] for row in await rows(holder, GIFTS_SQL)] == ["So kind of you!"]
    assert gift in holder.page.url


async def test_lists_are_endless_and_say_what_would_be_in_them(holder: CardHolder) -> None:
    await holder.open("/app/gifts")
    await expect(holder.heading("You have sent no gift yet")).to_be_visible()
    await holder.page.get_by_role("link", name="Received").click()
    await expect(holder.heading("No gift has come yet")).to_be_visible()
    await holder.page.go_back()
    await expect(holder.heading("You have sent no gift yet")).to_be_visible()

    # given more gifts than a page has
    await holder.give(1_000)
    for number in range(23):
        holder.live.clock.advance(timedelta(hours=3))
        await send_gift(holder, points=10, name=f"Friend {number}", email="latha@example.com")
    await holder.sign_in()
    await holder.page.reload()

    # then scrolling brings the rest
    lines = holder.page.locator(".gift-line")
    await expect(lines.first).to_contain_text("Friend 22")
    await lines.last.scroll_into_view_if_needed()
    await expect(lines).to_have_count(23)
    await expect(lines.last).to_contain_text("Friend 0")


async def test_gift_of_somebody_else_is_not_shown(holder: CardHolder) -> None:
    await holder.open("/app/gifts/nothing")

    await expect(holder.heading("You have no such gift.")).to_be_visible()
