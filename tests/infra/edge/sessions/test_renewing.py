"""Access tokens that are over are renewed on the way, once, whoever races and whichever answer gets lost."""

import asyncio
from datetime import timedelta

import pytest

from auth.access_tokens import Audience
from auth.cookies import Held
from tests.database import StatementCounter
from tests.infra.edge.sessions.keeping import (
    KEPT,
    LIFE,
    TAKEN_AWAY,
    TILL,
    activated,
    all_of,
    cookie_of,
    fates,
    held_by,
    refreshed,
)
from tests.infra.edge.sessions.page import NAME, WHO, Page, codes
from tests.journeys import Scene, signed_in


async def test_an_access_token_that_is_over_is_renewed_on_the_way(
    page: Page, scene: Scene, statements: StatementCounter
) -> None:
    # given
    await page.who()
    first = page.cookie
    async with statements.counted() as usual:
        await page.who()
    scene.live.clock.advance(LIFE)
    await scene.live.runtime.rings.current(scene.now)
    # when
    async with statements.counted() as renewing:
        response = await page.post(WHO)
    # then the same answer comes with new tokens, for one short transaction
    assert response.json()["data"]["viewer"]["email"] == "asha@example.com"
    assert KEPT.fullmatch(response.headers["set-cookie"])
    assert page.cookie not in (None, first)
    assert len(renewing) == len(usual) + 5
    assert (renewing[0], renewing[4]) == ("BEGIN;", "COMMIT;")
    # and the next one costs what it costs an app
    async with statements.counted() as after:
        await page.who()
    assert after == usual


async def test_a_page_says_no_more_to_the_database_than_an_app(
    page: Page, scene: Scene, statements: StatementCounter
) -> None:
    app = (await signed_in(scene)).app
    await page.ask(WHO)
    async with statements.counted() as by_cookie:
        await page.ask(WHO)
    async with statements.counted() as by_token:
        await app.ask(WHO)
    assert len(by_cookie) == 2
    assert by_cookie == by_token


async def test_what_was_renewed_is_said_whatever_becomes_of_the_request(page: Page, scene: Scene) -> None:
    for body, status in ((b"{", 400), (b'{"query": "{"}', 200), (b'{"query": "{ nowhere }"}', 200)):
        # given
        scene.live.clock.advance(LIFE)
        before = page.cookie
        # when
        response = await page.post("", body=body)
        # then
        assert response.status_code == status
        assert "errors" in response.json()
        assert page.cookie not in (None, before)
        assert await page.who() == "asha@example.com"


async def test_a_key_that_nobody_knows_any_more_is_renewed_too(page: Page, scene: Scene) -> None:
    # given a cookie whose access token was signed by a key that is gone
    held = held_by(page, Audience.CUSTOMER)
    lost = Held(held.session_id, "e30.e30.e30", held.refresh)
    page.cookie = NAME + cookie_of(page, Audience.CUSTOMER).value_of(lost)
    # when, then
    assert await page.who() == "asha@example.com"
    assert await refreshed(scene) == 2


@pytest.mark.parametrize("tabs", [2, 8])
async def test_tabs_that_renew_at_once_all_go_on(page: Page, scene: Scene, tabs: int) -> None:
    for n in range(1, 6):
        # given tabs that share a cookie whose access token is over
        scene.live.clock.advance(LIFE)
        windows = [Page(scene, cookie=page.cookie) for _ in range(tabs)]
        # when all of them call at once, each over a connection of its own
        assert await asyncio.gather(*(window.who() for window in windows)) == ["asha@example.com"] * tabs
        # then there was one refresh, and whichever answer came last, the browser goes on
        assert await refreshed(scene) == n + 1
        for window in windows:
            assert await window.who() == "asha@example.com"
        page.cookie = windows[n % tabs].cookie
    assert await fates(scene) == [None]


@pytest.mark.parametrize("away", [timedelta(minutes=11), timedelta(hours=9), timedelta(days=89)])
async def test_a_lost_answer_signs_nobody_out_however_long_the_network_was_gone(
    page: Page, scene: Scene, away: timedelta
) -> None:
    # given an answer with new tokens that never arrived
    scene.live.clock.advance(LIFE)
    before = page.cookie
    await page.post(WHO, lost=True)
    assert (page.cookie, await refreshed(scene)) == (before, 2)
    # when the page comes back
    scene.live.clock.advance(away)
    # then it is signed in, by the successor that it was given then
    assert await page.who() == "asha@example.com"
    assert await refreshed(scene) == 2
    assert page.cookie != before


async def test_a_lost_answer_signs_no_till_out(scene: Scene) -> None:
    page = await activated(scene)
    scene.live.clock.advance(LIFE)
    await page.post(TILL, lost=True)
    scene.live.clock.advance(timedelta(days=399))
    assert await page.ask(TILL) == {"terminal": {"name": "Till"}}


async def test_an_older_cookie_ends_the_session_once_its_successor_was_used(page: Page, scene: Scene) -> None:
    # given a copy of a cookie, two refreshes old
    thief = Page(scene, cookie=page.cookie)
    for _ in range(2):
        scene.live.clock.advance(LIFE)
        await page.who()
    # when it is shown
    response = await thief.post(WHO)
    # then the session is over for both, and both browsers forget it
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    assert response.headers["set-cookie"] == TAKEN_AWAY
    assert await fates(scene) == ["token_reused"]
    scene.live.clock.advance(LIFE)
    owner = await page.post(WHO)
    assert (owner.status_code, page.cookie) == (401, None)


async def test_a_page_that_slept_for_ninety_days_signs_in_again(page: Page, scene: Scene) -> None:
    scene.live.clock.advance(timedelta(days=90))
    before = await all_of(scene)
    response = await page.post(WHO)
    assert (response.status_code, response.headers["set-cookie"]) == (401, TAKEN_AWAY)
    assert await all_of(scene) == before
