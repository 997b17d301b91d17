"""What the public page of a gift's link reads, and what the sender reads of it."""

from datetime import datetime, timedelta
from uuid import uuid4

from tests.resolvers.api import Api
from tests.resolvers.documents import CANCEL_GIFT, CLAIM_GIFT
from tests.resolvers.mailing import bounced, mailed_link, sent_gift
from tests.resolvers.world import Person, everything
from wallet.database import Conn
from wallet.gifts import DeliveryProblem

GIFT_PREVIEW = """
    query ($token: String!) {
        gift(token: $token) { senderName recipientName message points program { name } claimableUntil }
    }
"""
SENT_GIFTS = """
    query ($first: Int! = 20, $after: String) {
        viewer {
            sentGifts(first: $first, after: $after) {
                edges { node { id points status deliveryProblem card { id } } cursor }
                pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            }
        }
    }
"""


async def test_anybody_with_the_link_sees_the_gift_and_changes_nothing(
    anybody: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    token = await mailed_link(conn, await sent_gift(phone, asha), now=now)
    before = await everything(conn)
    preview = (await anybody(GIFT_PREVIEW, token=token))["gift"]
    assert (preview["senderName"], preview["recipientName"], preview["points"]) == ("Asha", "Ben", 40)
    assert (preview["message"], preview["claimableUntil"]) == ("Have a coffee!", "2026-12-22T09:30:00Z")
    assert await everything(conn) == before


async def test_whatever_cannot_be_claimed_is_null(
    anybody: Api, phone: Api, other_phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given links of a claimed, a cancelled and a lapsed gift, and of none
    claimed = await mailed_link(conn, await sent_gift(phone, asha, points=10), now=now)
    await other_phone.do(CLAIM_GIFT, token=claimed, idempotencyKey=str(uuid4()))
    cancelled_gift = await sent_gift(phone, asha, points=10)
    cancelled = await mailed_link(conn, cancelled_gift, now=now)
    await phone.do(CANCEL_GIFT, giftId=cancelled_gift, idempotencyKey=str(uuid4()))
    lapsed = await mailed_link(conn, await sent_gift(phone, asha, points=10), now=now)
    late = anybody.at(now + timedelta(days=30))
    # when they are opened, then there is nothing to see
    for api, token in ((anybody, claimed), (anybody, cancelled), (late, lapsed), (anybody, "A" * 43), (anybody, "")):
        assert await api(GIFT_PREVIEW, token=token) == {"gift": None}


async def test_sent_gifts_are_paged_from_the_newest(phone: Api, asha: Person, now: datetime) -> None:
    # given five gifts, two of them sent in one moment
    sent = [await sent_gift(phone.at(now + timedelta(hours=hour)), asha, points=1) for hour in (0, 1, 2, 2, 3)]
    # when they are read in pages of two
    pages, after = [], None
    for _ in range(3):
        page = (await phone(SENT_GIFTS, first=2, after=after))["viewer"]["sentGifts"]
        pages.append(page)
        after = page["pageInfo"]["endCursor"]
    # then each is there once, the newest first
    ids = [edge["node"]["id"] for page in pages for edge in page["edges"]]
    assert sorted(ids) == sorted(sent)
    assert (ids[0], ids[4]) == (sent[4], sent[0])
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, True, False]
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
    assert pages[0]["edges"][0]["node"]["card"] == {"id": asha.card}


async def test_why_a_mail_came_back_is_a_sentence(phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    gift_id = await sent_gift(phone, asha)
    await bounced(conn, gift_id, DeliveryProblem.MAILBOX_UNKNOWN, now=now)
    (edge,) = (await phone(SENT_GIFTS))["viewer"]["sentGifts"]["edges"]
    assert edge["node"]["status"] == "BOUNCED"
    assert edge["node"]["deliveryProblem"] == (
        "There is no such mailbox. Check the address for a typo and send it again."
    )


async def test_a_cursor_of_somebodys_own_making_is_bad_input(phone: Api, asha: Person) -> None:
    for after in ("garbage", "aGVsbG8", "😀", asha.card):
        assert await phone.failure(SENT_GIFTS, after=after) == "BAD_USER_INPUT"
    for first in (0, -1, 101):
        assert await phone.failure(SENT_GIFTS, first=first) == "BAD_USER_INPUT"
