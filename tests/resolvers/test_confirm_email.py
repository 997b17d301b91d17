from datetime import datetime, timedelta

from auth import confirmations
from tests.resolvers.api import Api
from tests.resolvers.world import Person, everything
from wallet.database import Conn

CONFIRM_EMAIL = """
    mutation ($input: ConfirmEmailInput!) {
        confirmEmail(input: $input) {
            __typename
            ... on EmailConfirmed { message }
            ... on UserError { message }
        }
    }
"""


async def test_the_mailed_link_confirms_as_often_as_it_is_opened(
    anybody: Api, ben: Person, conn: Conn, now: datetime
) -> None:
    # given a customer who was enrolled at a counter, and the link that they were mailed
    await conn.execute("UPDATE customers SET confirmed_at = NULL WHERE customer_id = $1", ben.customer_id)
    token = await confirmations.new_link(conn, customer_id=ben.customer_id, now=now)
    # when it is opened twice
    answers = [await anybody.do(CONFIRM_EMAIL, token=token) for _ in range(2)]
    # then they are confirmed
    said = {"__typename": "EmailConfirmed", "message": "Thank you. Your e-mail address is confirmed."}
    assert answers == [said, said]
    assert await conn.fetchval("SELECT confirmed_at FROM customers WHERE customer_id = $1", ben.customer_id) == now


async def test_unknown_and_old_links_are_answered_alike(anybody: Api, ben: Person, conn: Conn, now: datetime) -> None:
    token = await confirmations.new_link(conn, customer_id=ben.customer_id, now=now)
    late, before = anybody.at(now + timedelta(days=30)), await everything(conn)
    answers = [await late.do(CONFIRM_EMAIL, token=text) for text in (token, "A" * 43, "garbage", "")]
    assert {answer["__typename"] for answer in answers} == {"ConfirmationNotUsable"}
    assert len({answer["message"] for answer in answers}) == 1
    assert await everything(conn) == before
