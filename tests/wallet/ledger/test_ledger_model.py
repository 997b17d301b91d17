"""The real ledger against a plain model, over random histories."""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from infra.pool import create_pool
from tests.database import Database
from tests.factories import Shop, make_card, make_shop
from tests.wallet.ledger.model import Model, ModelCard, ModelGift, ModelSpending, ModelVoucher
from wallet import audit, ledger
from wallet.database import Conn
from wallet.errors import InsufficientPoints
from wallet.ledger import Cause, Earlier, LockedCard
from wallet.values import AccountId, CardId, EntryKind, Points, SaleId, VoucherId

CARDS = 3
VOUCHER_LAW = "a voucher that can be used holds what it cost, and no other does"
"""Not looked at here: there are accounts of vouchers, and no rows that say what became of them."""
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

ENTRY_COUNT_SQL = "SELECT COUNT(*) FROM entries WHERE merchant_id = $1 AND card_id = $2"
LOTS_OF_CARD_SQL = """
    SELECT remaining, activated_at IS NOT NULL AS active, expires_at
    FROM lots WHERE merchant_id = $1 AND card_id = $2 ORDER BY lot_id
"""


@dataclass
class Tried:
    """What the model and the ledger made of the same thing."""

    model: Any = None
    real: Any = None


async def refused_as_none(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except InsufficientPoints:
        return None


class LedgerAgainstModel(RuleBasedStateMachine):
    """Each rule does the same thing to both; after each, both must stand alike."""

    loop: asyncio.AbstractEventLoop
    conn: Conn

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.model = Model()
        self.ids: list[CardId] = []
        self.sales: list[tuple[int, SaleId, int]] = []
        self.gifts: list[tuple[ModelGift, AccountId, int]] = []
        self.vouchers: list[tuple[ModelVoucher, AccountId, int]] = []
        self.spendings: list[tuple[ModelSpending, int]] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open_shop(self) -> None:
        async def opened() -> Shop:
            shop = await make_shop(self.conn, now=self.now)
            for _ in range(CARDS):
                self.ids.append(await make_card(self.conn, shop, now=self.now))
            return shop

        self.shop = self.run(opened())
        self.model.cards = [ModelCard() for _ in range(CARDS)]

    async def locked(self, *indexes: int) -> list[LockedCard]:
        wanted = [self.ids[i] for i in indexes]
        held = await ledger.lock_cards(self.conn, merchant_id=self.shop.merchant_id, card_ids=wanted, now=self.now)
        return [held[card_id] for card_id in wanted]

    def cause(self, sale_id: SaleId | None = None) -> Cause:
        return Cause(occurred_at=self.now, sale_id=sale_id)

    @rule(
        index=st.integers(0, CARDS - 1),
        points=st.integers(1, 50),
        pending_days=st.sampled_from([0, 0, 3]),
        life_days=st.sampled_from([None, 5, 10]),
    )
    def earn(self, index: int, points: int, pending_days: int, life_days: int | None) -> None:
        sale_id = SaleId(uuid4())
        activates_at = self.now + timedelta(days=pending_days)
        expires_at = activates_at + timedelta(days=life_days) if life_days else None

        async def work() -> None:
            async with self.conn.transaction():
                [card] = await self.locked(index)
                await ledger.earn(
                    self.conn,
                    card,
                    kind=EntryKind.EARNED,
                    points=Points(points),
                    activates_at=activates_at,
                    expires_at=expires_at,
                    cause=self.cause(sale_id),
                    now=self.now,
                )

        self.run(work())
        self.model.earn(self.model.cards[index], points, self.now, activates_at, expires_at, sale_id)
        self.sales.append((index, sale_id, points))

    @precondition(lambda self: self.sales)
    @rule(data=st.data())
    def refund_a_part(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, len(self.sales) - 1))
        index, sale_id, due = self.sales.pop(position)
        points = data.draw(st.integers(1, due))
        if due > points:
            self.sales.append((index, sale_id, due - points))

        async def work() -> int:
            async with self.conn.transaction():
                [card] = await self.locked(index)
                taken = await ledger.take_back(
                    self.conn,
                    card,
                    sale_id=sale_id,
                    points=Points(points),
                    earlier=Earlier(due=Points(self.model.untaken.get(sale_id, 0))),
                    cause=self.cause(sale_id),
                    now=self.now,
                )
                return taken.points

        assert self.run(work()) == self.model.take_back(self.model.cards[index], points, self.now, sale_id)

    @rule(index=st.integers(0, CARDS - 1), points=st.integers(1, 60))
    def send_gift(self, index: int, points: int) -> None:
        async def work() -> ledger.Reserved | None:
            try:
                async with self.conn.transaction():
                    [card] = await self.locked(index)
                    return await ledger.reserve_for_gift(
                        self.conn, card, points=Points(points), cause=self.cause(), now=self.now
                    )
            except InsufficientPoints:
                return None

        reserved = self.run(work())
        before = [(lot.remaining, lot.active) for lot in self.model.cards[index].lots]
        entries = self.model.cards[index].entries
        expired = self.model.expired
        gift = self.model.send(index, points, self.now)
        assert (reserved is None) == (gift is None)
        if gift is None:
            # The refusal rolled back all of it, what time had done included.
            for lot, (remaining, active) in zip(self.model.cards[index].lots, before, strict=True):
                lot.remaining, lot.active = remaining, active
            self.model.cards[index].entries = entries
            self.model.expired = expired
        else:
            self.gifts.append((gift, reserved.account_id, reserved.posted.seq))

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        gift, account_id, seq = self.gifts.pop(data.draw(st.integers(0, len(self.gifts) - 1)))

        async def work() -> None:
            async with self.conn.transaction():
                [card] = await self.locked(gift.card)
                await ledger.release_gift(
                    self.conn, card, account_id=account_id, sent_seq=seq, cause=self.cause(), now=self.now
                )

        self.run(work())
        self.model.give_back(gift, self.now)

    @precondition(lambda self: self.gifts)
    @rule(data=st.data(), index=st.integers(0, CARDS - 1), life_days=st.sampled_from([None, 7]))
    def claim(self, data: st.DataObject, index: int, life_days: int | None) -> None:
        gift, account_id, _ = self.gifts.pop(data.draw(st.integers(0, len(self.gifts) - 1)))
        expires_at = self.now + timedelta(days=life_days) if life_days else None

        async def work() -> None:
            async with self.conn.transaction():
                sender, recipient = await self.locked(gift.card, index)
                await ledger.settle_gift(
                    self.conn,
                    sender=sender,
                    recipient=recipient,
                    account_id=account_id,
                    points=Points(gift.points),
                    expires_at=expires_at,
                    sender_cause=self.cause(),
                    recipient_cause=self.cause(),
                    now=self.now,
                )

        self.run(work())
        self.model.claim(gift, index, self.now, expires_at)

    @rule(index=st.integers(0, CARDS - 1), points=st.integers(1, 60))
    def buy_a_voucher(self, index: int, points: int) -> None:
        async def work() -> ledger.Reserved:
            async with self.conn.transaction():
                [card] = await self.locked(index)
                return await ledger.reserve_for_voucher(
                    self.conn,
                    card,
                    points=Points(points),
                    voucher_id=VoucherId(uuid4()),
                    cause=self.cause(),
                    now=self.now,
                )

        with self.as_before_if_refused(index) as tried:
            tried.model = self.model.reserve(index, points, self.now)
            tried.real = self.run(refused_as_none(work()))
        if tried.model is not None:
            self.vouchers.append((tried.model, tried.real.account_id, tried.real.posted.seq))

    @precondition(lambda self: any(not voucher.used for voucher, _, _ in self.vouchers))
    @rule(data=st.data())
    def give_a_voucher_back(self, data: st.DataObject) -> None:
        open_ones = [at for at, (voucher, _, _) in enumerate(self.vouchers) if not voucher.used]
        voucher, account_id, seq = self.vouchers.pop(data.draw(st.sampled_from(open_ones)))

        async def work() -> None:
            async with self.conn.transaction():
                [card] = await self.locked(voucher.card)
                await ledger.release_voucher(
                    self.conn,
                    card,
                    account_id=account_id,
                    redeemed_seq=seq,
                    voucher_id=VoucherId(uuid4()),
                    cause=self.cause(),
                    now=self.now,
                )

        self.run(work())
        self.model.release(voucher, self.now)

    @rule(index=st.integers(0, CARDS - 1), spot=st.integers(0, 40), data=st.data())
    def pay_at_a_till(self, index: int, spot: int, data: st.DataObject) -> None:
        chosen = data.draw(self.some_vouchers(index, used=False))

        async def work() -> ledger.Posted | None:
            async with self.conn.transaction():
                [card] = await self.locked(index)
                return await ledger.redeem(
                    self.conn,
                    card,
                    spot=Points(spot),
                    used=[(account_id, Points(voucher.points)) for voucher, account_id, _ in chosen],
                    cause=self.cause(),
                    now=self.now,
                )

        with self.as_before_if_refused(index) as tried:
            tried.model = self.model.use(index, [voucher for voucher, _, _ in chosen], spot, self.now)
            # Nothing that costs points is no entry and no refusal.
            tried.real = self.run(refused_as_none(work())) if spot or chosen else tried.model
            if not spot and not chosen:
                self.run(self.settled(index))
        if tried.model is not None and spot:
            self.spendings.append((tried.model, tried.real.seq))

    @rule(index=st.integers(0, CARDS - 1), data=st.data())
    def bring_it_back_to_the_till(self, index: int, data: st.DataObject) -> None:
        chosen = data.draw(self.some_vouchers(index, used=True))
        here = [(spending, seq) for spending, seq in self.spendings if spending.card == index and spending.points]
        spending, seq = data.draw(st.sampled_from(here)) if here else (ModelSpending(index, 0, []), 0)
        spot = data.draw(st.integers(0, spending.points))

        async def work() -> None:
            async with self.conn.transaction():
                [card] = await self.locked(index)
                await ledger.unredeem(
                    self.conn,
                    card,
                    spot=[(seq, Points(spot))] if spot else [],
                    used=[(account_id, Points(voucher.points)) for voucher, account_id, _ in chosen],
                    cause=self.cause(),
                    now=self.now,
                )

        self.run(work())
        self.model.reopen(index, [voucher for voucher, _, _ in chosen], spending, spot, self.now)

    def some_vouchers(self, index: int, *, used: bool) -> st.SearchStrategy[list[tuple[ModelVoucher, AccountId, int]]]:
        """Any of the card's vouchers that are used, or are not."""
        here = [each for each in self.vouchers if each[0].card == index and each[0].used == used]
        return st.lists(st.sampled_from(here), max_size=3, unique_by=lambda each: each[1]) if here else st.just([])

    async def settled(self, index: int) -> None:
        async with self.conn.transaction():
            await self.locked(index)

    @contextmanager
    def as_before_if_refused(self, index: int) -> Iterator[Tried]:
        """Both refuse, or neither; a refusal rolled back all of it, what time had done included."""
        card, tried = self.model.cards[index], Tried()
        before = [(lot.remaining, lot.active, lot.expired) for lot in card.lots]
        entries, expired = card.entries, self.model.expired
        yield tried
        assert (tried.model is None) == (tried.real is None)
        if tried.model is None:
            for lot, (remaining, active, gone) in zip(card.lots, before, strict=True):
                lot.remaining, lot.active, lot.expired = remaining, active, gone
            card.entries, self.model.expired = entries, expired

    @rule(days=st.integers(1, 4))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(index=st.integers(0, CARDS - 1))
    def sweep(self, index: int) -> None:
        async def work() -> None:
            async with self.conn.transaction():
                await self.locked(index)

        self.run(work())
        self.model.settle(self.model.cards[index], self.now)

    @invariant()
    def both_stand_alike(self) -> None:
        async def work() -> None:
            # Read at the start of time, when nothing is due, so that looking changes nothing.
            early = START - timedelta(days=400)
            held = await ledger.lock_cards(self.conn, merchant_id=self.shop.merchant_id, card_ids=self.ids, now=early)
            for card_id, expected in zip(self.ids, self.model.cards, strict=True):
                card = held[card_id]
                assert (card.active, card.pending, card.reserved, card.lifetime_earned, card.revision) == (
                    expected.active,
                    expected.pending,
                    expected.reserved,
                    expected.lifetime,
                    expected.entries,
                )
                lots = await self.conn.fetch(LOTS_OF_CARD_SQL, self.shop.merchant_id, card_id)
                assert [(lot["remaining"], lot["active"], lot["expires_at"]) for lot in lots] == [
                    (lot.remaining, lot.active, lot.expires_at) for lot in expected.lots
                ]
            on_cards = sum(c.active + c.pending + c.reserved for c in self.model.cards)
            assert self.model.issued == on_cards + self.model.expired + self.model.redeemed

        if self.ids:
            self.run(work())

    def teardown(self) -> None:
        async def work() -> list[audit.Verdict]:
            return [verdict async for verdict in audit.verdicts(self.conn)]

        if self.ids:
            broken = [verdict for verdict in self.run(work()) if verdict.count]
            assert [verdict for verdict in broken if verdict.law != VOUCHER_LAW] == []


def run_machine(database: Database, *, examples: int, steps: int) -> None:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        pool = runner.run(create_pool(database.dsn, max_size=2))
        held = pool.acquire()
        conn = runner.run(held.__aenter__())
        machine = type("Machine", (LedgerAgainstModel,), {"loop": loop, "conn": conn})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(held.__aexit__(None, None, None))
        runner.run(pool.close())


def test_ledger_agrees_with_a_plain_model_over_random_histories(database: Database) -> None:
    run_machine(database, examples=40, steps=25)


@pytest.mark.soak
def test_ledger_agrees_with_a_plain_model_over_thousands_of_histories(database: Database) -> None:
    run_machine(database, examples=2_000, steps=50)
    print("\nledger against its model: 2,000 histories of up to 50 steps")  # noqa: T201
