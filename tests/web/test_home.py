"""The page at the server's own address: what this is, and the way on for everybody who may come."""

from datetime import datetime

import httpx
import pytest
from starlette.applications import Starlette

from auth.secrets import SecretBox
from infra.pool import Pool
from schema.translations import LANGUAGES, translator
from tests.database import StatementCounter
from tests.web.markup import Markup
from web.pages.facts import PageFacts
from web.routes import page_routes

FOR_DEVELOPERS = {"/demo", "/demo/mailbox", "/graphiql"}


async def test_page_leads_customers_and_shops_on(browser: httpx.AsyncClient, statements: StatementCounter) -> None:
    async with statements.counted() as said:
        answer = await browser.get("/")

    page = Markup(answer.text)
    assert answer.status_code == 200
    assert said == []
    assert "Loyalty cards live here" in page.text
    assert "Open the link in it" in page.text
    assert [address for address in page.addresses() if not address.startswith("/static/")] == ["/app", "/till"]
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    ("demo", "explorer", "led"),
    [(False, False, set()), (False, True, {"/graphiql"}), (True, True, FOR_DEVELOPERS)],
    ids=["production", "development", "demo"],
)
async def test_page_leads_developers_only_to_what_is_there(
    pool: Pool, now: datetime, demo: bool, explorer: bool, led: set[str]
) -> None:
    box = SecretBox(bytes(32))
    facts = PageFacts(pool=lambda: pool, clock=lambda: now, box=lambda: box, demo=demo, explorer=explorer)
    app = Starlette(routes=page_routes(facts))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        page = Markup((await client.get("/")).text)

    assert FOR_DEVELOPERS & set(page.addresses()) == led


@pytest.mark.parametrize("language", LANGUAGES)
async def test_page_speaks_the_readers_language(browser: httpx.AsyncClient, language: str) -> None:
    say = translator(f"{language}-IN")

    wished = await browser.get("/", headers={"accept-language": f"{language}-IN"})
    chosen = await browser.get("/", headers={"accept-language": "fr", "cookie": f"regulars-language={language}-IN"})

    for answer in (wished, chosen):
        assert f'<html lang="{say.tag}" dir="ltr">' in answer.text
        assert say.gettext("Open your wallet") in Markup(answer.text).text
        [choice] = [facts for tag, facts in Markup(answer.text).elements if tag == "option" and "selected" in facts]
        assert choice["value"] == say.tag


async def test_every_language_can_be_chosen_by_its_own_name(browser: httpx.AsyncClient) -> None:
    page = Markup((await browser.get("/")).text)

    assert [facts["value"] for tag, facts in page.elements if tag == "option"] == list(LANGUAGES)
    assert [facts["lang"] for tag, facts in page.elements if tag == "option"] == list(LANGUAGES)
    html = (await browser.get("/")).text
    assert [f">{name}</option>" in html for name in ("English", "മലയാളം", "हिन्दी", "বাংলা", "తెలుగు", "ไทย")] == [True] * 6
