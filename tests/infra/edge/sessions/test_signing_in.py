"""Pages sign in and out, and ask for new tokens, and none of them ever sees one."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from auth.access_tokens import Audience
from infra.app import create_app
from tests.infra.edge.sessions.keeping import (
    ACTIVATE,
    DEVICES,
    KEPT,
    KEPT_BY_A_TILL,
    LIFE,
    REFRESH,
    REFRESH_TILL,
    REFRESH_TWICE,
    SIGN_IN,
    SIGN_OUT,
    TAKEN_AWAY,
    TILL,
    activated,
    all_of,
    fate_of,
    fates,
    held_by,
    new_code,
    new_terminal,
    refreshed,
    sign_in,
)
from tests.infra.edge.sessions.page import BY_COOKIE, WHO, Page, codes
from tests.journeys import Scene, mailed_code, signed_in


async def test_signing_in_puts_both_tokens_into_the_cookie_and_neither_into_the_body(scene: Scene) -> None:
    # given
    page, asked = Page(scene), await mailed_code(scene, "asha@example.com")
    # when
    response = await page.post(SIGN_IN, {"input": asked})
    # then: the cookie is for this path, for no script and for no other site
    [told] = response.headers.get_list("set-cookie")
    kept = KEPT.fullmatch(told)
    assert kept is not None, told
    tokens = response.json()["data"]["signIn"]["tokens"]
    assert tokens == {"accessToken": "", "refreshToken": "", "accessTokenExpiresAt": tokens["accessTokenExpiresAt"]}
    assert tokens["accessTokenExpiresAt"] > scene.now.isoformat()[:19]
    assert all(part not in response.text for part in kept[1].split("."))
    assert response.headers["cache-control"] == "no-store"
    # and the page is Asha's, without being told anything again
    again = await page.post(WHO)
    assert again.json()["data"]["viewer"]["email"] == "asha@example.com"
    assert "set-cookie" not in again.headers


async def test_a_till_is_activated_into_a_cookie_of_its_own(scene: Scene) -> None:
    # given
    code = await new_code(scene, *await new_terminal(scene))
    page = Page(scene, "/pos/graphql")
    # when
    response = await page.post(ACTIVATE, {"input": {"activationCode": code, "deviceName": "Tablet"}})
    # then
    kept = KEPT_BY_A_TILL.fullmatch(response.headers["set-cookie"])
    assert kept is not None
    tokens = response.json()["data"]["activateTerminal"]["tokens"]
    assert (tokens["accessToken"], tokens["refreshToken"]) == ("", "")
    assert await page.ask(TILL) == {"terminal": {"name": "Till"}}


async def test_where_people_reach_us_over_https_the_cookie_goes_over_https_alone(scene: Scene) -> None:
    # given the same application behind https
    runtime, own = scene.live.runtime, "https://loyalty.example"
    secure = replace(runtime, settings=runtime.settings.model_copy(update={"public_base_url": own}))
    asked = await mailed_code(scene, "asha@example.com")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(secure)), base_url=own) as http:
        # when somebody signs in
        said = {"query": SIGN_IN, "variables": {"input": asked}}
        response = await http.post("/graphql", json=said, headers={**BY_COOKIE, "Origin": own})
        told = response.headers["set-cookie"]
        # then
        assert told.startswith("__Secure-regulars=")
        assert told.endswith("; Max-Age=7776000; Path=/graphql; HttpOnly; SameSite=Strict; Secure")
        # and the browser brings it back
        who = await http.post("/graphql", json={"query": WHO}, headers=BY_COOKIE)
        assert who.json()["data"]["viewer"]["email"] == "asha@example.com"
        # and over there nobody has another name for this origin
        alias = await http.post("/graphql", json={"query": WHO}, headers={**BY_COOKIE, "Origin": "http://localhost"})
        assert alias.status_code == 403


async def test_a_wrong_code_leaves_the_session_that_there_is(page: Page, scene: Scene) -> None:
    # given
    asked = await mailed_code(scene, "ben@example.com")
    wrong = {**asked, "code": f"{(int(asked['code']) + 1) % 10**6:06d}"}
    # when
    response = await page.post(SIGN_IN, {"input": wrong})
    # then
    assert response.json()["data"]["signIn"]["__typename"] == "SignInCodeRejected"
    assert "set-cookie" not in response.headers
    assert await page.who() == "asha@example.com"
    assert await fates(scene) == [None]


@pytest.mark.parametrize("email", ["asha@example.com", "ben@example.com"])
async def test_signing_in_again_leaves_no_device_behind(page: Page, scene: Scene, email: str) -> None:
    # when the same browser signs in once more, as whomever
    scene.live.clock.advance(timedelta(minutes=1))
    found = await sign_in(page, email, device="Browser again")
    # then it is one device
    assert found["customer"]["sessions"] == [{"deviceName": "Browser again", "current": True}]
    assert await page.who() == email
    assert await fates(scene) == ["replaced", None]


async def test_an_app_that_signs_in_again_keeps_both_sessions(scene: Scene) -> None:
    first = await signed_in(scene, email="asha@example.com")
    answer = await first.app.do(SIGN_IN, await mailed_code(scene, "asha@example.com"))
    assert answer["tokens"]["accessToken"]
    assert await fates(scene) == [None, None]


async def test_a_device_that_becomes_another_till_is_the_first_no_longer(scene: Scene) -> None:
    # given a page that is a till
    page = await activated(scene)
    first = held_by(page, Audience.POS).session_id
    code = await new_code(scene, *await new_terminal(scene))
    # when it becomes another shop's
    answer = await page.do(ACTIVATE, {"activationCode": code, "deviceName": "Tablet"})
    # then nobody is the first one
    assert answer["__typename"] == "TerminalActivated"
    assert (await fate_of(scene, first), await fate_of(scene, held_by(page, Audience.POS).session_id)) == (
        "replaced",
        None,
    )


async def test_signing_out_takes_the_cookie_away(page: Page, scene: Scene) -> None:
    response = await page.post(SIGN_OUT)
    assert response.headers["set-cookie"] == TAKEN_AWAY
    assert page.cookie is None
    assert await page.who() is None
    assert await fates(scene) == ["signed_out"]


async def test_signing_out_another_device_leaves_the_cookie(page: Page, scene: Scene) -> None:
    # given
    other = Page(scene)
    await sign_in(other, device="Lost phone")
    devices = {device["deviceName"]: device["id"] for device in (await page.ask(DEVICES))["viewer"]["sessions"]}
    # when
    response = await page.post(SIGN_OUT, {"id": devices["Lost phone"]})
    # then
    assert response.json()["data"]["signOut"]["__typename"] == "SignedOut"
    assert "set-cookie" not in response.headers
    assert (await page.who(), await other.who()) == ("asha@example.com", None)


async def test_a_session_that_another_device_ended_is_over_with_its_access_token(page: Page, scene: Scene) -> None:
    # given a page whose session was ended from elsewhere
    other = Page(scene)
    await sign_in(other, device="Phone")
    devices = {device["deviceName"]: device["id"] for device in (await other.ask(DEVICES))["viewer"]["sessions"]}
    await other.ask(SIGN_OUT, {"id": devices["Browser"]})
    # when its access token is good, then it is nobody's all the same
    assert await page.who() is None
    # when it is over
    scene.live.clock.advance(LIFE)
    before = await all_of(scene)
    response = await page.post(WHO)
    # then the page is told, the cookie is gone, and nothing happened
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    assert response.headers["set-cookie"] == TAKEN_AWAY
    assert await all_of(scene) == before
    assert await page.who() is None


async def test_a_page_refreshes_what_its_cookie_holds(page: Page, scene: Scene) -> None:
    before = page.cookie
    answer = await page.do(REFRESH, {"refreshToken": ""})
    assert answer["__typename"] == "SessionRefreshed"
    assert (answer["tokens"]["accessToken"], answer["tokens"]["refreshToken"]) == ("", "")
    assert page.cookie != before
    assert await page.who() == "asha@example.com"
    assert await refreshed(scene) == 2


async def test_a_till_refreshes_what_its_cookie_holds(scene: Scene) -> None:
    page = await activated(scene)
    before = page.cookie
    answer = await page.do(REFRESH_TILL, {"refreshToken": ""})
    assert (answer["__typename"], answer["tokens"]["refreshToken"]) == ("SessionRefreshed", "")
    assert page.cookie != before
    assert await page.ask(TILL) == {"terminal": {"name": "Till"}}


async def test_one_request_refreshes_once_so_that_its_answer_may_get_lost(page: Page, scene: Scene) -> None:
    # given a request that renews on its way, and asks for it twice besides
    scene.live.clock.advance(LIFE)
    # when its answer is lost
    await page.post(REFRESH_TWICE, lost=True)
    # then one successor was made, and the page goes on
    assert await refreshed(scene) == 2
    assert await page.who() == "asha@example.com"
    assert await page.ask(REFRESH_TWICE) == {name: {"__typename": "SessionRefreshed"} for name in ("one", "two")}
    assert await refreshed(scene) == 3


async def test_a_page_that_shows_a_token_is_refused(page: Page, scene: Scene) -> None:
    # given a token that an app was given
    person = await signed_in(scene)
    before = await all_of(scene)
    # when a page shows it
    response = await page.post(REFRESH, {"input": {"refreshToken": person.tokens.refresh}})
    # then
    assert codes(response) == ["BAD_USER_INPUT"]
    assert "set-cookie" not in response.headers
    assert await all_of(scene) == before


async def test_without_a_cookie_there_is_nothing_to_refresh(scene: Scene) -> None:
    page = Page(scene)
    before = await all_of(scene)
    assert (await page.do(REFRESH, {"refreshToken": ""}))["__typename"] == "SessionEnded"
    assert page.cookie is None
    assert await all_of(scene) == before


async def test_a_refresh_by_hand_of_an_ended_session_takes_the_cookie_away(page: Page, scene: Scene) -> None:
    # given a session that is over while the access token in the cookie is good
    copy = Page(scene, cookie=page.cookie)
    await copy.ask(SIGN_OUT)
    # when
    response = await page.post(REFRESH, {"input": {"refreshToken": ""}})
    # then
    assert response.json()["data"]["refreshSession"]["__typename"] == "SessionEnded"
    assert response.headers["set-cookie"] == TAKEN_AWAY
