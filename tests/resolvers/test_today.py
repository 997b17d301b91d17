"""The day at the counter, as the page of a till shows it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.database import StatementCounter
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop, make_card, make_customer, make_shop
from tests.resolvers.api import Api, as_customer, as_terminal, sign_in
from tests.resolvers.counter import recorded, sale_of, scanned, shown_code
from tests.resolvers.documents import CHECKOUT, REFUND, SALE, SCAN
from tests.resolvers.rewarding import reward_id
from tests.resolvers.test_enrol import enrolled
from tests.resolvers.world import Person, asked, everything
from tests.wallet.counter import another_store
from wallet.database import Conn
from wallet.rewards import Reward
from wallet.values import CheckInPurpose

TODAY = (
    """
    query ($first: Int! = 20, $after: String) {
        today(first: $first, after: $after) {
            sales {
                edges {
                    cursor
                    node {
                        sale { ...SaleParts refunded { amountMinor currency } refundedDue { amountMinor }
                            refundedStamps }
                        customerName occurredAt refunded whollyRefunded canBeUndone reason
                    }
                }
                pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            }
            salesCount taken { amountMinor currency } points stamps
        }
    }
"""
    + SALE
)
NOTHING = {
    "sales": {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    },
    "salesCount": 0,
    "taken": {"amountMinor": 0, "currency": "INR"},
    "points": 0,
    "stamps": 0,
}
OPERATIONS = (
    """
    query ($visitId: ID!) { operations(visitId: $visitId) {
        sale { ...SaleParts refunded { amountMinor currency } refundedDue { amountMinor } refundedStamps }
        customerName occurredAt refunded whollyRefunded canBeUndone reason
    } }
"""
    + SALE
)


async def today(till: Api, **page: object) -> dict[str, Any]:
    found: dict[str, Any] = (await till(TODAY, **page))["today"]
    return found


def nodes(day: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in day["sales"]["edges"]]


async def till_of(new_till: Api, shop: Shop, conn: Conn, **other: Any) -> Api:
    """A till of another shop or store, with a session of its own."""
    its = replace(shop, **other)
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, its.merchant_id, its.terminal_id, new_till.now)
    return as_terminal(new_till, replace(its, session_id=session_id))


async def test_till_sees_the_sales_of_the_day_and_what_they_come_to(
    till: Api, phone: Api, other_phone: Api, asha: Person, ben: Person
) -> None:
    # given
    assert await today(till) == NOTHING
    sold = await recorded(till, phone, asha, receiptNumber="Asha's")
    soon = till.at(till.now + timedelta(minutes=1))
    await recorded(soon, other_phone.at(soon.now), ben, receiptNumber="Ben's")
    # when
    day = await today(soon)
    # then the newest is first, by the name that the counter may see
    assert [(node["customerName"], node["sale"]["receiptNumber"]) for node in nodes(day)] == [
        ("Member", "Ben's"),
        ("Asha", "Asha's"),
    ]
    assert "@" not in str(day)
    [_, first] = nodes(day)
    assert first["sale"] == {
        **sold["sale"],
        "refunded": {"amountMinor": 0, "currency": "INR"},
        "refundedDue": {"amountMinor": 0},
        "refundedStamps": 0,
    }
    assert (first["refunded"], first["whollyRefunded"], first["canBeUndone"]) == (False, False, True)
    assert (day["salesCount"], day["taken"]["amountMinor"], day["points"]) == (2, 2 * 53_000, 2 * 50)


async def test_what_is_undone_from_the_list_is_marked_there_and_off_the_sums(
    till: Api, phone: Api, asha: Person
) -> None:
    # given two sales, of one of which the delivery has come back
    for number in ("R-1", "R-2"):
        await recorded(till, phone, asha, receiptNumber=number)
    [second, first] = nodes(await today(till))
    await till.do(REFUND, saleId=first["sale"]["id"], lineIds=["2"], idempotencyKey=str(uuid4()))
    [_, part] = nodes(await today(till))
    assert (part["refunded"], part["whollyRefunded"], part["canBeUndone"]) == (True, False, True)
    assert part["sale"]["refunded"] == {"amountMinor": 3_000, "currency": "INR"}
    # when the till undoes the other by its id
    await till.do(REFUND, saleId=second["sale"]["id"], idempotencyKey=str(uuid4()))
    # then
    day = await today(till)
    [undone, part] = nodes(day)
    assert (undone["refunded"], undone["whollyRefunded"], undone["canBeUndone"]) == (True, True, False)
    assert undone["reason"] == "It has come back already."
    assert (undone["sale"]["refundedDue"], undone["sale"]["refundedPoints"]) == ({"amountMinor": 53_000}, 50)
    assert (day["salesCount"], day["taken"]["amountMinor"], day["points"]) == (2, 50_000, 50)
    # and says of the sale what the visit's list does
    assert await till(OPERATIONS, visitId=await scanned(till, phone, asha)) == {"operations": [undone, part]}


async def test_pages_go_on_where_the_last_one_ended_and_carry_the_same_sums(
    till: Api, phone: Api, asha: Person
) -> None:
    # given five sales, two at each moment
    for at in range(5):
        moment = till.now + timedelta(seconds=at // 2)
        await recorded(till.at(moment), phone.at(moment), asha, receiptNumber=str(at))
    till = till.at(till.now + timedelta(minutes=1))
    whole = await today(till)
    # when
    seen, after, pages = list[dict[str, Any]](), None, list[dict[str, Any]]()
    while after is not None or not pages:
        page = await today(till, first=2, after=after)
        info = page["sales"]["pageInfo"]
        assert info["hasPreviousPage"] == (after is not None)
        assert info["endCursor"] == page["sales"]["edges"][-1]["cursor"]
        seen += page["sales"]["edges"]
        pages.append(page)
        after = info["endCursor"] if info["hasNextPage"] else None
    # then
    assert [len(page["sales"]["edges"]) for page in pages] == [2, 2, 1]
    assert seen == whole["sales"]["edges"]
    assert {each["sale"]["receiptNumber"] for each in nodes(whole)} == set("01234")
    for page in pages:
        assert {**page, "sales": None} == {**whole, "sales": None}


async def test_bad_pages_are_refused(till: Api, phone: Api, asha: Person) -> None:
    await recorded(till, phone, asha)
    for page in ({"first": 0}, {"first": 101}, {"after": "garbage"}, {"after": asha.card}):
        assert await till.failure(TODAY, **page) == "BAD_USER_INPUT"


async def test_only_the_stores_own_tills_see_it(
    till: Api, new_till: Api, anybody: Api, phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    # given
    await recorded(till, phone, asha)
    elsewhere = await another_store(conn, shop, now=till.now)
    other = await make_shop(conn, now=till.now)
    before = await everything(conn)
    # then
    cursor = (await today(till))["sales"]["edges"][0]["cursor"]
    for stranger in (
        await till_of(new_till, shop, conn, terminal_id=elsewhere.terminal_id),
        as_terminal(new_till, other),
    ):
        assert await today(stranger) == NOTHING
        assert nodes(await today(stranger, after=cursor)) == []
    assert await new_till.failure(TODAY) == "UNAUTHENTICATED"
    # and looking has changed nothing but that a till has begun a session
    assert {**await everything(conn), "sessions": ""} == {**before, "sessions": ""}


async def test_name_that_the_counter_may_not_see_is_not_told_by_the_list(
    till: Api, anybody: Api, shop: Shop, conn: Conn
) -> None:
    # given somebody who gave their name elsewhere, whom the till enrols by their address
    yesterday = till.now - timedelta(days=1)
    customer_id = await make_customer(conn, email="new@example.com", name="Nila", now=yesterday)
    visit = (await enrolled(till, "new@example.com"))["visit"]
    sale = {**sale_of(visit=visit["id"]), "receiptNumber": "R-1"}
    await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))
    assert [node["customerName"] for node in nodes(await today(till))] == ["Member"] == [visit["card"]["displayName"]]
    # when they show a code
    session_id = await sign_in(conn, customer_id, now=till.now)
    card_id = await make_card(conn, shop, customer_id, now=till.now)
    person = Person(customer_id, session_id, shop.merchant_id, card_id)
    await till.do(SCAN, code=(await shown_code(as_customer(anybody, customer_id, session_id), person))["token"])
    # then
    assert [node["customerName"] for node in nodes(await today(till))] == ["Nila"]


async def test_day_takes_as_many_statements_however_much_was_sold_to_however_many(
    till: Api, phone: Api, other_phone: Api, asha: Person, ben: Person, coffee: Reward, statements: StatementCounter
) -> None:
    # given a sale with a reward
    code = (await shown_code(phone, asha, CheckInPurpose.REDEEM))["token"]
    sale = {**sale_of(code=code), "rewardIds": [reward_id(coffee)]}
    answer = await till.do(CHECKOUT, sale=sale, idempotencyKey=str(uuid4()))
    assert answer["__typename"] == "SaleRecorded", answer
    await today(till)
    async with statements.counted() as few:
        assert len(nodes(await today(till))) == 1
    for at in range(6):
        its_phone, person = ((phone, asha), (other_phone, ben))[at % 2]
        done = await recorded(till, its_phone, person, receiptNumber=f"R-{at}")
        if at < 4:
            await till.do(REFUND, saleId=done["sale"]["id"], lineIds=["2"], idempotencyKey=str(uuid4()))
    # when
    async with statements.counted() as many:
        assert len(nodes(await today(till))) == 7
    # then: the till, the sales of the page, what they are, rewards used, the sums, the customers
    assert len(asked(few)) == len(asked(many)) == 6


async def test_more_than_a_money_can_say_is_null_and_the_rest_is_told(till: Api, phone: Api, asha: Person) -> None:
    for number in ("R-1", "R-2"):
        lines = [{"lineId": "1", "kind": "SHIPPING", "amountMinor": 2**31 - 1}]
        await recorded(till, phone, asha, receiptNumber=number, lines=lines)
    day = await today(till)
    assert (day["taken"], day["salesCount"], len(nodes(day))) == (None, 2, 2)
    [first, _] = nodes(day)
    await till.do(REFUND, saleId=first["sale"]["id"], idempotencyKey=str(uuid4()))
    assert (await today(till))["taken"] == {"amountMinor": 2**31 - 1, "currency": "INR"}
