"""The demo's pages: what to try, the caught mail, the clock. None of them is there unless it is the demo."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.web.demonstration import Demo, Mail, demo_pages
from tests.web.markup import Markup
from web.pages.demo import SHOWN_MAILS
from web.pages.demo_steps import steps
from web.routes import development_routes

GIFT_LINK = "http://127.0.0.1:8000/g/abc"


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo_pages(tmp_path) as found:
        yield found


async def test_scripts_learn_how_to_begin(demo: Demo) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    first, second = [(await demo.client.get("/demo.json")).json() for _ in range(2)]

    assert set(first) == {"programSlug", "customers", "activationCode", "clock", "office"}
    assert first["programSlug"] == "coffee"
    assert first["customers"] == [{"email": "asha@example.com"}, {"email": "ravi@example.com"}]
    assert [first["activationCode"], second["activationCode"]] == ["CODE0001", "CODE0002"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["clock"])
    assert before <= datetime.fromisoformat(first["clock"]) <= datetime.now(UTC)


async def test_clock_moves_forward_and_what_is_due_is_done(demo: Demo) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    answer = await demo.move(b'{"advanceSeconds": 86400}')

    assert answer.status_code == 200
    shown = datetime.fromisoformat(answer.json()["clock"])
    assert before + timedelta(days=1) <= shown <= datetime.now(UTC) + timedelta(days=1)
    assert demo.clock.ahead == timedelta(days=1)
    assert len(demo.swept_at) == 1
    assert demo.swept_at[0] >= shown
    assert (await demo.client.get("/demo.json")).json()["clock"] >= answer.json()["clock"]


async def test_clock_that_is_not_moved_is_told(demo: Demo) -> None:
    answer = await demo.move(b'{"advanceSeconds": 0, "and": "more"}')

    assert answer.status_code == 200
    assert demo.clock.ahead == timedelta(0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b"1",
        b'"x"',
        b"[]",
        b"{}",
        b"{",
        b"NaN",
        b"\xff\xfe",
        b"\x00",
        b"[" * 4096,
        b'{"advanceSeconds": 1}' + b" " * 5000,
        b'{"advanceSeconds": null}',
        b'{"advanceSeconds": true}',
        b'{"advanceSeconds": "60"}',
        b'{"advanceSeconds": 1.5}',
        b'{"advanceSeconds": 1e3}',
        b'{"advanceSeconds": 1e400}',
        b'{"advanceSeconds": -1}',
        b'{"advanceSeconds": 9223372036854775807}',
        b'{"advanceSeconds": ' + b"9" * 4000 + b"}",
        b'{"advanceSeconds": 316224001}',
        b'{"advance_seconds": 60}',
    ],
)
async def test_body_that_says_no_time_is_refused_with_a_sentence(demo: Demo, body: bytes) -> None:
    answer = await demo.move(body)

    assert answer.status_code == 400
    assert re.fullmatch(r"The .+\.", answer.json()["error"])
    assert demo.clock.ahead == timedelta(0)
    assert demo.swept_at == []


async def test_clock_stops_ten_years_ahead(demo: Demo) -> None:
    nine_years = 9 * 365 * 86_400
    assert (await demo.move(b'{"advanceSeconds": %d}' % nine_years)).status_code == 200

    answer = await demo.move(b'{"advanceSeconds": %d}' % nine_years)

    assert (answer.status_code, answer.json()) == (400, {"error": "The clock can be at most ten years ahead."})
    assert demo.clock.ahead == timedelta(seconds=nine_years)


async def test_page_of_another_site_cannot_move_the_clock(demo: Demo) -> None:
    for origin in ("https://elsewhere.example", "null", "http://127.0.0.1:9000"):
        assert (await demo.move(b'{"advanceSeconds": 60}', origin=origin)).status_code == 403
    assert demo.clock.ahead == timedelta(0)

    assert (await demo.move(b'{"advanceSeconds": 60}', origin="http://127.0.0.1:8000")).status_code == 200


async def test_looking_at_the_clock_does_not_move_it(demo: Demo) -> None:
    assert (await demo.client.get("/demo/clock")).status_code == 405


async def test_mailbox_tells_scripts_every_mail_newest_first(demo: Demo) -> None:
    demo.mails += [Mail("b@example.com", "Second", "two", "<p>2"), Mail("a@example.com", "First", "one", "<p>1")]

    assert (await demo.client.get("/demo/mailbox.json")).json() == [
        {"to": "b@example.com", "subject": "Second", "text": "two", "html": "<p>2"},
        {"to": "a@example.com", "subject": "First", "text": "one", "html": "<p>1"},
    ]


async def test_mailbox_shows_mails_to_people(demo: Demo) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    demo.mails += [
        Mail(
            "a@example.com",
            f"A gift {hostile}",
            f"Open {GIFT_LINK} {hostile}",
            f'<a href="{GIFT_LINK}">go</a>{hostile}',
        ),
        Mail("b@example.com", "Text only", "words", ""),
    ]

    page = Markup((await demo.client.get("/demo/mailbox")).text)

    assert f"A gift {hostile}" in page.text
    assert f"Open {GIFT_LINK} {hostile}" in page.text
    assert [tag for tag, _ in page.elements if tag in {"script", "img"}] == []
    [frame] = [attributes for tag, attributes in page.elements if tag == "iframe"]
    framed = frame["srcdoc"] or ""
    assert framed.startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; ')
    assert framed.endswith(f'<a href="{GIFT_LINK}">go</a>{hostile}')
    assert (frame["sandbox"] or "").split() == ["allow-popups", "allow-popups-to-escape-sandbox"]


async def test_mailbox_runs_no_script(demo: Demo) -> None:
    policy = (await demo.client.get("/demo/mailbox")).headers["content-security-policy"]

    assert "script-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "default-src 'none'" in policy


async def test_mailbox_page_shows_the_newest_only(demo: Demo) -> None:
    demo.mails += [Mail("a@example.com", f"Mail {n}.", "", "") for n in range(SHOWN_MAILS + 1)]

    text = Markup((await demo.client.get("/demo/mailbox")).text).text

    assert f"Mail {SHOWN_MAILS - 1}." in text
    assert f"Mail {SHOWN_MAILS}." not in text


async def test_guide_begins_with_the_app_the_till_and_the_poster(demo: Demo) -> None:
    answer = await demo.client.get("/demo")

    page = Markup(answer.text)
    led = page.addresses()
    assert led.index("/app") < led.index("/join/coffee") < led.index("/till") < led.index("/graphiql")
    assert "asha@example.com" in page.text[: page.text.index("By the API")]
    first, second = [(await demo.client.get("/demo.json")).json()["activationCode"] for _ in range(2)]
    assert (first, second) == ("CODE0001", "CODE0002")  # Looking at the guide has made none.


async def test_guide_tells_every_step_in_order(demo: Demo) -> None:
    page = Markup((await demo.client.get("/demo")).text)

    suggested = steps(
        email="asha@example.com", refused_email="bounce@example.com", program_slug="coffee", currency="INR"
    )
    by_hand = page.text.index("By the API")
    places = [page.text.index(step.title, by_hand) for step in suggested]
    assert places == sorted(places)
    for step in suggested:
        assert " ".join(step.document.split()) in page.text
        assert " ".join(step.variables_json.split()) in page.text
        assert f"/graphiql#{step.name}" in page.addresses()
    assert "regulars demo --walkthrough" in page.text
    assert {"/demo/mailbox", "/demo/mailbox.json", "/demo.json", "/graphiql"} <= set(page.addresses())


@pytest.mark.parametrize("path", ["/demo", "/demo/mailbox", "/graphiql"])
async def test_page_loads_nothing_from_elsewhere(demo: Demo, path: str) -> None:
    answer = await demo.client.get(path)

    page = Markup(answer.text)
    loaded = [attributes for tag, attributes in page.elements if tag in {"script", "link", "img"}]
    sources = [value for attributes in loaded for value in (attributes.get("src"), attributes.get("href")) if value]
    assert {source.startswith("/static/") for source in sources} == {True}
    assert "'unsafe-inline'" not in dict(directives(answer))["script-src"]
    assert answer.headers["cache-control"] == "no-store"


def directives(answer: httpx.Response) -> list[tuple[str, Any]]:
    return [part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")]  # type: ignore[misc]


async def test_developers_can_ask_by_hand_without_the_demo() -> None:
    app = Starlette(routes=development_routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        page = Markup((await client.get("/graphiql")).text)

        assert "/pos/graphql" in page.text
        assert "/demo" not in page.addresses()
        assert (await client.get("/demo.json")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/demo", "/demo.json", "/demo/mailbox", "/demo/mailbox.json", "/demo/clock", "/graphiql"]
)
async def test_service_that_is_no_demo_has_none_of_it(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404
    assert (await browser.post(path)).status_code == 404
