from uuid import uuid4

from tests.resolvers.api import Api
from tests.resolvers.documents import CANCEL_GIFT, CLAIM_GIFT
from tests.resolvers.mailing import mailed_link, sent_gift
from tests.resolvers.world import Person, everything
from wallet.database import Conn


async def test_a_cancelled_gift_is_back_on_the_card(phone: Api, asha: Person, conn: Conn) -> None:
    # given a gift on its way
    gift_id = await sent_gift(phone, asha)
    phone.published.clear()
    # when it is cancelled
    answer = await phone.do(CANCEL_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    # then the beans are back
    assert (answer["__typename"], answer["gift"]["status"]) == ("GiftCancelled", "CANCELLED")
    assert answer["card"]["balance"] == {"active": 100, "pending": 0, "reserved": 0, "lifetimeEarned": 100}
    assert phone.published == [(asha.merchant_id, asha.card_id)]


async def test_the_same_key_gives_the_same_answer(phone: Api, asha: Person, conn: Conn) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    first = await phone.do(CANCEL_GIFT, **said)
    before = await everything(conn)
    assert await phone.do(CANCEL_GIFT, **said) == first
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_gift_is_refused(phone: Api, asha: Person, conn: Conn) -> None:
    key = str(uuid4())
    await phone.do(CANCEL_GIFT, giftId=await sent_gift(phone, asha, points=10), idempotencyKey=key)
    other = await sent_gift(phone, asha, points=20)
    before = await everything(conn)
    answer = await phone.do(CANCEL_GIFT, giftId=other, idempotencyKey=key)
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_a_claimed_gift_is_not_open(phone: Api, other_phone: Api, asha: Person, conn: Conn) -> None:
    # given a gift that Ben claimed
    gift_id = await sent_gift(phone, asha)
    token = await mailed_link(conn, gift_id, now=phone.now)
    await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    before = await everything(conn)
    # when Asha cancels it
    answer = await phone.do(CANCEL_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    # then she is told what became of it, and nothing happens
    assert (answer["__typename"], answer["gift"]) == ("GiftNotOpen", {"id": gift_id, "status": "CLAIMED"})
    assert await everything(conn) == before


async def test_nobody_elses_gift_is_found(phone: Api, other_phone: Api, asha: Person, conn: Conn) -> None:
    gift_id = await sent_gift(phone, asha)
    before = await everything(conn)
    for node_id in (gift_id, asha.card, "garbage"):
        answer = await other_phone.do(CANCEL_GIFT, giftId=node_id, idempotencyKey=str(uuid4()))
        assert answer == {"__typename": "NotFound", "message": "This gift was not found among those you sent."}
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, phone: Api, asha: Person) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    assert await anybody.failure(CANCEL_GIFT, input=said) == "UNAUTHENTICATED"
