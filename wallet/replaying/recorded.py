"""What was recorded of a program's members, as a replay needs it: sales with what came back of them, and stamps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from wallet.baskets import Line
from wallet.rules import Rate
from wallet.values import CardId, Minor, Points, RefundId, SaleId, TerminalId, VoucherOrigin


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """A line as it was sold, with how it was judged then."""

    position: int
    line: Line
    paid_minor: Minor
    hundredths: int
    stamps: int


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    position: int
    amount_minor: Minor
    wholly: bool
    counted: bool
    """Whether the line's money counted, as it was judged then."""


@dataclass(slots=True)
class RecordedReturn:
    """What one refund took back. `last`: no later one did."""

    refund_id: RefundId
    posted_at: datetime
    points_due: Points
    lines: list[ReturnedLine]
    last: bool = False


@dataclass(frozen=True, slots=True)
class RecordedSale:
    """A sale as it is now, with all that came back of it since. Lines are there where they are needed: of the sales of
    the time that is replayed, and of older ones of which something came back in it, or that were decided in it.
    """

    card_id: CardId
    sale_id: SaleId
    terminal_id: TerminalId
    zone: ZoneInfo
    revision: int
    receipt_number: str
    currency: str
    total_minor: Minor
    points: Points
    bonus_points: Points
    visit_points: Points
    capped_points: Points
    kept_points: Points
    kept_minor: Minor
    stamps: int
    tier_after: str | None
    wholly_returned: bool
    review: str | None
    reviewed_at: datetime | None
    local_day: date
    occurred_at: datetime
    posted_at: datetime
    sales_of_terminal_last_hour: int
    lines: tuple[RecordedLine, ...]
    returns: tuple[RecordedReturn, ...]

    @property
    def refused(self) -> bool:
        """Whether the merchant let it earn nothing."""
        return self.review == "REFUSED"

    @property
    def was_held(self) -> bool:
        """Whether it counted for no tier until the merchant had decided, if they have."""
        return self.review is not None

    @property
    def in_stream(self) -> bool:
        """Whether its money is in the card's stream: not before the merchant has released it, where they looked."""
        return self.review is None or self.review == "RELEASED"

    def was_in_stream(self, at: datetime) -> bool:
        """Whether it was, of the moment before `at`."""
        released = self.reviewed_at is None or self.reviewed_at < at
        return self.posted_at < at and self.in_stream and released

    def is_all(self, back: RecordedReturn) -> bool:
        """Whether nothing of the sale was left after the return."""
        return back.last and self.wholly_returned


@dataclass(frozen=True, slots=True)
class RecordedStamps:
    """Stamps that came onto a punch card or off it."""

    movement_id: UUID
    kind: str
    stamps: int
    sale_id: SaleId | None
    refund_id: RefundId | None
    posted_at: datetime
    origin: VoucherOrigin | None

    @property
    def of_full_card(self) -> bool:
        """Whether a punch card was full, or what it gave was taken back."""
        return self.origin is VoucherOrigin.STAMPS

    @property
    def of_goods(self) -> bool:
        return self.kind in ("COLLECTED", "TAKEN_BACK")


@dataclass(frozen=True, slots=True)
class RecordedMember:
    """A card as it is now, with all its sales, the oldest first, and what its stamps did in the time."""

    card_id: CardId
    number_last4: str
    initial: str | None
    birth_month: int | None
    birth_day: int | None
    carries: Mapping[Rate, int]
    stamps: int
    joined: bool
    joining_points: Points
    sales: tuple[RecordedSale, ...]
    moves: tuple[RecordedStamps, ...]
