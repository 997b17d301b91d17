"""What a reward costs, moved exactly: reserved, spent, given back to its own lots, wholly or in parts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from tests.factories import Shop, make_card, make_points, make_shop
from wallet import audit, history, ledger
from wallet.database import Conn
from wallet.errors import InsufficientPoints
from wallet.ledger import Cause, LockedCard, Posted, Reserved
from wallet.values import HIDDEN, AccountId, CardId, EntryKind, Points, VoucherId

LOTS_SQL = """
    SELECT remaining FROM lots WHERE merchant_id = $1 AND card_id = $2 ORDER BY expires_at NULLS LAST, lot_id
"""
LAST_ENTRY = ("kind", "points", "reserved_points", "voucher_id", "reverses_seq", "reverses_wholly")
LAST_ENTRY_SQL = """
    SELECT kind, points, pending_points, reserved_points, voucher_id, reverses_seq, reverses_wholly
    FROM entries WHERE merchant_id = $1 AND card_id = $2 ORDER BY seq DESC LIMIT 1
"""
ACCOUNT_SQL = "SELECT balance FROM accounts WHERE account_id = $1"
REDEEMED_SQL = """
    SELECT COALESCE(SUM(CASE WHEN t.to_account_id = p.redeemed_account_id THEN t.points
                             WHEN t.from_account_id = p.redeemed_account_id THEN -t.points END), 0)::bigint
    FROM programs AS p
    LEFT JOIN transfers AS t ON t.merchant_id = p.merchant_id
    WHERE p.merchant_id = $1
"""
VOUCHER_LAW = "a voucher that can be used holds what it cost, and no other does"


class Book:
    """One card with three lots: 10 points that expire first, 20 that expire later, 30 that never do."""

    def __init__(self, conn: Conn, shop: Shop, card_id: CardId, now: datetime) -> None:
        self.conn, self.shop, self.card_id, self.now = conn, shop, card_id, now

    async def locked(self) -> LockedCard:
        held = await ledger.lock_cards(
            self.conn, merchant_id=self.shop.merchant_id, card_ids=[self.card_id], now=self.now
        )
        return held[self.card_id]

    async def reserve(self, points: int, voucher_id: UUID | None = None) -> Reserved:
        async with self.conn.transaction():
            return await ledger.reserve_for_voucher(
                self.conn,
                await self.locked(),
                points=Points(points),
                voucher_id=VoucherId(voucher_id or uuid4()),
                cause=Cause(self.now),
                now=self.now,
            )

    async def release(self, reserved: Reserved) -> Posted:
        async with self.conn.transaction():
            return await ledger.release_voucher(
                self.conn,
                await self.locked(),
                account_id=reserved.account_id,
                redeemed_seq=reserved.posted.seq,
                voucher_id=VoucherId(uuid4()),
                cause=Cause(self.now),
                now=self.now,
            )

    async def redeem(self, spot: int, used: Sequence[tuple[AccountId, int]] = ()) -> Posted | None:
        async with self.conn.transaction():
            return await ledger.redeem(
                self.conn,
                await self.locked(),
                spot=Points(spot),
                used=[(account, Points(points)) for account, points in used],
                cause=Cause(self.now),
                now=self.now,
            )

    async def unredeem(
        self, spot: Sequence[tuple[int, int]] = (), used: Sequence[tuple[AccountId, int]] = ()
    ) -> Posted | None:
        async with self.conn.transaction():
            return await ledger.unredeem(
                self.conn,
                await self.locked(),
                spot=[(seq, Points(points)) for seq, points in spot],
                used=[(account, Points(points)) for account, points in used],
                cause=Cause(self.now),
                now=self.now,
            )

    async def lots(self) -> list[int]:
        rows = await self.conn.fetch(LOTS_SQL, self.shop.merchant_id, self.card_id)
        return [row["remaining"] for row in rows]

    async def stands(self) -> tuple[int, int, int]:
        """Active, reserved, and what the program has redeemed."""
        async with self.conn.transaction():
            card = await self.locked()
        redeemed: int = await self.conn.fetchval(REDEEMED_SQL, self.shop.merchant_id)
        return card.active, card.reserved, redeemed

    async def last(self) -> dict[str, object]:
        row = await self.conn.fetchrow(LAST_ENTRY_SQL, self.shop.merchant_id, self.card_id)
        assert row is not None
        return {name: row[name] for name in LAST_ENTRY}

    async def broken(self) -> list[str]:
        """The laws that do not hold; there are no rows of vouchers here for the accounts to agree with."""
        found = [verdict.law async for verdict in audit.verdicts(self.conn) if verdict.count]
        return [law for law in found if law != VOUCHER_LAW]


@pytest.fixture
async def book(conn: Conn, now: datetime) -> Book:
    shop = await make_shop(conn, now=now)
    card_id = await make_card(conn, shop, now=now)
    for points, days in ((10, 10), (20, 20), (30, None)):
        expires_at = now + timedelta(days=days) if days else None
        await make_points(conn, shop, card_id, points, expires_at=expires_at, now=now)
    return Book(conn, shop, card_id, now)


async def test_reserving_and_releasing_leaves_everything_as_it_was(book: Book) -> None:
    voucher_id = uuid4()
    reserved = await book.reserve(25, voucher_id)
    assert (await book.stands(), await book.lots()) == ((35, 25, 0), [0, 5, 30])
    assert await book.conn.fetchval(ACCOUNT_SQL, reserved.account_id) == 25
    assert (await book.last())["voucher_id"] == voucher_id
    await book.release(reserved)
    assert (await book.stands(), await book.lots()) == ((60, 0, 0), [10, 20, 30])
    assert await book.conn.fetchval(ACCOUNT_SQL, reserved.account_id) == 0
    last = await book.last()
    assert (last["kind"], last["points"], last["reserved_points"]) == ("RETURNED", 25, -25)
    assert (last["reverses_seq"], last["reverses_wholly"]) == (reserved.posted.seq, True)
    assert await book.broken() == []


async def test_no_voucher_is_released_twice(book: Book) -> None:
    reserved = await book.reserve(25)
    await book.release(reserved)
    before = await book.stands()
    with pytest.raises(AssertionError):
        await book.release(reserved)
    assert await book.stands() == before


async def test_more_than_there_is_is_neither_reserved_nor_spent(book: Book) -> None:
    for attempt in (book.reserve, book.redeem):
        with pytest.raises(InsufficientPoints) as refused:
            await attempt(61)
        assert (refused.value.needed, refused.value.available) == (61, 60)
    assert (await book.stands(), await book.lots()) == ((60, 0, 0), [10, 20, 30])


async def test_a_used_vouchers_points_are_the_programs_and_come_back_when_it_reopens(book: Book) -> None:
    reserved = await book.reserve(25)
    account = reserved.account_id
    # when it is used
    used = await book.redeem(0, [(account, 25)])
    # then
    assert used is not None
    assert (await book.stands(), await book.lots()) == ((35, 0, 25), [0, 5, 30])
    last = await book.last()
    assert (last["kind"], last["points"], last["reserved_points"]) == ("VOUCHER_USED", 0, -25)
    # and when it reopens
    await book.unredeem(used=[(account, 25)])
    assert (await book.stands(), await book.lots()) == ((35, 25, 0), [0, 5, 30])
    last = await book.last()
    assert (last["kind"], last["points"], last["reserved_points"]) == ("VOUCHER_REOPENED", 0, 25)
    # and when it is cancelled after that
    await book.release(reserved)
    assert (await book.stands(), await book.lots()) == ((60, 0, 0), [10, 20, 30])
    assert await book.broken() == []


async def test_all_that_one_checkout_redeems_is_one_entry(book: Book) -> None:
    first, second = await book.reserve(10), await book.reserve(5)
    posted = await book.redeem(20, [(first.account_id, 10), (second.account_id, 5)])
    assert posted is not None
    assert posted.seq == second.posted.seq + 1
    assert (await book.stands(), await book.lots()) == ((25, 0, 35), [0, 0, 25])
    last = await book.last()
    assert (last["kind"], last["points"], last["reserved_points"]) == ("REDEEMED", -20, -15)
    # and so is all that comes back
    back = await book.unredeem([(posted.seq, 20)], [(first.account_id, 10), (second.account_id, 5)])
    assert back is not None
    assert back.seq == posted.seq + 1
    last = await book.last()
    assert (last["kind"], last["points"], last["reserved_points"]) == ("RETURNED", 20, 15)
    assert (last["reverses_seq"], last["reverses_wholly"]) == (posted.seq, True)
    assert (await book.stands(), await book.lots()) == ((45, 15, 0), [0, 15, 30])
    assert await book.broken() == []


async def test_what_costs_nothing_leaves_no_entry(book: Book) -> None:
    account = (await book.reserve(5)).account_id
    before = await book.last()
    assert await book.redeem(0) is None
    assert await book.redeem(0, [(account, 0)]) is None
    assert await book.unredeem() is None
    assert await book.unredeem([], [(account, 0)]) is None
    assert await book.last() == before


@pytest.mark.parametrize("parts", sorted(set(permutations([8, 12, 25]))))
async def test_in_whatever_parts_it_comes_back_every_lot_ends_as_it_was(book: Book, parts: tuple[int, ...]) -> None:
    # given 45 points spent at once: 10, 20, and 15 of the 30
    posted = await book.redeem(45)
    assert posted is not None
    assert await book.lots() == [0, 0, 15]
    # when it comes back in parts
    for part in parts:
        await book.unredeem([(posted.seq, part)])
        assert not (await book.last())["reverses_wholly"]
    # then
    assert (await book.stands(), await book.lots()) == ((60, 0, 0), [10, 20, 30])
    assert await book.broken() == []


async def test_of_a_part_the_longest_lived_lots_get_theirs_back_first(book: Book) -> None:
    posted = await book.redeem(45)
    assert posted is not None
    await book.unredeem([(posted.seq, 16)])
    assert await book.lots() == [0, 1, 30]


async def test_no_more_comes_back_than_was_spent_whatever_was_earned_or_spent_since(book: Book) -> None:
    # given two purchases that took from one lot, and one of them given back
    first, second = await book.redeem(25), await book.redeem(10)
    assert first is not None
    assert second is not None
    assert await book.lots() == [0, 0, 25]
    await book.unredeem([(first.seq, 25)])
    assert await book.lots() == [10, 15, 25]
    # when it is asked for once more
    with pytest.raises(AssertionError):
        await book.unredeem([(first.seq, 1)])
    # then nothing happened, and the other one still comes back to its own lots
    assert await book.lots() == [10, 15, 25]
    await book.unredeem([(second.seq, 4), (second.seq, 6)])
    assert (await book.stands(), await book.lots()) == ((60, 0, 0), [10, 20, 30])
    assert await book.broken() == []


async def test_a_history_shows_what_a_reward_cost_and_not_what_moves_behind_it(book: Book) -> None:
    reserved = await book.reserve(25)
    await book.redeem(0, [(reserved.account_id, 25)])
    await book.unredeem(used=[(reserved.account_id, 25)])
    key = (book.shop.merchant_id, book.card_id)
    shown = (await history.pages(book.conn, cards=[key], first=20, before_seq=None))[book.card_id]
    assert [entry.kind for entry in shown] == [EntryKind.REDEEMED, *[EntryKind.BONUS] * 3]
    chosen = (await history.pages(book.conn, cards=[key], first=20, before_seq=None, kinds=[*EntryKind]))[book.card_id]
    assert chosen == shown
    since = await history.since(book.conn, merchant_id=key[0], card_id=key[1], after_seq=reserved.posted.seq)
    assert [entry.kind for entry in since] == [EntryKind.VOUCHER_USED, EntryKind.VOUCHER_REOPENED]
    assert {entry.kind for entry in since} <= HIDDEN


async def test_the_audit_names_an_account_that_no_voucher_accounts_for(book: Book) -> None:
    reserved = await book.reserve(25)
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(book.conn) if verdict.count}
    assert broken == {VOUCHER_LAW: (f"account {reserved.account_id} holds 25 points of no voucher",)}
