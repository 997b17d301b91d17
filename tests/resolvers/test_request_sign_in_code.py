from datetime import datetime, timedelta

from tests.resolvers.api import Api
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn

REQUEST = """
    mutation ($input: RequestSignInCodeInput!) {
        requestSignInCode(input: $input) {
            __typename
            ... on SignInCodeRequested { attemptId expiresAt }
            ... on InvalidInput { problems { field message } }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""


async def test_known_and_unknown_addresses_get_the_same_answer(anybody: Api, asha: Person, conn: Conn) -> None:
    # when a code is asked for, for an address that is known and for one that is not
    known = await anybody.do(REQUEST, email="asha@example.com")
    unknown = await anybody.do(REQUEST, email="nobody@example.com")
    # then the answers differ in nothing but the attempt, and each has its mail
    assert known.pop("attemptId") != unknown.pop("attemptId")
    assert known == unknown == {"__typename": "SignInCodeRequested", "expiresAt": "2026-11-22T09:40:00Z"}
    assert await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.sign_in'") == 2


async def test_the_mail_will_be_in_the_language_that_was_asked_for(anybody: Api, conn: Conn) -> None:
    # when a code is asked for with a language, and without one but a header
    await anybody.do(REQUEST, email="one@example.com", locale="ml-IN")
    await anybody.speaking("th-TH").do(REQUEST, email="two@example.com")
    await anybody.speaking(None).do(REQUEST, email="three@example.com")
    # then the attempts say so
    rows = await conn.fetch("SELECT email, locale FROM sign_in_attempts")
    assert {row["email"]: row["locale"] for row in rows} == {
        "one@example.com": "ml-IN",
        "two@example.com": "th-TH",
        "three@example.com": "en",
    }


async def test_what_is_no_address_or_no_language_is_said_so(anybody: Api, conn: Conn) -> None:
    before = await everything(conn)
    # when what is no address, then what is no language, is sent
    no_address = await anybody.do(REQUEST, email="not an address")
    no_language = await anybody.do(REQUEST, email="asha@example.com", locale="!")
    # then each field has its problem, and no mail leaves
    assert no_address["__typename"] == no_language["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in no_address["problems"]] == ["email"]
    assert [problem["field"] for problem in no_language["problems"]] == ["locale"]
    assert await everything(conn) == before
    assert await count(conn, "sign_in_attempts") == 0


async def test_the_sixth_mail_in_an_hour_does_not_leave(anybody: Api, conn: Conn, now: datetime) -> None:
    # given five mails to an address
    for _ in range(5):
        await anybody.do(REQUEST, email="asha@example.com")
    before = await everything(conn)
    # when a sixth is asked for
    answer = await anybody.do(REQUEST, email="asha@example.com")
    # then it does not leave, and the answer says until when
    assert answer == {
        "__typename": "TooManyAttempts",
        "retryAt": "2026-11-22T10:30:00Z",
        "message": "Too many tries. Please try again in 60 minutes.",
    }
    assert await everything(conn) == before
    # and after that it does
    later = anybody.at(now + timedelta(hours=1))
    assert (await later.do(REQUEST, email="asha@example.com"))["__typename"] == "SignInCodeRequested"
