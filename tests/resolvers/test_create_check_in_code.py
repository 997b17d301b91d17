from datetime import datetime, timedelta
from uuid import uuid4

from schema.ids import CardKey, encode
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.documents import CREATE_CHECK_IN_CODE
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn
from wallet.values import CardId


async def test_a_code_is_digits_a_picture_and_its_times(phone: Api, asha: Person) -> None:
    code = await phone.do(CREATE_CHECK_IN_CODE, cardId=asha.card)
    assert code["__typename"] == "CheckInCode"
    assert len(code["token"]) == 218
    assert code["token"].isdigit()
    assert code["qrSvg"].startswith("<svg")
    assert len(code["shortCode"]) == 10
    assert code["purpose"] == "EARN"
    assert code["serverTime"] == "2026-11-22T09:30:00Z"
    assert code["refreshAt"] == "2026-11-22T09:31:00Z"
    assert code["expiresAt"] == "2026-11-22T09:31:30Z"


async def test_a_code_to_redeem_lives_half_as_long(phone: Api, asha: Person) -> None:
    code = await phone.do(CREATE_CHECK_IN_CODE, cardId=asha.card, purpose="REDEEM")
    assert (code["purpose"], code["expiresAt"]) == ("REDEEM", "2026-11-22T09:30:45Z")


async def test_a_card_that_is_not_ones_own_is_not_found(
    phone: Api, asha: Person, ben: Person, shop: Shop, conn: Conn
) -> None:
    before = await everything(conn)
    nobodys = encode(CardKey(shop.merchant_id, CardId(uuid4())))
    for card in (ben.card, nobodys, "garbage", ""):
        assert (await phone.do(CREATE_CHECK_IN_CODE, cardId=card))["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_the_thirty_first_code_in_a_minute_is_refused(
    phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given thirty codes in a minute
    for _ in range(30):
        await phone.do(CREATE_CHECK_IN_CODE, cardId=asha.card)
    # when one more is asked for
    answer = await phone.do(CREATE_CHECK_IN_CODE, cardId=asha.card)
    # then there is none, until the minute is over
    assert (answer["__typename"], answer["retryAt"]) == ("TooManyAttempts", "2026-11-22T09:31:00Z")
    assert await count(conn, "check_in_codes") == 30
    later = phone.at(now + timedelta(minutes=1))
    assert (await later.do(CREATE_CHECK_IN_CODE, cardId=asha.card))["__typename"] == "CheckInCode"


async def test_nobody_must_sign_in_first(anybody: Api, asha: Person, conn: Conn) -> None:
    assert await anybody.failure(CREATE_CHECK_IN_CODE, input={"cardId": asha.card}) == "UNAUTHENTICATED"
    assert await count(conn, "check_in_codes") == 0
