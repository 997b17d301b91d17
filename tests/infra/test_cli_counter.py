"""`regulars operator` and `regulars review`, as a merchant uses them."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.database import Database
from tests.factories import Shop, make_shop
from tests.infra.commands import Done, environment_of, regulars
from tests.wallet.counter import make_member
from tests.wallet.sales.till import checkout, receipt, visit
from wallet.database import Conn
from wallet.rules import ReviewRules, Rules
from wallet.sales import Sale
from wallet.values import Minor

NOBODY = str(UUID(int=7))
NO_SUCH = "There is no such merchant, program, store, terminal, operator, reward, sale or gift card.\n"


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now, rules=Rules(review=ReviewRules(amount_minor=Minor(10_000))))


async def done(database: Database, *arguments: str) -> Done:
    return await regulars(*arguments, environment=environment_of(database))


async def answered(database: Database, *arguments: str) -> dict[str, Any]:
    said = await done(database, *arguments, "--json")
    assert (said.code, said.err) == (0, "")
    answer: dict[str, Any] = json.loads(said.out)
    return answer


async def odd_sale(conn: Conn, shop: Shop, number: str, *, now: datetime) -> Sale:
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, now=now)
    return (await checkout(conn, shop.terminal, customer, receipt(20_000, number=number), now=now)).sale


# ---------------------------------------------------------------- operators


async def test_an_operator_gets_a_pin_is_listed_and_revoked(database: Database, shop: Shop) -> None:
    merchant = ("--merchant", str(shop.merchant_id))
    # when
    anu = await answered(database, "operator", "add", *merchant, "--name", "Anu")
    ben = await answered(database, "operator", "add", *merchant, "--name", "Ben", "--pin", "4711")
    # then
    assert (len(anu["pin"]), anu["pin"].isdigit(), ben["pin"]) == (6, True, "4711")
    listed = await answered(database, "operator", "list", *merchant)
    assert [(each["name"], each["revokedAt"]) for each in listed["operators"]] == [("Anu", None), ("Ben", None)]
    assert "4711" not in json.dumps(listed)
    # and when one leaves
    await answered(database, "operator", "revoke", *merchant, "--operator", ben["operatorId"])
    # then
    listed = await answered(database, "operator", "list", *merchant)
    assert [each["revokedAt"] is None for each in listed["operators"]] == [True, False]
    lines = (await done(database, "operator", "list", *merchant)).out.splitlines()
    assert [line.split()[1].rstrip(",") for line in lines] == ["Anu", "Ben"]


async def test_what_is_no_pin_or_somebody_s_is_said_in_a_sentence(database: Database, shop: Shop, conn: Conn) -> None:
    merchant = ("--merchant", str(shop.merchant_id))
    await answered(database, "operator", "add", *merchant, "--name", "Anu", "--pin", "4711")
    said = [await done(database, "operator", "add", *merchant, "--name", "Ben", "--pin", pin) for pin in ("4711", "12")]
    assert [(each.code, each.err) for each in said] == [
        (2, "pin: Somebody has this PIN already. Choose another one.\n"),
        (2, "pin: A PIN has 4 to 8 digits.\n"),
    ]
    assert await conn.fetchval("SELECT COUNT(*) FROM operators") == 1


async def test_a_merchant_says_whether_pins_are_asked_for(database: Database, shop: Shop, conn: Conn) -> None:
    merchant, asked = ("--merchant", str(shop.merchant_id)), "SELECT operators_required FROM merchants"
    assert await answered(database, "merchant", "require-operators", *merchant) == {"operatorsRequired": True}
    assert await conn.fetchval(asked) is True
    await answered(database, "merchant", "require-operators", *merchant, "--no-required")
    assert await conn.fetchval(asked) is False


# ---------------------------------------------------------------- reviews


async def test_held_sales_are_listed_and_decided(database: Database, shop: Shop, conn: Conn, now: datetime) -> None:
    merchant = ("--merchant", str(shop.merchant_id))
    # given
    first, second = [await odd_sale(conn, shop, number, now=now) for number in ("R-1", "R-2")]
    # when
    listed = (await answered(database, "review", "list", *merchant))["sales"]
    # then
    assert {each["saleId"] for each in listed} == {str(first.sale_id), str(second.sale_id)}
    assert {each["why"] for each in listed} == {"The amount is larger than the rules expect."}
    assert {(each["reason"], each["totalMinor"], each["points"]) for each in listed} == {
        ("review_large_amount", 20_000, 200)
    }
    lines = (await done(database, "review", "list", *merchant, "--most", "1")).out.splitlines()
    assert len(lines) == 1
    assert "200 points: The amount is larger than the rules expect." in lines[0]
    # and when
    released = await answered(database, "review", "release", *merchant, "--sale", str(first.sale_id))
    refused = await answered(database, "review", "refuse", *merchant, "--sale", str(second.sale_id))
    # then
    assert (released["points"], refused["points"]) == (200, 200)
    reviews = {row["sale_id"]: row["review"] for row in await conn.fetch("SELECT sale_id, review FROM sales")}
    assert reviews == {first.sale_id: "RELEASED", second.sale_id: "REFUSED"}
    assert await answered(database, "review", "list", *merchant) == {"sales": []}
    assert (await done(database, "review", "list", *merchant)).out == ""
    again = await done(database, "review", "refuse", *merchant, "--sale", str(first.sale_id))
    assert (again.code, again.err) == (
        2,
        "sale: This sale does not wait for a decision, or somebody has decided it already.\n",
    )


async def test_what_is_another_merchant_s_is_said_not_to_exist(
    database: Database, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given
    sale = await odd_sale(conn, shop, "R-1", now=now)
    anu = await answered(database, "operator", "add", "--merchant", str(shop.merchant_id), "--name", "Anu")
    other = ("--merchant", str((await make_shop(conn, now=now)).merchant_id))
    # when
    said = [
        await done(database, "review", "release", *other, "--sale", str(sale.sale_id)),
        await done(database, "review", "refuse", *other, "--sale", str(sale.sale_id)),
        await done(database, "operator", "revoke", *other, "--operator", anu["operatorId"]),
        await done(database, "operator", "revoke", *other, "--operator", str(uuid4())),
        await done(database, "operator", "add", "--merchant", NOBODY, "--name", "Ben"),
        await done(database, "merchant", "require-operators", "--merchant", NOBODY),
    ]
    # then
    assert [(each.code, each.out, each.err) for each in said] == [(2, "", NO_SUCH)] * 6
    owner = await asyncpg.connect(database.owner_dsn)
    assert await owner.fetchval("SELECT review FROM sales") == "HELD"
    assert await owner.fetchval("SELECT COUNT(*) FROM operators WHERE revoked_at IS NULL") == 1
    await owner.close()
