"""What every field may ask of its request: who reads, when, in which language, and loaders for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import strawberry

from auth.sessions import Session
from auth.statements import SignedStatement
from auth.viewers import Viewer
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
from schema.translations import DEFAULT, Translator, translator
from wallet.balances import Balance
from wallet.cards import Card, Expiring
from wallet.gifts import Design, Event, Gift, GiftPage, Place
from wallet.history import Entry
from wallet.lots import Lot
from wallet.payments import Payment
from wallet.programs import Program
from wallet.rewards import Reward, RewardOffer, Voucher
from wallet.standings import Member
from wallet.tiers import Progress
from wallet.value import Activity, GiftCard
from wallet.values import EntryKind, StoreId, Terminal, VoucherState
from wallet.visits import MemberCard


@dataclass(frozen=True, slots=True)
class CardWanted:
    """One of the customer's own cards."""

    customer: CustomerKey
    card: CardKey


@dataclass(frozen=True, slots=True)
class HistoryWanted:
    """`first` lines of a card's history older than `before_seq`, of those kinds only."""

    card: CardKey
    first: int
    before_seq: int | None
    kinds: tuple[EntryKind, ...] | None


@dataclass(frozen=True, slots=True)
class OffersWanted:
    """What the card's program has for its member: at the store, or in the app where none is named."""

    card: CardKey
    store_id: StoreId | None = None


@dataclass(frozen=True, slots=True)
class MemberGiftCardsWanted:
    """What of the card's owner can pay at the store."""

    card: CardKey
    store_id: StoreId


@dataclass(frozen=True, slots=True)
class RewardWanted:
    """The reward of this slug in the program."""

    program: ProgramKey
    slug: str


@dataclass(frozen=True, slots=True)
class VouchersWanted:
    """A card's vouchers in these states."""

    card: CardKey
    states: tuple[VoucherState, ...]


@dataclass(frozen=True, slots=True)
class BalanceWanted:
    """What stands on a card at a moment."""

    card: CardKey
    at: datetime


@dataclass(frozen=True, slots=True)
class StatementWanted:
    """What was posted on a card from `since` to before `until`."""

    card: CardKey
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ActivitiesWanted:
    """`first` activities of a gift card before that number."""

    gift_card: GiftCardKey
    first: int
    before_seq: int | None


@dataclass(frozen=True, slots=True)
class GiftsWanted:
    """`first` gifts that the customer sent, or claimed, before the one at `after`."""

    customer: CustomerKey
    first: int
    after: Place | None


class Loaders(Protocol):
    """What nested fields ask for. Whatever one execution asks together is answered together, by one statement."""

    async def program(self, key: ProgramKey) -> Program: ...

    async def program_numbers(self, merchant: ProgramKey) -> Sequence[int]:
        """By which check-in codes name the programs of this one's merchant."""

    async def cards(self, customer: CustomerKey) -> Sequence[Card]: ...
    async def card(self, wanted: CardWanted) -> Card: ...
    async def history(self, wanted: HistoryWanted) -> Sequence[Entry]: ...
    async def entry(self, key: EntryKey) -> Entry: ...
    async def expiring(self, key: CardKey) -> Sequence[Expiring]: ...
    async def balance(self, wanted: BalanceWanted) -> Balance: ...
    async def lots(self, key: CardKey) -> Sequence[Lot]: ...
    async def statement(self, wanted: StatementWanted) -> SignedStatement: ...
    async def offers(self, wanted: OffersWanted) -> Sequence[RewardOffer]: ...
    async def vouchers(self, wanted: VouchersWanted) -> Sequence[Voucher]: ...
    async def voucher(self, key: VoucherKey) -> Voucher: ...
    async def gift_cards(self, customer: CustomerKey) -> Sequence[GiftCard]: ...
    async def activities(self, wanted: ActivitiesWanted) -> Sequence[Activity]: ...
    async def member_gift_cards(self, wanted: MemberGiftCardsWanted) -> Sequence[GiftCard]: ...
    async def sent_gifts(self, wanted: GiftsWanted) -> GiftPage: ...
    async def received_gifts(self, wanted: GiftsWanted) -> GiftPage: ...
    async def gift(self, key: GiftKey) -> Gift: ...
    async def gift_events(self, key: GiftKey) -> Sequence[Event]: ...
    async def gift_payment(self, key: GiftKey) -> Payment | None: ...
    async def gift_design(self, key: GiftDesignKey) -> Design: ...
    async def gift_designs(self, key: ProgramKey) -> Sequence[Design]: ...
    async def gift_card(self, key: GiftCardKey) -> GiftCard: ...
    async def reward(self, key: RewardKey) -> Reward: ...
    async def sessions(self, customer: CustomerKey) -> Sequence[Session]: ...
    async def member_card(self, key: MemberCardKey) -> MemberCard: ...
    async def tier(self, member: Member) -> Progress: ...
    async def reward_of(self, wanted: RewardWanted) -> Reward | None: ...


@dataclass(kw_only=True)
class Context:
    viewer: Viewer
    now: datetime
    wished_locale: str | None
    """What Accept-Language asks for, if we speak it."""
    public_url: str = ""
    """What the addresses of our own pages and pictures begin with, without a slash at its end."""
    own_locale: str | None = field(default=None, init=False)
    """What the customer has chosen, once it is known."""
    terminal: Terminal | None = field(default=None, init=False)
    """The till that calls, once it is known."""
    loaders: Loaders = field(init=False)

    @property
    def say(self) -> Translator:
        """Speaks to the reader: as asked for, else as saved with the customer or the store, else English."""
        if self.terminal is not None:
            return translator(self.wished_locale or self.terminal.locale, self.terminal.timezone)
        return translator(self.wished_locale or self.own_locale or DEFAULT)


Info = strawberry.Info[Context, None]
