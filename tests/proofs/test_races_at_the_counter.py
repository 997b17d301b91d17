"""Scans, sales, refunds and enrolments that race for one thing over HTTP: one wins, and the books say so."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.factories import Shop
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    member,
    new_key,
    open_shop,
    open_store,
    open_visit,
    show_code,
    till,
)
from tests.proofs import documents as say
from tests.proofs.racing import Answer, Size, Tally, assert_lawful, counts, late, one, only, race, sizes

POINTS = 250
"""What `basket()` earns by the plainest rules."""


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene)


@pytest.fixture
async def owner(scene: Scene, shop: Shop) -> Member:
    return await member(scene, shop)


@pytest.fixture
async def tills(scene: Scene, shop: Shop) -> list[Till]:
    """Four terminals in two stores of one merchant."""
    other = await open_store(scene, shop)
    return [await till(scene, shop, store_id=store) for store in (shop.store_id, other) for _ in range(2)]


def sale(customer: dict[str, str], *, key: str | None = None, **chosen: Any) -> dict[str, Any]:
    return {"sale": {**basket(**chosen), "customer": customer}, "idempotencyKey": key or new_key()}


async def sell(scene: Scene, owner: Member, at: Till) -> str:
    """A sale of 250 points was recorded. Returns its id."""
    recorded = await at.pos.do(say.CHECKOUT, sale({"code": await show_code(scene, owner)}))
    sale_id: str = recorded["sale"]["id"]
    return sale_id


def unlike(answers: list[Answer], *but: str) -> list[Answer]:
    """The different answers among these, leaving out the fields named."""
    found: list[Answer] = []
    for answer in answers:
        kept = {name: value for name, value in answer.items() if name not in but}
        if kept not in found:
            found.append(kept)
    return found


async def forgive(scene: Scene) -> None:
    """What was tried before is not counted any more."""
    async with scene.live.runtime.pool.acquire() as conn:
        await conn.execute("DELETE FROM rate_limits")


# ---------------------------------------------------------------- codes


@sizes(50)
async def test_one_code_opens_one_visit(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("scans of one code")
    for n in range(size.rounds):
        code = await show_code(scene, owner)
        answers = await race([partial(tills[i % 4].pos.do, say.SCAN, {"code": code}) for i in range(size.racers)])
        assert tally.add(answers) == {"Visit": 1, "CodeAlreadyUsed": size.racers - 1}
        assert await counts(scene, "visits", "used_codes") == {"visits": n + 1, "used_codes": n + 1}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(50)
async def test_one_code_pays_for_one_sale(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("checkouts with one code, each with a key of its own")
    for n in range(1, size.rounds + 1):
        code = await show_code(scene, owner)
        given = [sale({"code": code}) for _ in range(size.racers)]
        answers = await race([partial(tills[i % 4].pos.do, say.CHECKOUT, given[i]) for i in range(size.racers)])
        assert tally.add(answers) == {"SaleRecorded": 1, "CodeAlreadyUsed": size.racers - 1}
        assert one(answers, "SaleRecorded")["card"]["active"] == n * POINTS
        assert await counts(scene, "sales", "sale_lines", "used_codes", "entries") == {
            "sales": n,
            "sale_lines": 2 * n,
            "used_codes": n,
            "entries": n,
        }
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_a_scan_and_a_checkout_of_one_code_have_one_winner(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("scans and checkouts of one code")
    for n in range(1, size.rounds + 1):
        code = await show_code(scene, owner)
        scans = [late(n, partial(tills[0].pos.do, say.SCAN, {"code": code})) for _ in range(size.racers // 2)]
        sales = [partial(tills[1].pos.do, say.CHECKOUT, sale({"code": code})) for _ in range(size.racers // 2)]
        answers = await race([racer for pair in zip(scans, sales, strict=True) for racer in pair])
        won = tally.add(answers)
        assert won.pop("CodeAlreadyUsed") == size.racers - 1
        assert won in ({"Visit": 1}, {"SaleRecorded": 1})
        found = await counts(scene, "visits", "sales", "used_codes")
        assert found["visits"] + found["sales"] == found["used_codes"] == n
    await assert_lawful(scene)
    tally.print(capsys)


# ---------------------------------------------------------------- keys


@sizes(10)
async def test_one_key_records_one_sale_and_everybody_gets_its_answer(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("checkouts with one key")
    for n in range(1, size.rounds + 1):
        # given: by code in every other round, by visit in the rest
        by_visit = n % 2 == 0
        customer = (
            {"visitId": await open_visit(scene, owner, tills[0])}
            if by_visit
            else {"code": await show_code(scene, owner)}
        )
        given = sale(customer)
        # when
        answers = await race([partial(tills[0].pos.do, say.CHECKOUT, given)] * size.racers)
        # then
        assert tally.add(answers) == {"SaleRecorded": size.racers}
        assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * (size.racers - 1)
        assert len(unlike(answers, "replayed")) == 1
        assert answers[0]["card"]["active"] == n * POINTS
        assert await counts(scene, "sales", "entries") == {"sales": n, "entries": n}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_one_key_refunds_once_and_everybody_gets_its_answer(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("refunds with one key")
    for n in range(1, size.rounds + 1):
        given = {"saleId": await sell(scene, owner, tills[0]), "idempotencyKey": new_key()}
        answers = await race([partial(tills[0].pos.do, say.REFUND, given)] * size.racers)
        assert tally.add(answers) == {"SaleRefunded": size.racers}
        assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * (size.racers - 1)
        assert len(unlike(answers, "replayed")) == 1
        assert (answers[0]["pointsTakenBack"], answers[0]["card"]["active"]) == (POINTS, 0)
        assert await counts(scene, "refunds", "refund_lines", "entries") == {
            "refunds": n,
            "refund_lines": 2 * n,
            "entries": 2 * n,
        }
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_one_line_is_refunded_once_whatever_the_keys(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("refunds of one line, each with a key of its own")
    for n in range(1, size.rounds + 1):
        # given: two tills of one store; half of them say the line, half say the whole sale
        sale_id = await sell(scene, owner, tills[0])
        asked = [
            {"saleId": sale_id, "idempotencyKey": new_key(), **({"lineIds": ["1", "2"]} if i % 2 else {})}
            for i in range(size.racers)
        ]
        # when
        answers = await race([partial(tills[i // 2 % 2].pos.do, say.REFUND, asked[i]) for i in range(size.racers)])
        # then
        assert tally.add(answers) == {"SaleRefunded": 1, "LineAlreadyRefunded": size.racers - 1}
        refunded = one(answers, "SaleRefunded")
        assert (refunded["pointsTakenBack"], refunded["card"]["active"]) == (POINTS, 0)
        assert {tuple(answer["lineIds"]) for answer in only(answers, "LineAlreadyRefunded")} == {("1", "2")}
        assert await counts(scene, "refunds", "refund_lines") == {"refunds": n, "refund_lines": 2 * n}
    await assert_lawful(scene)
    tally.print(capsys)


# ---------------------------------------------------------------- later and for the first time


async def held_sales(scene: Scene) -> int:
    """How many wait for the merchant."""
    async with scene.live.runtime.pool.acquire() as conn:
        return int(await conn.fetchval("SELECT COUNT(*) FROM sales WHERE review = 'HELD'"))


@sizes(8)
async def test_one_offline_upload_sent_at_once_settles_each_sale_once(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("offline uploads with the same keys")
    for n in range(1, size.rounds + 1):
        # given: two sales, and a third that has the code of the first
        scanned_at = (scene.now - timedelta(seconds=1)).isoformat()
        codes = [await show_code(scene, owner) for _ in range(2)]
        upload = {
            "sales": [{**sale({"code": code}), "scannedAt": scanned_at} for code in (codes[0], codes[1], codes[0])]
        }
        # when
        uploads = await race([partial(tills[0].pos.do, say.SETTLE, upload)] * size.racers)
        # then: each is recorded once, and the points of the third wait
        for i in range(3):
            answers = [answer["results"][i] for answer in uploads]
            assert tally.add(answers) == {"SaleRecorded": size.racers}
            assert sum(not answer["replayed"] for answer in answers) == 1
        assert await counts(scene, "sales", "entries", "used_codes") == {
            "sales": 3 * n,
            "entries": 3 * n,
            "used_codes": 2 * n,
        }
        assert await held_sales(scene) == n
    tally.rounds = size.rounds
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_one_code_in_the_uploads_of_many_tills_is_good_for_one_sale_and_the_others_wait(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("offline sales with one code")
    for n in range(1, size.rounds + 1):
        scanned_at, code = (scene.now - timedelta(seconds=1)).isoformat(), await show_code(scene, owner)
        uploads = [{"sales": [{**sale({"code": code}), "scannedAt": scanned_at}]} for _ in range(size.racers)]
        answers = await race([partial(tills[i % 4].pos.do, say.SETTLE, uploads[i]) for i in range(size.racers)])
        assert tally.add([answer["results"][0] for answer in answers]) == {"SaleRecorded": size.racers}
        assert await counts(scene, "sales", "used_codes") == {"sales": n * size.racers, "used_codes": n}
        assert await held_sales(scene) == n * (size.racers - 1)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(8)
async def test_one_mailbox_is_enrolled_once_however_many_ask(
    scene: Scene, owner: Member, tills: list[Till], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally, before = Tally("enrolments of one mailbox: one key at two tills each"), await counts(scene, "customers")
    for n in range(1, size.rounds + 1):
        # given: every till has one key, which it sends several times, and has not enrolled much before
        await forgive(scene)
        email, keys = f"newcomer-{n}@example.com", [new_key() for _ in tills]
        asked = [{"email": email, "name": "New", "idempotencyKey": keys[i % 4]} for i in range(size.racers)]
        # when
        answers = await race([partial(tills[i % 4].pos.do, say.ENROL, asked[i]) for i in range(size.racers)])
        # then: one customer, one card, one mail, a visit a key, and one of the keys made the card
        assert tally.add(answers) == {"CustomerEnrolled": size.racers}
        assert len({answer["visit"]["card"]["id"] for answer in answers}) == 1
        assert len(unlike(answers)) == len({answer["visit"]["id"] for answer in answers}) == 4
        assert sum(not answer["alreadyMember"] for answer in unlike(answers)) == 1
        assert await counts(scene, "customers", "cards", "visits", "outbox") == {
            "customers": before["customers"] + n,
            "cards": n + 1,
            "visits": 4 * n,
            "outbox": n,
        }
    await assert_lawful(scene)
    tally.print(capsys)
