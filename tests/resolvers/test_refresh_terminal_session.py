from datetime import datetime, timedelta

from auth import sessions
from auth.keys import KeyRing
from auth.secrets import SecretBox
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.test_refresh_session import REFRESH
from tests.resolvers.world import everything
from wallet.database import Conn

REFRESH_TERMINAL = """
    mutation ($input: RefreshTerminalSessionInput!) {
        refreshTerminalSession(input: $input) {
            __typename
            ... on SessionRefreshed { tokens { accessToken accessTokenExpiresAt refreshToken } }
            ... on UserError { message }
        }
    }
"""


async def first_token(conn: Conn, shop: Shop, box: SecretBox, ring: KeyRing, now: datetime) -> str:
    async with conn.transaction():
        tokens = await sessions.open_for_terminal(
            conn,
            box=box,
            ring=ring,
            merchant_id=shop.merchant_id,
            terminal_id=shop.terminal_id,
            device_name="Till",
            now=now,
        )
    return tokens.refresh


async def test_a_till_gets_the_next_pair(
    new_till: Api, shop: Shop, box: SecretBox, ring: KeyRing, conn: Conn, now: datetime
) -> None:
    token = await first_token(conn, shop, box, ring, now)
    answer = await new_till.do(REFRESH_TERMINAL, refreshToken=token)
    assert answer["__typename"] == "SessionRefreshed"
    assert answer["tokens"]["refreshToken"] != token


async def test_an_old_token_ends_the_session_though_it_is_refused(
    new_till: Api, shop: Shop, box: SecretBox, ring: KeyRing, conn: Conn, now: datetime
) -> None:
    token = await first_token(conn, shop, box, ring, now)
    second = (await new_till.do(REFRESH_TERMINAL, refreshToken=token))["tokens"]["refreshToken"]
    later = new_till.at(now + timedelta(minutes=1))
    answers = [await later.do(REFRESH_TERMINAL, refreshToken=shown) for shown in (token, second)]
    said = "This till is signed out. Activate it again with a new code from the merchant."
    assert answers == [{"__typename": "SessionEnded", "message": said}] * 2


async def test_neither_api_takes_the_others_token(
    anybody: Api, new_till: Api, shop: Shop, box: SecretBox, ring: KeyRing, conn: Conn, now: datetime
) -> None:
    token = await first_token(conn, shop, box, ring, now)
    before = await everything(conn)
    assert (await anybody.do(REFRESH, refreshToken=token))["__typename"] == "SessionEnded"
    assert await everything(conn) == before
