from datetime import datetime, timedelta
from uuid import uuid4

from tests.database import StatementCounter
from tests.factories import Shop, make_points
from tests.resolvers.api import Api
from tests.resolvers.counter import recorded
from tests.resolvers.documents import CLAIM_GIFT, REFUND
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.world import Person, asked
from wallet.database import Conn

HISTORY = """
    query ($id: ID!, $first: Int! = 20, $after: String, $kinds: [EntryKind!]) {
        node(id: $id) {
            ... on Card {
                history(first: $first, after: $after, kinds: $kinds) {
                    edges {
                        cursor
                        node {
                            id kind points pendingPoints balanceAfter occurredAt postedAt storeName receiptNumber
                            reasons reverses { id } reversedBy { id }
                        }
                    }
                    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
                }
                expiring { points expiresAt }
            }
        }
    }
"""
PAGE = """
    query ($id: ID!) {
        node(id: $id) {
            ... on Card {
                history(first: 50) {
                    edges { node { id kind points balanceAfter occurredAt storeName receiptNumber reasons } }
                    pageInfo { hasNextPage endCursor }
                }
            }
        }
    }
"""


async def test_a_purchase_and_its_return_name_each_other(till: Api, phone: Api, asha: Person, shop: Shop) -> None:
    # given a sale, later refunded whole
    sale = (await recorded(till, phone, asha))["sale"]
    await till.do(REFUND, saleId=sale["id"], idempotencyKey=str(uuid4()))
    # when the history is read
    card = (await phone(HISTORY, id=asha.card))["node"]
    refunded, earned, bonus = [edge["node"] for edge in card["history"]["edges"]]
    # then it says what happened, where and why
    assert [(line["kind"], line["points"], line["balanceAfter"]) for line in (refunded, earned, bonus)] == [
        ("REFUNDED", -50, 100),
        ("EARNED", 50, 150),
        ("BONUS", 100, 100),
    ]
    assert (earned["storeName"], earned["receiptNumber"]) == (shop.terminal.store_name, "R-1")
    assert earned["reasons"] == ["For a purchase of ₹500.", "The rule: 10 for every ₹100."]
    assert refunded["reasons"] == ["Goods for ₹530 came back."]
    assert refunded["reverses"] == {"id": earned["id"]}
    assert earned["reversedBy"] == {"id": refunded["id"]}
    assert (bonus["reverses"], bonus["reversedBy"], bonus["reasons"]) == (None, None, [])


async def test_what_expires_when_is_listed_soonest_first(till: Api, phone: Api, asha: Person) -> None:
    await recorded(till, phone, asha)
    card = (await phone(HISTORY, id=asha.card))["node"]
    assert card["expiring"] == [{"points": 50, "expiresAt": "2027-11-22T18:30:00Z"}]


async def test_pages_follow_each_other_without_gap_or_overlap(
    phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given seven lines
    for hour in range(1, 7):
        await make_points(conn, shop, asha.card_id, hour, now=now + timedelta(hours=hour))
    # when they are read in pages of three, and a line is added between the pages
    pages, after = [], None
    for _ in range(3):
        page = (await phone(HISTORY, id=asha.card, first=3, after=after))["node"]["history"]
        pages.append(page)
        after = page["pageInfo"]["endCursor"]
        await make_points(conn, shop, asha.card_id, 1, now=now + timedelta(days=1))
    # then each line is there once, and the new ones are not among them
    points = [edge["node"]["points"] for page in pages for edge in page["edges"]]
    assert points == [6, 5, 4, 3, 2, 1, 100]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, True, False]
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
    assert pages[1]["pageInfo"]["startCursor"] == pages[1]["edges"][0]["cursor"]


async def test_kinds_choose_and_none_of_them_shows_nothing(till: Api, phone: Api, asha: Person) -> None:
    await recorded(till, phone, asha)

    async def kinds(*names: str) -> list[str]:
        history = (await phone(HISTORY, id=asha.card, kinds=list(names)))["node"]["history"]
        return [edge["node"]["kind"] for edge in history["edges"]]

    assert await kinds("EARNED") == ["EARNED"]
    assert await kinds("BONUS", "EARNED", "EARNED") == ["EARNED", "BONUS"]
    assert await kinds("EXPIRED") == []
    assert await kinds() == []


async def test_a_claimed_gift_adds_no_line_to_its_senders_history(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    # given a gift that was claimed
    token = await mailed_link(conn, await sent_gift(phone, asha), now=now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # when both histories are read
    sender = (await phone(HISTORY, id=asha.card))["node"]["history"]["edges"]
    recipient = (await other_phone(HISTORY, id=ben.card))["node"]["history"]["edges"]
    # then the sender's shows that it was sent, the recipient's that it came
    assert [(edge["node"]["kind"], edge["node"]["reasons"]) for edge in sender] == [
        ("GIFT_SENT", ["A gift to Ben."]),
        ("BONUS", []),
    ]
    assert [(edge["node"]["kind"], edge["node"]["reasons"]) for edge in recipient] == [
        ("GIFT_RECEIVED", ["A gift from Asha."])
    ]


async def test_a_page_takes_two_statements_however_long_the_history(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime, statements: StatementCounter
) -> None:
    # given more lines than a page, with reasons
    for number in range(3):
        await recorded(till, phone, asha, receiptNumber=f"R-{number}")
    for hour in range(60):
        await make_points(conn, shop, asha.card_id, 1, now=now + timedelta(hours=hour))
    await recorded(till.at(now + timedelta(days=3)), phone.at(now + timedelta(days=3)), asha, receiptNumber="R-9")
    # when a page is read
    async with statements.counted() as seen:
        edges = (await phone(PAGE, id=asha.card))["node"]["history"]["edges"]
    # then it took the card and the page
    assert len(edges) == 50
    assert edges[0]["node"]["reasons"] == ["For a purchase of ₹500.", "The rule: 10 for every ₹100."]
    assert len(asked(seen)) == 2, asked(seen)


async def test_a_cursor_of_somebodys_own_making_is_bad_input(phone: Api, asha: Person) -> None:
    for after in ("garbage", "aGVsbG8", "😀", "A" * 200, asha.card):
        assert await phone.failure(HISTORY, id=asha.card, after=after) == "BAD_USER_INPUT"
    for first in (0, -1, 101):
        assert await phone.failure(HISTORY, id=asha.card, first=first) == "BAD_USER_INPUT"
