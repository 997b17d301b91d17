"""Scans open visits, and what a till sees of the customer it serves."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from infra.pool import Pool
from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.wallet.counter import (
    Member,
    another_store,
    another_till,
    count,
    counts,
    make_member,
    qr,
    race,
    show,
    typed,
)
from wallet import enrolments, stores, visits
from wallet.check_ins import as_bigint
from wallet.customers import Contact
from wallet.database import Conn
from wallet.errors import CodeAlreadyUsed, CodeExpired, CodeInvalid, NotFound
from wallet.tiers import NO_TIER
from wallet.values import CheckInPurpose, ScannedCode, Terminal, TypedCode, VisitId
from wallet.visits import MemberCard, Visit


async def scan(conn: Conn, terminal: Terminal, code: ScannedCode, *, now: datetime) -> Visit:
    async with conn.transaction():
        return await visits.open_by_scan(conn, terminal=terminal, code=code, now=now)


def scanning(terminal: Terminal, code: ScannedCode, now: datetime) -> Callable[[Conn], Awaitable[Visit]]:
    return lambda conn: visits.open_by_scan(conn, terminal=terminal, code=code, now=now)


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


@pytest.fixture
async def member(conn: Conn, shop: Shop, now: datetime) -> Member:
    return await make_member(conn, shop, name="Anu", now=now)


@pytest.mark.parametrize("purpose", CheckInPurpose)
@pytest.mark.parametrize("form", [qr, typed])
async def test_a_scan_uses_the_code_up_and_opens_a_visit_of_fifteen_minutes(
    conn: Conn, now: datetime, shop: Shop, member: Member, purpose: CheckInPurpose, form: type
) -> None:
    # given
    minted = await show(conn, shop, member, purpose, now=now)
    # when
    visit = await scan(conn, shop.terminal, form(minted), now=now)
    # then
    assert visit == Visit(
        merchant_id=shop.merchant_id,
        visit_id=visit.visit_id,
        card_id=member.card_id,
        purpose=purpose,
        opened_at=now,
        expires_at=now + timedelta(minutes=15),
    )
    [row] = await conn.fetch("SELECT visit_id, store_id, terminal_id, already_member, idempotency_key FROM visits")
    assert [row[at] for at in range(5)] == [visit.visit_id, shop.store_id, shop.terminal_id, None, None]
    [used] = await conn.fetch("SELECT jti, card_id, terminal_id, used_at FROM used_codes")
    assert [used[at] for at in range(4)] == [as_bigint(minted.jti), member.card_id, shop.terminal_id, now]


async def test_a_second_scan_of_a_code_opens_no_visit(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given
    till, elsewhere = await another_till(conn, shop, now=now), await another_store(conn, shop, now=now)
    minted = await show(conn, shop, member, now=now)
    await scan(conn, shop.terminal, qr(minted), now=now)
    for terminal in (shop.terminal, till, elsewhere):
        for code in (qr(minted), typed(minted)):
            # when
            with pytest.raises(CodeAlreadyUsed) as refused:
                await scan(conn, terminal, code, now=now + timedelta(seconds=2))
            assert refused.value.used_at == now
    # then
    assert await counts(conn, "visits", "used_codes") == {"visits": 1, "used_codes": 1}


async def test_a_code_that_is_over_replaced_or_none_opens_no_visit(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    other = await make_shop(conn, now=now)
    over = await show(conn, shop, member, now=now - timedelta(seconds=95))
    replaced = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    live = await show(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    # when
    for code, refusal in ((qr(over), CodeExpired), (typed(over), CodeExpired), (qr(replaced), CodeExpired)):
        with pytest.raises(refusal):
            await scan(conn, shop.terminal, code, now=now)
    with pytest.raises(CodeInvalid):
        await scan(conn, shop.terminal, TypedCode("0000000000"), now=now)
    with pytest.raises(CodeInvalid):
        await scan(conn, other.terminal, qr(live), now=now)
    # then
    assert await counts(conn, "visits", "used_codes") == {"visits": 0, "used_codes": 0}
    await scan(conn, shop.terminal, qr(live), now=now)


async def test_one_code_scanned_by_many_tills_at_once_makes_one_visit(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    till = await another_till(conn, shop, now=now)
    for round_ in range(1, 6):
        minted = await show(conn, shop, member, now=now)
        # when
        scans = [scanning(shop.terminal, qr(minted), now), scanning(till, typed(minted), now)] * 8
        results = await race(pool, scans)
        # then
        assert sum(isinstance(result, Visit) for result in results) == 1
        assert [r.used_at for r in results if isinstance(r, CodeAlreadyUsed)] == [now] * 15
        assert await counts(conn, "visits", "used_codes") == {"visits": round_, "used_codes": round_}


async def test_codes_of_one_card_scanned_at_once_each_open_a_visit(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    codes = [qr(await show(conn, shop, member, now=now)) for _ in range(8)]
    results = await race(pool, [scanning(shop.terminal, code, now) for code in codes])
    assert len({result.visit_id for result in results if isinstance(result, Visit)}) == 8


@pytest.mark.soak
async def test_a_thousand_codes_raced_for_by_sixteen_tills_make_a_thousand_visits(
    pool: Pool, conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    for _ in range(1_000):
        code = qr(await show(conn, shop, member, now=now))
        results = await race(pool, [scanning(shop.terminal, code, now)] * 16)
        assert sum(isinstance(result, Visit) for result in results) == 1
        assert sum(isinstance(result, CodeAlreadyUsed) for result in results) == 15
    assert await counts(conn, "visits", "used_codes") == {"visits": 1_000, "used_codes": 1_000}


@pytest.mark.parametrize("form", [qr, typed])
async def test_a_whole_scan_takes_six_statements(
    pool: Pool,
    conn: Conn,
    now: datetime,
    shop: Shop,
    member: Member,
    statements: StatementCounter,
    form: type,
) -> None:
    minted = await show(conn, shop, member, now=now)
    await make_points(conn, shop, member.card_id, 30, now=now)
    async with statements.counted() as seen, pool.acquire() as till, till.transaction():
        terminal = await stores.load_terminal(
            till,
            merchant_id=shop.merchant_id,
            terminal_id=shop.terminal_id,
            session_id=shop.session_id,
            now=now,
        )
        visit = await visits.open_by_scan(till, terminal=terminal, code=form(minted), now=now)
        card = await visits.member_card(till, merchant_id=shop.merchant_id, card_id=visit.card_id)
    assert card.active == 30
    assert len(seen) == 6, seen


async def test_a_visit_is_found_at_every_till_of_its_store_for_fifteen_minutes(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    till = await another_till(conn, shop, now=now)
    visit = await scan(conn, shop.terminal, qr(await show(conn, shop, member, now=now)), now=now)
    last = visit.expires_at - timedelta(microseconds=1)
    for terminal in (shop.terminal, till):
        for at in (now, last):
            assert await visits.find(conn, terminal=terminal, visit_id=visit.visit_id, now=at) == visit


async def test_a_visit_that_is_over_elsewhere_or_unknown_is_not_found(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    elsewhere, other = await another_store(conn, shop, now=now), await make_shop(conn, now=now)
    visit = await scan(conn, shop.terminal, qr(await show(conn, shop, member, now=now)), now=now)
    for terminal, visit_id, at in (
        (shop.terminal, visit.visit_id, visit.expires_at),
        (elsewhere, visit.visit_id, now),
        (other.terminal, visit.visit_id, now),
        (shop.terminal, VisitId(uuid.uuid4()), now),
    ):
        with pytest.raises(NotFound):
            await visits.find(conn, terminal=terminal, visit_id=visit_id, now=at)


async def test_the_till_sees_the_name_the_balance_and_four_digits(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    # given
    await make_points(conn, shop, member.card_id, 120, now=now)
    await make_points(conn, shop, member.card_id, 45, now=now, activates_at=now + timedelta(days=7))
    number = await conn.fetchval("SELECT number FROM cards WHERE card_id = $1", member.card_id)
    # when
    card = await visits.member_card(conn, merchant_id=shop.merchant_id, card_id=member.card_id)
    # then
    assert card == MemberCard(
        merchant_id=shop.merchant_id,
        card_id=member.card_id,
        display_name="Anu",
        number_last4=number[-4:],
        point_name="bean",
        point_name_plural="beans",
        active=card.active,
        pending=card.pending,
        revision=2,
        program_id=shop.program_id,
        stamps=0,
        standing=NO_TIER,
    )
    assert (card.active, card.pending) == (120, 45)


async def test_the_till_never_sees_an_address(conn: Conn, now: datetime, shop: Shop) -> None:
    card_id = await make_card(conn, shop, now=now)
    card = await visits.member_card(conn, merchant_id=shop.merchant_id, card_id=card_id)
    assert card.display_name is None
    assert "@" not in repr(card)


async def test_many_cards_are_seen_as_each_of_them_is(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    # given one whose name may be seen, one who gave none, one whose name is another merchant's, and another's card
    await make_customer(conn, email="nila@example.com", name="Nila", now=now - timedelta(days=1))
    async with conn.transaction():
        enrolled = await enrolments.enrol(
            conn,
            terminal=shop.terminal,
            contact=Contact("nila@example.com", "nila@example.com", None),
            name=None,
            locale=None,
            idempotency_key=uuid.uuid4(),
            input_hash=bytes(32),
            now=now,
        )
    other = await make_shop(conn, now=now)
    theirs = [member.card_id, await make_card(conn, shop, now=now), enrolled.visit.card_id]
    stranger = await make_card(conn, other, now=now)
    # when
    found = await visits.member_cards(conn, merchant_id=shop.merchant_id, card_ids=[*theirs, stranger])
    # then
    assert [found[card_id].display_name for card_id in theirs] == ["Anu", None, None]
    assert found == {
        card_id: await visits.member_card(conn, merchant_id=shop.merchant_id, card_id=card_id) for card_id in theirs
    }
    assert await visits.member_cards(conn, merchant_id=shop.merchant_id, card_ids=[]) == {}


async def test_another_merchant_s_card_is_not_found(conn: Conn, now: datetime, shop: Shop, member: Member) -> None:
    other = await make_shop(conn, now=now)
    with pytest.raises(NotFound):
        await visits.member_card(conn, merchant_id=other.merchant_id, card_id=member.card_id)


async def test_visits_and_member_cards_are_found_by_an_index(
    conn: Conn, now: datetime, shop: Shop, member: Member
) -> None:
    assert await count(conn, "visits") == 0
    async with conn.transaction():
        await conn.execute("SET LOCAL enable_seqscan = off")
        for sql, args in (
            (visits.FIND_SQL, (shop.merchant_id, uuid.uuid4(), shop.store_id, now)),
            (visits.MEMBER_CARD_SQL, (shop.merchant_id, member.card_id)),
            (visits.MEMBER_CARDS_SQL, (shop.merchant_id, [member.card_id])),
        ):
            plan = "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {sql}", *args))
            assert "Seq Scan" not in plan, plan
