"""Minting check-in codes."""

import asyncio
import itertools
import secrets
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.pool import Pool
from tests.factories import make_shop
from tests.wallet.counter import another_till, count, make_member, qr, race, show, typed, until_waiting
from wallet import check_ins, damm, ledger, scans, visits
from wallet.check_ins import Minted, as_bigint, as_unsigned
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CheckInPurpose

CODES_SQL = """
    SELECT merchant_id, short_code, jti, card_id, purpose, minted_at, expires_at, ended_at
    FROM check_in_codes
    ORDER BY minted_at, short_code
"""

LIVE_REDEEM_SQL = """
    SELECT short_code
    FROM check_in_codes
    WHERE merchant_id = $1 AND card_id = $2 AND purpose = 'REDEEM' AND ended_at IS NULL
"""


async def test_an_earn_code_lives_90_seconds_and_is_renewed_after_60(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    # when
    minted = await show(conn, shop, member, now=now)
    # then
    assert minted.purpose is CheckInPurpose.EARN
    assert minted.expires_at == now + timedelta(seconds=90)
    assert minted.refresh_at == now + timedelta(seconds=60)
    assert minted.program_number == shop.program_number
    [row] = await conn.fetch(CODES_SQL)
    assert [row[at] for at in range(8)] == [
        shop.merchant_id,
        minted.short_code,
        as_bigint(minted.jti),
        member.card_id,
        "EARN",
        now,
        minted.expires_at,
        None,
    ]
    reference = await conn.fetchval("SELECT reference FROM cards WHERE card_id = $1", member.card_id)
    assert minted.card_reference == as_unsigned(reference)


async def test_a_redeem_code_lives_45_seconds_and_is_renewed_after_30(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    minted = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    assert minted.purpose is CheckInPurpose.REDEEM
    assert minted.expires_at == now + timedelta(seconds=45)
    assert minted.refresh_at == now + timedelta(seconds=30)


async def test_a_code_ends_on_a_whole_second_and_never_lives_longer_than_it_should(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    minted = await show(conn, shop, member, now=now + timedelta(microseconds=999_999))
    assert minted.expires_at == now + timedelta(seconds=90)
    assert await conn.fetchval("SELECT expires_at FROM check_in_codes") == minted.expires_at


async def test_nobody_mints_for_a_card_that_is_not_theirs(conn: Conn, now: datetime) -> None:
    # given
    shop, other_shop = await make_shop(conn, now=now), await make_shop(conn, now=now)
    member, stranger = await make_member(conn, shop, now=now), await make_member(conn, shop, now=now)
    theirs = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    # when
    for purpose in CheckInPurpose:
        for customer_id, merchant_id in (
            (stranger.customer_id, shop.merchant_id),
            (member.customer_id, other_shop.merchant_id),
        ):
            with pytest.raises(NotFound):
                async with conn.transaction():
                    await check_ins.mint(
                        conn,
                        customer_id=customer_id,
                        merchant_id=merchant_id,
                        card_id=member.card_id,
                        purpose=purpose,
                        now=now,
                    )
    # then
    [row] = await conn.fetch(CODES_SQL)
    assert (row["short_code"], row["ended_at"]) == (theirs.short_code, None)


async def test_the_typed_code_is_ten_digits_with_a_check_digit_and_every_code_is_another(
    conn: Conn, now: datetime
) -> None:
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    codes = [await show(conn, shop, member, now=now) for _ in range(20)]
    assert all(len(code.short_code) == 10 and damm.is_valid(code.short_code) for code in codes)
    assert len({code.short_code for code in codes}) == len({code.jti for code in codes}) == 20
    assert all(0 <= code.jti < 2**64 for code in codes)
    assert {code.card_reference for code in codes} == {codes[0].card_reference}


async def test_a_new_redeem_code_ends_the_card_s_earlier_redeem_code_and_nothing_else(
    conn: Conn, now: datetime
) -> None:
    # given
    shop = await make_shop(conn, now=now)
    member, other = await make_member(conn, shop, now=now), await make_member(conn, shop, now=now)
    long_over = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now - timedelta(seconds=60))
    in_leeway = await show(conn, shop, other, CheckInPurpose.REDEEM, now=now - timedelta(seconds=48))
    earlier = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now - timedelta(seconds=10))
    earn = await show(conn, shop, member, CheckInPurpose.EARN, now=now - timedelta(seconds=10))
    # when
    newer = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    await show(conn, shop, member, CheckInPurpose.EARN, now=now)
    # then
    ended = {row["short_code"]: row["ended_at"] for row in await conn.fetch(CODES_SQL)}
    assert ended[earlier.short_code] == now
    assert ended[long_over.short_code] == ended[earn.short_code] == ended[newer.short_code] is None
    assert ended[in_leeway.short_code] is None
    # and one that would still be let in for its last five seconds ends too
    await show(conn, shop, other, CheckInPurpose.REDEEM, now=now)
    ended = {row["short_code"]: row["ended_at"] for row in await conn.fetch(CODES_SQL)}
    assert ended[in_leeway.short_code] == now


async def test_of_redeem_codes_minted_at_once_one_is_live(pool: Pool, conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)

    async def mint(conn: Conn) -> Minted:
        return await check_ins.mint(
            conn,
            customer_id=member.customer_id,
            merchant_id=shop.merchant_id,
            card_id=member.card_id,
            purpose=CheckInPurpose.REDEEM,
            now=now,
        )

    # when
    results = await race(pool, [mint] * 12)
    # then
    assert all(isinstance(result, Minted) for result in results)
    assert await count(conn, "check_in_codes") == 12
    assert len(await conn.fetch(LIVE_REDEEM_SQL, shop.merchant_id, member.card_id)) == 1


async def test_minting_to_earn_does_not_wait_for_a_checkout(pool: Pool, conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    async with pool.acquire() as till, till.transaction():
        await ledger.lock_cards(till, merchant_id=shop.merchant_id, card_ids=[member.card_id], now=now)
        async with asyncio.timeout(5):
            await show(conn, shop, member, now=now)
    assert await count(conn, "check_in_codes") == 1


async def test_a_redeem_code_waits_for_the_one_that_is_being_minted_and_ends_it(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    async with pool.acquire() as one, pool.acquire() as two:
        async with one.transaction():
            first = await show(one, shop, member, CheckInPurpose.REDEEM, now=now)
            # when
            second = asyncio.create_task(show(two, shop, member, CheckInPurpose.REDEEM, now=now))
            await until_waiting(conn)
        minted = await second
    # then
    ended = {row["short_code"]: row["ended_at"] for row in await conn.fetch(CODES_SQL)}
    assert ended == {first.short_code: now, minted.short_code: None}


async def test_digits_that_are_taken_are_passed_over(
    conn: Conn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given digits that come out of the hat again and again
    shop, other_shop = await make_shop(conn, now=now), await make_shop(conn, now=now)
    member, elsewhere = await make_member(conn, shop, now=now), await make_member(conn, other_shop, now=now)
    hat = iter([123456789] * 6 + [572])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(hat))
    # when
    first = await show(conn, shop, member, now=now)
    second = await show(conn, other_shop, elsewhere, now=now)
    third = await show(conn, shop, member, now=now + timedelta(seconds=1))
    # then two merchants may show the same digits, one merchant may not
    assert first.short_code == second.short_code == "1234567894"
    assert third.short_code == f"000000572{damm.check_digit('000000572')}"
    assert await count(conn, "check_in_codes") == 3


async def test_digits_are_free_again_a_minute_after_their_code_is_over(
    conn: Conn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    shop = await make_shop(conn, now=now)
    member, other = await make_member(conn, shop, now=now), await make_member(conn, shop, now=now)
    numbers = itertools.chain([7, 7, 8], itertools.repeat(7))
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(numbers))
    old = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    # when
    not_yet = await show(conn, shop, other, now=old.expires_at + timedelta(seconds=60))
    again = await show(conn, shop, other, now=old.expires_at + timedelta(seconds=60, microseconds=1))
    # then
    assert not_yet.short_code != old.short_code
    assert again.short_code == old.short_code
    taken = await scans.identify(conn, terminal=shop.terminal, code=typed(again))
    assert (taken.card_id, taken.jti, taken.purpose) == (other.card_id, again.jti, CheckInPurpose.EARN)
    assert await count(conn, "check_in_codes") == 2


async def test_digits_that_were_taken_over_carry_nothing_of_the_code_before(
    conn: Conn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a code that a newer one ended, and whose digits come up again later
    shop = await make_shop(conn, now=now)
    member, other = await make_member(conn, shop, now=now), await make_member(conn, shop, now=now)
    numbers = iter([7, 8, 7])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(numbers))
    ended = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    later = now + timedelta(hours=1)
    # when
    again = await show(conn, shop, other, CheckInPurpose.REDEEM, now=later)
    # then
    assert again.short_code == ended.short_code
    async with conn.transaction():
        visit = await visits.open_by_scan(conn, terminal=shop.terminal, code=typed(again), now=later)
    assert visit.card_id == other.card_id


async def test_no_code_is_shown_if_no_digits_are_free(
    conn: Conn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    monkeypatch.setattr(secrets, "randbelow", lambda _: 7)
    live = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    with pytest.raises(RuntimeError, match="no free digits"):
        await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    [row] = await conn.fetch(CODES_SQL)
    assert (row["short_code"], row["ended_at"]) == (live.short_code, None)


async def test_codes_are_forgotten_when_no_till_can_bring_them_any_more(conn: Conn, now: datetime) -> None:
    # given codes that were used, and one that was not, over the last days
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    till = await another_till(conn, shop, now=now)
    days_ago = [now - timedelta(days=days) for days in (6, 5, 3, 0)]
    for at in days_ago:
        code = await show(conn, shop, member, now=at)
        async with conn.transaction():
            await visits.open_by_scan(conn, terminal=till, code=qr(code), now=at)
    unused = await show(conn, shop, member, now=now - timedelta(days=7))
    # when
    async with conn.transaction():
        first = await check_ins.forget(conn, limit=2, now=now)
    async with conn.transaction():
        rest = await check_ins.forget(conn, limit=10, now=now)
    async with conn.transaction():
        nothing = await check_ins.forget(conn, limit=10, now=now)
    # then
    assert (first, rest, nothing) == (4, 1, 0)
    assert {row["minted_at"] for row in await conn.fetch(CODES_SQL)} == set(days_ago[2:])
    assert {row["used_at"] for row in await conn.fetch("SELECT used_at FROM used_codes")} == set(days_ago[2:])
    assert unused.short_code not in {row["short_code"] for row in await conn.fetch(CODES_SQL)}


@given(st.integers(0, 2**64 - 1))
def test_64_bits_survive_the_way_through_a_bigint(unsigned: int) -> None:
    assert -(2**63) <= as_bigint(unsigned) < 2**63
    assert as_unsigned(as_bigint(unsigned)) == unsigned


def test_the_ends_of_64_bits() -> None:
    assert [as_bigint(n) for n in (0, 2**63 - 1, 2**63, 2**64 - 1)] == [0, 2**63 - 1, -(2**63), -1]
