"""What a scanned code means, and that it is good only once."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.factories import Shop, make_shop
from tests.wallet.counter import Member, another_till, count, make_member, qr, race, show, typed, until_waiting
from wallet import check_ins, ledger, programs, scans, visits
from wallet.check_ins import Minted, as_bigint
from wallet.database import Conn
from wallet.errors import CodeAlreadyUsed, CodeExpired, CodeInvalid
from wallet.rules import Rules
from wallet.scans import Identified
from wallet.values import CheckInPurpose, ScannedCode, Terminal, TypedCode

REDEEM = CheckInPurpose.REDEEM
MICROSECOND = timedelta(microseconds=1)


async def use(conn: Conn, terminal: Terminal, code: ScannedCode, *, now: datetime) -> Identified:
    """The code, identified and used up in one transaction."""
    async with conn.transaction():
        identified = await scans.identify(conn, terminal=terminal, code=code)
        await visits.open_by_scan(conn, terminal=terminal, code=code, now=now)
    return identified


def using(terminal: Terminal, code: ScannedCode, now: datetime) -> Callable[[Conn], Awaitable[Identified]]:
    return lambda conn: use(conn, terminal, code, now=now)


class Broken(Exception):
    """Whatever else may go wrong in a transaction."""


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, now=now)


@pytest.mark.parametrize("purpose", CheckInPurpose)
async def test_the_picture_and_the_ten_digits_name_the_same_card_and_code(
    conn: Conn, now: datetime, shop: Shop, member: Member, purpose: CheckInPurpose
) -> None:
    minted = await show(conn, shop, member, purpose, now=now)
    by_picture = await scans.identify(conn, terminal=shop.terminal, code=qr(minted))
    by_digits = await scans.identify(conn, terminal=shop.terminal, code=typed(minted))
    assert by_picture == by_digits
    assert by_picture == Identified(
        card_id=member.card_id,
        program_id=shop.program_id,
        purpose=purpose,
        jti=minted.jti,
        expires_at=minted.expires_at,
        shown=True,
        ended_at=None,
        used_at=None,
    )


@pytest.mark.parametrize("bits", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
async def test_every_one_of_the_64_bits_counts(
    conn: Conn, now: datetime, shop: Shop, member: Member, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda _: bits)
    minted = await show(conn, shop, member, now=now)
    used = await use(conn, shop.terminal, qr(minted), now=now)
    assert used.jti == minted.jti == bits
    assert await conn.fetchval("SELECT jti FROM used_codes") == as_bigint(bits)
    with pytest.raises(CodeAlreadyUsed):
        await use(conn, shop.terminal, typed(minted), now=now)


async def test_another_merchant_s_code_is_invalid(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given
    other = await make_shop(conn, now=now)
    minted = await show(conn, shop, member, now=now)
    for code in (qr(minted), typed(minted)):
        # when
        with pytest.raises(CodeInvalid):
            await use(conn, other.terminal, code, now=now)
    # then
    assert await count(conn, "used_codes") == 0
    await use(conn, shop.terminal, qr(minted), now=now)


async def test_a_code_that_names_no_card_is_invalid(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    other = await make_shop(conn, now=now)
    code = qr(await show(conn, shop, member, now=now))
    for unknown in (
        replace(code, card_reference=code.card_reference ^ 1),
        replace(code, program_number=other.program_number),
        replace(code, program_number=2**32 - 1),
        replace(code, program_number=0),
        TypedCode("0000000000"),
    ):
        with pytest.raises(CodeInvalid):
            await use(conn, shop.terminal, unknown, now=now)
    assert await count(conn, "used_codes") == 0


async def test_a_card_of_the_merchant_s_other_program_is_known_at_every_till(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    program = await programs.create(
        conn,
        merchant_id=shop.merchant_id,
        slug=f"{shop.slug}-two",
        name="Second",
        point_name="leaf",
        point_name_plural="leaves",
        rules=Rules(),
        now=now,
    )
    second = replace(shop, program_id=program.program_id, program_number=program.number)
    card = await make_member(conn, second, now=now)
    minted = await show(conn, second, card, now=now)
    # when
    identified = await scans.identify(conn, terminal=shop.terminal, code=qr(minted))
    # then
    assert (identified.card_id, identified.program_id) == (card.card_id, program.program_id)
    with pytest.raises(CodeInvalid):
        await scans.identify(conn, terminal=shop.terminal, code=replace(qr(minted), program_number=shop.program_number))


@pytest.mark.parametrize("purpose", CheckInPurpose)
@pytest.mark.parametrize("form", [qr, typed])
async def test_a_code_is_good_until_five_seconds_after_its_end(
    conn: Conn, now: datetime, shop: Shop, member: Member, purpose: CheckInPurpose, form: type
) -> None:
    # given
    minted = await show(conn, shop, member, purpose, now=now)
    over = minted.expires_at + timedelta(seconds=5)
    # when
    for at in (over, over + timedelta(days=1)):
        with pytest.raises(CodeExpired) as refused:
            await use(conn, shop.terminal, form(minted), now=at)
        assert refused.value.expired_at == minted.expires_at
    # then
    assert await count(conn, "used_codes") == 0
    await use(conn, shop.terminal, form(minted), now=over - MICROSECOND)
    assert await count(conn, "used_codes") == 1


async def test_using_a_code_up_is_written_down(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    minted = await show(conn, shop, member, now=now)
    later = now + timedelta(seconds=3)
    await use(conn, shop.terminal, qr(minted), now=later)
    [row] = await conn.fetch("SELECT merchant_id, jti, card_id, terminal_id, used_at FROM used_codes")
    facts = [shop.merchant_id, as_bigint(minted.jti), member.card_id, shop.terminal_id, later]
    assert [row[at] for at in range(5)] == facts


async def test_a_code_is_used_up_once_whichever_way_it_comes_in(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    till = await another_till(conn, shop, now=now)
    for first, second in ((qr, typed), (typed, qr), (qr, qr), (typed, typed)):
        minted = await show(conn, shop, member, now=now)
        await use(conn, shop.terminal, first(minted), now=now)
        for terminal in (shop.terminal, till):
            with pytest.raises(CodeAlreadyUsed) as refused:
                await use(conn, terminal, second(minted), now=now + timedelta(seconds=1))
            assert refused.value.used_at == now
    assert await count(conn, "used_codes") == 4


async def test_a_used_code_says_so_even_when_its_time_is_over_or_it_was_replaced(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    """The cashier who scans a second time learns that the first time worked, not that the customer is late."""
    minted = await show(conn, shop, member, REDEEM, now=now)
    await use(conn, shop.terminal, qr(minted), now=now)
    await show(conn, shop, member, REDEEM, now=now)
    for at in (now, now + timedelta(seconds=1), now + timedelta(hours=1)):
        for code in (qr(minted), typed(minted)):
            with pytest.raises(CodeAlreadyUsed) as refused:
                await use(conn, shop.terminal, code, now=at)
            assert refused.value.used_at == now
    assert await count(conn, "used_codes") == 1


async def test_a_redeem_code_is_over_as_soon_as_the_card_has_a_newer_one(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    earlier = await show(conn, shop, member, REDEEM, now=now)
    replaced_at = now + timedelta(seconds=2)
    newer = await show(conn, shop, member, REDEEM, now=replaced_at)
    # when
    for code in (qr(earlier), typed(earlier)):
        with pytest.raises(CodeExpired) as refused:
            await use(conn, shop.terminal, code, now=replaced_at)
        assert refused.value.expired_at == replaced_at
    # then
    assert await count(conn, "used_codes") == 0
    await use(conn, shop.terminal, qr(newer), now=replaced_at)


async def test_earn_codes_live_side_by_side(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    codes = [await show(conn, shop, member, now=now) for _ in range(3)]
    for code in codes:
        await use(conn, shop.terminal, qr(code), now=now)
    assert await count(conn, "used_codes") == 3


async def test_an_offline_sale_is_judged_by_the_moment_of_its_scan(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given codes of the morning; the second was replaced after its scan
    earn = await show(conn, shop, member, now=now)
    redeem = await show(conn, shop, member, REDEEM, now=now)
    await show(conn, shop, member, REDEEM, now=now + timedelta(seconds=20))
    scanned_at = now + timedelta(seconds=10)
    late = await show(conn, shop, member, now=now)
    # when, then
    for minted in (earn, redeem):
        scans.judge(await scans.identify(conn, terminal=shop.terminal, code=qr(minted)), at=scanned_at)
    identified = await scans.identify(conn, terminal=shop.terminal, code=qr(late))
    with pytest.raises(CodeExpired):
        scans.judge(identified, at=late.expires_at + timedelta(seconds=5))


async def test_a_redeem_code_that_is_no_longer_known_is_over_and_an_earn_code_is_not(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given codes whose rows are gone
    earn = await show(conn, shop, member, now=now)
    redeem = await show(conn, shop, member, REDEEM, now=now)
    await conn.execute("DELETE FROM check_in_codes")
    # when
    with pytest.raises(CodeExpired) as refused:
        await use(conn, shop.terminal, qr(redeem), now=now)
    for code in (typed(earn), typed(redeem)):
        with pytest.raises(CodeInvalid):
            await use(conn, shop.terminal, code, now=now)
    # then
    assert refused.value.expired_at == now
    assert await count(conn, "used_codes") == 0
    await use(conn, shop.terminal, qr(earn), now=now)


async def test_to_look_at_a_code_uses_nothing_up(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    minted = await show(conn, shop, member, now=now)
    for _ in range(3):
        identified = await scans.identify(conn, terminal=shop.terminal, code=qr(minted))
        scans.judge(identified, at=now)
    assert await count(conn, "used_codes") == 0


async def test_a_code_whose_transaction_failed_is_good_again(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    minted = await show(conn, shop, member, now=now)

    async def fail() -> None:
        async with conn.transaction():
            await use(conn, shop.terminal, qr(minted), now=now)
            raise Broken

    with pytest.raises(Broken):
        await fail()
    assert await count(conn, "used_codes") == 0
    await use(conn, shop.terminal, qr(minted), now=now)


async def test_of_many_tills_that_use_one_code_at_once_one_does(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    till = await another_till(conn, shop, now=now)
    for round_ in range(1, 6):
        minted = await show(conn, shop, member, now=now)
        # when
        results = await race(pool, [using(shop.terminal, qr(minted), now), using(till, typed(minted), now)] * 8)
        # then
        assert sum(isinstance(result, Identified) for result in results) == 1
        refused = [result for result in results if isinstance(result, CodeAlreadyUsed)]
        assert [refusal.used_at for refusal in refused] == [now] * 15
        assert await count(conn, "used_codes") == round_


async def test_who_comes_second_waits_and_gets_the_code_if_the_first_fails(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    till = await another_till(conn, shop, now=now)
    minted = await show(conn, shop, member, now=now)
    used, may_fail = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        async with pool.acquire() as one, one.transaction():
            await use(one, shop.terminal, qr(minted), now=now)
            used.set()
            await may_fail.wait()
            raise Broken

    async def succeed() -> None:
        async with pool.acquire() as two:
            await use(two, till, qr(minted), now=now)

    # when
    first = asyncio.create_task(fail())
    await used.wait()
    second = asyncio.create_task(succeed())
    await until_waiting(conn)
    may_fail.set()
    results = await asyncio.gather(first, second, return_exceptions=True)
    # then
    assert [type(result) for result in results] == [Broken, type(None)]
    assert await conn.fetchval("SELECT terminal_id FROM used_codes") == till.terminal_id


async def test_two_codes_of_one_card_may_be_used_at_once_and_both_go_on_to_change_the_card(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    """Each row that names the card holds it a little until the commit; that must not keep either from locking it."""
    # given
    codes = [await show(conn, shop, member, now=now) for _ in range(2)]
    used = asyncio.Barrier(2)

    async def checkout(code: Minted) -> None:
        async with pool.acquire() as till, till.transaction():
            await use(till, shop.terminal, qr(code), now=now)
            await used.wait()
            await ledger.lock_cards(till, merchant_id=shop.merchant_id, card_ids=[member.card_id], now=now)

    # when
    await asyncio.gather(*(checkout(code) for code in codes))
    # then
    assert await count(conn, "used_codes") == 2


async def test_identifying_and_using_up_are_each_found_by_an_index(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    code = qr(await show(conn, shop, member, now=now))
    said = (code.program_number, as_bigint(code.card_reference), as_bigint(code.jti), code.purpose)
    signed = (shop.merchant_id, *said, code.expires_at)
    async with conn.transaction():
        await conn.execute("SET LOCAL enable_seqscan = off")
        for sql, args in (
            (scans.IDENTIFY_SIGNED_SQL, signed),
            (scans.IDENTIFY_TYPED_SQL, (shop.merchant_id, "0000000000")),
            (scans.USED_AT_SQL, (shop.merchant_id, 0)),
            (check_ins.FIND_OWN_CARD_SQL, (shop.merchant_id, member.card_id, member.customer_id)),
            (check_ins.END_EARLIER_SQL, (shop.merchant_id, member.card_id, now, now)),
        ):
            plan = "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {sql}", *args))
            assert "Seq Scan" not in plan, plan
