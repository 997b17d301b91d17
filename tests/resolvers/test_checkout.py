from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from schema.ids import VisitKey, encode
from tests.database import StatementCounter
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_customer, as_terminal
from tests.resolvers.conftest import make_person
from tests.resolvers.counter import recorded, sale_of, scanned, shown_code
from tests.resolvers.documents import CHECKOUT, SCAN
from tests.resolvers.test_sale import SALE_QUERY
from tests.resolvers.test_scan import unknown_digits
from tests.resolvers.world import Person, asked, count, everything
from wallet.database import Conn
from wallet.rules import Rules
from wallet.values import Minor, Points, VisitId


async def test_a_sale_earns(till: Api, phone: Api, asha: Person) -> None:
    # when Asha buys for ₹500 and has it delivered for ₹30
    answer = await recorded(till, phone, asha)
    # then she has 50 beans more, and every line says why
    assert answer["replayed"] is False
    sale = answer["sale"]
    assert (sale["receiptNumber"], sale["points"], sale["refundedPoints"]) == ("R-1", 50, 0)
    assert sale["total"] == {"amountMinor": 53_000, "currency": "INR"}
    assert sale["occurredAt"] == "2026-11-22T09:30:00Z"
    assert sale["receiptText"] == "You earned 50 beans with this purchase."
    assert sale["lines"] == [
        {
            "lineId": "1",
            "points": 50,
            "status": "EARNED",
            "reason": "50 for ₹500.",
        },
        {"lineId": "2", "points": 0, "status": "EXCLUDED_KIND", "reason": "Delivery earns nothing."},
    ]
    assert (answer["card"]["active"], answer["card"]["revision"]) == (150, 2)
    assert till.published == [(asha.merchant_id, asha.card_id)]


async def test_earning_nothing_is_no_failure(till: Api, phone: Api, asha: Person) -> None:
    answer = await recorded(till, phone, asha, lines=[{"lineId": "1", "kind": "TIP", "amountMinor": 50_000}])
    assert (answer["sale"]["points"], answer["card"]["active"]) == (0, 100)
    assert answer["sale"]["receiptText"] == "This purchase earned no beans."
    assert till.published == []


async def test_points_that_wait_have_their_day_on_the_receipt(new_till: Api, anybody: Api, conn: Conn) -> None:
    # given a program whose points wait for three days
    rules = Rules(points=Points(1), per_minor=Minor(10_000), pending_days=3)
    shop = await make_shop(conn, now=new_till.now, rules=rules)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=new_till.now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    # when she buys, and when she buys for too little
    answer = await recorded(till, phone, person)
    small = await recorded(till, phone, person, lines=[{"lineId": "1", "amountMinor": 9_999}])
    # then the receipt says when, and a copy of it says the same once the day has come
    assert (answer["card"]["active"], answer["card"]["pending"]) == (0, 5)
    said = "You earned 5 beans with this purchase, to spend from 26 November 2026 on."
    assert answer["sale"]["receiptText"] == said
    later = as_terminal(new_till.at(new_till.now + timedelta(days=9)), shop)
    assert (await later(SALE_QUERY, id=answer["sale"]["id"]))["sale"]["receiptText"] == said
    assert small["sale"]["receiptText"] == "This purchase earned no beans."


async def test_the_receipt_of_a_late_sale_says_nothing_of_a_wait_that_is_over(
    new_till: Api, anybody: Api, conn: Conn
) -> None:
    shop = await make_shop(conn, now=new_till.now - timedelta(days=5), rules=Rules(pending_days=1))
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=new_till.now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    # when a till tells today of a sale of the day before yesterday
    answer = await recorded(till, phone, person, occurredAt="2026-11-20T09:30:00Z")
    # then its points can be spent
    assert (answer["card"]["active"], answer["card"]["pending"]) == (500, 0)
    assert answer["sale"]["receiptText"] == "You earned 500 beans with this purchase."


async def test_every_line_says_the_same_when_the_sale_is_read_back(new_till: Api, anybody: Api, conn: Conn) -> None:
    # given a card that carries ₹70 on its way to a bean per ₹100
    rules = Rules(points=Points(1), per_minor=Minor(10_000), carry_remainder=True)
    shop = await make_shop(conn, now=new_till.now, rules=rules)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", now=new_till.now)
    till, phone = as_terminal(new_till, shop), as_customer(anybody, person.customer_id, person.session_id)
    await recorded(till, phone, person, lines=[{"lineId": "1", "amountMinor": 7_000}])
    # when three coffees and a tip are bought
    amounts = [("1", "ITEM", 3_000), ("2", "TIP", 5_000), ("3", "ITEM", 10_000), ("4", "ITEM", 7_500)]
    lines = [{"lineId": line, "kind": kind, "amountMinor": amount} for line, kind, amount in amounts]
    sold = (await recorded(till, phone, person, receiptNumber="R-2", lines=lines))["sale"]
    # then each line says what counted with it, and so it does on every copy
    assert [(line["points"], line["reason"]) for line in sold["lines"]] == [
        (1, "1 for ₹30, counted with what was left from earlier purchases."),
        (0, "Tips earn nothing."),
        (1, "1 for ₹100."),
        (0, "No full step yet: ₹75 counts towards the next one."),
    ]
    assert (await till(SALE_QUERY, id=sold["id"]))["sale"] == sold
    # and the next purchase needs what both left
    lines = [{"lineId": "1", "amountMinor": 1_500}, {"lineId": "2", "amountMinor": 1_000}]
    sold = (await recorded(till, phone, person, receiptNumber="R-3", lines=lines))["sale"]
    assert sold["lines"][1]["reason"] == (
        "1 for ₹10, counted with the lines before it and what was left from earlier purchases."
    )
    assert (await till(SALE_QUERY, id=sold["id"]))["sale"] == sold


async def test_a_checkout_takes_at_most_twelve_statements(
    till: Api, phone: Api, asha: Person, statements: StatementCounter
) -> None:
    code = (await shown_code(phone, asha))["token"]
    async with statements.counted() as seen:
        await till.do(CHECKOUT, sale=sale_of(code=code), idempotencyKey=str(uuid4()))
    assert len(asked(seen)) <= 12, asked(seen)
    visit = await scanned(till, phone, asha)
    async with statements.counted() as seen:
        await till.do(CHECKOUT, sale=sale_of(visit=visit, receipt="R-2"), idempotencyKey=str(uuid4()))
    assert len(asked(seen)) <= 12, asked(seen)


async def test_the_same_key_gives_the_same_sale(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    # given a recorded sale
    said = {"sale": sale_of(code=(await shown_code(phone, asha))["token"]), "idempotencyKey": str(uuid4())}
    first = await till.do(CHECKOUT, **said)
    before = await everything(conn)
    # when the till did not hear and sends it again
    again = await till.do(CHECKOUT, **said)
    # then it is the same sale
    assert first.pop("replayed") is False
    assert again.pop("replayed") is True
    assert again == first
    assert await everything(conn) == before
    assert len(till.published) == 1


async def test_a_repeated_sale_is_answered_though_typing_is_locked_meanwhile(
    till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    # given a sale by typed digits, then ten wrong codes
    digits = (await shown_code(phone, asha))["shortCode"]
    said = {"sale": sale_of(code=digits), "idempotencyKey": str(uuid4())}
    first = await till.do(CHECKOUT, **said)
    for number in range(10):
        await till.do(SCAN, code=unknown_digits(number))
    before = await everything(conn)
    # when it is sent again, then it is the same sale
    again = await till.do(CHECKOUT, **said)
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    # and neither the key with other digits nor the digits with another key do anything
    other = await till.do(CHECKOUT, **{**said, "sale": sale_of(code=unknown_digits(1))})
    fresh = await till.do(CHECKOUT, **{**said, "idempotencyKey": str(uuid4())})
    assert (other["__typename"], fresh["__typename"]) == ("IdempotencyKeyReused", "CodeInvalid")
    assert await everything(conn) == before


async def test_a_repeated_sale_is_answered_though_the_key_of_its_code_has_ended(
    till: Api, phone: Api, asha: Person, conn: Conn
) -> None:
    # given a sale by a code whose signature cannot be checked any more
    code = (await shown_code(phone, asha))["token"]
    said = {"sale": sale_of(code=code), "idempotencyKey": str(uuid4())}
    first = await till.do(CHECKOUT, **said)
    unknown = f"9{(int(code[1:3]) + 1) % 100:02d}{code[3:]}"
    before = await everything(conn)
    # when it is sent again, then it is the same sale
    again = await till.do(CHECKOUT, **{**said, "sale": sale_of(code=unknown)})
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert again == first
    # and under a new key such a code is none
    fresh = await till.do(CHECKOUT, sale=sale_of(code=unknown), idempotencyKey=str(uuid4()))
    assert fresh["__typename"] == "CodeInvalid"
    assert await everything(conn) == before


async def test_a_key_that_came_with_another_sale_is_refused(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    key, visit = str(uuid4()), await scanned(till, phone, asha)
    await till.do(CHECKOUT, sale=sale_of(visit=visit), idempotencyKey=key)
    before = await everything(conn)
    answer = await till.do(CHECKOUT, sale=sale_of(visit=visit, amount_minor=60_000), idempotencyKey=key)
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_a_code_is_good_for_one_sale(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    code = (await shown_code(phone, asha))["token"]
    await till.do(CHECKOUT, sale=sale_of(code=code), idempotencyKey=str(uuid4()))
    before = await everything(conn)
    answer = await till.do(CHECKOUT, sale=sale_of(code=code, receipt="R-2"), idempotencyKey=str(uuid4()))
    assert (answer["__typename"], answer["usedAt"]) == ("CodeAlreadyUsed", "2026-11-22T09:30:00Z")
    assert await everything(conn) == before


async def test_old_codes_are_expired_and_old_visits_not_found(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    visit, code = await scanned(till, phone, asha), (await shown_code(phone, asha))["token"]
    before, late = await everything(conn), till.at(now + timedelta(minutes=15))
    for sale, refusal in ((sale_of(visit=visit), "NotFound"), (sale_of(code=code), "CodeExpired")):
        answer = await late.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))
        assert answer["__typename"] == refusal
    assert await everything(conn) == before


async def test_what_is_no_code_is_invalid(till: Api, conn: Conn) -> None:
    before = await everything(conn)
    for code in ("garbage", "", "0" * 218, unknown_digits(1)):
        answer = await till.do(CHECKOUT, sale=sale_of(code=code), idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "CodeInvalid"
    assert await everything(conn) == before


async def test_another_stores_visit_is_not_found(
    till: Api, new_till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given another merchant's open visit, one that never was, and what is no visit
    other = await make_shop(conn, now=now)
    cara = await make_person(conn, other, email="cara@example.com", name=None, now=now)
    theirs = await scanned(as_terminal(new_till, other), as_customer(phone, cara.customer_id, cara.session_id), cara)
    never = encode(VisitKey(shop.merchant_id, VisitId(uuid4())))
    before = await everything(conn)
    # when the till sells to them, then all are answered alike
    for visit in (theirs, never, asha.card, "garbage"):
        answer = await till.do(CHECKOUT, sale=sale_of(visit=visit), idempotencyKey=str(uuid4()))
        assert answer["__typename"] == "NotFound"
    assert await everything(conn) == before


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"receiptNumber": ""}, "receiptNumber"),
        ({"receiptNumber": "x" * 81}, "receiptNumber"),
        ({"currency": "THB"}, "currency"),
        ({"lines": []}, "lines"),
        ({"lines": [{"lineId": "1", "amountMinor": -1}]}, "lines[0].amountMinor"),
        ({"lines": [{"lineId": "1", "amountMinor": 1, "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"lineId": "1", "amountMinor": 1}] * 2}, "lines[1].lineId"),
        ({"lines": [{"lineId": str(n), "amountMinor": 2**31 - 1} for n in range(2)]}, "lines"),
        ({"occurredAt": "2026-11-22T10:00:00Z"}, "occurredAt"),
        ({"occurredAt": "2026-11-01T10:00:00Z"}, "occurredAt"),
    ],
)
async def test_what_is_no_sale_is_said_so(
    till: Api, phone: Api, asha: Person, conn: Conn, facts: dict[str, object], field: str
) -> None:
    code = (await shown_code(phone, asha))["token"]
    before = await everything(conn)
    answer = await till.do(CHECKOUT, sale={**sale_of(code=code), **facts}, idempotencyKey=str(uuid4()))
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == [field]
    assert await everything(conn) == before
    # and the code is still good
    assert (await till.do(SCAN, code=code))["__typename"] == "Visit"


async def test_a_device_that_is_no_till_sells_nothing(new_till: Api, conn: Conn) -> None:
    said = {"sale": sale_of(code="1"), "idempotencyKey": str(uuid4())}
    assert await new_till.failure(CHECKOUT, input=said) == "UNAUTHENTICATED"
    assert await count(conn, "sales") == 0
