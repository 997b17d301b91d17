from uuid import uuid4

from schema.ids import SessionKey, encode
from tests.resolvers.api import Api, sign_in
from tests.resolvers.test_viewer import VIEWER
from tests.resolvers.world import Person, everything
from wallet.database import Conn

SIGN_OUT = """
    mutation ($sessionId: ID) {
        signOut(sessionId: $sessionId) {
            __typename
            ... on SignedOut { sessionId }
            ... on UserError { message }
        }
    }
"""


async def test_without_an_id_the_current_session_ends(phone: Api, asha: Person) -> None:
    answer = (await phone(SIGN_OUT))["signOut"]
    assert answer == {"__typename": "SignedOut", "sessionId": encode(SessionKey(asha.session_id))}
    assert await phone(VIEWER) == {"viewer": None}


async def test_another_device_of_ones_own_can_be_signed_out(phone: Api, asha: Person, conn: Conn) -> None:
    # given a second device
    lost = encode(SessionKey(await sign_in(conn, asha.customer_id, now=phone.now, device_name="Lost phone")))
    # when the first signs it out
    answer = (await phone(SIGN_OUT, sessionId=lost))["signOut"]
    # then that one is gone and this one is not
    assert answer == {"__typename": "SignedOut", "sessionId": lost}
    assert [session["deviceName"] for session in (await phone(VIEWER))["viewer"]["sessions"]] == ["Phone"]


async def test_nobody_elses_device_can_be_signed_out(phone: Api, asha: Person, ben: Person, conn: Conn) -> None:
    before = await everything(conn)
    # when ids of Ben's device, of nothing, of another kind and garbage are sent
    ids = [encode(SessionKey(ben.session_id)), encode(SessionKey(uuid4())), asha.card, "garbage", ""]
    answers = [(await phone(SIGN_OUT, sessionId=node_id))["signOut"] for node_id in ids]
    # then they are all answered alike, and nothing happened
    said = {"__typename": "NotFound", "message": "This device is not signed in any more."}
    assert answers == [said] * 5
    assert await everything(conn) == before


async def test_a_device_that_was_signed_out_can_sign_out_nobody(phone: Api, asha: Person, conn: Conn) -> None:
    # given a device that was signed out, and another that was not
    other = encode(SessionKey(await sign_in(conn, asha.customer_id, now=phone.now)))
    await phone(SIGN_OUT)
    before = await everything(conn)
    # when it tries to sign out the other
    code = await phone.failure(SIGN_OUT, sessionId=other)
    # then it may not
    assert code == "UNAUTHENTICATED"
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api) -> None:
    assert await anybody.failure(SIGN_OUT) == "UNAUTHENTICATED"
