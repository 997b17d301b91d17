"""Gift cards at the till, over the API: what they pay, what numbers are answered, what is sold and what goes back."""

from typing import Any
from uuid import uuid4

import pytest

from auth import gift_cards
from schema.ids import MemberGiftCardKey, encode
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import sale_of, shown_code
from tests.resolvers.documents import SCAN
from tests.resolvers.world import Person, everything
from tests.wallet.ledger.value.scenes import assert_lawful, balances, make_gift_card
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import CheckInPurpose, GiftCardId, Minor

TENDERS = "tenders { last4 paid { amountMinor currency } balanceAfter { amountMinor } }"
NOT_DONE = """
    ... on InvalidInput { problems { field message } }
    ... on InsufficientValue { needed { amountMinor } available { amountMinor } }
    ... on UserError { message }
"""
QUOTE = f"""
    mutation ($input: SaleInput!) {{ quote(input: $input) {{
        __typename
        ... on Quote {{ id due {{ amountMinor }} earns receiptText {TENDERS} }}
        {NOT_DONE}
    }} }}
"""
CHECKOUT = f"""
    mutation ($input: CheckoutInput!) {{ checkout(input: $input) {{
        __typename
        ... on SaleRecorded {{
            replayed sale {{ id due {{ amountMinor }} points receiptText {TENDERS} }}
            giftCardsSold {{ lineId number pin balance {{ amountMinor currency }} }}
        }}
        {NOT_DONE}
    }} }}
"""
REFUND = """
    mutation ($input: RefundInput!) { refund(input: $input) {
        __typename
        ... on SaleRefunded {
            refundDue { amountMinor } returnedTenders { last4 paid { amountMinor } balanceAfter { amountMinor } }
        }
        ... on InvalidInput { problems { field message } }
        ... on UserError { message }
    } }
"""
OFFLINE = """
    mutation ($input: SettleOfflineInput!) { settleOffline(input: $input) {
        __typename
        ... on OfflineSettled { results {
            __typename ... on InvalidInput { problems { field message } } ... on UserError { message }
        } }
    } }
"""
OPERATIONS = (
    "query ($id: ID!) { operations(visitId: $id) { canBeUndone sale { due { amountMinor } tenders { last4 } } } }"
)


@pytest.fixture
async def visit(till: Api, phone: Api, asha: Person) -> str:
    code = await shown_code(phone, asha, CheckInPurpose.REDEEM)
    return str((await till.do(SCAN, code=code["token"]))["id"])


async def numbered(conn: Conn, till: Api, shop: Shop, amount: int) -> tuple[str, str]:
    """The number and the PIN of a card with so much on it."""
    mint = gift_cards.minter(till.house.box, merchant_id=shop.merchant_id)
    async with conn.transaction():
        opened = await value.open(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=mint, now=till.now
        )
        cause = ValueCause(till.now)
        await value.activate(conn, opened.card, amount=Minor(amount), expires_at=None, cause=cause, now=till.now)
    return opened.minted.number, opened.minted.pin


def by_id(shop: Shop, card: GiftCardId, **amount: int) -> dict[str, Any]:
    return {"giftCard": {"id": encode(MemberGiftCardKey(shop.merchant_id, card))}, **amount}


def by_number(number: str, **amount: int) -> dict[str, Any]:
    return {"giftCard": {"number": number}, **amount}


def keyed(sale: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"sale": sale, "idempotencyKey": str(uuid4()), **more}


async def test_cards_pay_and_the_receipt_names_them(
    till: Api, shop: Shop, asha: Person, visit: str, conn: Conn
) -> None:
    # given Asha's own card and one that she was handed
    mine = await make_gift_card(conn, shop, 20_000, owner=asha.customer_id, now=till.now)
    number, _ = await numbered(conn, till, shop, 100_000)
    tenders = [by_id(shop, mine), by_number(f"{number[:4]} {number[4:]}", amountMinor=30_000)]
    sale = {**sale_of(visit=visit), "tenders": tenders}
    # when 530 rupees are quoted and done
    quoted = await till.do(QUOTE, **sale)
    said = keyed(sale, quoteId=quoted["id"])
    answer = await till.do(CHECKOUT, **said)
    # then
    assert (quoted["__typename"], answer["__typename"]) == ("Quote", "SaleRecorded"), (quoted, answer)
    assert [(each["paid"]["amountMinor"], each["balanceAfter"]["amountMinor"]) for each in quoted["tenders"]] == [
        (20_000, 0),
        (30_000, 70_000),
    ]
    assert quoted["tenders"][1]["last4"] == number[-4:]
    assert answer["sale"]["tenders"] == quoted["tenders"]
    assert answer["sale"]["due"] == quoted["due"] == {"amountMinor": 3_000}
    assert answer["sale"]["points"] == quoted["earns"] == 50
    last4 = quoted["tenders"][0]["last4"]
    assert answer["sale"]["receiptText"] == quoted["receiptText"]
    assert answer["sale"]["receiptText"] == (
        f"You earned 50 beans with this purchase. The gift card ending in {last4} paid ₹200; ₹0 is left on it."
        f" The gift card ending in {number[-4:]} paid ₹300; ₹700 is left on it."
    )
    # and the same key says the same, and the list of what was done knows it
    again = await till.do(CHECKOUT, **said)
    assert (again.pop("replayed"), answer.pop("replayed")) == (True, False)
    assert again == answer
    [done] = (await till(OPERATIONS, id=visit))["operations"]
    assert done == {
        "canBeUndone": True,
        "sale": {"due": {"amountMinor": 3_000}, "tenders": [{"last4": last4}, {"last4": number[-4:]}]},
    }
    # and undone, all of it is where it was
    back = await till.do(REFUND, saleId=answer["sale"]["id"], idempotencyKey=str(uuid4()))
    assert back["refundDue"] == {"amountMinor": 3_000}
    assert [(each["last4"], each["paid"]["amountMinor"]) for each in back["returnedTenders"]] == [
        (number[-4:], 30_000),
        (last4, 20_000),
    ]
    assert await balances(conn, shop) == [20_000, 100_000]
    await assert_lawful(conn)


async def test_above_the_limit_the_pin_stands_behind_the_number(till: Api, shop: Shop, visit: str, conn: Conn) -> None:
    number, pin = await numbered(conn, till, shop, 300_000)
    sale = {**sale_of(visit=visit, amount_minor=200_000), "tenders": [by_number(number)]}

    alone = await till.do(QUOTE, **sale)
    with_pin = await till.do(QUOTE, **{**sale, "tenders": [by_number(number + pin)]})

    assert alone["__typename"] == "GiftCardNotUsable"
    assert alone["message"] == (
        f"To pay more than ₹1,000 with the gift card ending in {number[-4:]}, its PIN is needed. Type it behind the"
        " number."
    )
    assert with_pin["tenders"][0]["balanceAfter"] == {"amountMinor": 97_000}


async def test_wrong_numbers_and_pins_are_alike_and_are_counted(till: Api, shop: Shop, visit: str, conn: Conn) -> None:
    # given a card, one of another merchant's, a wrong PIN, and what is no number at all
    number, pin = await numbered(conn, till, shop, 300_000)
    stranger = await make_shop(conn, now=till.now)
    theirs, _ = await numbered(conn, till, stranger, 300_000)
    wrong = f"{(int(pin) + 1) % 10**6:06d}"
    before = await balances(conn, shop)
    # when they are tried, quoted and sold
    answers = [
        await (till.do(QUOTE, **sale) if quoting else till.do(CHECKOUT, **keyed(sale)))
        for said in (theirs, number + wrong, "1234")
        for quoting in (True, False)
        for sale in [{**sale_of(visit=visit), "tenders": [by_number(said)]}]
    ]
    # then they are told apart by nothing
    assert {each["__typename"] for each in answers} == {"GiftCardNotUsable"}
    assert {each["message"] for each in answers} == {"This gift card was not found. Check its number and its PIN."}
    # and when the PIN was wrong five times in an hour, the right one is not tried
    sale = {**sale_of(visit=visit), "tenders": [by_number(number + wrong)]}
    for _ in range(3):
        await till.do(QUOTE, **sale)
    locked = await till.do(CHECKOUT, **keyed({**sale, "tenders": [by_number(number + pin)]}))
    assert locked["__typename"] == "GiftCardNotUsable"
    assert locked["message"].startswith("Too many numbers or PINs of gift cards were wrong.")
    assert await balances(conn, shop) == before


async def test_right_numbers_are_not_counted(till: Api, shop: Shop, visit: str, conn: Conn) -> None:
    number, pin = await numbered(conn, till, shop, 300_000)
    sale = {**sale_of(visit=visit), "tenders": [by_number(number + pin, amountMinor=300_001)]}

    for _ in range(12):
        answer = await till.do(QUOTE, **sale)
        assert answer["__typename"] == "InvalidInput"
    sale["tenders"] = [by_number(number)]
    assert (await till.do(QUOTE, **sale))["__typename"] == "Quote"


async def test_an_earning_code_and_others_cards_pay_nothing(
    till: Api, phone: Api, shop: Shop, asha: Person, ben: Person, visit: str, conn: Conn, new_till: Api
) -> None:
    mine = await make_gift_card(conn, shop, 20_000, owner=asha.customer_id, now=till.now)
    bens = await make_gift_card(conn, shop, 20_000, owner=ben.customer_id, now=till.now)
    stranger = as_terminal(new_till, await make_shop(conn, now=till.now))
    code = (await shown_code(phone, asha))["token"]
    before = await everything(conn)

    earning = await till.do(CHECKOUT, **keyed({**sale_of(code=code), "tenders": [by_id(shop, mine)]}))
    theirs = await till.do(CHECKOUT, **keyed({**sale_of(visit=visit), "tenders": [by_id(shop, bens)]}))
    garbage = await till.do(QUOTE, **{**sale_of(visit=visit), "tenders": [{"giftCard": {"id": "garbage"}}]})
    elsewhere = await stranger.do(QUOTE, **{**sale_of(visit=visit), "tenders": [by_id(shop, mine)]})
    short = await till.do(QUOTE, **{**sale_of(visit=visit), "tenders": [by_id(shop, mine, amountMinor=20_001)]})

    assert earning["__typename"] == "RedeemCodeNeeded"
    assert [each["__typename"] for each in (theirs, garbage, elsewhere)] == ["NotFound"] * 3
    assert (short["needed"]["amountMinor"], short["available"]["amountMinor"]) == (20_001, 20_000)
    assert await everything(conn) == before


async def test_a_card_is_sold_with_a_number_that_then_pays(till: Api, shop: Shop, visit: str, conn: Conn) -> None:
    # given a gift card that is sold, twice asked for
    line = {"lineId": "g", "kind": "GIFT_CARD_SALE", "amountMinor": 10_000}
    said = keyed({**sale_of(visit=visit), "lines": [line]})
    first, again = await till.do(CHECKOUT, **said), await till.do(CHECKOUT, **said)
    [sold] = first["giftCardsSold"]
    assert (sold["lineId"], sold["balance"]) == ("g", {"amountMinor": 10_000, "currency": "INR"})
    assert again["giftCardsSold"] == [sold]
    assert first["sale"]["points"] == 0
    # when it is loaded, and spent
    load = {**line, "loads": {"number": sold["number"]}}
    loaded = await till.do(CHECKOUT, **keyed({**sale_of(visit=visit), "lines": [load]}))
    assert (loaded["__typename"], loaded["giftCardsSold"]) == ("SaleRecorded", [])
    pays = [by_number(sold["number"] + sold["pin"])]
    spent = await till.do(CHECKOUT, **keyed({**sale_of(visit=visit, amount_minor=1_000), "tenders": pays}))
    # then
    assert spent["sale"]["tenders"][0]["balanceAfter"] == {"amountMinor": 16_000}
    refused = await till.do(REFUND, saleId=first["sale"]["id"], idempotencyKey=str(uuid4()))
    assert [problem["field"] for problem in refused["problems"]] == ["lineIds"]
    await assert_lawful(conn)


async def test_without_a_network_no_gift_card_is_used_or_sold(
    till: Api, phone: Api, shop: Shop, asha: Person, conn: Conn
) -> None:
    mine = await make_gift_card(conn, shop, 20_000, owner=asha.customer_id, now=till.now)
    code = (await shown_code(phone, asha))["token"]
    usual, line = sale_of(code=code), {"lineId": "g", "kind": "GIFT_CARD_SALE", "amountMinor": 10_000}
    before = await everything(conn)

    answer = await till.do(
        OFFLINE,
        sales=[
            {"sale": sale, "scannedAt": till.now.isoformat(), "idempotencyKey": str(uuid4())}
            for sale in ({**usual, "tenders": [by_id(shop, mine)]}, {**usual, "lines": [line]})
        ],
    )

    assert [[p["message"] for p in each["problems"]] for each in answer["results"]] == [
        ["Gift cards cannot be used or sold without a network."]
    ] * 2
    assert await everything(conn) == before


async def test_a_sale_is_answered_again_though_its_number_may_not_be_tried_any_more(
    till: Api, shop: Shop, visit: str, conn: Conn
) -> None:
    # given a sale that a number and its PIN paid, and another card that is in no sale
    number, pin = await numbered(conn, till, shop, 300_000)
    other, _ = await numbered(conn, till, shop, 300_000)
    said = keyed({**sale_of(visit=visit), "tenders": [by_number(number + pin)]})
    first = await till.do(CHECKOUT, **said)
    # when its answer is lost, and somebody types five wrong PINs
    wrong = f"{(int(pin) + 1) % 10**6:06d}"
    guess = {**sale_of(visit=visit, receipt="R-2"), "tenders": [by_number(number + wrong)]}
    for _ in range(5):
        await till.do(QUOTE, **guess)
    again = await till.do(CHECKOUT, **said)
    # then the till's second try is told of the sale, which was charged once
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True), again
    assert again == first
    assert await balances(conn, shop) == [247_000, 300_000]
    # and its key tries neither a PIN nor a number: every PIN is answered alike, and so is every number
    sale = said["sale"]
    by_pin = await till.do(CHECKOUT, **{**said, "sale": {**sale, "tenders": [by_number(number + wrong)]}})
    alone = await till.do(CHECKOUT, **{**said, "sale": {**sale, "tenders": [by_number(number)]}})
    assert by_pin["sale"] == first["sale"]
    assert alone["__typename"] == "IdempotencyKeyReused"
    for _ in range(10):
        await till.do(QUOTE, **{**guess, "tenders": [by_number("9" * 8)]})
    theirs, nobodys = [
        await till.do(CHECKOUT, **{**said, "sale": {**sale, "tenders": [by_number(each)]}}) for each in (other, "9" * 8)
    ]
    assert theirs == nobodys == alone
    new = await till.do(CHECKOUT, **keyed({**sale_of(visit=visit, receipt="R-3"), "tenders": [by_number(other)]}))
    assert new["message"].startswith("Too many numbers or PINs of gift cards were wrong.")
    assert await balances(conn, shop) == [247_000, 300_000]


async def test_a_sale_is_answered_again_though_its_number_and_its_code_are_locked(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    number, pin = await numbered(conn, till, shop, 300_000)
    code = (await shown_code(phone, asha, CheckInPurpose.REDEEM))["shortCode"]
    said = keyed({**sale_of(code=code), "tenders": [by_number(number)]})
    first = await till.do(CHECKOUT, **said)
    wrong = f"{(int(pin) + 1) % 10**6:06d}"
    for _ in range(5):
        await till.do(QUOTE, **{**sale_of(code=code), "tenders": [by_number(number + wrong)]})
    for _ in range(10):
        await till.do(SCAN, code="0000000000")

    again = await till.do(CHECKOUT, **said)

    assert (first.pop("replayed"), again.pop("replayed")) == (False, True), again
    assert again == first
