import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth import rate_limits
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop, make_customer, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import sale_of
from tests.resolvers.documents import CHECKOUT, MEMBER
from tests.resolvers.world import Person, count, everything
from tests.wallet.counter import another_till
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
    assert answer["message"] == "The customer was not enrolled. See what is said about each entry, and try again."
    assert await everything(conn) == before


async def test_a_device_that_is_no_till_enrols_nobody(new_till: Api, conn: Conn) -> None:
    said = {"email": "new@example.com", "idempotencyKey": str(uuid4())}
    assert await new_till.failure(ENROL, input=said) == "UNAUTHENTICATED"
    assert await count(conn, "customers") == 0


async def enrolled(till: Api, email: str, key: str | None = None) -> dict[str, Any]:
    """What a till is answered that enrols somebody."""
    return await till.do(ENROL, email=email, idempotencyKey=key or str(uuid4()))


async def mails(conn: Conn) -> int:
    return int(await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.enrolment'"))


async def other_tills(conn: Conn, new_till: Api, many: int) -> list[Api]:
    """Tills of as many other merchants."""
    return [as_terminal(new_till, await make_shop(conn, now=new_till.now)) for _ in range(many)]


async def test_who_is_enrolled_again_and_again_is_answered_alike_and_mailed_once_a_day(
    till: Api, conn: Conn, now: datetime
) -> None:
    # given a newcomer
    first = await enrolled(till, "new@example.com")
    # when the same till enrols them four more times
    answers = [await enrolled(till, "new@example.com") for _ in range(4)]
    # then each has a visit of its own, and there was one mail
    assert [(answer["__typename"], answer["alreadyMember"]) for answer in answers] == [("CustomerEnrolled", True)] * 4
    assert len({answer["visit"]["id"] for answer in [first, *answers]}) == 5
    assert await mails(conn) == 1
    # until the next day
    tomorrow = till.at(now + timedelta(days=1))
    assert (await enrolled(tomorrow, "new@example.com"))["__typename"] == "CustomerEnrolled"
    assert await mails(conn) == 2


@pytest.mark.parametrize("known", [False, True])
async def test_many_merchants_cannot_flood_a_mailbox_and_are_answered_as_if_they_could(
    new_till: Api, conn: Conn, now: datetime, known: bool
) -> None:
    # given an address, whether it is a customer's who has confirmed it or nobody's yet
    if known:
        await make_customer(conn, email="new@example.com", now=now)
    # when seven merchants enrol it
    answers = [await enrolled(each, "new@example.com") for each in await other_tills(conn, new_till, 7)]
    # then all are answered alike, and five mails leave
    shapes = {(a["__typename"], a["alreadyMember"], a["visit"]["card"]["displayName"]) for a in answers}
    assert shapes == {("CustomerEnrolled", False, "Member")}
    assert await count(conn, "cards") == await count(conn, "visits") == 7
    assert await mails(conn) == 5


async def test_a_customer_with_an_account_is_told_of_a_new_card_and_of_no_old_one(
    new_till: Api, till: Api, asha: Person, conn: Conn
) -> None:
    # given Asha, who has confirmed her address and has a card of the shop
    [elsewhere] = await other_tills(conn, new_till, 1)
    # when she is enrolled there again, then nothing is new
    assert (await enrolled(till, "asha@example.com"))["alreadyMember"] is True
    assert await mails(conn) == 0
    # when she is enrolled at another merchant's, then she is told of that card
    assert (await enrolled(elsewhere, "asha@example.com"))["alreadyMember"] is False
    [job] = await conn.fetch("SELECT topic, payload FROM outbox")
    assert (job["topic"], job["payload"]["customerId"]) == ("mail.enrolment", str(asha.customer_id))
    # and once
    assert (await enrolled(elsewhere, "asha@example.com"))["alreadyMember"] is True
    assert await mails(conn) == 1


async def test_a_till_enrols_sixty_times_an_hour(
    till: Api, new_till: Api, shop: Shop, asha: Person, conn: Conn, now: datetime
) -> None:
    # given a till that has enrolled sixty times within ten minutes; refused and repeated enrolments count for nothing
    last = str(uuid4())
    for number in range(59):
        assert (await enrolled(till, f"{number}@example.com"))["__typename"] == "CustomerEnrolled"
    assert (await enrolled(till, "not an address"))["__typename"] == "InvalidInput"
    at_ten = till.at(now + timedelta(minutes=10))
    sixtieth = await enrolled(at_ten, "59@example.com", last)
    assert sixtieth["__typename"] == "CustomerEnrolled"
    before = await everything(conn)
    # when it enrols once more, a new address or a member's
    for email in ("60@example.com", "asha@example.com"):
        answer = await enrolled(at_ten, email)
        # then it is told when to go on, the same for both, and nothing has changed
        assert answer["__typename"] == "InvalidInput"
        assert answer["problems"] == [
            {
                "field": "email",
                "message": "This till has enrolled many customers in a short time. You can go on in 50 minutes.",
            }
        ]
        assert await everything(conn) == before
    # while what it has done can be asked for again, and another till of the shop goes on
    assert await enrolled(at_ten, "59@example.com", last) == sixtieth
    assert await everything(conn) == before
    terminal_id = (await another_till(conn, shop, now=now)).terminal_id
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, shop.merchant_id, terminal_id, now)
    other = as_terminal(new_till, replace(shop, terminal_id=terminal_id, session_id=session_id))
    assert (await enrolled(other, "60@example.com"))["__typename"] == "CustomerEnrolled"
    # and so does this one in time
    nearly = till.at(now + timedelta(minutes=59, seconds=59))
    assert "in 1 minute." in (await enrolled(nearly, "61@example.com"))["problems"][0]["message"]
    then = till.at(now + timedelta(hours=1))
    assert (await enrolled(then, "61@example.com"))["__typename"] == "CustomerEnrolled"


async def test_racers_at_one_till_share_what_is_left_of_its_hour(till: Api, shop: Shop, conn: Conn) -> None:
    # given a till that has two enrolments left
    subject = till.house.box.keyed_hash("rate_limit", shop.terminal_id.bytes)
    for _ in range(58):
        await rate_limits.hit(
            conn, scope="enrolment", subject=subject, limit=60, window=timedelta(hours=1), now=till.now
        )
    # when it sends eight at once
    answers = await asyncio.gather(*(enrolled(till, f"{number}@example.com") for number in range(8)))
    # then two are done, and of the others nothing
    said = sorted(answer["__typename"] for answer in answers)
    assert said == ["CustomerEnrolled"] * 2 + ["InvalidInput"] * 6
    assert [await count(conn, table) for table in ("customers", "cards", "visits", "outbox")] == [2] * 4


async def test_a_till_that_types_an_address_is_not_told_whose_it_is(till: Api, conn: Conn, now: datetime) -> None:
    # given somebody who gave their name elsewhere, yesterday
    await make_customer(conn, email="new@example.com", name="Nila", now=now - timedelta(days=1))

    answers = [
        await enrolled(till, "new@example.com"),
        await enrolled(till.at(now + timedelta(hours=1)), "new@example.com"),
    ]

    assert [answer["visit"]["card"]["displayName"] for answer in answers] == ["Member", "Member"]
