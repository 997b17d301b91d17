"""Programs: found by slug and id, with the rules of the moment; revisions are never changed."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest

from infra.pool import Pool
from tests.factories import make_shop
from wallet import programs, rewards, stores
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.programs import Program, Revision
from wallet.rewards import NewReward
from wallet.rules import Rules, StampRules
from wallet.values import MerchantId, Minor, Phrase, Points, RewardKind

FIRST = Rules(points=Points(1), per_minor=Minor(100))
SECOND = Rules(points=Points(2), per_minor=Minor(100))
THIRD = Rules(points=Points(3), per_minor=Minor(100))


async def make_merchant(conn: Conn, *, now: datetime, currency: str = "INR") -> MerchantId:
    return await stores.create_merchant(
        conn, name="Kottayam Coffee", currency=currency, locale="ml-IN", timezone="Asia/Kolkata", now=now
    )


async def make_program(
    conn: Conn, *, merchant_id: MerchantId, slug: str = "beans", rules: Rules = FIRST, now: datetime
) -> Program:
    async with conn.transaction():
        return await programs.create(
            conn,
            merchant_id=merchant_id,
            slug=slug,
            name="Bean Club",
            point_name="bean",
            point_name_plural="beans",
            rules=rules,
            now=now,
        )


async def revise(conn: Conn, program: Program, rules: Rules, *, valid_from: datetime, now: datetime) -> int:
    return await programs.revise(
        conn,
        merchant_id=program.merchant_id,
        program_id=program.program_id,
        rules=rules,
        valid_from=valid_from,
        now=now,
    )


async def revision_at(conn: Conn, program: Program, at: datetime) -> Revision:
    return await programs.revision_at(conn, merchant_id=program.merchant_id, program_id=program.program_id, at=at)


async def test_a_new_program_is_found_by_its_slug_and_by_its_id(conn: Conn, now: datetime) -> None:
    merchant_id = await make_merchant(conn, now=now, currency="THB")

    made = await make_program(conn, merchant_id=merchant_id, now=now)

    assert (made.merchant_id, made.slug, made.name, made.merchant_name) == (
        merchant_id,
        "beans",
        "Bean Club",
        "Kottayam Coffee",
    )
    assert (made.point_name, made.point_name_plural, made.currency) == ("bean", "beans", "THB")
    assert (made.revision, made.rules) == (1, FIRST)
    assert made.number >= 1
    assert await programs.find_by_slug(conn, slug="beans", now=now) == made
    assert await programs.get(conn, merchant_id=merchant_id, program_id=made.program_id, now=now) == made


async def test_a_new_program_has_its_three_accounts(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)

    rows = await conn.fetch(
        "SELECT a.kind FROM accounts AS a JOIN programs AS p USING (merchant_id, program_id) "
        "WHERE a.merchant_id = $1 AND a.balance IS NULL "
        "AND a.account_id IN (p.issued_account_id, p.redeemed_account_id, p.expired_account_id)",
        made.merchant_id,
    )

    assert sorted(row["kind"] for row in rows) == ["expired", "issued", "redeemed"]


async def test_programs_get_different_numbers(conn: Conn, now: datetime) -> None:
    merchant_id = await make_merchant(conn, now=now)

    first = await make_program(conn, merchant_id=merchant_id, slug="a", now=now)
    second = await make_program(conn, merchant_id=merchant_id, slug="b", now=now)

    assert first.number != second.number


async def test_a_taken_slug_is_refused_whoever_has_it_and_leaves_nothing(conn: Conn, now: datetime) -> None:
    await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)
    other = await make_merchant(conn, now=now)

    with pytest.raises(InvalidInput) as refused:
        await make_program(conn, merchant_id=other, now=now)

    assert [(p.field, p.phrase.code) for p in refused.value.problems] == [("slug", "slug_taken")]
    assert await conn.fetchval("SELECT count(*) FROM programs WHERE merchant_id = $1", other) == 0
    assert await conn.fetchval("SELECT count(*) FROM accounts WHERE merchant_id = $1", other) == 0


async def test_of_two_who_want_a_slug_at_once_one_gets_it(pool: Pool, conn: Conn, now: datetime) -> None:
    merchants = [await make_merchant(conn, now=now) for _ in range(2)]

    async def race(merchant_id: MerchantId) -> Program:
        async with pool.acquire() as own:
            return await make_program(own, merchant_id=merchant_id, now=now)

    results = await asyncio.gather(*(race(m) for m in merchants), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["InvalidInput", "Program"]
    assert await conn.fetchval("SELECT count(*) FROM programs") == 1


async def test_what_cannot_be_a_program_is_named_field_by_field(conn: Conn, now: datetime) -> None:
    merchant_id = await make_merchant(conn, now=now)

    with pytest.raises(InvalidInput) as refused:
        await programs.create(
            conn,
            merchant_id=merchant_id,
            slug="Beans!",
            name=" ",
            point_name="b" * 31,
            point_name_plural="be\nans",
            rules=FIRST,
            now=now,
        )

    assert [(p.field, p.phrase.code) for p in refused.value.problems] == [
        ("slug", "slug_form"),
        ("name", "blank"),
        ("pointName", "too_long"),
        ("pointNamePlural", "unprintable"),
    ]
    assert await conn.fetchval("SELECT count(*) FROM programs") == 0


@pytest.mark.parametrize("slug", ["", "-a", "a-", "a b", "ä", "a" * 65, "a\n"])
async def test_a_slug_is_small_letters_digits_and_inner_hyphens(conn: Conn, now: datetime, slug: str) -> None:
    merchant_id = await make_merchant(conn, now=now)

    with pytest.raises(InvalidInput):
        await make_program(conn, merchant_id=merchant_id, slug=slug, now=now)


async def test_rules_that_cannot_be_are_refused_however_they_were_made(conn: Conn, now: datetime) -> None:
    merchant_id = await make_merchant(conn, now=now)

    with pytest.raises(InvalidInput) as refused:
        await make_program(conn, merchant_id=merchant_id, rules=Rules(per_minor=Minor(0)), now=now)

    assert [p.field for p in refused.value.problems] == ["per_minor"]


async def test_an_unknown_merchant_gets_no_program(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)

    with pytest.raises(NotFound):
        await make_program(conn, merchant_id=MerchantId(shop.program_id), now=now)


async def test_unknown_programs_are_not_found(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)

    assert await programs.find_by_slug(conn, slug="nowhere", now=now) is None
    with pytest.raises(NotFound):
        await programs.get(conn, merchant_id=other.merchant_id, program_id=shop.program_id, now=now)
    with pytest.raises(NotFound):
        await programs.revision_at(conn, merchant_id=other.merchant_id, program_id=shop.program_id, at=now)


async def test_a_revision_is_in_force_from_its_moment_on(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)
    tomorrow = now + timedelta(days=1)

    assert await revise(conn, made, SECOND, valid_from=tomorrow, now=now) == 2

    before = await revision_at(conn, made, tomorrow - timedelta(microseconds=1))
    after = await revision_at(conn, made, tomorrow)
    assert (before.revision, before.rules) == (1, FIRST)
    assert (after.revision, after.rules) == (2, SECOND)
    assert (await revision_at(conn, made, now)).revision == 1
    found = await programs.find_by_slug(conn, slug="beans", now=tomorrow)
    assert found is not None
    assert (found.revision, found.rules) == (2, SECOND)


async def test_before_a_program_began_its_first_rules_judge(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)
    await revise(conn, made, SECOND, valid_from=now, now=now)

    assert (await revision_at(conn, made, now - timedelta(days=2))).revision == 1
    assert (await revision_at(conn, made, now)).revision == 2


async def test_an_announced_change_stays_announced_when_today_s_rules_change(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)
    in_a_week = now + timedelta(days=7)

    await revise(conn, made, SECOND, valid_from=in_a_week, now=now)
    await revise(conn, made, THIRD, valid_from=now, now=now)

    assert (await revision_at(conn, made, now)).rules == THIRD
    assert (await revision_at(conn, made, in_a_week)).rules == SECOND


async def test_rules_do_not_change_for_what_is_past(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)

    with pytest.raises(InvalidInput) as refused:
        await revise(conn, made, SECOND, valid_from=now - timedelta(seconds=1), now=now)

    assert [(p.field, p.phrase.code) for p in refused.value.problems] == [("validFrom", "in_past")]
    assert await conn.fetchval("SELECT count(*) FROM program_revisions") == 1


async def test_another_merchant_s_program_is_not_revised(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)

    with pytest.raises(NotFound):
        await programs.revise(
            conn,
            merchant_id=other.merchant_id,
            program_id=shop.program_id,
            rules=SECOND,
            valid_from=now,
            now=now,
        )


async def test_revisions_made_at_once_get_numbers_in_a_row(pool: Pool, conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), now=now)

    async def race() -> int:
        async with pool.acquire() as own, own.transaction():
            return await revise(own, made, SECOND, valid_from=now, now=now)

    assert sorted(await asyncio.gather(*(race() for _ in range(5)))) == [2, 3, 4, 5, 6]


async def test_a_revision_cannot_be_edited(conn: Conn, now: datetime) -> None:
    await make_shop(conn, now=now)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("UPDATE program_revisions SET rules = '{}'")


async def test_a_program_s_terms_use_its_own_words(conn: Conn, now: datetime) -> None:
    made = await make_program(conn, merchant_id=await make_merchant(conn, now=now), rules=SECOND, now=now)

    said = [(phrase.code, dict(phrase.facts)) for phrase in made.terms()]

    assert ("term_earn", {"points": 2, "per_minor": 100, "currency": "INR"}) in said
    assert ("term_at_once", {"name": "beans"}) in said


async def test_rules_whose_full_card_brings_nothing_are_not_published(conn: Conn, now: datetime) -> None:
    # given a program, and another of the same merchant that has the reward
    shop = await make_shop(conn, now=now)
    made = await programs.get(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, now=now)
    stamps = replace(FIRST, stamps=StampRules("item", needed=5, reward="free-coffee"))
    other = await make_program(conn, merchant_id=shop.merchant_id, now=now)
    coffee = NewReward(slug="free-coffee", name="A coffee", kind=RewardKind.FREE_ITEM, cost_stamps=5)
    await rewards.create(conn, merchant_id=shop.merchant_id, program_id=other.program_id, new=coffee, now=now)
    # when
    with pytest.raises(InvalidInput) as refused:
        await revise(conn, made, stamps, valid_from=now, now=now)
    # then
    (problem,) = refused.value.problems
    assert (problem.field, problem.phrase) == ("stamps.reward", Phrase("no_such_reward", {"slug": "free-coffee"}))
    assert await conn.fetchval("SELECT COUNT(*) FROM program_revisions WHERE program_id = $1", made.program_id) == 1
    # and once it is there they are
    await rewards.create(conn, merchant_id=shop.merchant_id, program_id=made.program_id, new=coffee, now=now)
    assert await revise(conn, made, stamps, valid_from=now, now=now) == 2
