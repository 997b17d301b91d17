"""Whoever is signed in is refused in their own language, however wrong what they asked for is."""

from uuid import uuid4

import asyncpg
import pytest

from tests.database import Database
from tests.resolvers.api import Api
from tests.resolvers.documents import CANCEL_GIFT, CREATE_CHECK_IN_CODE, REFUND, RESEND_GIFT, SEND_GIFT
from tests.resolvers.world import Person, everything
from wallet.database import Conn

NO_ID = "no id at all"
KEY = str(uuid4())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (CREATE_CHECK_IN_CODE, {"cardId": NO_ID, "purpose": "EARN"}),
        (CANCEL_GIFT, {"giftId": NO_ID, "idempotencyKey": KEY}),
        (RESEND_GIFT, {"giftId": NO_ID, "idempotencyKey": KEY}),
        (RESEND_GIFT, {"giftId": NO_ID, "correctedEmail": "none", "idempotencyKey": KEY}),
        (
            SEND_GIFT,
            {
                "cardId": NO_ID,
                "points": 1,
                "recipientName": "Ben",
                "recipientEmail": "b@example.com",
                "idempotencyKey": KEY,
            },
        ),
    ],
)
async def test_an_id_that_is_none_is_refused_in_the_customers_language(
    document: str, said: dict[str, object], phone: Api, asha: Person, conn: Conn
) -> None:
    # given a customer whose language is Malayalam, on a phone that wishes for none
    await conn.execute("UPDATE customers SET locale = 'ml-IN' WHERE customer_id = $1", asha.customer_id)
    before = await everything(conn)

    answer = await phone.speaking(None).do(document, **said)

    assert answer["__typename"] == "NotFound"
    assert in_malayalam(answer["message"])
    assert await everything(conn) == before


async def test_a_sale_id_that_is_none_is_refused_in_the_stores_language(
    till: Api, conn: Conn, database: Database
) -> None:
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute("UPDATE stores SET locale = 'ml-IN'")
    await owner.close()
    before = await everything(conn)

    answer = await till.speaking(None).do(REFUND, saleId=NO_ID, idempotencyKey=KEY)

    assert answer["__typename"] == "NotFound"
    assert in_malayalam(answer["message"])
    assert await everything(conn) == before


async def test_all_that_is_wrong_with_a_gift_is_said_at_once(phone: Api, asha: Person, conn: Conn) -> None:
    before = await everything(conn)

    answer = await phone.do(
        SEND_GIFT,
        cardId=asha.card,
        points=10,
        recipientName="",
        recipientEmail="no address",
        message="see https://example.com",
        deliverAt="2026-11-20T09:30:00Z",
        idempotencyKey=KEY,
    )

    assert [problem["field"] for problem in answer["problems"]] == [
        "recipientEmail",
        "recipientName",
        "message",
        "deliverAt",
    ]
    assert await everything(conn) == before


def in_malayalam(message: str) -> bool:
    return any("\u0d00" <= letter <= "\u0d7f" for letter in message)
