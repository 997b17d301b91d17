"""The grocer's year, at the product's counter and in the plain computation side by side.

Everything happens in the order of its time, with the clock of the data; after each step both must say the same.
"""

import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.baskets import household as homes
from tests.baskets import plain_returns
from tests.baskets.counter import Counter
from tests.baskets.figures import Meter
from tests.baskets.household import Return
from tests.baskets.journey import Journey, Receipt
from tests.baskets.plain_basket import Good
from tests.baskets.plain_card import Card, Purchase, Ticket
from tests.baskets.plain_days import DAY, NEW_YORK, day_of, midnight
from tests.baskets.plain_shop import PlainShop, Sold
from tests.baskets.programs import RewardSaid, zone_of
from tests.baskets.till import RefundSeen, SaleSeen, Till, Wish
from wallet.values import SaleId

REFUSED = 0.3
"""The part of sales that were looked at that the merchant refuses."""

AFTERWARDS = timedelta(days=75)
"""So long after the last sale midnights still come: what is pending then unlocks, and much of it lapses."""

AT_LAST = date(2019, 2, 1)
"""And then no worker comes for a year. What it finds then has to come to the same as if one had come each night."""

Step = Callable[[datetime], Awaitable[None]]
Look = Callable[["Year", datetime], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """How much happened, so that no kind of it is left out unseen."""

    sales: int = 0
    lines: int = 0
    refunds: int = 0
    refunded_sales: int = 0
    claimed: int = 0
    not_claimed: int = 0
    cancelled: int = 0
    used: int = 0
    bought: int = 0
    refused_offers: int = 0
    held: int = 0
    released: int = 0
    refused: int = 0
    requoted: int = 0
    midnights: int = 0
    capped_sales: int = 0
    rewards_back: int = 0
    short: int = 0
    debts: int = 0
    issued: int = 0
    tier_changes: int = 0


@dataclass(slots=True)
class Year:
    """One merchant's year. `worker_sleeps` says of which midnights: then the tills settle cards."""

    journey: Journey
    shop: PlainShop
    counter: Counter
    tills: Callable[[Receipt], Till]
    worker_sleeps: Callable[[int], bool]
    counts: Counts = field(default_factory=Counts)
    meter: Meter = field(default_factory=Meter)
    sale_ids: dict[int, SaleId] = field(default_factory=dict)
    _steps: list[tuple[datetime, int, Step]] = field(default_factory=list)
    _number: "itertools.count[int]" = field(default_factory=itertools.count)

    async def run(self, receipts: Iterable[Receipt], *, each_month: Look, each_sale: Look) -> None:
        """All of it. `each_month` is called on the first of a month, `each_sale` after each sale."""
        last = None
        for receipt in receipts:
            last = last or receipt.at
            await self._until(receipt.at, last, each_month)
            last = max(last, receipt.at)
            await self._sell(receipt)
            await each_sale(self, receipt.at)
        assert last is not None
        await self._until(last + AFTERWARDS, last, each_month)
        await self._midnight(midnight(AT_LAST, NEW_YORK), each_month)

    # ------------------------------------------------------------ what happens when

    async def _until(self, at: datetime, since: datetime, each_month: Look) -> None:
        """All that was planned until then has happened, midnights among it."""
        day = day_of(since, NEW_YORK) + DAY
        while (begins := midnight(day, NEW_YORK)) <= at:
            await self._steps_until(begins)
            await self._midnight(begins, each_month)
            day += DAY
        await self._steps_until(at)

    async def _steps_until(self, at: datetime) -> None:
        while self._steps and self._steps[0][0] <= at:
            planned_at, _, step = heapq.heappop(self._steps)
            await step(planned_at)

    def _plan(self, at: datetime, step: Step) -> None:
        heapq.heappush(self._steps, (at, next(self._number), step))

    async def _midnight(self, at: datetime, each_month: Look) -> None:
        self.counts.midnights += 1
        first = day_of(at, NEW_YORK).day == 1
        if first or not self.worker_sleeps(self.counts.midnights):
            tiers = [card.tier for card in self.shop.cards.values()]
            await self.counter.midnight(now=at)
            self.shop.midnight(at)
            self.counts.tier_changes += sum(
                before != card.tier for before, card in zip(tiers, self.shop.cards.values(), strict=True)
            )
        if first:
            await each_month(self, at)

    # ------------------------------------------------------------ a household goes shopping

    async def _sell(self, receipt: Receipt) -> None:
        at, home, draw = receipt.at, receipt.household, Random(f"sale {receipt.basket_id}")
        await self.counter.terminal(receipt.store, now=at)
        if home not in self.shop.cards:
            born = homes.birthday(home)
            await self.counter.join(home, born, now=at)
            self.shop.join(home, born, at=at)
        card = self.shop.cards[home]
        await self._in_the_app(card, home, draw, at)
        goods = homes.goods_of(receipt, self.journey.products)
        used = homes.used(draw, card, receipt.store, at=at)
        bought = homes.bought(draw, self.shop.program.rewards)
        done = await self._rung_up(receipt, card, goods, used, bought)
        if done is None:
            self.counts.refused_offers += 1
            bought = []
            done = await self._rung_up(receipt, card, goods, used, bought)
        if done is None:
            used = []
            done = await self._rung_up(receipt, card, goods, used, bought)
        assert done is not None, receipt
        seen, sold = done
        self._compare_sale(receipt, card, seen, sold)
        self.sale_ids[receipt.basket_id] = seen.sale_id
        await self.counter.note_issued(home, sold.issued)
        self._count_sale(sold, seen, len(used), len(bought))
        self._plan_afterwards(receipt, home, sold.purchase, draw)

    async def _rung_up(
        self, receipt: Receipt, card: Card, goods: Sequence[Good], used: Sequence[Ticket], bought: Sequence[RewardSaid]
    ) -> tuple[SaleSeen, Sold] | None:
        """The sale at both counters; None where both refuse a reward."""
        at, home = receipt.at, receipt.household
        wish = Wish(
            self.counter.members[home],
            goods,
            str(receipt.basket_id),
            [self.counter.vouchers[home, each.number] for each in used],
            [self.counter.rewards[each.slug] for each in bought],
        )
        terminal = self.counter.terminals[receipt.store]
        async with self.meter.measured():
            seen = await self.tills(receipt).sell(wish, terminal, now=at)
        zone = ZoneInfo(zone_of(receipt.store))
        sold = self.shop.sell(card, goods, used, bought, till=receipt.store, zone=zone, at=at)
        assert (seen is None) == (sold is None), f"{receipt}, {bought}: it says {seen}, plainly {sold}"
        if seen is None or sold is None:
            self.meter.forget()
            return None
        return seen, sold

    async def _in_the_app(self, card: Card, home: int, draw: Random, at: datetime) -> None:
        unwanted = homes.cancelled(draw, card, at=at)
        if unwanted:
            await self.counter.cancel(home, self.counter.vouchers[home, unwanted.number], now=at)
            self.shop.cancel(card, unwanted, at=at)
            self.counts.cancelled += 1
        for reward in homes.claimed(draw, home, card, self.shop.program.rewards):
            voucher_id = await self.counter.claim(home, reward, now=at)
            ticket = self.shop.claim(card, reward, at=at)
            assert (voucher_id is None) == (ticket is None), (home, reward, at)
            if voucher_id is not None and ticket is not None:
                self.counter.vouchers[home, ticket.number] = voucher_id
                self.counts.claimed += 1
            else:
                self.counts.not_claimed += 1

    def _compare_sale(self, receipt: Receipt, card: Card, seen: SaleSeen, sold: Sold) -> None:
        said = (seen.points, seen.lines, seen.due, seen.stamps, seen.held)
        due, held = sum(sold.paid), sold.purchase.review == "HELD"
        plain = (sold.purchase.points, sold.lines, due, sold.stamps, held)
        assert said == plain, f"{receipt}: it says {said}, plainly {plain}"
        assert seen.balance_quoted == card.active, (receipt, seen, card.active)
        self._compare_card(receipt, card, seen)

    def _compare_card(self, receipt: Receipt, card: Card, seen: SaleSeen | RefundSeen) -> None:
        said = (seen.card.active, seen.card.pending, seen.card.stamps, seen.card.tier)
        plain = (card.active, card.pending, card.stamps, card.tier)
        assert said == plain, f"{receipt}: the card says {said}, plainly {plain}"

    def _count_sale(self, sold: Sold, seen: SaleSeen, used: int, bought: int) -> None:
        counts = self.counts
        counts.sales += 1
        counts.lines += len(sold.lines)
        counts.used += used
        counts.bought += bought
        counts.held += seen.held
        counts.requoted += seen.requoted
        counts.capped_sales += sold.purchase.capped > 0
        counts.issued += len(sold.issued)

    # ------------------------------------------------------------ what a sale brings about later

    def _plan_afterwards(self, receipt: Receipt, home: int, purchase: Purchase, draw: Random) -> None:
        planned = homes.returns(draw, receipt)
        self.counts.refunded_sales += bool(planned)
        for each in planned:
            self._plan(each.at, self._returned(receipt, home, purchase, each))
        if purchase.review == "HELD":
            at = receipt.at + timedelta(seconds=int(draw.uniform(0.1, 1) * draw.choice((1, 3, 40)) * 86_400))
            self._plan(at, self._decided(receipt, home, purchase, refuse=draw.random() < REFUSED))

    def _returned(self, receipt: Receipt, home: int, purchase: Purchase, planned: Return) -> Step:
        async def step(at: datetime) -> None:
            draw = Random(f"return {receipt.basket_id} {planned.part}")
            chosen = homes.brought(draw, purchase, planned)
            if chosen is None:
                return
            card, terminal = self.shop.cards[home], self.counter.terminals[receipt.store]
            sale_id = self.sale_ids[receipt.basket_id]
            seen = await self.tills(receipt).refund(terminal, sale_id, *chosen, now=at)
            done = plain_returns.give_back(self.shop, card, purchase, *chosen, at=at)
            said = (seen.taken, seen.given, seen.debt, seen.money)
            plain = (done.taken, done.given, max(0, done.debt), done.money)
            assert said == plain, f"{receipt} brought back at {at}, {chosen}: it says {said}, plainly {plain}"
            self._compare_card(receipt, card, seen)
            await self.counter.note_issued(home, done.issued)
            self.counts.refunds += 1
            self.counts.rewards_back += done.given > 0
            self.counts.short += done.short
            self.counts.debts += done.debt > 0

        return step

    def _decided(self, receipt: Receipt, home: int, purchase: Purchase, *, refuse: bool) -> Step:
        async def step(at: datetime) -> None:
            if purchase.review != "HELD":
                return
            await self.counter.decide(self.sale_ids[receipt.basket_id], refuse=refuse, now=at)
            decide = self.shop.refuse if refuse else self.shop.release
            decide(self.shop.cards[home], purchase, at=at)
            self.counts.refused += refuse
            self.counts.released += not refuse

        return step
