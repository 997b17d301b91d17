"""Who stands at the till: asked of everything that it writes."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth import operator_pins
from resolvers.operators import WRONG_MAX
from tests.factories import Shop
from tests.resolvers.api import Api
from tests.resolvers.counter import recorded, sale_of, shown_code
from tests.resolvers.documents import CHECKOUT, QUOTE, REFUND, SCAN
from tests.resolvers.test_enrol import ENROL
from tests.resolvers.test_enrol_by_phone import ENROL_BY_PHONE
from tests.resolvers.test_look_up import LOOK_UP
from tests.resolvers.test_settle_offline import SETTLE_OFFLINE
from tests.resolvers.world import Person, everything
from tests.wallet.counter import counts
from wallet import operators
from wallet.database import Conn
from wallet.values import OperatorId

PIN = "4711"
OPERATOR_SQL = "SELECT operator_id FROM sales UNION ALL SELECT operator_id FROM refunds"


@pytest.fixture
async def anu(conn: Conn, shop: Shop, till: Api) -> OperatorId:
    pin_hash = operator_pins.hash_of(till.house.box, merchant_id=shop.merchant_id, pin=PIN)
    return await operators.add(conn, merchant_id=shop.merchant_id, name="Anu", pin_hash=pin_hash, now=till.now)


async def require(conn: Conn, shop: Shop) -> None:
    await operators.require(conn, merchant_id=shop.merchant_id, required=True)


async def sell(till: Api, phone: Api, asha: Person, pin: str | None) -> dict[str, Any]:
    code = (await shown_code(phone, asha))["token"]
    sale = {**sale_of(code=code), **({} if pin is None else {"operatorPin": pin})}
    return await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))


async def quote(till: Api, phone: Api, asha: Person, pin: str | None) -> dict[str, Any]:
    code = (await shown_code(phone, asha))["token"]
    return await till.do(QUOTE, **sale_of(code=code), **({} if pin is None else {"operatorPin": pin}))


async def test_what_a_till_writes_names_who_wrote_it(
    till: Api, phone: Api, asha: Person, conn: Conn, anu: OperatorId
) -> None:
    # when
    sold = await sell(till, phone, asha, PIN)
    back = await till.do(REFUND, saleId=sold["sale"]["id"], operatorPin=f" {PIN} ", idempotencyKey=str(uuid4()))
    # then
    assert (sold["__typename"], back["__typename"]) == ("SaleRecorded", "SaleRefunded")
    assert [row["operator_id"] for row in await conn.fetch(OPERATOR_SQL)] == [anu, anu]


@pytest.mark.usefixtures("anu")
async def test_where_no_pin_is_asked_for_none_is_needed(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    assert (await sell(till, phone, asha, None))["__typename"] == "SaleRecorded"
    assert [row["operator_id"] for row in await conn.fetch(OPERATOR_SQL)] == [None]


@pytest.mark.parametrize(
    ("pin", "required", "message"),
    [
        (None, True, "Type your PIN to go on."),
        ("0000", True, "This is nobody's PIN here. Please type yours again."),
        ("0000", False, "This is nobody's PIN here. Please type yours again."),
        ("", False, "This is nobody's PIN here. Please type yours again."),
        ("४७११", False, "This is nobody's PIN here. Please type yours again."),
        ("4" * 9_000, False, "This is nobody's PIN here. Please type yours again."),
    ],
)
@pytest.mark.usefixtures("anu")
async def test_without_a_good_pin_nothing_is_done(
    till: Api,
    phone: Api,
    asha: Person,
    shop: Shop,
    conn: Conn,
    pin: str | None,
    required: bool,
    message: str,
) -> None:
    # given
    sold = await recorded(till, phone, asha)
    if required:
        await require(conn, shop)
    code = (await shown_code(phone, asha))["token"]
    given = {} if pin is None else {"operatorPin": pin}
    before = await everything(conn)
    # when
    answers = [
        await till.do(QUOTE, **sale_of(code=code), **given),
        await till.do(CHECKOUT, sale={**sale_of(code=code), **given}, idempotencyKey=str(uuid4())),
        await till.do(REFUND, saleId=sold["sale"]["id"], idempotencyKey=str(uuid4()), **given),
    ]
    # then
    assert [(answer["__typename"], answer["message"]) for answer in answers] == [("OperatorUnknown", message)] * 3
    assert await everything(conn) == before


def offline(code: str, till: Api, **given: str) -> dict[str, Any]:
    scanned_at = till.now.isoformat()
    return {"sale": {**sale_of(code=code), **given}, "scannedAt": scanned_at, "idempotencyKey": str(uuid4())}


@pytest.mark.parametrize("given", [{}, {"operatorPin": "0000"}, {"operatorPin": ""}])
async def test_what_was_sold_without_a_network_and_a_good_pin_waits_for_the_merchant(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, anu: OperatorId, given: dict[str, str]
) -> None:
    # given
    await require(conn, shop)
    codes = [(await shown_code(phone, asha))["token"] for _ in range(2)]
    # when
    sales = [offline(codes[0], till, **given), offline(codes[1], till, operatorPin=PIN)]
    answers = (await till.do(SETTLE_OFFLINE, sales=sales))["results"]
    # then the goods are gone, so nothing is refused
    assert [answer["sale"]["inReview"] for answer in answers] == [True, False]
    rows = await conn.fetch("SELECT operator_id, review_reason FROM sales ORDER BY posted_at, sale_id")
    written = [(row["operator_id"], row["review_reason"]) for row in rows]
    assert written == [(None, "review_operator_unknown"), (anu, None)]


async def test_who_stood_there_then_is_named_though_their_pin_is_good_no_more(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, anu: OperatorId
) -> None:
    sale = offline((await shown_code(phone, asha))["token"], till, operatorPin=PIN)
    later = till.at(till.now + timedelta(hours=5))
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=till.now + timedelta(hours=1))
    (answer,) = (await later.do(SETTLE_OFFLINE, sales=[sale]))["results"]
    assert (answer["__typename"], answer["sale"]["inReview"]) == ("SaleRecorded", False)
    assert await conn.fetchval("SELECT operator_id FROM sales") == anu


@pytest.mark.usefixtures("anu")
async def test_pins_cannot_be_tried_with_sales_of_no_network(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    # given ten wrong ones, uploaded twice
    codes = [(await shown_code(phone, asha))["token"] for _ in range(WRONG_MAX + 1)]
    wrong = [offline(code, till, operatorPin=f"{at:04d}") for at, code in enumerate(codes[:WRONG_MAX])]
    for _ in range(2):
        answers = (await till.do(SETTLE_OFFLINE, sales=wrong))["results"]
        assert [answer["sale"]["inReview"] for answer in answers] == [True] * WRONG_MAX
    # when the right one comes
    (answer,) = (await till.do(SETTLE_OFFLINE, sales=[offline(codes[-1], till, operatorPin=PIN)]))["results"]
    # then it is told from the others by nothing
    assert answer["sale"]["inReview"] is True
    assert await conn.fetchval("SELECT hits FROM rate_limits WHERE scope = 'operator_pin.wrong'") == WRONG_MAX


@pytest.mark.usefixtures("anu")
async def test_a_sale_is_answered_again_though_the_pin_is_nobody_s_by_now(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, anu: OperatorId
) -> None:
    # given
    sale = {**sale_of(code=(await shown_code(phone, asha))["token"]), "operatorPin": PIN}
    key = str(uuid4())
    first = await till.do(CHECKOUT, sale=sale, idempotencyKey=key)
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=till.now)
    # when
    again = await till.do(CHECKOUT, sale=sale, idempotencyKey=key)
    other = await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))
    # then
    assert (first["replayed"], again["replayed"], again["sale"]["id"]) == (False, True, first["sale"]["id"])
    assert other["__typename"] == "OperatorUnknown"
    assert await conn.fetchval("SELECT COUNT(*) FROM sales") == 1


async def test_another_merchant_s_pin_is_nobody_s(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, anu: OperatorId
) -> None:
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=till.now)
    assert (await quote(till, phone, asha, PIN))["__typename"] == "OperatorUnknown"


@pytest.mark.usefixtures("anu")
async def test_ten_wrong_pins_shut_the_till_to_right_ones_too_until_the_hour_is_over(
    till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    # given
    assert (await quote(till, phone, asha, PIN))["__typename"] == "Quote"
    for wrong in range(WRONG_MAX):
        answer = await sell(till, phone, asha, f"{wrong:04d}")
        assert answer["message"] == "This is nobody's PIN here. Please type yours again."
    # when
    later = replace(till, now=till.now + timedelta(minutes=30))
    its_phone = replace(phone, now=later.now)
    refused = [await sell(later, its_phone, asha, pin) for pin in (PIN, "0000")]
    # then
    said = "Too many wrong PINs were typed at this till. It takes one again in 30 minutes."
    assert [(answer["__typename"], answer["message"]) for answer in refused] == [("OperatorUnknown", said)] * 2
    assert await conn.fetchval("SELECT COUNT(*) FROM sales") == 0
    # and the hour is not made longer
    later = replace(till, now=till.now + timedelta(hours=1))
    its_phone = replace(phone, now=later.now)
    assert (await sell(later, its_phone, asha, PIN))["__typename"] == "SaleRecorded"


@pytest.mark.usefixtures("anu")
async def test_right_pins_are_not_counted(till: Api, phone: Api, asha: Person) -> None:
    for _ in range(WRONG_MAX + 5):
        assert (await quote(till, phone, asha, PIN))["__typename"] == "Quote"


@pytest.mark.usefixtures("anu")
async def test_of_many_wrong_pins_at_once_ten_are_told_that_they_are_wrong(till: Api, phone: Api, asha: Person) -> None:
    # given
    code = (await shown_code(phone, asha))["token"]
    # when
    answers = await asyncio.gather(
        *(till.do(QUOTE, **sale_of(code=code), operatorPin=f"{wrong:05d}") for wrong in range(16))
    )
    # then
    told = [answer["message"] for answer in answers if answer["__typename"] == "OperatorUnknown"]
    assert len(told) == 16
    assert sum(message.startswith("This is nobody's PIN") for message in told) == WRONG_MAX


async def test_a_refund_is_answered_again_though_the_pin_is_nobody_s_by_now(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, anu: OperatorId
) -> None:
    # given
    sold = await sell(till, phone, asha, PIN)
    said = {"saleId": sold["sale"]["id"], "lineIds": ["1"], "operatorPin": PIN, "idempotencyKey": str(uuid4())}
    first = await till.do(REFUND, **said)
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=till.now)
    await require(conn, shop)
    before = await counts(conn, "refunds", "refund_lines", "entries")
    # when
    again = await till.do(REFUND, **said)
    unnamed = await till.do(REFUND, **{**said, "operatorPin": None})
    otherwise = await till.do(REFUND, **{**said, "lineIds": ["2"]})
    new = await till.do(REFUND, **{**said, "lineIds": ["2"], "idempotencyKey": str(uuid4())})
    # then
    assert (first["__typename"], first["replayed"]) == ("SaleRefunded", False)
    assert again == unnamed == {**first, "replayed": True}
    assert (otherwise["__typename"], new["__typename"]) == ("IdempotencyKeyReused", "OperatorUnknown")
    assert await counts(conn, "refunds", "refund_lines", "entries") == before
    assert [row["operator_id"] for row in await conn.fetch("SELECT operator_id FROM refunds")] == [anu]


async def looked_up(till: Api, pin: str | None, email: str = "asha@example.com") -> dict[str, Any]:
    document = LOOK_UP.replace("$input: LookUpInput!", "$input: LookUpInput!, $pin: String").replace(
        "(input: $input)", "(input: $input, operatorPin: $pin)"
    )
    answer: dict[str, Any] = (await till(document, input={"email": email}, pin=pin))["lookUp"]
    return answer


async def test_whoever_scans_enrols_or_looks_up_is_named(
    till: Api, phone: Api, asha: Person, conn: Conn, anu: OperatorId
) -> None:
    # when: each once with a PIN and once without
    for given in ({"operatorPin": PIN}, {}):
        code = (await shown_code(phone, asha))["token"]
        answers = [
            await till.do(SCAN, code=code, **given),
            await till.do(ENROL, email="new@example.com", idempotencyKey=str(uuid4()), **given),
            await till.do(ENROL_BY_PHONE, phone="98470 12345", idempotencyKey=str(uuid4()), **given),
            await looked_up(till, given.get("operatorPin")),
            await looked_up(till, given.get("operatorPin"), "nobody@example.com"),
        ]
        assert [answer["__typename"] for answer in answers] == [
            "Visit", "CustomerEnrolled", "CustomerEnrolled", "Visit", "NotFound",
        ]  # fmt: skip
    # then
    rows = await conn.fetch("SELECT operator_id FROM visits ORDER BY visit_id")
    assert [row["operator_id"] for row in rows] == [anu] * 4 + [None] * 4
    rows = await conn.fetch("SELECT operator_id, found FROM look_ups ORDER BY look_up_id")
    assert [(row["operator_id"], row["found"]) for row in rows] == [
        (anu, True), (anu, False), (None, True), (None, False),
    ]  # fmt: skip


@pytest.mark.usefixtures("anu")
async def test_with_a_pin_that_is_nobody_s_nobody_is_scanned_enrolled_or_looked_up(
    till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    # given
    code, wrong = (await shown_code(phone, asha))["token"], {"operatorPin": "0000"}
    tables = ("visits", "used_codes", "customers", "cards", "look_ups", "outbox")
    before = await counts(conn, *tables)
    # when
    answers = [
        await till.do(SCAN, code=code, **wrong),
        await till.do(ENROL, email="new@example.com", idempotencyKey=str(uuid4()), **wrong),
        await till.do(ENROL_BY_PHONE, phone="98470 12345", idempotencyKey=str(uuid4()), **wrong),
        await looked_up(till, "0000"),
    ]
    # then: and each of them is counted, as for sales
    assert [answer["__typename"] for answer in answers] == ["OperatorUnknown"] * 4
    assert await counts(conn, *tables) == before
    assert await conn.fetchval("SELECT hits FROM rate_limits WHERE scope = 'operator_pin.wrong'") == 4
    assert (await till.do(SCAN, code=code, operatorPin=PIN))["__typename"] == "Visit"


async def test_an_enrolment_is_answered_again_though_the_pin_is_nobody_s_by_now(
    till: Api, shop: Shop, conn: Conn, anu: OperatorId
) -> None:
    # given
    said = {"email": "new@example.com", "idempotencyKey": str(uuid4()), "operatorPin": PIN}
    first = await till.do(ENROL, **said)
    await operators.revoke(conn, merchant_id=shop.merchant_id, operator_id=anu, now=till.now)
    # when
    again = await till.do(ENROL, **said)
    otherwise = await till.do(ENROL, **{**said, "email": "other@example.com"})
    new = await till.do(ENROL, **{**said, "idempotencyKey": str(uuid4())})
    # then
    assert again == first
    assert (otherwise["__typename"], new["__typename"]) == ("IdempotencyKeyReused", "OperatorUnknown")
    assert [row["operator_id"] for row in await conn.fetch("SELECT operator_id FROM visits")] == [anu]
