"""What nested fields need, fetched for all who ask in the same breath by one statement, on a connection of its own.

Only programs are kept for the length of the request: everything else may be changed by one field of a document and read
by the next.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from strawberry.dataloader import DataLoader

from auth import sessions
from auth.sessions import Session
from auth.viewers import Viewer, as_customer
from schema.context import CardWanted, GiftsWanted, HistoryWanted
from schema.failures import Unauthenticated
from schema.ids import CardKey, CustomerKey, EntryKey, GiftKey, MemberCardKey, ProgramKey
from wallet import cards, gifts, history, programs, visits
from wallet.cards import Card, Expiring
from wallet.database import Pool
from wallet.errors import NotFound
from wallet.gifts import Gift, GiftPage
from wallet.history import Entry
from wallet.programs import Program
from wallet.values import CustomerId
from wallet.visits import MemberCard

PROGRAMS_SQL = """
    SELECT p.merchant_id, p.program_id, d.number, p.slug, p.name, m.name AS merchant_name, p.point_name,
           p.point_name_plural, p.currency, r.revision, r.rules
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

    def __init__(self, pool: Pool, viewer: Viewer, now: datetime) -> None:
        self._pool = pool
        self._viewer = viewer
        self._now = now
        self._programs = DataLoader(self._load_programs)
        self._own_cards = DataLoader(self._load_own_cards, cache=False)
        self._histories = DataLoader(self._load_histories, cache=False)
        self._entries = DataLoader(self._load_entries, cache=False)
        self._expiring = DataLoader(self._load_expiring, cache=False)

    async def program(self, key: ProgramKey) -> Program:
        return await self._programs.load(key)

    async def cards(self, customer: CustomerKey) -> Sequence[Card]:
        async with self._pool.acquire() as conn:
            return await cards.of_customer(conn, customer_id=customer.customer_id)

    async def card(self, wanted: CardWanted) -> Card:
        return await self._own_cards.load(wanted)

    async def history(self, wanted: HistoryWanted) -> Sequence[Entry]:
        return await self._histories.load(wanted)

    async def entry(self, key: EntryKey) -> Entry:
        return await self._entries.load(key)

    async def expiring(self, key: CardKey) -> Sequence[Expiring]:
        return await self._expiring.load(key)

    async def sent_gifts(self, wanted: GiftsWanted) -> GiftPage:
        async with self._pool.acquire() as conn:
            return await gifts.sent_by(
                conn, customer_id=wanted.customer.customer_id, first=wanted.first, after=wanted.after
            )

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
