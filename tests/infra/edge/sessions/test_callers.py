"""Who may call by cookie, and whatever else can be sent as one."""

import asyncio

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.infra.edge import talk
from tests.infra.edge.sessions.keeping import FRIEND, LIFE, SIGN_OUT, TAKEN_AWAY, TILL, activated, all_of, sign_in
from tests.infra.edge.sessions.page import INIT, NAME, WHO, Page, codes
from tests.journeys import Scene, signed_in

HEADER_CHARACTERS = st.characters(min_codepoint=32, max_codepoint=126)
"""What a browser could send; a server in front refuses the rest."""


async def test_without_the_header_a_cookie_means_nothing(page: Page, scene: Scene) -> None:
    plain = {"Cookie": str(page.cookie), "Content-Type": "application/json"}
    scene.live.clock.advance(LIFE)
    before = await all_of(scene)
    who, out = [await scene.http.post("/graphql", json={"query": query}, headers=plain) for query in (WHO, SIGN_OUT)]
    assert who.json() == {"data": {"viewer": None}}
    assert codes(out) == ["UNAUTHENTICATED"]
    assert "set-cookie" not in who.headers
    assert "set-cookie" not in out.headers
    assert await all_of(scene) == before


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": FRIEND},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_of_another_origin_is_refused(page: Page, scene: Scene, foreign: dict[str, str]) -> None:
    # given a session that would be renewed, and a page that friends may call us from with tokens
    scene.live.clock.advance(LIFE)
    before = await all_of(scene)
    # when
    response = await page.post(SIGN_OUT, more=foreign)
    # then
    assert (response.status_code, codes(response)) == (403, ["FORBIDDEN"])
    assert scene.live.base_url in response.json()["errors"][0]["message"]
    assert "set-cookie" not in response.headers
    assert await all_of(scene) == before


async def test_in_development_localhost_is_another_name_of_this_machine(page: Page, scene: Scene) -> None:
    alias = scene.live.base_url.replace("127.0.0.1", "localhost")
    response = await page.post(WHO, more={"Origin": alias})
    assert response.json()["data"]["viewer"]["email"] == "asha@example.com"


async def test_a_browser_that_says_nothing_of_the_origin_is_let_in(page: Page) -> None:
    page_headers = page.headers()
    request = httpx.Request(
        "POST",
        page.url,
        json={"query": WHO},
        headers={name: page_headers[name] for name in ("Regulars-Session", "Cookie")},
    )
    response = await page.send(request)
    assert response.json()["data"]["viewer"]["email"] == "asha@example.com"


async def test_no_other_origin_is_promised_the_header(scene: Scene) -> None:
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    for wanted, status in (("authorization", 200), ("regulars-session", 400)):
        response = await scene.http.request(
            "OPTIONS", "/graphql", headers={**asked, "Access-Control-Request-Headers": wanted}
        )
        assert response.status_code == status
        assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "more", [{"Authorization": "Bearer x"}, {"Regulars-Session": "token"}, {"Regulars-Session": ""}]
)
async def test_a_request_calls_in_one_way(page: Page, scene: Scene, more: dict[str, str]) -> None:
    before = await all_of(scene)
    response = await page.post(SIGN_OUT, more=more)
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])
    assert await all_of(scene) == before


async def test_neither_apis_cookie_opens_the_other(page: Page, scene: Scene) -> None:
    # given a customer's page and a till's
    till = await activated(scene)
    before = await all_of(scene)
    # when somebody sends each one's cookie to the other API
    customer_at_till = Page(scene, "/pos/graphql", page.cookie)
    till_at_customers = Page(scene, "/graphql", till.cookie)
    responses = [await customer_at_till.post(TILL), await till_at_customers.post(SIGN_OUT)]
    # then neither is anybody, both are taken away, and nothing happened
    assert [codes(response) for response in responses] == [["UNAUTHENTICATED"]] * 2
    assert (customer_at_till.cookie, till_at_customers.cookie) == (None, None)
    assert await all_of(scene) == before


async def test_what_an_app_was_given_is_no_cookie(scene: Scene) -> None:
    # given an app's refresh token, whose lost answers are waited for ten seconds and no longer
    person = await signed_in(scene)
    before = await all_of(scene)
    # when somebody writes a cookie with it
    for value in (f"{person.tokens.refresh}.{person.tokens.access.text}", person.tokens.refresh):
        page = Page(scene, cookie=f"{NAME}{value}")
        # then it holds nothing
        assert await page.who() is None
        assert page.cookie is None
    assert await all_of(scene) == before


async def test_no_cookie_makes_a_request_fail(page: Page, scene: Scene) -> None:
    # given a genuine cookie, what it is made of, and everything else that a client can send
    genuine = str(page.cookie)
    pieces = ["regulars", "=", ";", ".", '"', " ", "\t", "x" * 70, genuine, *genuine.removeprefix(NAME).split(".")]
    mixed = st.lists(st.sampled_from(pieces)).map("".join)
    sent = st.one_of(st.text(HEADER_CHARACTERS, max_size=300), mixed, mixed.map(NAME.__add__))
    before, loop = await all_of(scene), asyncio.get_running_loop()

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(cookie=sent)
    def one(cookie: str) -> None:
        asked = Page(scene, cookie=cookie.strip(" \t")).post(WHO)
        response = asyncio.run_coroutine_threadsafe(asked, loop).result()
        # then it is the cookie's customer or nobody
        assert response.status_code == 200
        viewer = response.json()["data"]["viewer"]
        assert viewer is None or genuine in cookie
        assert response.headers.get("set-cookie") in (None, TAKEN_AWAY)

    # when they are sent
    await asyncio.to_thread(one)
    # and nothing happened
    assert await all_of(scene) == before


async def test_neither_cookie_nor_token_is_logged(scene: Scene) -> None:
    # given everything that happens to a cookie, and one that is not of our making
    with capture_logs() as logs:
        page = Page(scene)
        await sign_in(page)
        seen = [str(page.cookie)]
        scene.live.clock.advance(LIFE)
        await page.who()
        seen.append(str(page.cookie))
        copy = Page(scene, cookie=page.cookie)
        async with page.socket() as socket:
            assert await talk.ask(socket, INIT) == {"type": "connection_ack"}
        await page.ask(SIGN_OUT)
        scene.live.clock.advance(LIFE)
        await copy.post(WHO)
        await Page(scene, cookie=seen[0] + "x").post(WHO)
    # then the log says who it was, and what became of it
    lines = [line for line in logs if line["event"] == "request"]
    assert [line.get("viewer") for line in lines] == [
        "anonymous",
        "customer",
        "customer",
        "customer",
        None,
        "anonymous",
    ]
    assert [line.get("code") for line in lines][4] == "UNAUTHENTICATED"
    # and no part of a cookie
    written = repr(logs)
    for value in seen:
        assert all(part not in written for part in value.removeprefix(NAME).split(".") if len(part) > 20)
