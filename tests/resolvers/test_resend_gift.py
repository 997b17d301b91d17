from datetime import datetime, timedelta
from uuid import uuid4

from tests.resolvers.api import Api
from tests.resolvers.documents import CANCEL_GIFT, CLAIM_GIFT, RESEND_GIFT
from tests.resolvers.mailing import bounced, mailed_link, sent_gift
from tests.resolvers.world import Person, everything
from wallet.database import Conn
from wallet.gifts import DeliveryProblem


async def test_a_bounced_gift_goes_to_the_corrected_address(
    phone: Api, other_phone: Api, asha: Person, ben: Person, conn: Conn, now: datetime
) -> None:
    # given a gift whose mail came back
    gift_id = await sent_gift(phone, asha)
    old = await mailed_link(conn, gift_id, now=now)
    await bounced(conn, gift_id, DeliveryProblem.MAILBOX_UNKNOWN, now=now)
    # when it is sent again to another address
    answer = await phone.do(
        RESEND_GIFT, giftId=gift_id, correctedEmail="ben.b@example.com", idempotencyKey=str(uuid4())
    )
    # then it waits for its mail again, and the old link opens nothing
    assert answer["__typename"] == "GiftResent"
    assert (answer["gift"]["status"], answer["gift"]["recipientEmail"]) == ("SCHEDULED", "ben.b@example.com")
    refused = await other_phone.do(CLAIM_GIFT, token=old, idempotencyKey=str(uuid4()))
    assert refused["__typename"] == "GiftNotClaimable"
    # and the new one does
    new = await mailed_link(conn, gift_id, delivery=2, now=now)
    assert (await other_phone.do(CLAIM_GIFT, token=new, idempotencyKey=str(uuid4())))["__typename"] == "GiftClaimed"


async def test_the_same_key_mails_once(phone: Api, asha: Person, conn: Conn) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    first = await phone.do(RESEND_GIFT, **said)
    before = await everything(conn)
    assert await phone.do(RESEND_GIFT, **said) == first
    assert await everything(conn) == before


async def test_a_key_that_came_with_other_input_is_refused(phone: Api, asha: Person, conn: Conn) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    await phone.do(RESEND_GIFT, **said)
    before = await everything(conn)
    answer = await phone.do(RESEND_GIFT, **said, correctedEmail="ben.b@example.com")
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_what_is_no_address_is_said_so(phone: Api, asha: Person, conn: Conn) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    before = await everything(conn)
    answer = await phone.do(RESEND_GIFT, **said, correctedEmail="")
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == ["correctedEmail"]
    assert await everything(conn) == before


async def test_a_cancelled_gift_is_not_open(phone: Api, asha: Person, conn: Conn) -> None:
    gift_id = await sent_gift(phone, asha)
    await phone.do(CANCEL_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    before = await everything(conn)
    answer = await phone.do(RESEND_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    assert (answer["__typename"], answer["gift"]) == ("GiftNotOpen", {"id": gift_id, "status": "CANCELLED"})
    assert await everything(conn) == before


async def test_the_sixth_time_in_a_day_is_too_many(phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    gift_id = await sent_gift(phone, asha)
    for _ in range(5):
        await phone.do(RESEND_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    before = await everything(conn)
    answer = await phone.do(RESEND_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    assert (answer["__typename"], answer["retryAt"]) == ("TooManyAttempts", "2026-11-23T09:30:00Z")
    assert answer["message"] == "Too many tries. Please try again in 24 hours."
    assert await everything(conn) == before
    later = phone.at(now + timedelta(hours=24))
    again = await later.do(RESEND_GIFT, giftId=gift_id, idempotencyKey=str(uuid4()))
    assert again["__typename"] == "GiftResent"


async def test_nobody_elses_gift_is_found(phone: Api, other_phone: Api, asha: Person, conn: Conn) -> None:
    gift_id = await sent_gift(phone, asha)
    before = await everything(conn)
    for node_id in (gift_id, "garbage"):
        answer = await other_phone.do(RESEND_GIFT, giftId=node_id, idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_nobody_must_sign_in_first(anybody: Api, phone: Api, asha: Person) -> None:
    said = {"giftId": await sent_gift(phone, asha), "idempotencyKey": str(uuid4())}
    assert await anybody.failure(RESEND_GIFT, input=said) == "UNAUTHENTICATED"


async def test_one_corrected_address_more_than_a_day_allows_says_when_it_would_pass(
    phone: Api, asha: Person, conn: Conn
) -> None:
    # given a gift that was corrected until five mailboxes had it
    gift_id = await sent_gift(phone, asha)
    for n in range(4):
        said = {"correctedEmail": f"stranger{n}@example.com", "idempotencyKey": str(uuid4())}
        assert (await phone.do(RESEND_GIFT, giftId=gift_id, **said))["__typename"] == "GiftResent"
    before = await everything(conn)
    # when it is corrected to a sixth
    answer = await phone.do(
        RESEND_GIFT, giftId=gift_id, correctedEmail="stranger4@example.com", idempotencyKey=str(uuid4())
    )
    # then that is too many, and nothing is mailed
    assert (answer["__typename"], answer["retryAt"]) == ("TooManyAttempts", "2026-11-23T09:30:00Z")
    assert await everything(conn) == before
