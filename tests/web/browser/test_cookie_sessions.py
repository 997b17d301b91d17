"""What a real browser makes of a session in a cookie: it keeps it, sends it along, and shows it to no script."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from playwright.async_api import Error as BrowserError

from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CODE = re.compile(r"\b[0-9]{6}\b")
OURS = "/.well-known/jwks.json"
"""A page of our origin on which nothing else runs."""
CALL = """
async ([url, query, variables]) => {
  const headers = {"Content-Type": "application/json", "Regulars-Session": "cookie"};
  const response = await fetch(url, {method: "POST", headers, body: JSON.stringify({query, variables})});
  return [response.status, await response.json()];
}
"""
OPEN_SOCKET = """
url => new Promise(heard => {
  const socket = new WebSocket(url, "graphql-transport-ws");
  socket.onopen = () => socket.send(JSON.stringify({type: "connection_init", payload: {session: "cookie"}}));
  socket.onmessage = said => { heard(JSON.parse(said.data).type); socket.close(); };
  socket.onclose = closed => heard(closed.code);
})
"""
WHO = "{ viewer { email } }"
ASK = """
mutation Ask($input: RequestSignInCodeInput!) {
  requestSignInCode(input: $input) { ... on SignInCodeRequested { attemptId } }
}
"""
SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { ... on SignedIn { tokens { accessToken refreshToken } } }
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def window(chromium: Browser, live: Live) -> AsyncIterator[Page]:
    """A window at our origin, whose scripts may do what an injected one might."""
    context = await chromium.new_context(bypass_csp=True)
    found = await context.new_page()
    await found.goto(live.base_url + OURS)
    yield found
    await context.close()


async def call(window: Page, live: Live, query: str, **said: object) -> tuple[int, dict[str, object]]:
    status, body = await window.evaluate(CALL, [f"{live.base_url}/graphql", query, said])
    return status, body


async def sign_in(window: Page, live: Live) -> str:
    live.clock.advance(timedelta(minutes=61))  # Codes are limited by the hour, and all come from one address.
    email = f"page.{uuid4().hex[:8]}@example.com"
    _, asked = await window.evaluate(CALL, [f"{live.base_url}/graphql", ASK, {"input": {"email": email}}])
    code = CODE.search((await live.mailbox.wait_for(email)).text)
    assert code is not None
    said = {"attemptId": asked["data"]["requestSignInCode"]["attemptId"], "code": code[0], "deviceName": "Browser"}
    _, answer = await call(window, live, SIGN_IN, input=said)
    assert answer == {"data": {"signIn": {"tokens": {"accessToken": "", "refreshToken": ""}}}}
    return email


async def test_a_browser_keeps_the_session_and_shows_it_to_no_script(window: Page, live: Live) -> None:
    # given a page on which somebody signs in
    email = await sign_in(window, live)
    # then scripts see no cookie, and the browser has one
    assert await window.evaluate("document.cookie") == ""
    [kept] = await window.context.cookies(f"{live.base_url}/graphql")
    assert (kept["name"], kept["path"], kept["httpOnly"], kept["sameSite"]) == ("regulars", "/graphql", True, "Strict")
    assert await window.context.cookies(live.base_url + OURS) == []
    # and the next page is signed in, by HTTP and by socket
    await window.reload()
    assert await call(window, live, WHO) == (200, {"data": {"viewer": {"email": email}}})
    socket = live.base_url.replace("http:", "ws:") + "/graphql"
    assert await window.evaluate(OPEN_SOCKET, socket) == "connection_ack"
    # when the access token is over
    live.clock.advance(timedelta(minutes=11))
    # then a socket is let in again after a call
    assert await window.evaluate(OPEN_SOCKET, socket) == 4403
    assert await call(window, live, WHO) == (200, {"data": {"viewer": {"email": email}}})
    assert await window.evaluate(OPEN_SOCKET, socket) == "connection_ack"


async def test_a_page_of_another_origin_calls_as_nobody(window: Page, live: Live) -> None:
    # given somebody who is signed in, and opens another site in the same browser
    await sign_in(window, live)
    await window.context.route(
        "http://evil.example/", lambda route: route.fulfill(body="<p>Hello", content_type="text/html")
    )
    await window.goto("http://evil.example/")
    # when that site calls us by cookie, then the browser does not let it
    with pytest.raises(BrowserError, match="Failed to fetch"):
        await call(window, live, WHO)
    # and no socket of it is let in
    assert await window.evaluate(OPEN_SOCKET, live.base_url.replace("http:", "ws:") + "/graphql") == 1006
