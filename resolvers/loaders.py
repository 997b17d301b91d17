"""What nested fields need, fetched for all who ask in the same breath by one statement, on a connection of its own.

Only programs and rewards are kept for the length of the request: everything else may be changed by one field of a
document and read by the next.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from auth import sessions
from auth.key_ring_cache import LoadKeyRing
from auth.sessions import Session
from auth.statements import SignedStatement, sign
from auth.viewers import Viewer, as_customer
from schema.context import (
    ActivitiesWanted,
    BalanceWanted,
    CardWanted,
    GiftsWanted,
    HistoryWanted,
    MemberGiftCardsWanted,
    OffersWanted,
    RewardWanted,
    StatementWanted,
    VouchersWanted,
)
from schema.failures import Unauthenticated
from schema.ids import (
    CardKey,
    CustomerKey,
    EntryKey,
    GiftCardKey,
    GiftDesignKey,
    GiftKey,
    MemberCardKey,
    ProgramKey,
    RewardKey,
    VoucherKey,
)
from wallet import (
    balances,
    cards,
    gifts,
    history,
    lots,
    payments,
    programs,
    rewards,
    standings,
    statements,
    value,
    visits,
)
from wallet.balances import Balance
from wallet.cards import Card, Expiring
from wallet.database import Pool
from wallet.errors import NotFound
from wallet.gifts import Design, DesignKey, Event, Gift, GiftPage, designs, events
from wallet.history import Entry
from wallet.lots import Lot
from wallet.payments import Payment
from wallet.programs import Program
from wallet.rewards import Reward, RewardOffer, Voucher
from wallet.standings import Member
from wallet.tiers import Progress
from wallet.value import Activity, GiftCard
from wallet.values import CustomerId
from wallet.visits import MemberCard

K = TypeVar("K")
V = TypeVar("V")

PROGRAMS_SQL = """
    SELECT p.merchant_id, p.program_id, d.number, p.slug, p.name, m.name AS merchant_name, p.point_name,
           p.point_name_plural, p.currency, p.color, m.timezone, m.country, r.revision, r.rules,
           (SELECT g.logo_id FROM program_logos AS g
            WHERE g.merchant_id = p.merchant_id AND g.program_id = p.program_id) AS logo_id,
           (SELECT w.name FROM rewards AS w
            WHERE w.merchant_id = p.merchant_id AND w.program_id = p.program_id
              AND w.slug = r.rules #>> '{stamps,reward}') AS stamp_reward
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, program_id)
    JOIN programs AS p ON p.merchant_id = k.merchant_id AND p.program_id = k.program_id
    JOIN program_directory AS d ON d.merchant_id = p.merchant_id AND d.program_id = p.program_id
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    CROSS JOIN LATERAL (
        SELECT v.revision, v.rules
        FROM program_revisions AS v
        WHERE v.merchant_id = p.merchant_id AND v.program_id = p.program_id AND (v.valid_from <= $3 OR v.revision = 1)
        ORDER BY v.valid_from DESC, v.revision DESC
        LIMIT 1
    ) AS r
"""


class RequestLoaders:
    """The loaders of one request."""

    def __init__(self, pool: Pool, viewer: Viewer, now: datetime, rings: LoadKeyRing) -> None:
        self._pool = pool
        self._viewer = viewer
        self._now = now
        self._rings = rings
        self._loaders: dict[str, DataLoader[Any, Any]] = {}

    def _gathered(
        self, load: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]], *, keep: bool = False
    ) -> DataLoader[K, V]:
        """The loader that asks `load` once for all who ask in the same breath; `keep` is for the whole request."""
        loader = self._loaders.get(load.__name__)
        if loader is None:
            loader = self._loaders[load.__name__] = DataLoader(load, cache=keep)
        return loader

    async def program(self, key: ProgramKey) -> Program:
        return await self._gathered(self._load_programs, keep=True).load(key)

    async def program_numbers(self, merchant: ProgramKey) -> Sequence[int]:
        async with self._pool.acquire() as conn:
            return await programs.numbers(conn, merchant_id=merchant.merchant_id)

    async def cards(self, customer: CustomerKey) -> Sequence[Card]:
        async with self._pool.acquire() as conn:
            return await cards.of_customer(conn, customer_id=customer.customer_id)

    async def card(self, wanted: CardWanted) -> Card:
        return await self._gathered(self._load_own_cards).load(wanted)

    async def history(self, wanted: HistoryWanted) -> Sequence[Entry]:
        return await self._gathered(self._load_histories).load(wanted)

    async def entry(self, key: EntryKey) -> Entry:
        return await self._gathered(self._load_entries).load(key)

    async def expiring(self, key: CardKey) -> Sequence[Expiring]:
        return await self._gathered(self._load_expiring).load(key)

    async def balance(self, wanted: BalanceWanted) -> Balance:
        return await self._gathered(self._load_balances).load(wanted)

    async def lots(self, key: CardKey) -> Sequence[Lot]:
        return await self._gathered(self._load_lots).load(key)

    async def statement(self, wanted: StatementWanted) -> SignedStatement:
        """Of the viewer's own card. Raises NotFound, PeriodTooLong."""
        ring = await self._rings(self._now)
        async with self._pool.acquire() as conn:
            facts = await statements.collect(
                conn,
                customer_id=self._customer_id(),
                merchant_id=wanted.card.merchant_id,
                card_id=wanted.card.card_id,
                since=wanted.since,
                until=wanted.until,
                now=self._now,
            )
        return sign(ring, facts=facts, now=self._now)

    async def tier(self, member: Member) -> Progress:
        return await self._gathered(self._load_tiers).load(member)

    async def reward_of(self, wanted: RewardWanted) -> Reward | None:
        return await self._gathered(self._load_rewards, keep=True).load(wanted)

    async def offers(self, wanted: OffersWanted) -> Sequence[RewardOffer]:
        return await self._gathered(self._load_offers).load(wanted)

    async def vouchers(self, wanted: VouchersWanted) -> Sequence[Voucher]:
        return await self._gathered(self._load_vouchers).load(wanted)

    async def voucher(self, key: VoucherKey) -> Voucher:
        """A voucher of which it is known that the viewer may see it. Raises NotFound."""
        async with self._pool.acquire() as conn:
            voucher = await rewards.find_voucher_of_merchant(
                conn, merchant_id=key.merchant_id, voucher_id=key.voucher_id, now=self._now
            )
        if voucher is None:
            raise NotFound
        return voucher

    async def gift_cards(self, customer: CustomerKey) -> Sequence[GiftCard]:
        async with self._pool.acquire() as conn:
            return await value.of_customer(conn, customer_id=customer.customer_id)

    async def activities(self, wanted: ActivitiesWanted) -> Sequence[Activity]:
        return await self._gathered(self._load_activities).load(wanted)

    async def member_gift_cards(self, wanted: MemberGiftCardsWanted) -> Sequence[GiftCard]:
        return await self._gathered(self._load_member_gift_cards).load(wanted)

    async def sent_gifts(self, wanted: GiftsWanted) -> GiftPage:
        async with self._pool.acquire() as conn:
            return await gifts.sent_by(
                conn, customer_id=wanted.customer.customer_id, first=wanted.first, after=wanted.after
            )

    async def received_gifts(self, wanted: GiftsWanted) -> GiftPage:
        async with self._pool.acquire() as conn:
            return await gifts.received_by(
                conn, customer_id=wanted.customer.customer_id, first=wanted.first, after=wanted.after
            )

    async def gift_events(self, key: GiftKey) -> Sequence[Event]:
        return await self._gathered(self._load_gift_events).load(key)

    async def gift_payment(self, key: GiftKey) -> Payment | None:
        return await self._gathered(self._load_gift_payments).load(key)

    async def gift_design(self, key: GiftDesignKey) -> Design:
        return await self._gathered(self._load_designs, keep=True).load(key)

    async def gift_designs(self, key: ProgramKey) -> Sequence[Design]:
        async with self._pool.acquire() as conn:
            return await designs.of_program(conn, merchant_id=key.merchant_id, program_id=key.program_id)

    async def gift_card(self, key: GiftCardKey) -> GiftCard:
        """The viewer's own. Raises NotFound."""
        async with self._pool.acquire() as conn:
            card = await value.find(
                conn, customer_id=self._customer_id(), merchant_id=key.merchant_id, gift_card_id=key.gift_card_id
            )
        if card is None:
            raise NotFound
        return card

    async def reward(self, key: RewardKey) -> Reward:
        """A reward of which it is known that the viewer may see it."""
        return await self._gathered(self._load_rewards_by_key, keep=True).load(key)

    async def gift(self, key: GiftKey) -> Gift:
        """A gift that the viewer sent. Raises NotFound."""
        async with self._pool.acquire() as conn:
            gift = await gifts.find(
                conn, customer_id=self._customer_id(), merchant_id=key.merchant_id, gift_id=key.gift_id
            )
        if gift is None:
            raise NotFound
        return gift

    async def sessions(self, customer: CustomerKey) -> Sequence[Session]:
        async with self._pool.acquire() as conn:
            return await sessions.of_customer(conn, customer_id=customer.customer_id, now=self._now)

    async def member_card(self, key: MemberCardKey) -> MemberCard:
        async with self._pool.acquire() as conn:
            return await visits.member_card(conn, merchant_id=key.merchant_id, card_id=key.card_id)

    def _customer_id(self) -> CustomerId:
        viewer = as_customer(self._viewer)
        if viewer is None:
            raise Unauthenticated
        return viewer.customer_id

    async def _load_programs(self, keys: list[ProgramKey]) -> list[Program | BaseException]:
        merchants, ids = [key.merchant_id for key in keys], [key.program_id for key in keys]
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(PROGRAMS_SQL, merchants, ids, self._now)
        found = {ProgramKey(row["merchant_id"], row["program_id"]): programs.from_row(row) for row in rows}
        return [found.get(key) or NotFound() for key in keys]

    async def _load_own_cards(self, wanted: list[CardWanted]) -> list[Card | BaseException]:
        """One statement for all cards of a customer; a document reads the gifts of one."""
        found = dict[CardWanted, Card]()
        async with self._pool.acquire() as conn:
            for customer in {each.customer for each in wanted}:
                for card in await cards.of_customer(conn, customer_id=customer.customer_id):
                    found[CardWanted(customer, CardKey(card.merchant_id, card.card_id))] = card
        return [found.get(each) or NotFound() for each in wanted]

    async def _load_histories(self, pages: list[HistoryWanted]) -> list[Sequence[Entry]]:
        """One statement for all cards of which the same part is asked for, as a screen with many cards does."""
        alike = defaultdict[tuple[object, ...], list[HistoryWanted]](list)
        for page in pages:
            alike[page.first, page.before_seq, page.kinds].append(page)
        found: dict[HistoryWanted, Sequence[Entry]] = {}
        async with self._pool.acquire() as conn:
            for group in alike.values():
                first = group[0]
                entries = await history.pages(
                    conn,
                    cards=sorted({(page.card.merchant_id, page.card.card_id) for page in group}),
                    first=first.first,
                    before_seq=first.before_seq,
                    kinds=first.kinds,
                )
                found.update({page: entries[page.card.card_id] for page in group})
        return [found[page] for page in pages]

    async def _load_entries(self, keys: list[EntryKey]) -> list[Entry | BaseException]:
        wanted = sorted({(key.merchant_id, key.card_id, key.seq) for key in keys})
        async with self._pool.acquire() as conn:
            found = await history.entries(conn, keys=wanted)
        return [found.get((key.card_id, key.seq)) or NotFound() for key in keys]

    async def _load_expiring(self, keys: list[CardKey]) -> list[list[Expiring]]:
        async with self._pool.acquire() as conn:
            due = await cards.expiring(conn, cards=sorted({(key.merchant_id, key.card_id) for key in keys}))
        return [due[key.card_id] for key in keys]

    async def _load_balances(self, wanted: list[BalanceWanted]) -> list[Balance]:
        moments = {(each.card.merchant_id, each.card.card_id, each.at) for each in wanted}
        async with self._pool.acquire() as conn:
            found = await balances.at(conn, wanted=sorted(moments))
        return [found[each.card.card_id, each.at] for each in wanted]

    async def _load_lots(self, keys: list[CardKey]) -> list[list[Lot]]:
        cards_asked = sorted({(key.merchant_id, key.card_id) for key in keys})
        async with self._pool.acquire() as conn:
            found = await lots.of_cards(conn, cards=cards_asked, now=self._now)
        return [found[key.card_id] for key in keys]

    async def _load_tiers(self, members: list[Member]) -> list[Progress]:
        async with self._pool.acquire() as conn:
            return await standings.progress(conn, members=members, now=self._now)

    async def _load_rewards(self, wanted: list[RewardWanted]) -> list[Reward | None]:
        """What a reward is never changes, so these are kept like the programs. One statement for each program."""
        found: dict[RewardWanted, Reward] = {}
        async with self._pool.acquire() as conn:
            for program in {each.program for each in wanted}:
                of_program = await rewards.of_program(
                    conn, merchant_id=program.merchant_id, program_id=program.program_id
                )
                found.update({RewardWanted(program, reward.slug): reward for reward in of_program})
        return [found.get(each) for each in wanted]

    async def _load_offers(self, wanted: list[OffersWanted]) -> list[Sequence[RewardOffer]]:
        """One statement for all cards that are looked at from the same place."""
        found: dict[OffersWanted, Sequence[RewardOffer]] = {}
        async with self._pool.acquire() as conn:
            for store_id in {each.store_id for each in wanted}:
                here = [each for each in wanted if each.store_id == store_id]
                keys = sorted({(each.card.merchant_id, each.card.card_id) for each in here})
                offers = await rewards.offers(conn, cards=keys, store_id=store_id, now=self._now)
                found.update({each: offers[each.card.card_id] for each in here})
        return [found[each] for each in wanted]

    async def _load_vouchers(self, wanted: list[VouchersWanted]) -> list[Sequence[Voucher]]:
        """One statement for all cards of which the same states are asked for."""
        found: dict[VouchersWanted, Sequence[Voucher]] = {}
        async with self._pool.acquire() as conn:
            for states in {each.states for each in wanted}:
                alike = [each for each in wanted if each.states == states]
                keys = sorted({(each.card.merchant_id, each.card.card_id) for each in alike})
                vouchers = await rewards.vouchers(conn, cards=keys, states=states, now=self._now)
                found.update({each: vouchers[each.card.card_id] for each in alike})
        return [found[each] for each in wanted]

    async def _load_activities(self, pages: list[ActivitiesWanted]) -> list[Sequence[Activity]]:
        """One statement for all gift cards of which the same part is asked for."""
        found: dict[ActivitiesWanted, Sequence[Activity]] = {}
        async with self._pool.acquire() as conn:
            for first, before_seq in {(page.first, page.before_seq) for page in pages}:
                alike = [page for page in pages if (page.first, page.before_seq) == (first, before_seq)]
                keys = sorted({(page.gift_card.merchant_id, page.gift_card.gift_card_id) for page in alike})
                activities = await value.activities(conn, gift_cards=keys, first=first, before_seq=before_seq)
                found.update({page: activities[page.gift_card.gift_card_id] for page in alike})
        return [found[page] for page in pages]

    async def _load_gift_events(self, keys: list[GiftKey]) -> list[list[Event]]:
        async with self._pool.acquire() as conn:
            found = await events.of_gifts(conn, gifts=sorted({(key.merchant_id, key.gift_id) for key in keys}))
        return [found[key.gift_id] for key in keys]

    async def _load_gift_payments(self, keys: list[GiftKey]) -> list[Payment | None]:
        async with self._pool.acquire() as conn:
            found = await payments.of_gifts(conn, gifts=sorted({(key.merchant_id, key.gift_id) for key in keys}))
        return [found.get(key.gift_id) for key in keys]

    async def _load_designs(self, keys: list[GiftDesignKey]) -> list[Design | BaseException]:
        wanted = [DesignKey(key.merchant_id, key.design_id) for key in keys]
        async with self._pool.acquire() as conn:
            found = await designs.by_keys(conn, keys=wanted)
        return [found.get(key) or NotFound() for key in wanted]

    async def _load_rewards_by_key(self, keys: list[RewardKey]) -> list[Reward | BaseException]:
        wanted = [(key.merchant_id, key.reward_id) for key in keys]
        async with self._pool.acquire() as conn:
            found = await rewards.rewards_by_keys(conn, keys=wanted)
        return [found.get(key) or NotFound() for key in wanted]

    async def _load_member_gift_cards(self, keys: list[MemberGiftCardsWanted]) -> list[list[GiftCard]]:
        cards_asked = sorted({(key.card.merchant_id, key.card.card_id) for key in keys})
        async with self._pool.acquire() as conn:
            found = await value.of_members(conn, cards=cards_asked, store_id=keys[0].store_id, now=self._now)
        return [found[key.card.card_id] for key in keys]
