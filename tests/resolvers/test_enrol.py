from uuid import uuid4

import pytest

from tests.resolvers.api import Api
from tests.resolvers.counter import sale_of
from tests.resolvers.documents import CHECKOUT, MEMBER
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn

ENROL = (
    """
    mutation ($input: EnrolInput!) {
        enrol(input: $input) {
            __typename
            ... on CustomerEnrolled { alreadyMember visit { id expiresAt card { ...MemberParts } } }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
    + MEMBER
)


async def test_a_newcomer_can_earn_at_once(till: Api, conn: Conn) -> None:
    # when somebody is enrolled at the counter
    answer = await till.do(ENROL, email="new@example.com", name="Nila", locale="ml-IN", idempotencyKey=str(uuid4()))
    # then they have a card and an open visit, and a mail to confirm by
    assert (answer["__typename"], answer["alreadyMember"]) == ("CustomerEnrolled", False)
    visit = answer["visit"]
    assert (visit["expiresAt"], visit["card"]["displayName"]) == ("2026-11-22T09:45:00Z", "Nila")
    assert await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.enrolment'") == 1
    # and their first purchase earns
    sold = await till.do(CHECKOUT, sale=sale_of(visit=visit["id"]), idempotencyKey=str(uuid4()))
    assert sold["card"]["active"] == 50


async def test_a_member_keeps_card_and_name(till: Api, asha: Person, conn: Conn) -> None:
    answer = await till.do(ENROL, email="ASHA@example.com", name="Somebody", idempotencyKey=str(uuid4()))
    assert answer["alreadyMember"] is True
    assert (answer["visit"]["card"]["displayName"], answer["visit"]["card"]["active"]) == ("Asha", 100)
    assert await count(conn, "customers") == 1


async def test_the_same_key_gives_the_same_visit(till: Api, conn: Conn) -> None:
    said = {"email": "new@example.com", "idempotencyKey": str(uuid4())}
    first = await till.do(ENROL, **said)
    before = await everything(conn)
    assert await till.do(ENROL, **said) == first
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_address_is_refused(till: Api, conn: Conn) -> None:
    key = str(uuid4())
    await till.do(ENROL, email="new@example.com", idempotencyKey=key)
    before = await everything(conn)
    answer = await till.do(ENROL, email="newer@example.com", idempotencyKey=key)
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


@pytest.mark.parametrize(
    ("field", "said"),
    [("email", "not an address"), ("email", ""), ("name", "x" * 81), ("name", "a\u0007"), ("locale", "!")],
)
async def test_what_cannot_be_used_is_said_so(till: Api, conn: Conn, field: str, said: str) -> None:
    before = await everything(conn)
    answer = await till.do(ENROL, **{"email": "new@example.com", "idempotencyKey": str(uuid4()), field: said})
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == [field]
    assert await everything(conn) == before


async def test_a_device_that_is_no_till_enrols_nobody(new_till: Api, conn: Conn) -> None:
    said = {"email": "new@example.com", "idempotencyKey": str(uuid4())}
    assert await new_till.failure(ENROL, input=said) == "UNAUTHENTICATED"
    assert await count(conn, "customers") == 0
