"""The product's counter: one merchant with one program in a database of its own, called by its functions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import uuid4

from infra.sweeps import sweeps
from infra.worker import Sweep
from tests.baskets.plain_card import Ticket
from tests.baskets.plain_days import NEW_YORK, midnight
from tests.baskets.programs import ZONE, Program, RewardSaid, is_elsewhere, zone_of
from tests.baskets.till import Member
from tests.factories import Shop as Place
from tests.factories import make_card, make_customer, make_shop
from wallet import reviews, rewards, stores
from wallet.database import Conn
from wallet.errors import InsufficientPoints, RewardUnavailable
from wallet.rewards import NewReward
from wallet.rules import Rules
from wallet.values import (
    Minor,
    Points,
    RewardId,
    RewardKind,
    SaleId,
    StoreId,
    Terminal,
    VoucherId,
)

BIRTHDAY_SQL = """
    UPDATE customers SET birth_month = $2, birth_day = $3
    WHERE customer_id = $1
"""

ISSUED_SQL = """
    SELECT voucher_id
    FROM vouchers
    WHERE card_id = $1 AND origin = 'STAMPS'
    ORDER BY created_at DESC, voucher_id DESC
    LIMIT $2
"""

SWEEP_LIMIT = 500


@dataclass(slots=True)
class Counter:
    """The merchant's stores, members and rewards, and what happens beside the till."""

    conn: Conn
    place: Place
    rewards: dict[str, RewardId]
    members: dict[int, Member] = field(default_factory=dict)
    terminals: dict[int, Terminal] = field(default_factory=dict)
    vouchers: dict[tuple[int, int], VoucherId] = field(default_factory=dict)
    worker: Sequence[Sweep] = field(default_factory=sweeps)

    async def join(self, household: int, born: tuple[int, int] | None, *, now: datetime) -> None:
        async with self.conn.transaction():
            email = f"household{household}@example.com"
            customer_id = await make_customer(self.conn, email=email, locale="en-US", now=now)
            if born:
                await self.conn.execute(BIRTHDAY_SQL, customer_id, *born)
            card_id = await make_card(self.conn, self.place, customer_id, now=now)
        self.members[household] = Member(customer_id, card_id)

    async def terminal(self, store: int, *, now: datetime) -> Terminal:
        """The till of the grocer's store, which is opened for its first sale."""
        if store not in self.terminals:
            merchant_id, program_id = self.place.merchant_id, self.place.program_id
            async with self.conn.transaction():
                store_id = await stores.create_store(
                    self.conn,
                    merchant_id=merchant_id,
                    program_id=program_id,
                    name=f"Store {store}",
                    timezone=zone_of(store),
                    now=now,
                )
                terminal_id = await stores.create_terminal(
                    self.conn, merchant_id=merchant_id, store_id=store_id, name="Till 1", now=now
                )
            self.terminals[store] = replace(
                self.place.terminal,
                terminal_id=terminal_id,
                store_id=store_id,
                store_name=f"Store {store}",
                timezone=zone_of(store),
            )
        return self.terminals[store]

    async def claim(self, household: int, reward: RewardSaid, *, now: datetime) -> VoucherId | None:
        member = self.members[household]
        try:
            async with self.conn.transaction():
                done = await rewards.claim(
                    self.conn,
                    customer_id=member.customer_id,
                    merchant_id=self.place.merchant_id,
                    card_id=member.card_id,
                    reward_id=self.rewards[reward.slug],
                    idempotency_key=uuid4(),
                    now=now,
                )
        except (RewardUnavailable, InsufficientPoints):
            return None
        return done.voucher.voucher_id

    async def cancel(self, household: int, voucher_id: VoucherId, *, now: datetime) -> None:
        async with self.conn.transaction():
            await rewards.cancel(
                self.conn,
                customer_id=self.members[household].customer_id,
                merchant_id=self.place.merchant_id,
                voucher_id=voucher_id,
                idempotency_key=uuid4(),
                now=now,
            )

    async def note_issued(self, household: int, tickets: Sequence[Ticket]) -> None:
        """Which vouchers the full punch cards became."""
        if tickets:
            rows = await self.conn.fetch(ISSUED_SQL, self.members[household].card_id, len(tickets))
            for ticket, row in zip(reversed(tickets), rows, strict=True):
                self.vouchers[household, ticket.number] = row["voucher_id"]

    async def decide(self, sale_id: SaleId, *, refuse: bool, now: datetime) -> None:
        decision = reviews.refuse if refuse else reviews.release
        async with self.conn.transaction():
            await decision(self.conn, merchant_id=self.place.merchant_id, sale_id=sale_id, now=now)

    async def midnight(self, *, now: datetime) -> None:
        """A worker goes through all of its sweeps until there is nothing left."""
        for sweep in self.worker:
            while True:
                async with self.conn.transaction():
                    changed = await sweep.step(self.conn, limit=SWEEP_LIMIT, now=now)
                if not changed:
                    break


@asynccontextmanager
async def opened(conn: Conn, program: Program, stores_of: Sequence[int], *, now: datetime) -> AsyncIterator[Counter]:
    """The merchant with the program and its rewards; of the stores those where all of them can be had."""
    async with conn.transaction():
        place = await make_shop(conn, rules=Rules.from_json(program.rules), currency="USD", timezone=ZONE, now=now)
    counter = Counter(conn, place, {})
    for store in stores_of:
        if is_elsewhere(store):
            await counter.terminal(store, now=now)
    elsewhere = [terminal.store_id for store, terminal in counter.terminals.items()]
    for said in program.rewards:
        async with conn.transaction():
            made = await rewards.create(
                conn,
                merchant_id=place.merchant_id,
                program_id=place.program_id,
                new=_new_reward(said, elsewhere),
                now=now,
            )
        counter.rewards[said.slug] = made.reward_id
    yield counter


def _new_reward(said: RewardSaid, elsewhere: Sequence[StoreId]) -> NewReward:
    return NewReward(
        slug=said.slug,
        name=said.slug.replace("-", " ").capitalize(),
        kind=RewardKind(said.kind),
        amount_minor=Minor(said.amount_minor) if said.amount_minor else None,
        percent=said.percent,
        ceiling_minor=Minor(said.ceiling_minor) if said.ceiling_minor else None,
        categories=said.categories,
        cost_points=Points(said.cost_points) if said.cost_points else None,
        cost_stamps=said.cost_stamps or None,
        stock=said.stock,
        per_member=said.per_member,
        tiers=said.tiers,
        stores=elsewhere if said.elsewhere else (),
        claimable_from=_day(said.from_day),
        claimable_until=_day(said.until_day),
        voucher_days=said.voucher_days,
    )


def _day(said: str | None) -> datetime | None:
    return midnight(date.fromisoformat(said), NEW_YORK) if said else None
