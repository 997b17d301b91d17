from datetime import datetime, timedelta
from uuid import uuid4

from tests.factories import make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import sale_of, scanned, shown_code
from tests.resolvers.documents import CHECKOUT, QUOTE
from tests.resolvers.test_scan import unknown_digits
from tests.resolvers.world import Person, everything
from wallet.database import Conn


async def test_a_quote_says_what_the_checkout_then_does(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    # given a visit
    sale = sale_of(visit=await scanned(till, phone, asha))
    before = await everything(conn)
    # when its sale is quoted
    quote = await till.do(QUOTE, **sale)
    # then nothing is written
    assert await everything(conn) == before
    # and the checkout does what it said
    recorded = await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))
    assert (quote["__typename"], quote["earns"], quote["balanceAfter"]) == ("Quote", 50, 150)
    assert (recorded["sale"]["points"], recorded["card"]["active"]) == (50, 150)
    assert [(line["lineId"], line["points"], line["status"]) for line in quote["lines"]] == [
        ("1", 50, "EARNED"),
        ("2", 0, "EXCLUDED_KIND"),
    ]
    assert quote["lines"] == recorded["sale"]["lines"]


async def test_a_code_that_is_quoted_is_not_used_up(till: Api, phone: Api, asha: Person) -> None:
    code = await shown_code(phone, asha)
    first = await till.do(QUOTE, **sale_of(code=code["token"]))
    second = await till.do(QUOTE, **sale_of(code=code["token"]))
    assert first == second
    assert first["__typename"] == "Quote"


async def test_what_the_checkout_would_refuse_is_refused(
    till: Api, new_till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given a used code, an old one, another merchant's till, and a sale in another currency
    visit = await scanned(till, phone, asha)
    used = await shown_code(phone, asha)
    await till.do(CHECKOUT, sale=sale_of(code=used["token"]), idempotencyKey=str(uuid4()))
    old = await shown_code(phone, asha)
    stranger, late = as_terminal(new_till, await make_shop(conn, now=now)), till.at(now + timedelta(minutes=15))
    before = await everything(conn)
    # when they are quoted
    answers = [
        await till.do(QUOTE, **sale_of(code=used["token"])),
        await late.do(QUOTE, **sale_of(code=old["token"])),
        await late.do(QUOTE, **sale_of(visit=visit)),
        await till.do(QUOTE, **sale_of(code="garbage")),
        await stranger.do(QUOTE, **sale_of(visit=visit)),
        await till.do(QUOTE, **{**sale_of(visit=visit), "currency": "THB"}),
    ]
    # then each says why not, and nothing is written
    assert [answer["__typename"] for answer in answers] == [
        "CodeAlreadyUsed",
        "CodeExpired",
        "NotFound",
        "CodeInvalid",
        "NotFound",
        "InvalidInput",
    ]
    assert answers[-1]["problems"] == [{"field": "currency", "message": "This till works in INR."}]
    assert await everything(conn) == before


async def test_guessing_by_quotes_is_counted_too(till: Api, phone: Api, asha: Person) -> None:
    # given ten wrong codes in quotes
    for number in range(10):
        await till.do(QUOTE, **sale_of(code=unknown_digits(number)))
    # when a right one is typed, then it is no better than a wrong one
    code = await shown_code(phone, asha)
    assert (await till.do(QUOTE, **sale_of(code=code["shortCode"])))["__typename"] == "CodeInvalid"
    assert (await till.do(QUOTE, **sale_of(code=code["token"])))["__typename"] == "Quote"


async def test_a_customer_is_named_in_exactly_one_way(till: Api, phone: Api, asha: Person) -> None:
    visit = await scanned(till, phone, asha)
    for customer in ({}, {"visitId": visit, "code": "1"}, {"visitId": None}, {"visitId": visit, "code": None}):
        said = {**sale_of(), "customer": customer}
        assert await till.failure(QUOTE, input=said) == "BAD_USER_INPUT", customer
