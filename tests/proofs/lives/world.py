"""A small wallet that lives: its merchant, stores, rewards and members, and rules of every kind."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.factories import Shop, make_points, make_reward, make_shop
from tests.proofs.lives.laws import Bench
from tests.wallet import drawn
from tests.wallet.counter import Member, another_store, make_member
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.sales.histories import LEVELS, PUNCH_CARDS
from wallet import programs
from wallet.baskets import Basket
from wallet.check_ins import Minted
from wallet.database import Conn
from wallet.gifts import Gift
from wallet.rewards import Reward
from wallet.rules import Bonuses, Caps, GiftRules, MonthDay, ReviewRules, Rules, TierRules
from wallet.sales import CustomerRef, Quote, Tender, Wanted
from wallet.values import CardId, CustomerId, LineKind, Minor, Points, RewardId, RewardKind, SaleId, Terminal, VisitId

START = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)

NO_APP_SQL = "SELECT customer_id FROM customers WHERE customer_id = ANY($1::uuid[]) AND email IS NULL"
SET_BIRTHDAY_SQL = "UPDATE customers SET birth_month = 11, birth_day = 22 WHERE customer_id = $1"


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sale as a till asks for it, and what it was shown of it before, if it asked."""

    quote: Quote | None
    terminal: Terminal
    customer: CustomerRef
    card_id: CardId
    basket: Basket
    wanted: Wanted
    tendered: tuple[Tender, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """Something that was done under a key: asked for once more it gives the same thing, and does nothing."""

    ask: Callable[[], Awaitable[Any]]
    what: Callable[[Any], object]
    answer: object


@dataclass
class Life:
    """One merchant from the first day on. `told`: points that the act under way says it made, or took if below 0;
    `told_minor`: as much for money on gift cards, but for gifts.
    """

    conn: Conn
    rng: random.Random
    shop: Shop
    tills: Sequence[Terminal]
    bench: Bench
    catalogue: Sequence[Reward]
    now: datetime = START
    members: list[Member] = field(default_factory=list)
    opened: list[tuple[Terminal, VisitId, Member]] = field(default_factory=list)
    codes: list[tuple[Member, Minted]] = field(default_factory=list)
    quotes: list[Quoted] = field(default_factory=list)
    sold: list[tuple[Terminal, SaleId]] = field(default_factory=list)
    given: list[Gift] = field(default_factory=list)
    links: list[bytes] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    told: int = 0
    told_minor: int = 0

    @property
    def catalogue_by_id(self) -> dict[RewardId, Reward]:
        return {reward.reward_id: reward for reward in self.catalogue}

    def kept(self) -> list[int]:
        """How much there is to name; `forget` goes back to that when what made more was undone."""
        return [len(each) for each in self._named()]

    def forget(self, kept: Sequence[int]) -> None:
        for each, before in zip(self._named(), kept, strict=True):
            del each[before:]

    def _named(self) -> Sequence[list[Any]]:
        return self.members, self.opened, self.codes, self.quotes, self.sold, self.given, self.links, self.again

    def key(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def chance(self, part: float) -> bool:
        return self.rng.random() < part

    async def rules(self) -> Rules:
        """Those in force now."""
        shop = self.shop
        revision = await programs.revision_at(
            self.conn, merchant_id=shop.merchant_id, program_id=shop.program_id, at=self.now
        )
        return revision.rules

    async def meet(self, card_id: CardId) -> None:
        """The card's owner takes part from now on."""
        customer_id = await self.conn.fetchval("SELECT customer_id FROM cards WHERE card_id = $1", card_id)
        self.members.append(Member(CustomerId(customer_id), card_id))

    async def somebody_with_the_app(self) -> Member:
        """Only who has a mailbox can sign in."""
        rows = await self.conn.fetch(NO_APP_SQL, [member.customer_id for member in self.members])
        without = {row["customer_id"] for row in rows}
        return self.rng.choice([member for member in self.members if member.customer_id not in without])

    async def keyed(self, ask: Callable[[], Awaitable[Any]], what: Callable[[Any], object]) -> Any:
        """Done, and kept to be asked for again."""
        answer = await ask()
        self.again.append(Again(ask, what, what(answer)))
        return answer


def some_rules(rng: random.Random) -> Rules:
    """Rules of every kind that there is, with steps so small that each of them decides something."""
    points = rng.randint(1, 3)
    ends = rng.choice(("never", "months", "dates", "inactivity"))
    caps = [rng.choice((None, None, None, Points(rng.randint(points, 12 * points)))) for _ in range(3)]
    tiers = rng.choice((None, TierRules(LEVELS, months=1), TierRules(LEVELS, "spend", "calendar", grace_days=3)))
    fit = [each for each in drawn.MULTIPLIERS if tiers or not each.tiers]
    return Rules(
        points=Points(points),
        per_minor=Minor(rng.choice((70, 100, 333))),
        earning_kinds=frozenset(rng.choice(([LineKind.ITEM], [LineKind.ITEM, LineKind.TIP]))),
        minimum_minor=Minor(rng.choice((0, 0, 400))),
        carry_remainder=rng.random() < 0.7,
        pending_days=rng.choice((0, 0, 1, 3)),
        excluded_categories=rng.choice(((), ("tobacco",))),
        multipliers=tuple(rng.sample(fit, rng.randint(0, 3))),
        bonuses=rng.choice(
            (Bonuses(), Bonuses(joining=Points(6), first_purchase=Points(5)), Bonuses(visit=Points(2), visit_hours=6))
        ),
        caps=Caps(*caps),
        stamps=rng.choice((None, *PUNCH_CARDS)),
        tiers=tiers,
        expiry_months=1 if ends == "months" else None,
        expiry_dates=(MonthDay(11, 24), MonthDay(12, 31)) if ends == "dates" else (),
        inactivity_months=rng.randint(2, 3) if ends == "inactivity" else None,
        notice_days=rng.choice((0, 2)),
        returns_debt=rng.random() < 0.5,
        review=rng.choice((ReviewRules(), ReviewRules(amount_minor=Minor(2_500)), ReviewRules(sales_per_day=2))),
        gifts=GiftRules(
            min_points=Points(1),
            return_days=rng.choice((1, 3)),
            per_day=6,
            value_min_minor=Minor(1),
            value_per_day_minor=Minor(rng.choice((3_000, 50_000))),
            value_hold_minor=Minor(rng.choice((200, 50_000))),
            value_mailbox_minor=Minor(rng.choice((1_000, 50_000))),
            pin_above_minor=Minor(rng.choice((0, 300, 50_000))),
            validity_months=rng.choice((None, 1, 14)),
        ),
    )


async def begin(conn: Conn, seed: int) -> Life:
    """A merchant with two stores, rewards of every kind, and two members who have some points of various lives."""
    rng = random.Random(seed)
    shop = await make_shop(conn, rules=some_rules(rng), country=rng.choice(("IN", "FR")), now=START)
    tills = [shop.terminal, await another_store(conn, shop, now=START)]
    off, percent, perk = RewardKind.AMOUNT_OFF, RewardKind.PERCENT_OFF, RewardKind.PERK
    catalogue = [
        await make_reward(conn, shop, slug="off", kind=off, amount_minor=Minor(130), cost_points=3, stock=4, now=START),
        await make_reward(conn, shop, slug="tenth", kind=percent, percent=10, cost_points=2, per_member=3, now=START),
        await make_reward(conn, shop, slug="bread", cost_points=7, categories=("bread",), stock=3, now=START),
        await make_reward(conn, shop, slug="tasting", kind=perk, cost_points=4, voucher_days=1, now=START),
        await make_reward(conn, shop, slug="free-coffee", categories=("coffee",), cost_stamps=2, stock=5, now=START),
        await make_reward(conn, shop, slug="free-loaf", cost_stamps=1, voucher_days=3, now=START),
        await make_reward(conn, shop, slug="golden", cost_points=1, tiers=("Silver", "Gold"), now=START),
    ]
    bench = Bench(shop.merchant_id, {"off": 4, "bread": 3, "free-coffee": 5})
    life = Life(conn, rng, shop, tills, bench, catalogue)
    for _ in range(2):
        member = await make_member(conn, shop, now=START)
        await conn.execute(SET_BIRTHDAY_SQL, member.customer_id)
        life.members.append(member)
        for days in rng.sample((2, 5, 40, None), rng.randint(1, 3)):
            expires_at = START + timedelta(days=days) if days else None
            points = rng.choice((3, 5, 9))
            await make_points(conn, shop, member.card_id, points, expires_at=expires_at, now=START)
        for days in (3, None):
            await make_gift_card(
                conn,
                shop,
                rng.choice((300, 1_500)),
                owner=rng.choice((member.customer_id, member.customer_id, None)),
                expires_at=START + timedelta(days=days) if days else None,
                now=START,
            )
    return life
