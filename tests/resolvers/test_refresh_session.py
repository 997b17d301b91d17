from datetime import datetime, timedelta

from auth import sessions
from auth.keys import KeyRing
from auth.secrets import SecretBox
from tests.resolvers.api import Api
from tests.resolvers.world import Person, everything
from wallet.database import Conn

REFRESH = """
    mutation ($input: RefreshSessionInput!) {
        refreshSession(input: $input) {
            __typename
            ... on SessionRefreshed { tokens { accessToken accessTokenExpiresAt refreshToken } }
            ... on UserError { message }
        }
    }
"""


async def first_token(conn: Conn, asha: Person, box: SecretBox, ring: KeyRing, now: datetime) -> str:
    async with conn.transaction():
        tokens = await sessions.open_for_customer(
            conn, box=box, ring=ring, customer_id=asha.customer_id, device_name="Phone", now=now
        )
    return tokens.refresh


async def test_a_refresh_gives_the_next_pair(
    anybody: Api, asha: Person, box: SecretBox, ring: KeyRing, conn: Conn, now: datetime
) -> None:
    # given a device's first token
    first = await first_token(conn, asha, box, ring, now)
    # when it is shown, and what it gave is shown
    second = await anybody.do(REFRESH, refreshToken=first)
    third = await anybody.at(now + timedelta(minutes=9)).do(REFRESH, refreshToken=second["tokens"]["refreshToken"])
    # then each is another, and ten minutes long
    assert second["__typename"] == third["__typename"] == "SessionRefreshed"
    assert len({first, second["tokens"]["refreshToken"], third["tokens"]["refreshToken"]}) == 3
    assert third["tokens"]["accessTokenExpiresAt"] == "2026-11-22T09:49:00Z"


async def test_an_old_token_ends_the_session_though_it_is_refused(
    anybody: Api, asha: Person, box: SecretBox, ring: KeyRing, conn: Conn, now: datetime
) -> None:
    # given a token that was used a minute ago
    first = await first_token(conn, asha, box, ring, now)
    second = (await anybody.do(REFRESH, refreshToken=first))["tokens"]["refreshToken"]
    later = anybody.at(now + timedelta(minutes=1))
    # when it comes back
    answer = await later.do(REFRESH, refreshToken=first)
    # then it is refused, and so is its successor: the session is over
    assert answer == {"__typename": "SessionEnded", "message": "You are signed out. Please sign in again."}
    assert (await later.do(REFRESH, refreshToken=second))["__typename"] == "SessionEnded"


async def test_garbage_ends_nothing(anybody: Api, new_till: Api, asha: Person, conn: Conn) -> None:
    before = await everything(conn)
    for garbage in ("", "x", "A" * 70, "😀"):
        assert (await anybody.do(REFRESH, refreshToken=garbage))["__typename"] == "SessionEnded"
    assert await everything(conn) == before
