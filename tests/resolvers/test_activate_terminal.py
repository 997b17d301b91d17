from datetime import datetime, timedelta

from auth import terminals
from auth.access_tokens import Audience, verify
from auth.keys import KeyRing
from auth.secrets import SecretBox
from schema.ids import TerminalKey, encode
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.world import everything
from wallet.database import Conn

ACTIVATE = """
    mutation ($input: ActivateTerminalInput!) {
        activateTerminal(input: $input) {
            __typename
            ... on TerminalActivated {
                terminal { id name storeName merchantName currency }
                tokens { accessToken accessTokenExpiresAt refreshToken }
            }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""
TERMINAL = "query { terminal { id name storeName merchantName currency } }"


async def code_of(conn: Conn, shop: Shop, box: SecretBox, *, now: datetime) -> str:
    """A new activation code, as `regulars terminal add` prints it."""
    async with conn.transaction():
        return await terminals.new_activation_code(
            conn, box=box, merchant_id=shop.merchant_id, terminal_id=shop.terminal_id, now=now
        )


async def test_a_code_makes_the_device_the_till(
    new_till: Api, till: Api, shop: Shop, ring: KeyRing, box: SecretBox, conn: Conn, now: datetime
) -> None:
    # given an activation code
    code = await code_of(conn, shop, box, now=now)
    # when a device sends it, in small letters
    answer = await new_till.do(ACTIVATE, activationCode=code.lower(), deviceName="Till 1")
    # then it has a credential of its own
    assert answer["__typename"] == "TerminalActivated"
    assert answer["terminal"]["id"] == encode(TerminalKey(shop.merchant_id, shop.terminal_id))
    assert (answer["terminal"]["name"], answer["terminal"]["currency"]) == ("Till 1", "INR")
    verify(ring, token=answer["tokens"]["accessToken"], audience=Audience.POS, now=now)
    # and the till's earlier session is over
    assert await till.failure(TERMINAL) == "UNAUTHENTICATED"


async def test_a_code_is_good_once_and_for_fifteen_minutes(
    new_till: Api, shop: Shop, box: SecretBox, conn: Conn, now: datetime
) -> None:
    code = await code_of(conn, shop, box, now=now)
    late = new_till.at(now + timedelta(minutes=15))
    answers = [
        (await api.do(ACTIVATE, activationCode=code, deviceName="Till"))["__typename"]
        for api in (late, new_till, new_till)
    ]
    assert answers == ["ActivationCodeRejected", "TerminalActivated", "ActivationCodeRejected"]


async def test_wrong_codes_are_counted_though_they_are_refused(
    new_till: Api, shop: Shop, box: SecretBox, conn: Conn, now: datetime
) -> None:
    # given ten wrong codes from one place
    code, before = await code_of(conn, shop, box, now=now), await everything(conn)
    for _ in range(10):
        answer = await new_till.do(ACTIVATE, activationCode="BBBB-BBBB", deviceName="Till")
        assert answer["__typename"] == "ActivationCodeRejected"
    before = await everything(conn)
    # when the right one is sent from there
    answer = await new_till.do(ACTIVATE, activationCode=code, deviceName="Till")
    # then it has to wait
    assert (answer["__typename"], answer["retryAt"]) == ("TooManyAttempts", "2026-11-22T09:40:00Z")
    assert await everything(conn) == before
