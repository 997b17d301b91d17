from datetime import datetime, timedelta

from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_points, make_shop
from tests.resolvers.api import Api
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
