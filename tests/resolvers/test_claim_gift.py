from datetime import datetime, timedelta
from uuid import uuid4

from tests.factories import make_customer
from tests.resolvers.api import Api, as_customer, sign_in
from tests.resolvers.documents import CANCEL_GIFT, CLAIM_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.world import Person, everything
from wallet.database import Conn


async def test_the_gift_is_on_the_claimants_card(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    # given a mailed link
    token = await mailed_link(conn, await sent_gift(phone, asha), now=now)
    phone.published.clear()
    # when Ben claims it
    answer = await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # then the beans are his
    assert (answer["__typename"], answer["points"], answer["senderName"]) == ("GiftClaimed", 40, "Asha")
    assert answer["card"]["id"] == ben.card
    assert answer["card"]["balance"] == {"active": 40, "pending": 0, "reserved": 0, "lifetimeEarned": 0}
    # and whoever watches either card is told
    assert set(other_phone.published) == {
        (ben.merchant_id, ben.card_id),
        (asha.merchant_id, asha.card_id),
    }


async def test_a_stranger_becomes_a_member(anybody: Api, phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    # given a link in the hands of somebody without a card
    token = await mailed_link(conn, await sent_gift(phone, asha), now=now)
    customer_id = await make_customer(conn, now=now)
    stranger = as_customer(anybody, customer_id, await sign_in(conn, customer_id, now=now))
    # when they claim it
    answer = await stranger.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # then they have a card with the gift on it
    assert answer["__typename"] == "GiftClaimed"
    assert answer["card"]["balance"]["active"] == 40


async def test_the_same_key_gives_the_same_answer(
    phone: Api, other_phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    said = {"token": await mailed_link(conn, await sent_gift(phone, asha), now=now), "idempotencyKey": str(uuid4())}
    first = await other_phone.do(CLAIM_GIFT, **said)
    before = await everything(conn)
    assert await other_phone.do(CLAIM_GIFT, **said) == first
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_link_is_refused(
    phone: Api, other_phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    one = await mailed_link(conn, await sent_gift(phone, asha, points=10), now=now)
    two = await mailed_link(conn, await sent_gift(phone, asha, points=20), now=now)
    key = str(uuid4())
    await other_phone.do(CLAIM_GIFT, token=one, idempotencyKey=key)
    before = await everything(conn)
    assert (await other_phone.do(CLAIM_GIFT, token=two, idempotencyKey=key))["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_whatever_cannot_be_claimed_is_answered_alike(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    # given links of a claimed, a cancelled and a lapsed gift, of the sender's own, and of no gift at all
    claimed = await mailed_link(conn, await sent_gift(phone, asha, points=10), now=now)
    await other_phone.do(CLAIM_GIFT, token=claimed, idempotencyKey=str(uuid4()))
    cancelled_gift = await sent_gift(phone, asha, points=10)
    cancelled = await mailed_link(conn, cancelled_gift, now=now)
    await phone.do(CANCEL_GIFT, giftId=cancelled_gift, idempotencyKey=str(uuid4()))
    open_gift = await mailed_link(conn, await sent_gift(phone, asha, points=10), now=now)
    late = other_phone.at(now + timedelta(days=30))
    before = await everything(conn)
    # when they are claimed
    answers = [
        await api.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
        for api, token in (
            (other_phone, claimed),
            (other_phone, cancelled),
            (late, open_gift),
            (phone, open_gift),
            (other_phone, "A" * 43),
            (other_phone, "garbage"),
            (other_phone, ""),
        )
    ]
    # then there is one answer, and nothing happened
    said = "This gift cannot be claimed with this link. Ask the person who sent it for a new one."
    assert answers == [{"__typename": "GiftNotClaimable", "message": said}] * 7
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    said = {"token": await mailed_link(conn, await sent_gift(phone, asha), now=now), "idempotencyKey": str(uuid4())}
    assert await anybody.failure(CLAIM_GIFT, input=said) == "UNAUTHENTICATED"
