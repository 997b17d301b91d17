from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth import emails, sign_in
from schema.ids import AttemptKey, encode
from tests.factories import Shop, make_customer
from tests.resolvers.api import Api
from tests.resolvers.counter import sale_of
from tests.resolvers.documents import CHECKOUT, MEMBER
from tests.resolvers.test_enrol import ENROL
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn

ENROL_BY_PHONE = (
    """
    mutation ($input: EnrolByPhoneInput!) {
        enrolByPhone(input: $input) {
            __typename
            ... on CustomerEnrolled { alreadyMember visit { id expiresAt card { ...MemberParts } } }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
    + MEMBER
)
SIGN_IN = """
    mutation ($input: SignInInput!) {
        signIn(input: $input) { ... on SignedIn { customer { email name cards { balance { active } } } } }
    }
"""
CUSTOMER_SQL = "SELECT email, email_key, phone, phone_key, name, locale, confirmed_at FROM customers"
MAILS_SQL = "SELECT COUNT(*) FROM outbox WHERE topic = 'mail.enrolment'"


async def enrol(till: Api, phone: str = "98470 12345", **more: str) -> dict[str, Any]:
    return await till.do(ENROL_BY_PHONE, **{"phone": phone, "idempotencyKey": str(uuid4()), **more})


async def test_a_newcomer_without_a_mailbox_can_earn_at_once_and_gets_no_mail(till: Api, conn: Conn) -> None:
    # when
    answer = await enrol(till, name="Nila", locale="ml-IN")
    # then
    assert (answer["__typename"], answer["alreadyMember"]) == ("CustomerEnrolled", False)
    assert answer["visit"]["card"]["displayName"] == "Nila"
    [customer] = await conn.fetch(CUSTOMER_SQL)
    number = "+919847012345"
    assert [customer[at] for at in range(7)] == [None, None, number, number, "Nila", "ml-IN", None]
    assert await conn.fetchval("SELECT COUNT(*) FROM outbox") == 0
    # and their first purchase earns
    sold = await till.do(CHECKOUT, sale=sale_of(visit=answer["visit"]["id"]), idempotencyKey=str(uuid4()))
    assert sold["card"]["active"] == 50


async def test_a_number_is_one_customer_however_it_is_typed(till: Api, conn: Conn) -> None:
    first = await enrol(till)
    again = await enrol(till, "+91 (0) 98470-12345", name="Somebody")
    assert again["alreadyMember"] is True
    assert again["visit"]["card"]["id"] == first["visit"]["card"]["id"]
    assert await count(conn, "customers") == 1


async def test_the_same_key_gives_the_same_visit_and_another_number_is_refused(till: Api, conn: Conn) -> None:
    # given
    key = str(uuid4())
    first = await enrol(till, idempotencyKey=key)
    before = await everything(conn)
    # when
    again = await enrol(till, "+919847012345", idempotencyKey=key)
    other = await enrol(till, "98470 99999", idempotencyKey=key)
    by_email = await till.do(ENROL, email="new@example.com", idempotencyKey=key)
    # then
    assert again == first
    assert other["__typename"] == by_email["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


@pytest.mark.parametrize(
    ("field", "said", "message"),
    [
        (
            "phone",
            "98470",
            "This is no telephone number. Check it for a typo, or type it with + and the country's code.",
        ),
        ("name", "x" * 81, "This is too long: 80 characters are allowed."),
        ("locale", "!", "Use a language tag, e.g. ml-IN."),
    ],
)
async def test_what_cannot_be_used_is_said_so(till: Api, conn: Conn, field: str, said: str, message: str) -> None:
    before = await everything(conn)
    answer = await enrol(till, **{field: said})
    assert answer["problems"] == [{"field": field, "message": message}]
    assert answer["message"] == "The customer was not enrolled. See what is said about each entry, and try again."
    assert await everything(conn) == before


async def test_both_are_said_and_both_are_kept(till: Api, conn: Conn) -> None:
    answer = await till.do(ENROL, email="New@Example.com", phone="98470 12345", idempotencyKey=str(uuid4()))
    assert answer["__typename"] == "CustomerEnrolled"
    [customer] = await conn.fetch(CUSTOMER_SQL)
    assert (customer["email"], customer["phone_key"]) == ("New@example.com", "+919847012345")
    assert await conn.fetchval(MAILS_SQL) == 1


async def test_a_wrong_number_beside_a_good_address_enrols_nobody(till: Api, conn: Conn) -> None:
    before = await everything(conn)
    answer = await till.do(ENROL, email="new@example.com", phone="12", idempotencyKey=str(uuid4()))
    assert [problem["field"] for problem in answer["problems"]] == ["phone"]
    assert await everything(conn) == before


async def test_who_had_a_number_alone_gets_the_mailbox_and_the_mail_and_keeps_the_points(till: Api, conn: Conn) -> None:
    # given a customer with points on a card that only the number leads to
    first = await enrol(till)
    await till.do(CHECKOUT, sale=sale_of(visit=first["visit"]["id"]), idempotencyKey=str(uuid4()))
    # when
    key = str(uuid4())
    said = {"email": "anu@example.com", "phone": "98470 12345", "idempotencyKey": key}
    answer = await till.do(ENROL, **said)
    # then
    assert answer["alreadyMember"] is True
    assert (answer["visit"]["card"]["id"], answer["visit"]["card"]["active"]) == (first["visit"]["card"]["id"], 50)
    [customer] = await conn.fetch(CUSTOMER_SQL)
    assert (customer["email"], customer["confirmed_at"]) == ("anu@example.com", None)
    assert await conn.fetchval(MAILS_SQL) == 1
    # and the same key is the same, and with another number another
    assert await till.do(ENROL, **said) == answer
    assert (await till.do(ENROL, **{**said, "phone": "98470 99999"}))["__typename"] == "IdempotencyKeyReused"


async def test_a_customer_who_has_a_mailbox_is_told_of_a_card_made_by_the_number(
    till: Api, shop: Shop, conn: Conn
) -> None:
    # given a customer of some other merchant's who has a number
    customer_id = await make_customer(conn, email="anu@example.com", name="Anu", now=till.now - timedelta(days=1))
    await conn.execute(
        "UPDATE customers SET phone = $2, phone_key = $2 WHERE customer_id = $1", customer_id, "+919847012345"
    )
    # when
    answer = await enrol(till)
    # then a mail tells them, and the till is not told who they are
    assert answer["alreadyMember"] is False
    assert answer["visit"]["card"]["displayName"] == "Member"
    payload = await conn.fetchval("SELECT payload FROM outbox WHERE topic = 'mail.enrolment'")
    assert payload["customerId"] == str(customer_id)


async def test_tills_enrol_so_many_an_hour_by_either(till: Api, asha: Person, conn: Conn) -> None:
    for at in range(60):
        number = f"98470 {at:05d}"
        said = {"email": f"{at}@example.com"} if at % 2 else {"phone": number}
        done = await till.do(ENROL if at % 2 else ENROL_BY_PHONE, **said, idempotencyKey=str(uuid4()))
        assert done["__typename"] == "CustomerEnrolled"
    before = await everything(conn)
    refused = await enrol(till, "98470 99999")
    assert [problem["field"] for problem in refused["problems"]] == ["phone"]
    assert "You can go on in 60 minutes." in refused["problems"][0]["message"]
    assert await everything(conn) == before


async def test_who_gets_the_mailbox_later_signs_in_and_finds_the_card(till: Api, anybody: Api, conn: Conn) -> None:
    # given a customer who had a number alone, earned, and then said an address
    first = await enrol(till, name="Nila")
    await till.do(CHECKOUT, sale=sale_of(visit=first["visit"]["id"]), idempotencyKey=str(uuid4()))
    await till.do(ENROL, email="nila@example.com", phone="98470 12345", idempotencyKey=str(uuid4()))
    # when they sign in by the code in their mail
    async with conn.transaction():
        asked = await sign_in.request_code(
            conn,
            box=till.house.box,
            email=emails.normalise("Nila@example.com", field="email"),
            locale="en",
            client=None,
            now=till.now,
        )
        made = await sign_in.make_code(conn, box=till.house.box, attempt_id=asked.attempt_id, now=till.now)
    assert made is not None
    attempt = encode(AttemptKey(asked.attempt_id))
    signed_in = await anybody.do(SIGN_IN, attemptId=attempt, code=made.code, deviceName="Phone")
    # then they are who the till knew
    assert signed_in["customer"] == {
        "email": "nila@example.com",
        "name": "Nila",
        "cards": [{"balance": {"active": 50}}],
    }
    assert await count(conn, "customers") == 1
