"""The real ledger of money value against a plain model, over random histories."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from infra.pool import create_pool
from tests.database import Database
from tests.factories import make_shop
from tests.wallet.ledger.value.scenes import locked, make_gift_card
from wallet import audit
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InsufficientValue
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, ValueCause
from wallet.values import MINOR_MAX, GiftCardId, Minor

CARDS = 3
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
AMOUNTS = st.one_of(st.integers(1, 500), st.sampled_from([MINOR_MAX - 1, MINOR_MAX]))
LIVES = st.sampled_from([None, 2, 9])
"""In days."""

STANDS_SQL = """
    SELECT gift_card_id, state, balance_minor, expires_at, revision FROM gift_cards WHERE merchant_id = $1
"""


@dataclass
class ModelCard:
    """What a gift card is, told without a ledger."""

    state: str = "PENDING"
    balance: int = 0
    expires_at: datetime | None = None
    changes: int = 0

    def settle(self, now: datetime) -> None:
        if self.balance and self.past(now):
            self.put(-self.balance)

    def past(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def usable(self, now: datetime) -> bool:
        return self.state == "ACTIVE" and not self.past(now)

    def put(self, amount: int) -> None:
        self.balance += amount
        self.changes += 1

    def live(self, until: datetime | None) -> None:
        self.expires_at = None if self.expires_at is None or until is None else max(self.expires_at, until)


class ValueAgainstModel(RuleBasedStateMachine):
    """Each rule does the same thing to both; after each, both must stand alike."""

    loop: asyncio.AbstractEventLoop
    conn: Conn

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.model: list[ModelCard] = []
        self.ids: list[GiftCardId] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open_shop(self) -> None:
        self.shop = self.run(make_shop(self.conn, now=self.now))
        for _ in range(CARDS):
            self.open_card()

    def open_card(self) -> None:
        self.ids.append(self.run(make_gift_card(self.conn, self.shop, None, now=self.now)))
        self.model.append(ModelCard())

    def cause(self) -> ValueCause:
        return ValueCause(self.now, "Because")

    def until(self, days: int | None) -> datetime | None:
        return None if days is None else self.now + timedelta(days=days)

    def both(self, index: int, allowed: bool, work: Any) -> ModelCard | None:
        """Does it to the real card: it must be refused exactly where the model does not allow it."""

        async def tried() -> bool:
            try:
                async with self.conn.transaction():
                    [card] = await locked(self.conn, self.shop, self.ids[index], now=self.now)
                    await work(card)
            except (GiftCardNotUsable, InsufficientValue):
                return False
            return True

        done = self.run(tried())
        assert done == allowed
        return self.model[index] if done else None

    def held(self, index: int) -> ModelCard:
        """As the card is once it is locked; what that does is undone with a refusal, so it is done by itself first."""

        async def settle() -> None:
            async with self.conn.transaction():
                await locked(self.conn, self.shop, self.ids[index], now=self.now)

        self.run(settle())
        self.model[index].settle(self.now)
        return self.model[index]

    @rule(index=st.integers(0, CARDS - 1), amount=AMOUNTS, days=LIVES, imported=st.booleans())
    def begin(self, index: int, amount: int, days: int | None, imported: bool) -> None:
        allowed = self.held(index).state == "PENDING"
        move = value.import_value if imported else value.activate

        async def work(card: LockedGiftCard) -> None:
            await move(
                self.conn, card, amount=Minor(amount), expires_at=self.until(days), cause=self.cause(), now=self.now
            )

        if model := self.both(index, allowed, work):
            model.state, model.expires_at = "ACTIVE", self.until(days)
            model.put(amount)

    @rule(index=st.integers(0, CARDS - 1), amount=AMOUNTS, days=LIVES)
    def load(self, index: int, amount: int, days: int | None) -> None:
        before = self.held(index)
        allowed = before.usable(self.now) and before.balance + amount <= MINOR_MAX

        async def work(card: LockedGiftCard) -> None:
            await value.load(
                self.conn, card, amount=Minor(amount), expires_at=self.until(days), cause=self.cause(), now=self.now
            )

        if model := self.both(index, allowed, work):
            model.live(self.until(days))
            model.put(amount)

    @rule(index=st.integers(0, CARDS - 1), amount=AMOUNTS)
    def redeem(self, index: int, amount: int) -> None:
        before = self.held(index)

        async def work(card: LockedGiftCard) -> None:
            await value.redeem(self.conn, card, amount=Minor(amount), cause=self.cause(), now=self.now)

        if model := self.both(index, before.usable(self.now) and amount <= before.balance, work):
            model.put(-amount)

    @rule(index=st.integers(0, CARDS - 1), amount=AMOUNTS, days=LIVES)
    def refund(self, index: int, amount: int, days: int | None) -> None:
        before = self.held(index)
        allowed = before.state in ("ACTIVE", "BLOCKED") and before.balance + amount <= MINOR_MAX

        async def work(card: LockedGiftCard) -> None:
            await value.refund(
                self.conn, card, amount=Minor(amount), expires_at=self.until(days), cause=self.cause(), now=self.now
            )

        if model := self.both(index, allowed, work):
            if model.past(self.now):
                model.expires_at = self.until(days)
            model.put(amount)

    @rule(index=st.integers(0, CARDS - 1), amount=AMOUNTS, sign=st.sampled_from([1, -1]))
    def adjust(self, index: int, amount: int, sign: int) -> None:
        before = self.held(index)
        open_ = before.usable(self.now) or before.state == "BLOCKED"
        allowed = open_ and 0 <= before.balance + sign * amount <= MINOR_MAX

        async def work(card: LockedGiftCard) -> None:
            await value.adjust(self.conn, card, amount=sign * amount, cause=self.cause(), now=self.now)

        if model := self.both(index, allowed, work):
            model.put(sign * amount)

    @rule(index=st.integers(0, CARDS - 1), other=st.integers(1, CARDS - 1), amount=AMOUNTS)
    def transfer(self, index: int, other: int, amount: int) -> None:
        other = (index + other) % CARDS
        source, target = self.held(index), self.held(other)
        allowed = (
            source.usable(self.now)
            and target.usable(self.now)
            and amount <= source.balance
            and target.balance + amount <= MINOR_MAX
        )

        async def tried() -> bool:
            try:
                async with self.conn.transaction():
                    cards = await locked(self.conn, self.shop, self.ids[index], self.ids[other], now=self.now)
                    await value.transfer(self.conn, *cards, amount=Minor(amount), cause=self.cause(), now=self.now)
            except (GiftCardNotUsable, InsufficientValue):
                return False
            return True

        assert self.run(tried()) == allowed
        if allowed:
            target.live(source.expires_at)
            source.put(-amount)
            target.put(amount)

    @rule(index=st.integers(0, CARDS - 1), what=st.sampled_from(["BLOCK", "UNBLOCK", "DEACTIVATE"]))
    def close(self, index: int, what: str) -> None:
        before = self.held(index)
        move = {"BLOCK": value.block, "UNBLOCK": value.unblock, "DEACTIVATE": value.deactivate}[what]
        allowed = {
            "BLOCK": before.state == "ACTIVE",
            "UNBLOCK": before.state == "BLOCKED",
            "DEACTIVATE": before.state != "DEACTIVATED",
        }[what]

        async def work(card: LockedGiftCard) -> None:
            await move(self.conn, card, cause=self.cause(), now=self.now)

        if model := self.both(index, allowed, work):
            model.put(-model.balance if what == "DEACTIVATE" else 0)
            model.state = {"BLOCK": "BLOCKED", "UNBLOCK": "ACTIVE", "DEACTIVATE": "DEACTIVATED"}[what]
            if what == "DEACTIVATE":
                # A card that is at its end makes room for another.
                self.ids[index] = self.run(make_gift_card(self.conn, self.shop, None, now=self.now))
                self.model[index] = ModelCard()

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def both_stand_alike(self) -> None:
        rows = {row["gift_card_id"]: row for row in self.run(self.conn.fetch(STANDS_SQL, self.shop.merchant_id))}
        for gift_card_id, model in zip(self.ids, self.model, strict=True):
            row = rows[gift_card_id]
            real = (row["state"], row["balance_minor"], row["expires_at"], row["revision"])
            assert real == (model.state, model.balance, model.expires_at, model.changes)

    def teardown(self) -> None:
        async def judged() -> dict[str, tuple[str, ...]]:
            return {verdict.law: verdict.broken async for verdict in audit.verdicts(self.conn) if verdict.count}

        if self.ids:
            assert self.run(judged()) == {}


def test_random_histories_of_gift_cards_match_a_plain_model(database: Database) -> None:
    async def opened() -> Any:
        return await create_pool(database.dsn, max_size=1)

    loop = asyncio.new_event_loop()
    pool = loop.run_until_complete(opened())
    acquired = pool.acquire()

    class Machine(ValueAgainstModel):
        pass

    Machine.loop = loop
    Machine.conn = loop.run_until_complete(acquired.__aenter__())
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(acquired.__aexit__(None, None, None))
        loop.run_until_complete(pool.close())
        loop.close()
