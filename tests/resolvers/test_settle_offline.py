from datetime import datetime, timedelta
from uuid import uuid4

from schema.ids import RewardKey, encode
from tests.resolvers.api import Api
from tests.resolvers.counter import sale_of, scanned, shown_code
from tests.resolvers.documents import CHECKOUT, MEMBER, SALE
from tests.resolvers.rewarding import claimed
from tests.resolvers.world import Person, count, everything
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.values import CheckInPurpose

SETTLE_OFFLINE = (
    """
    mutation ($input: SettleOfflineInput!) {
        settleOffline(input: $input) {
            __typename
            ... on OfflineSettled {
                results {
                    __typename
                    ... on SaleRecorded { replayed sale { ...SaleParts } card { ...MemberParts } }
                    ... on InvalidInput { problems { field message } }
                    ... on CodeExpired { expiredAt }
                    ... on CodeAlreadyUsed { usedAt }
                    ... on UserError { message }
                }
            }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
    + SALE
    + MEMBER
)


def offline(sale: dict[str, object], scanned_at: datetime) -> dict[str, object]:
    return {"sale": sale, "scannedAt": scanned_at.isoformat(), "idempotencyKey": str(uuid4())}


async def test_each_sale_is_judged_on_its_own(till: Api, phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    # given what a till scanned while it was offline: a good code twice, garbage, one out of its time, one to redeem, a
    # typed one, and a visit
    good = (await shown_code(phone, asha))["token"]
    old = (await shown_code(phone, asha))["token"]
    redeem = (await shown_code(phone, asha, CheckInPurpose.REDEEM))["token"]
    typed = (await shown_code(phone, asha))["shortCode"]
    visit = await scanned(till, phone, asha)
    sales = [
        offline(sale_of(code=good), now),
        offline(sale_of(code=good, receipt="R-2"), now),
        offline(sale_of(code="garbage"), now),
        offline(sale_of(code=old), now + timedelta(minutes=2)),
        offline(sale_of(code=redeem), now),
        offline(sale_of(code=typed), now),
        offline(sale_of(visit=visit), now),
        offline({**sale_of(code=old), "currency": "THB"}, now),
    ]
    # when it uploads them the next day
    answer = await till.at(now + timedelta(days=1)).do(SETTLE_OFFLINE, sales=sales)
    # then one is recorded, as of when it was scanned, the second with its code waits, and the others say why not
    assert answer["__typename"] == "OfflineSettled"
    assert [result["__typename"] for result in answer["results"]] == [
        "SaleRecorded",
        "SaleRecorded",
        "CodeInvalid",
        "CodeExpired",
        "CodeInvalid",
        "InvalidInput",
        "InvalidInput",
        "InvalidInput",
    ]
    sale, second = [result["sale"] for result in answer["results"][:2]]
    assert (sale["points"], sale["occurredAt"]) == (50, "2026-11-22T09:30:00Z")
    assert [each["inReview"] for each in (sale, second)] == [False, True]
    assert (
        second["receiptText"]
        == "You earned 50 beans with this purchase, to spend as soon as the shop has confirmed it."
    )
    card = answer["results"][1]["card"]
    assert (card["active"], card["pending"]) == (150, 50)
    assert await count(conn, "sales") == 2
    assert till.published == [(asha.merchant_id, asha.card_id)] * 2


async def test_a_second_upload_records_nothing_twice(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    sale = offline(sale_of(code=(await shown_code(phone, asha))["token"]), now)
    (first,) = (await till.do(SETTLE_OFFLINE, sales=[sale]))["results"]
    before = await everything(conn)
    (again,) = (await till.do(SETTLE_OFFLINE, sales=[sale]))["results"]
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    assert await everything(conn) == before


async def test_a_second_upload_is_answered_though_the_key_of_its_code_has_ended(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    code = (await shown_code(phone, asha))["token"]
    sale = offline(sale_of(code=code), now)
    (first,) = (await till.do(SETTLE_OFFLINE, sales=[sale]))["results"]
    before = await everything(conn)
    unknown = f"9{(int(code[1:3]) + 1) % 100:02d}{code[3:]}"
    again, fresh = (
        await till.do(
            SETTLE_OFFLINE,
            sales=[{**sale, "sale": sale_of(code=unknown)}, offline(sale_of(code=unknown), now)],
        )
    )["results"]
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    assert fresh["__typename"] == "CodeInvalid"
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_sale_is_refused(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    sale = offline(sale_of(code=(await shown_code(phone, asha))["token"]), now)
    await till.do(SETTLE_OFFLINE, sales=[sale])
    before = await everything(conn)
    other = {**sale, "sale": sale_of(code=(await shown_code(phone, asha))["token"], receipt="R-2")}
    before = await everything(conn)
    (answer,) = (await till.do(SETTLE_OFFLINE, sales=[other]))["results"]
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_a_scan_of_more_than_72_hours_ago_is_too_old(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    sale = offline(sale_of(code=(await shown_code(phone, asha))["token"]), now)
    before = await everything(conn)
    (answer,) = (await till.at(now + timedelta(hours=72, seconds=1)).do(SETTLE_OFFLINE, sales=[sale]))["results"]
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == ["scannedAt"]
    assert await everything(conn) == before
    (in_time,) = (await till.at(now + timedelta(hours=72)).do(SETTLE_OFFLINE, sales=[sale]))["results"]
    assert in_time["__typename"] == "SaleRecorded"


async def test_an_upload_has_a_hundred_sales_at_most(till: Api, conn: Conn, now: datetime) -> None:
    sales = [offline(sale_of(code="garbage"), now) for _ in range(101)]
    answer = await till.do(SETTLE_OFFLINE, sales=sales)
    assert (answer["__typename"], answer["problems"][0]["field"]) == ("InvalidInput", "sales")
    fewer = await till.do(SETTLE_OFFLINE, sales=sales[:100])
    assert [result["__typename"] for result in fewer["results"]] == ["CodeInvalid"] * 100
    assert (await till.do(SETTLE_OFFLINE, sales=[]))["results"] == []
    assert await count(conn, "sales") == 0


async def test_an_offline_sale_and_a_checkout_share_their_keys(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given a checkout whose answer was lost, so that the till took the sale for an offline one
    sale, key = sale_of(code=(await shown_code(phone, asha))["token"]), str(uuid4())
    await till.do(CHECKOUT, sale=sale, idempotencyKey=key)
    before = await everything(conn)
    # when it is uploaded under the same key, then it is not recorded again
    (answer,) = (await till.do(SETTLE_OFFLINE, sales=[{**offline(sale, now), "idempotencyKey": key}]))["results"]
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_a_device_that_is_no_till_uploads_nothing(new_till: Api) -> None:
    assert await new_till.failure(SETTLE_OFFLINE, input={"sales": []}) == "UNAUTHENTICATED"


async def test_a_till_without_a_network_uses_no_vouchers(
    till: Api, phone: Api, asha: Person, coffee: Reward, conn: Conn, now: datetime
) -> None:
    voucher = (await claimed(phone, asha, coffee))["id"]
    code = (await shown_code(phone, asha, CheckInPurpose.REDEEM))["token"]
    before = await everything(conn)
    for named in ({"voucherIds": [voucher]}, {"rewardIds": [encode(RewardKey(asha.merchant_id, coffee.reward_id))]}):
        sale = offline({**sale_of(code=code), **named}, now)
        (answer,) = (await till.do(SETTLE_OFFLINE, sales=[sale]))["results"]
        assert answer["__typename"] == "RedeemCodeNeeded"
    assert await everything(conn) == before
