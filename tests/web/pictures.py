"""Pictures of our mails and pages for docs/pictures, as a browser shows them: `python -m tests.web.pictures [NAME...]`.

On a phone and on a desk, light and dark. Needs Chromium, and neither a database nor a server. Looking at them is the
test.
"""

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, Route, ViewportSize, async_playwright
from starlette.responses import HTMLResponse

from schema.translations import PointNames, translator
from tests.web.browser.conftest import CHROMIUM, QUIET
from wallet import qr
from wallet.gifts.news import News
from wallet.values import GiftStatus, Minor, Money, Points
from web.assets import assets
from web.mail import letters, render, templates
from web.mail.letters import NewsFacts
from web.mail.render import GiftFacts, Picture
from web.pages import rendering
from web.pages.gift import CODE_SHOWN, scripts
from web.pages.looks import look_of_color

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDTHS = {"phone": 360, "desk": 720}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
NOON = datetime(2026, 12, 22, 6, 30, tzinfo=UTC)
SITE = "https://regulars.example"
LINK = f"{SITE}/g/preview"
NAMES = PointNames("bean", "beans")
VALUE = Money(Minor(50_000), "INR")

RAIN = resources.files("infra.demo") / "designs" / "rain.png"
PICTURE = Picture(
    f"data:image/png;base64,{b64encode(RAIN.read_bytes()).decode()}", "A steaming cup of coffee, and rain"
)

COLOR = "#7a3b1d"

GIFT = GiftFacts(
    sender_name="Meera Nair",
    recipient_name="Ravi",
    message="Happy birthday!\nHave a coffee on me.",
    points=Points(1_250),
    point_names=NAMES,
    merchant_name="Monsoon Coffee",
    claimable_until=NOON + timedelta(days=14),
    link=LINK,
    stop_link=f"{LINK}/stop",
)
MONEY = replace(GIFT, points=Points(0), value=VALUE)
BREAKFAST = replace(
    GIFT,
    sender_name="മീര നായർ",
    recipient_name="രവി",
    message="ജന്മദിനാശംസകൾ!\nഒരു കാപ്പി എന്റെ വക.",
    points=Points(0),
    reward_name="സ്പെഷ്യൽ ഫിൽറ്റർകാപ്പിയും പരിപ്പുവടയും",
    merchant_name="മൺസൂൺ കാപ്പി",
)

WAITING = NewsFacts(
    news=News.WAITING,
    merchant_name="Monsoon Coffee",
    recipient_name="Ravi",
    points=Points(0),
    point_names=NAMES,
    status=GiftStatus.SENT,
    claimable_until=NOON + timedelta(days=7),
    value=VALUE,
    stop_link=f"{SITE}/n/preview/stop",
)


def mails() -> dict[str, str]:
    """The HTML of each mail that is shown, by name."""
    loaded = templates.load()
    say, malayalam = translator("en-IN", "Asia/Kolkata"), translator("ml-IN", "Asia/Kolkata")
    told = replace(WAITING, news=News.RETURNED, status=GiftStatus.RETURNED, stop_link=None)
    thanked = replace(
        told, news=News.THANKED, status=GiftStatus.CLAIMED, thanks="So kind of you, Meera!\nSee you soon."
    )
    code = render.sign_in(loaded, say, brand="Monsoon Coffee", code="482913", good_for=timedelta(minutes=10))
    shown = {
        "gift": render.gift(loaded, say, GIFT),
        "gift-value": render.gift(loaded, say, MONEY, picture=PICTURE),
        "gift-reward": render.gift(loaded, malayalam, BREAKFAST),
        "gift-reminder": render.gift(loaded, say, MONEY, picture=PICTURE, reminder=True),
        "sender-waits": letters.gift_news(loaded, say, WAITING),
        "sender-returned": letters.gift_news(loaded, say, told),
        "sender-thanked": letters.gift_news(loaded, say, thanked),
        "sender-returned-ml": letters.gift_news(loaded, malayalam, replace(told, recipient_name="രവിശങ്കർ")),
        "sign-in": code,
    }
    return {name: mail.html for name, mail in shown.items()}


def pages() -> dict[str, HTMLResponse]:
    """The page of each gift that is shown, by name."""
    shown = {"money": (MONEY, "en-IN"), "reward": (BREAKFAST, "ml-IN")}
    return {name: gift_page(gift, tag) for name, (gift, tag) in shown.items()}


def gift_page(gift: GiftFacts, tag: str) -> HTMLResponse:
    say = translator(tag, "Asia/Kolkata")
    look = look_of_color(COLOR, logo=None)
    blanks = {
        **scripts(),
        "look": look,
        "sender": gift.sender_name,
        "recipient": gift.recipient_name,
        "message": gift.message,
        "merchant": gift.merchant_name,
        "program": "Monsoon Regulars",
        **render.worth(say, points=gift.points, names=gift.point_names, value=gift.value, reward_name=gift.reward_name),
        "design": {"url": PICTURE.source, "alt_text": PICTURE.alt_text} if gift.value else None,
        "until": say.date(gift.claimable_until),
        "decline_link": f"{LINK}/decline",
    }
    return rendering.render("gift", say, blanks, csp={**CODE_SHOWN, **look.csp})


def answers(gift: GiftFacts) -> Mapping[str, object]:
    """What the API says to the page whose gift is claimed, by operation."""
    worth = {
        "giftCard": {"last4": "4108", "expiresAt": None, "balance": {"amountMinor": 50_000, "currency": "INR"}},
        "voucher": None,
    }
    if gift.reward_name:
        until = (NOON + timedelta(days=90)).isoformat()
        worth = {"giftCard": None, "voucher": {"usableUntil": until, "reward": {"name": gift.reward_name}}}
    program = {"name": "Monsoon Regulars", "merchantName": gift.merchant_name} | {
        "pointName": "bean",
        "pointNamePlural": "beans",
        "color": COLOR,
        "onColor": "#ffffff",
    }
    card = {"id": "card", "number": "0285590169134108", "balance": {"active": 20}, "program": program}
    claimed = {"giftId": "gift", "points": 0, "senderName": gift.sender_name, "card": card, **worth}
    code = {"qrSvg": qr.svg("1234567890" * 21 + "12345678"), "shortCode": "4829130576"}
    return {
        "markGiftViewed": {"__typename": "GiftViewed"},
        "requestSignInCode": {"__typename": "SignInCodeRequested", "attemptId": "attempt"},
        "signIn": {"__typename": "SignedIn", "customer": {"id": "ravi", "email": "ravi@example.com"}},
        "claimGift": {"__typename": "GiftClaimed", **claimed},
        "createCheckInCode": {
            "__typename": "CheckInCode",
            **code,
            "refreshAt": "2026-12-22T06:31:00Z",
            "serverTime": "2026-12-22T06:30:00Z",
        },
    }


async def take_mail(browser: Browser, html: str, path: Path, *, width: int, scheme: Scheme) -> None:
    """One picture of the mail. Nothing may be asked of anybody while it is drawn."""
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    page = await browser.new_page(viewport={"width": width, "height": 400}, color_scheme=scheme)
    await page.route("**/*", refuse)
    await page.set_content(html, wait_until="load")
    await page.screenshot(path=path, full_page=True)
    await page.close()
    if asked:
        raise SystemExit(f"The mail of {path.name} asks for {asked[0]}.")


async def take_page(browser: Browser, name: str, opened: HTMLResponse, *, device: str, scheme: Scheme) -> None:
    """The page of the gift: as it is opened, when it may be declined, and claimed with the code for the counter."""
    size: ViewportSize = {"width": WIDTHS[device], "height": 640}
    page = await browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    said = answers({"money": MONEY, "reward": BREAKFAST}[name])

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/graphql":
            asked: dict[str, Any] = json.loads(route.request.post_data or "{}")
            operation = asked["operationName"]
            await route.fulfill(json={"data": {operation: said[operation]}})
        elif path.startswith("/static/"):
            found = assets()[path.removeprefix("/static/")]
            await route.fulfill(body=found.content, content_type=found.media_type)
        elif path.startswith("/g/"):
            await route.fulfill(body=bytes(opened.body), headers=dict(opened.headers))
        else:
            await route.continue_()

    await page.route("**/*", answer)
    await page.goto(LINK)
    await page.locator("#steps:not([hidden])").wait_for()
    await shoot(page, f"gift-{name}-{device}-{scheme}")
    if device == "phone":
        await page.locator("#decline").click()
        await shoot(page, f"gift-{name}-{device}-{scheme}-decline")
        await page.locator("[data-act=keep]").click()
        await page.locator("#email").fill("ravi@example.com")
        await page.keyboard.press("Enter")
        await page.locator("#code").fill("482913")
        await page.keyboard.press("Enter")
        await page.locator("#counter button").click()
        await page.locator("#qr img").wait_for()
        await shoot(page, f"gift-{name}-{device}-{scheme}-claimed")
    await page.close()


async def shoot(page: Page, name: str) -> None:
    await page.evaluate("document.activeElement.blur()")
    await page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


async def main(wanted: list[str]) -> None:
    (FOLDER / "mail").mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for device, width in WIDTHS.items():
            for scheme in SCHEMES:
                for name, html in mails().items():
                    path = FOLDER / "mail" / f"{name}-{device}-{scheme}.png"
                    if not wanted or name in wanted:
                        await take_mail(browser, html, path, width=width, scheme=scheme)
                for name, opened in pages().items():
                    if not wanted or name in wanted:
                        await take_page(browser, name, opened, device=device, scheme=scheme)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
