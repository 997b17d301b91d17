"""`regulars program replay` and `preview`, as an owner uses them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.database import Database
from tests.factories import Shop, make_reward, make_shop
from tests.infra.commands import Done, environment_of, regulars
from tests.wallet.counter import make_member
from tests.wallet.sales.till import checkout, receipt, visit
from wallet.database import Conn
from wallet.rules import Caps, Multiplier, ReviewRules, Rules
from wallet.values import Minor, Points, RewardKind

PLAIN = Rules(points=Points(1), per_minor=Minor(1_000), carry_remainder=True)
BREAD = replace(PLAIN, multipliers=(Multiplier("Fresh bread", 200, categories=("bread",), weekdays=(2,)),))


@pytest.fixture
async def shop(conn: Conn) -> Shop:
    """A shop with a member to whom something was sold an hour ago."""
    now = datetime.now(UTC) - timedelta(hours=1)
    shop = await make_shop(conn, rules=PLAIN, now=now)
    await make_reward(
        conn, shop, slug="ten-off", kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(1_000), cost_points=20, now=now
    )
    member = await make_member(conn, shop, name="Anu Thomas", now=now)
    customer = await visit(conn, shop, member, now=now)
    await checkout(conn, shop.terminal, customer, receipt(100_000), now=now)
    return shop


def written(folder: Path, name: str, said: object) -> str:
    file = folder / name
    file.write_text(json.dumps(said))
    return str(file)


async def run(database: Database, shop: Shop, command: str, *arguments: str) -> Done:
    environment = environment_of(database)
    return await regulars("program", command, "--program", shop.slug, *arguments, environment=environment)


async def answered(database: Database, shop: Shop, command: str, *arguments: str) -> dict[str, Any]:
    done = await run(database, shop, command, *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


async def rows(conn: Conn) -> list[int]:
    tables = ("entries", "sales", "program_revisions", "cards", "lots")
    return [await conn.fetchval(f"SELECT COUNT(*) FROM {table}") for table in tables]


# ---------------------------------------------------------------- replay


async def test_a_draft_is_replayed_for_a_script_and_writes_nothing(
    database: Database, conn: Conn, shop: Shop, tmp_path: Path
) -> None:
    draft = replace(PLAIN, points=Points(2), caps=Caps(per_sale=Points(150)))
    file = written(tmp_path, "draft.json", draft.to_json())
    before = await rows(conn)
    # when
    found = await answered(database, shop, "replay", "--rules", file, "--days", "30")
    # then
    assert (found["sales"], found["members"], found["given"]["points"], found["draft"]["points"]) == (1, 1, 100, 150)
    assert found["costMinor"] == {"given": 5_000, "draft": 7_500, "difference": 2_500}
    assert (found["pointMinor"], found["pointMinorByReward"]) == ("50", "ten-off")
    assert (found["gaining"], found["losing"], found["suspects"], found["cappedSales"]) == (1, 0, 1, 1)
    [gained] = found["mostGained"]
    assert (gained["card"][0], gained["card"][5:], gained["change"]) == ("…", " A…", 50)
    [suspect] = found["mostSuspect"]
    assert suspect["reasons"] == [
        {"code": "capped", "why": "50 more were above the most that can be earned.", "sales": 1}
    ]
    assert await rows(conn) == before


async def test_a_draft_is_replayed_for_a_person(database: Database, shop: Shop, tmp_path: Path) -> None:
    draft = replace(PLAIN, points=Points(2), review=ReviewRules(amount_minor=Minor(50_000)))
    file = written(tmp_path, "draft.json", draft.to_json())
    # when
    done = await run(database, shop, "replay", "--rules", file, "--point-minor", "0.5")
    template = await run(database, shop, "replay", "--template", "cafe", "--per-minor", "1000")
    # then
    assert (done.code, done.err) == (0, "")
    page = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "points of purchases 100 200 +100" in page
    assert "cost ₹0.50 ₹1 +₹0.50" in page
    assert "of what was paid 0.05 % 0.10 %" in page
    assert "Members who gain points: 1; who lose some: 0; who have as many as before: 0." in page
    assert "1 × The amount is larger than the rules expect." in page
    assert "A point is counted as 0.5 of the minor unit of INR: as you said." in page
    assert "Anu" not in done.out
    # and a template gives its rules
    assert (template.code, template.err) == (0, "")
    assert "The program has no reward free-coffee: a full punch card would give nothing." in template.out


async def test_a_time_without_members_is_said(database: Database, conn: Conn) -> None:
    shop = await make_shop(conn, rules=PLAIN, now=datetime.now(UTC))
    done = await run(database, shop, "replay", "--template", "grocery")
    assert done.out == "Nobody joined or bought anything in this time: there is nothing to replay.\n"


async def test_a_replay_without_a_draft_is_refused(database: Database, shop: Shop) -> None:
    for arguments, said in (
        ((), "Name the draft by --rules or by --template.\n"),
        (("--template", "bakery"), "There is no template bakery; there are cafe, grocery, pharmacy, restaurant.\n"),
    ):
        done = await run(database, shop, "replay", *arguments)
        assert (done.code, done.out, done.err) == (2, "", said)


# ---------------------------------------------------------------- preview

BASKET = {
    "lines": [
        {"lineId": "loaf", "amountMinor": 6_500, "category": "bread", "quantity": 2},
        {"lineId": "tip", "amountMinor": 2_000, "kind": "TIP"},
        {"amountMinor": 4_000, "sku": "C-1", "description": "Flat white"},
    ]
}


async def test_a_basket_is_previewed_line_by_line(database: Database, conn: Conn, shop: Shop, tmp_path: Path) -> None:
    draft = written(tmp_path, "draft.json", BREAD.to_json())
    basket = written(tmp_path, "basket.json", BASKET)
    before = await rows(conn)
    tuesday = ("--at", "2026-11-24T10:00:00+05:30")
    # when
    found = await answered(database, shop, "preview", "--rules", draft, "--basket", basket, *tuesday)
    in_force = await answered(database, shop, "preview", "--basket", basket, *tuesday, "--carry-minor", "600")
    page = await run(database, shop, "preview", "--rules", draft, "--basket", basket, *tuesday)
    # then
    assert (found["points"], found["carryMinor"]) == (17, 0)
    assert [(line["lineId"], line["points"], line["status"]) for line in found["lines"]] == [
        ("loaf", 13, "EARNED"),
        ("tip", 0, "EXCLUDED_KIND"),
        ("3", 4, "EARNED"),
    ]
    assert "Fresh bread" in found["lines"][0]["reason"]
    assert (in_force["points"], in_force["carryMinor"]) == (11, 100)
    assert "loaf  ₹65  bread: 13 beans" in page.out
    assert "tip  ₹20: 0 beans [EXCLUDED_KIND]" in page.out
    assert "Together 17 beans, stamps: 0." in page.out
    assert await rows(conn) == before


async def test_a_mistake_in_what_is_previewed_is_said_in_a_sentence(
    database: Database, shop: Shop, tmp_path: Path
) -> None:
    good = written(tmp_path, "basket.json", BASKET)
    wrong = written(tmp_path, "wrong.json", {"lines": [{"amountMinor": -9}], "currency": "EUR"})
    for arguments, sentences in (
        (("--basket", wrong), ["currency: This till works in INR.", "lines[0].amountMinor: "]),
        (("--basket", good, "--tier", "Gold"), ["The rules have no tier Gold."]),
    ):
        done = await run(database, shop, "preview", *arguments)
        assert (done.code, done.out) == (2, "")
        for said, sentence in zip(done.err.splitlines(), sentences, strict=True):
            assert said.startswith(sentence)
