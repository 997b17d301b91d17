from datetime import datetime, timedelta

from auth import sign_in
from auth.access_tokens import Audience, verify
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sign_in import AttemptId
from schema.ids import AttemptKey, CustomerKey, decode, encode
from tests.resolvers.api import Api
from tests.resolvers.test_request_sign_in_code import REQUEST
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn

SIGN_IN = """
    mutation ($input: SignInInput!) {
        signIn(input: $input) {
            __typename
            ... on SignedIn {
                customer { id email locale cards { id } sessions { deviceName current } }
                tokens { accessToken accessTokenExpiresAt refreshToken }
            }
            ... on SignInCodeRejected { attemptsLeft }
            ... on UserError { message }
        }
    }
"""


async def mailed_code(conn: Conn, box: SecretBox, attempt_id: str, *, now: datetime) -> str:
    """The code that the worker mails for the attempt."""
    key = decode(attempt_id)
    assert isinstance(key, AttemptKey)
    async with conn.transaction():
        made = await sign_in.make_code(conn, box=box, attempt_id=AttemptId(key.attempt_id), now=now)
    assert made is not None
    return made.code


async def test_the_mailed_code_signs_in(
    anybody: Api, asha: Person, ring: KeyRing, box: SecretBox, conn: Conn, now: datetime
) -> None:
    # given a mailed code
    attempt = (await anybody.do(REQUEST, email="Asha@Example.com"))["attemptId"]
    code = await mailed_code(conn, box, attempt, now=now)
    # when the phone sends it
    answer = await anybody.do(SIGN_IN, attemptId=attempt, code=code, deviceName="Asha's phone")
    # then Asha is signed in, with a token that opens the customers' API for ten minutes
    assert answer["__typename"] == "SignedIn"
    assert answer["customer"]["id"] == encode(CustomerKey(asha.customer_id))
    assert [card["id"] for card in answer["customer"]["cards"]] == [asha.card]
    devices = {session["deviceName"]: session["current"] for session in answer["customer"]["sessions"]}
    assert devices == {"Phone": False, "Asha's phone": True}
    tokens = answer["tokens"]
    assert tokens["accessTokenExpiresAt"] == "2026-11-22T09:40:00Z"
    viewer = verify(ring, token=tokens["accessToken"], audience=Audience.CUSTOMER, now=now)
    assert getattr(viewer, "customer_id", None) == asha.customer_id


async def test_an_unknown_address_becomes_a_customer(anybody: Api, box: SecretBox, conn: Conn, now: datetime) -> None:
    # given a code for an address that nobody has
    attempt = (await anybody.do(REQUEST, email="new@example.com", locale="bn-IN"))["attemptId"]
    code = await mailed_code(conn, box, attempt, now=now)
    # when it is sent
    answer = await anybody.do(SIGN_IN, attemptId=attempt, code=code, deviceName="Phone")
    # then there is a customer
    assert answer["customer"]["email"] == "new@example.com"
    assert answer["customer"]["locale"] == "bn-IN"
    assert await count(conn, "customers") == 1


async def test_a_wrong_code_is_counted_though_it_is_refused(
    anybody: Api, box: SecretBox, conn: Conn, now: datetime
) -> None:
    # given a mailed code
    attempt = (await anybody.do(REQUEST, email="asha@example.com"))["attemptId"]
    code = await mailed_code(conn, box, attempt, now=now)
    wrong = "000000" if code != "000000" else "111111"
    before = await everything(conn)
    # when five wrong ones are sent, and then the right one
    left = [
        (await anybody.do(SIGN_IN, attemptId=attempt, code=wrong, deviceName="Phone"))["attemptsLeft"] for _ in range(5)
    ]
    last = await anybody.do(SIGN_IN, attemptId=attempt, code=code, deviceName="Phone")
    # then the tries ran out, and nobody is signed in
    assert left == [4, 3, 2, 1, 0]
    assert last["__typename"] == "SignInCodeRejected"
    assert (last["attemptsLeft"], last["message"]) == (0, "This code does not work any more. Ask for a new one.")
    assert await everything(conn) == before


async def test_a_code_is_good_for_ten_minutes_and_once(anybody: Api, box: SecretBox, conn: Conn, now: datetime) -> None:
    # given a mailed code
    attempt = (await anybody.do(REQUEST, email="asha@example.com"))["attemptId"]
    code = await mailed_code(conn, box, attempt, now=now)
    # when it comes too late, then in time, then again
    late = anybody.at(now + timedelta(minutes=10))
    answers = [
        (await api.do(SIGN_IN, attemptId=attempt, code=code, deviceName="Phone"))["__typename"]
        for api in (late, anybody, anybody)
    ]
    # then it signed in once
    assert answers == ["SignInCodeRejected", "SignedIn", "SignInCodeRejected"]
    assert await count(conn, "sessions") == 1


async def test_garbage_for_an_attempt_is_refused_like_a_wrong_code(anybody: Api, asha: Person) -> None:
    for attempt in ("", "garbage", asha.card, "😀" * 50):
        answer = await anybody.do(SIGN_IN, attemptId=attempt, code="123456", deviceName="Phone")
        assert (answer["__typename"], answer["attemptsLeft"]) == ("SignInCodeRejected", 0)


async def test_too_many_wrong_codes_for_an_address_are_too_many_attempts(
    anybody: Api, box: SecretBox, conn: Conn, now: datetime
) -> None:
    # given thirty wrong codes over six attempts in a day
    for hour in range(6):
        api = anybody.at(now + timedelta(hours=hour))
        attempt = (await api.do(REQUEST, email="asha@example.com"))["attemptId"]
        await mailed_code(conn, box, attempt, now=api.now)
        for _ in range(5):
            await api.do(SIGN_IN, attemptId=attempt, code="not it", deviceName="Phone")
    # when one more is tried, even the right one
    api = anybody.at(now + timedelta(hours=7))
    attempt = (await api.do(REQUEST, email="asha@example.com"))["attemptId"]
    code = await mailed_code(conn, box, attempt, now=api.now)
    answer = await api.do(SIGN_IN, attemptId=attempt, code=code, deviceName="Phone")
    # then it is refused
    assert answer["__typename"] == "TooManyAttempts"
    assert await count(conn, "sessions") == 0
