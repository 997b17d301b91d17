from datetime import datetime, timedelta
from uuid import uuid4

from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_points, make_shop
from tests.resolvers.api import Api
from tests.resolvers.documents import JOIN_PROGRAM
from tests.resolvers.world import Person, asked
from wallet.database import Conn

VIEWER = """
    query {
        viewer {
            id email name locale
            cards { id number revision balance { active pending reserved lifetimeEarned } }
            sessions { id deviceName lastSeenAt current }
        }
    }
"""

HOME = """
    query {
        viewer {
            id name
            cards {
                id number revision
                program { name pointName pointNamePlural }
                balance { active pending reserved lifetimeEarned }
                history(first: 20) {
                    edges { node { id kind points balanceAfter occurredAt storeName receiptNumber reasons } cursor }
                    pageInfo { hasNextPage endCursor }
                }
            }
        }
    }
"""


async def test_nobody_is_null(anybody: Api) -> None:
    assert await anybody(VIEWER) == {"viewer": None}


async def test_a_customer_sees_themselves(phone: Api, asha: Person) -> None:
    # when Asha's phone asks who it is
    viewer = (await phone(VIEWER))["viewer"]
    # then it is she, with her card and her device
    assert viewer["email"] == "asha@example.com"
    assert viewer["name"] == "Asha"
    assert viewer["locale"] == "en-IN"
    (card,) = viewer["cards"]
    assert card["id"] == asha.card
    assert len(card["number"]) == 16
    assert card["revision"] == 1
    assert card["balance"] == {"active": 100, "pending": 0, "reserved": 0, "lifetimeEarned": 100}
    (session,) = viewer["sessions"]
    assert (session["deviceName"], session["lastSeenAt"], session["current"]) == ("Phone", "2026-11-22T09:30:00Z", True)


async def test_a_device_that_was_signed_out_is_nobody(phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    # given a session that has ended, though its access token is still good
    await conn.execute(
        "UPDATE sessions SET ended_at = $2, ended_because = 'revoked' WHERE session_id = $1", asha.session_id, now
    )
    # when it asks, then it is nobody
    assert await phone(VIEWER) == {"viewer": None}


async def test_the_home_screen_takes_four_statements_whatever_the_number_of_cards(
    phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime, statements: StatementCounter
) -> None:
    # given cards of two programs, one with more lines than the screen shows
    other = await make_shop(conn, now=now)
    await make_card(conn, other, asha.customer_id, now=now)
    for hour in range(25):
        await make_points(conn, shop, asha.card_id, 1, now=now + timedelta(hours=hour))
    # when the home screen is read
    async with statements.counted() as seen:
        cards = (await phone(HOME))["viewer"]["cards"]
    # then it took the customer, the cards, the programs and the histories
    assert len(asked(seen)) == 4, asked(seen)
    assert [len(card["history"]["edges"]) for card in cards] == [20, 0]
    assert [card["history"]["pageInfo"]["hasNextPage"] for card in cards] == [True, False]


TERMS = "query { viewer { cards { program { terms } } } }"


async def test_the_header_decides_the_language_and_without_one_the_customers_own(
    phone: Api, asha: Person, conn: Conn
) -> None:
    # given a customer who has chosen Malayalam
    await conn.execute("UPDATE customers SET locale = 'ml-IN' WHERE customer_id = $1", asha.customer_id)

    async def first_term(header: str | None) -> str:
        (card,) = (await phone.speaking(header)(TERMS))["viewer"]["cards"]
        return str(card["program"]["terms"][0])

    # when the phone asks with and without a header
    said = [await first_term(header) for header in (None, "hi-IN", "en-IN", "de-DE, zh;q=0.5")]
    # then the header decides, if it names a language that we speak
    assert said == [
        "ചെലവാക്കുന്ന ഓരോ ₹100-നും 10 beans കിട്ടും.",
        "हर ₹100 की ख़रीद पर आपको 10 beans मिलते हैं।",
        "You get 10 beans for every ₹100 you spend.",
        "ചെലവാക്കുന്ന ഓരോ ₹100-നും 10 beans കിട്ടും.",
    ]


async def test_a_refusal_is_in_the_customers_own_language_too(phone: Api, asha: Person, conn: Conn) -> None:
    await conn.execute("UPDATE customers SET locale = 'th-TH' WHERE customer_id = $1", asha.customer_id)
    said = {"programSlug": "no-such-program", "idempotencyKey": str(uuid4())}
    answer = await phone.speaking(None).do(JOIN_PROGRAM, **said)
    assert answer["message"] == "ไม่มีโปรแกรมนี้ โปรดสแกนโปสเตอร์อีกครั้ง หรือขอลิงก์จากร้าน"
