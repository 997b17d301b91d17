"""What pages of these tests say, and a look at what became of their sessions."""

import re
from datetime import timedelta
from typing import Any

from starlette.datastructures import Headers

from auth import terminals
from auth.access_tokens import Audience
from auth.cookies import Held, SessionCookie
from auth.viewers import SessionId
from tests.infra.edge.sessions.page import Page
from tests.journeys import Scene, mailed_code, open_shop
from tests.journeys import till as till_of
from tests.resolvers.world import everything
from wallet.values import MerchantId, TerminalId

FRIEND = "https://friend.example"
LIFE = timedelta(minutes=10)
TAKEN_AWAY = "regulars=; Max-Age=0; Path=/graphql; HttpOnly; SameSite=Strict"
KEPT = re.compile(r"regulars=([A-Za-z0-9_.-]+); Max-Age=7776000; Path=/graphql; HttpOnly; SameSite=Strict")
KEPT_BY_A_TILL = re.compile(
    r"regulars=([A-Za-z0-9_.-]+); Max-Age=34560000; Path=/pos/graphql; HttpOnly; SameSite=Strict"
)

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignedIn {
      customer { id email sessions { deviceName current } }
      tokens { accessToken accessTokenExpiresAt refreshToken }
    }
    ... on UserError { message }
  }
}
"""
ACTIVATE = """
mutation Activate($input: ActivateTerminalInput!) {
  activateTerminal(input: $input) {
    __typename
    ... on TerminalActivated { terminal { name } tokens { accessToken accessTokenExpiresAt refreshToken } }
    ... on UserError { message }
  }
}
"""
REFRESH = """
mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on SessionRefreshed { tokens { accessToken accessTokenExpiresAt refreshToken } }
    ... on UserError { message }
  }
}
"""
REFRESH_TILL = REFRESH.replace("RefreshSession", "RefreshTerminalSession").replace(
    "refreshSession", "refreshTerminalSession"
)
REFRESH_TWICE = """
mutation Twice {
  one: refreshSession(input: {refreshToken: ""}) { __typename }
  two: refreshSession(input: {refreshToken: ""}) { __typename }
}
"""
SIGN_OUT = "mutation Out($id: ID) { signOut(sessionId: $id) { __typename } }"
DEVICES = "{ viewer { sessions { id deviceName current } } }"
TILL = "{ terminal { name } }"
REFRESHED_SQL = "SELECT count(*) FROM refresh_tokens"
FATE_SQL = "SELECT ended_because FROM sessions WHERE session_id = $1"
FATES_SQL = "SELECT ended_because FROM sessions ORDER BY created_at, ended_at NULLS LAST"


async def sign_in(page: Page, email: str = "asha@example.com", *, device: str = "Browser") -> dict[str, Any]:
    asked = {**await mailed_code(page.scene, email), "deviceName": device}
    found = await page.do(SIGN_IN, asked)
    assert found["__typename"] == "SignedIn", found
    return found


async def new_code(scene: Scene, merchant_id: MerchantId, terminal_id: TerminalId) -> str:
    runtime = scene.live.runtime
    async with runtime.pool.acquire() as conn, conn.transaction():
        return await terminals.new_activation_code(
            conn, box=runtime.box, merchant_id=merchant_id, terminal_id=terminal_id, now=scene.now
        )


async def new_terminal(scene: Scene) -> tuple[MerchantId, TerminalId]:
    """A shop's terminal that some other device was until now."""
    at = await till_of(scene, await open_shop(scene))
    return at.merchant_id, at.terminal_id


async def activated(scene: Scene) -> Page:
    """A till on a page."""
    found = Page(scene, "/pos/graphql")
    code = await new_code(scene, *await new_terminal(scene))
    answer = await found.do(ACTIVATE, {"activationCode": code, "deviceName": "Tablet"})
    assert answer["__typename"] == "TerminalActivated"
    return found


async def all_of(scene: Scene) -> object:
    async with scene.live.runtime.pool.acquire() as conn:
        return await everything(conn)


async def refreshed(scene: Scene) -> int:
    async with scene.live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval(REFRESHED_SQL))


async def fates(scene: Scene) -> list[str | None]:
    """Why each session is over, the oldest first; None for those that are not."""
    async with scene.live.runtime.pool.acquire() as conn:
        return [row["ended_because"] for row in await conn.fetch(FATES_SQL)]


async def fate_of(scene: Scene, session_id: SessionId) -> str | None:
    """Why this session is over; None if it is not."""
    async with scene.live.runtime.pool.acquire() as conn:
        row = await conn.fetchrow(FATE_SQL, session_id)
    assert row is not None
    because: str | None = row["ended_because"]
    return because


def cookie_of(page: Page, audience: Audience) -> SessionCookie:
    return SessionCookie(page.scene.live.runtime.box, audience, page.path, secure=False)


def held_by(page: Page, audience: Audience) -> Held:
    """What the page's cookie holds."""
    held = cookie_of(page, audience).read(Headers({"cookie": str(page.cookie)})).held
    assert held is not None
    return held
