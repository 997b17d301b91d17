"""Sockets that are opened by cookie."""

import pytest
from websockets.exceptions import ConnectionClosed

from infra.edge.messages import INVALID_MESSAGE, NOT_ALLOWED
from tests.infra.edge import talk
from tests.infra.edge.sessions.keeping import FRIEND, LIFE, all_of, sign_in
from tests.infra.edge.sessions.page import INIT, Page
from tests.journeys import Scene, basket, member, new_key, open_shop, show_code
from tests.journeys import till as till_of
from tests.proofs import documents as say
from tests.proofs.sockets import changes, refusal, subscribe, until_watched


async def test_a_socket_is_the_cookies_customer_until_the_access_token_is_over(page: Page, scene: Scene) -> None:
    async with page.socket() as socket:
        # given a socket that was let in by cookie
        assert await talk.ask(socket, INIT) == {"type": "connection_ack"}
        # when its token is over
        scene.live.clock.advance(LIFE)
        await talk.send(socket, talk.PING)
        # then it is closed
        assert await talk.close_code(socket) == NOT_ALLOWED
    # and so is one that comes with the same cookie
    assert await opening(page) == NOT_ALLOWED
    # until the page has called over HTTP
    assert await page.who() == "asha@example.com"
    assert await opening(page) is None


async def test_a_socket_by_cookie_hears_of_its_customers_card(scene: Scene) -> None:
    # given a member whose page listens, and a page where nobody is signed in
    shop = await open_shop(scene)
    owner, at = await member(scene, shop), await till_of(scene, shop)
    page, stranger = Page(scene), Page(scene)
    await sign_in(page, owner.person.email)
    async with page.socket() as socket, stranger.socket() as another:
        for opened_socket in (socket, another):
            assert await talk.ask(opened_socket, INIT) == {"type": "connection_ack"}
            await subscribe(opened_socket, owner.card)
        assert await refusal(another) == "UNAUTHENTICATED"
        await until_watched(scene, 1)
        # when something is bought
        sale = {**basket(), "customer": {"code": await show_code(scene, owner)}}
        await at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})
        # then the page hears of it
        [heard] = await changes(socket, 1)
        assert heard["entry"]["kind"] == "EARNED"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": None}, NOT_ALLOWED),
        ({"Origin": FRIEND}, NOT_ALLOWED),
        ({"Cookie": "regulars=made-up"}, NOT_ALLOWED),
        ({"Authorization": "Bearer x"}, INVALID_MESSAGE),
    ],
)
async def test_a_socket_by_cookie_is_refused(
    page: Page, scene: Scene, headers: dict[str, str | None], code: int
) -> None:
    before = await all_of(scene)
    assert await opening(page, **headers) == code
    assert await all_of(scene) == before


@pytest.mark.parametrize(
    "payload", [{"session": "token"}, {"session": None}, {"session": "cookie", "Authorization": "Bearer x"}]
)
async def test_a_socket_says_one_way_in_which_it_calls(page: Page, payload: dict[str, object]) -> None:
    async with page.socket() as socket:
        await talk.send(socket, {**talk.INIT, "payload": payload})
        assert await talk.close_code(socket) == INVALID_MESSAGE


async def test_a_socket_that_does_not_ask_for_it_is_nobodys(page: Page, scene: Scene) -> None:
    # given a member's page
    owner = await member(scene, await open_shop(scene))
    await sign_in(page, owner.person.email)
    async with page.socket() as socket:
        # when the socket says nothing of the cookie that it came with
        assert await talk.ask(socket, talk.INIT) == {"type": "connection_ack"}
        await subscribe(socket, owner.card)
        # then it may see nothing
        assert await refusal(socket) == "UNAUTHENTICATED"


async def opening(page: Page, **headers: str | None) -> int | None:
    """The code with which a socket by cookie is closed; None if it is let in."""
    async with page.socket(**headers) as socket:
        await talk.send(socket, INIT)
        try:
            assert await talk.receive(socket) == {"type": "connection_ack"}
        except ConnectionClosed:
            return await talk.close_code(socket)
    return None
