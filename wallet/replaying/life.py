"""A card as it stands while its sales are replayed: what counts for caps, cool-downs, first purchases and tiers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from wallet import tiers
from wallet.punch_cards import PunchCard
from wallet.replaying.recorded import RecordedSale
from wallet.returns import SoldLine
from wallet.rules import Rate, Rules, TierRules
from wallet.sales.circumstances import Facts
from wallet.tiers import NO_TIER, Standing
from wallet.values import Minor, Points, SaleId, TerminalId

RulesAt = Callable[[datetime], Rules]


@dataclass(slots=True)
class SoldBefore:
    """A sale as the replay has it by now: what it earned, and what of that and of its goods is kept.

    `lines` are there where goods come back in the time that is replayed. `rules` judged it.
    """

    recorded: RecordedSale
    rules: Rules
    points: Points
    bonus_points: Points
    visit_points: Points
    capped_points: Points
    stamps: int
    kept_points: Points
    kept_minor: Minor
    lines: list[SoldLine] = field(default_factory=list)
    gone: bool = False
    held: bool = False
    refused: bool = False
    stamps_kept: int = 0

    def __post_init__(self) -> None:
        """As before the merchant has looked at it, where they have."""
        self.stamps_kept, self.held = self.stamps, self.recorded.was_held

    @property
    def sale_id(self) -> SaleId:
        return self.recorded.sale_id


@dataclass(slots=True)
class Life:
    """What stands on a card, and what its sales keep by the day. `zone` is the merchant's."""

    zone: ZoneInfo
    birth_month: int | None
    birth_day: int | None
    carries: dict[Rate, int]
    stamps: int
    standing: Standing = NO_TIER
    full_cards: int = 0
    sold: dict[SaleId, SoldBefore] = field(default_factory=dict)
    _points_by_day: Counter[date] = field(default_factory=Counter)
    _tier_points: Counter[date] = field(default_factory=Counter)
    _tier_minor: Counter[date] = field(default_factory=Counter)
    _sales_by_day: Counter[date] = field(default_factory=Counter)
    _sales_by_till: Counter[tuple[date, TerminalId]] = field(default_factory=Counter)
    _bought: int = 0
    _visited_at: dict[SaleId, datetime] = field(default_factory=dict)
    _stamped_at: dict[SaleId, datetime] = field(default_factory=dict)

    def add(self, sold: SoldBefore) -> None:
        """The sale is one of those that went before."""
        self.sold[sold.sale_id] = sold
        self._count(sold, 1)

    def change(self, sold: SoldBefore, *, kept_points: Points, kept_minor: Minor, gone: bool) -> None:
        """The sale keeps this much of what it was."""
        self._count(sold, -1)
        sold.kept_points, sold.kept_minor, sold.gone = kept_points, kept_minor, gone
        self._count(sold, 1)

    def refuse(self, sold: SoldBefore) -> None:
        """The sale has earned nothing, and counts for nothing."""
        self._count(sold, -1)
        sold.kept_points, sold.refused = Points(0), True

    def release(self, sold: SoldBefore, rules: Rules, at: datetime) -> None:
        """The sale counts for the tier from now on."""
        self._count(sold, -1)
        sold.held = False
        self._count(sold, 1)
        if rules.tiers:
            self._raise(rules.tiers, at, before=None)

    def _count(self, sold: SoldBefore, sign: int) -> None:
        """As wallet.sales.circumstances counts: what was refused never counts, what is held not for tiers."""
        sale = sold.recorded
        if sold.refused:
            return
        self._points_by_day[sale.local_day] += sign * max(0, sold.kept_points - sold.bonus_points)
        if not sold.held:
            day = sale.occurred_at.astimezone(self.zone).date()
            self._tier_points[day] += sign * sold.kept_points
            self._tier_minor[day] += sign * sold.kept_minor
        if sold.gone:
            return
        self._bought += sign
        self._sales_by_day[sale.local_day] += sign
        self._sales_by_till[sale.local_day, sale.terminal_id] += sign
        for moments, given in ((self._visited_at, sold.visit_points), (self._stamped_at, sold.stamps)):
            if given and sign > 0:
                moments[sold.sale_id] = sale.occurred_at
            else:
                moments.pop(sold.sale_id, None)

    def facts(self, rules: Rules, sale: RecordedSale, punch_card: PunchCard | None) -> Facts:
        """What is known when the sale is judged by the rules, as wallet.sales.circumstances reads it."""
        day, since = sale.local_day, sale.occurred_at
        if rules.tiers:
            since = tiers.window_start(rules.tiers, sale.occurred_at, self.zone)
        return Facts(
            birth_month=self.birth_month,
            birth_day=self.birth_day,
            standing=self.standing,
            stamps=self.stamps,
            punch_card=punch_card,
            bought_before=self._bought > 0,
            last_bought_at=None,
            earned_today=Points(self._points_by_day[day]),
            earned_this_month=Points(
                sum(points for at, points in self._points_by_day.items() if _month(at) == _month(day))
            ),
            visited_at=max(self._visited_at.values(), default=None),
            stamped_at=max(self._stamped_at.values(), default=None),
            tier_input=self.counted(rules.tiers, since) if rules.tiers else 0,
            sales_today=self._sales_by_day[day],
            sales_at_terminal_today=self._sales_by_till[day, sale.terminal_id],
            sales_of_terminal_last_hour=sale.sales_of_terminal_last_hour,
        )

    def counted(self, levels: TierRules, since: datetime, before: datetime | None = None) -> int:
        """What counts for a tier of the sales from one midnight on, before another one; of all since, without that."""
        by_day = self._tier_minor if levels.basis == "spend" else self._tier_points
        first = since.astimezone(self.zone).date()
        end = before.astimezone(self.zone).date() if before else date.max
        return sum(counted for day, counted in by_day.items() if first <= day < end)

    def settle(self, until: datetime, rules_at: RulesAt) -> None:
        """The reviews of the tier that were due by then are done, as wallet.ledger.maturity does them."""
        while (at := self.standing.review_at) is not None and at <= until:
            levels = rules_at(at).tiers
            if levels is None:
                self.standing = NO_TIER
                return
            self._raise(levels, at, before=at)
            if self.standing.review_at is not None and self.standing.review_at <= at:
                since = tiers.review_window_start(levels, self.standing, self.zone)
                counted = self.counted(levels, since, at)
                self.standing = tiers.reviewed(levels, self.standing, counted=counted, zone=self.zone)
                self._raise(levels, at, before=at)

    def _raise(self, levels: TierRules, at: datetime, *, before: datetime | None) -> None:
        counted = self.counted(levels, tiers.window_start(levels, at, self.zone), before)
        self.standing = tiers.raised(levels, self.standing, counted=counted, at=at, zone=self.zone) or self.standing


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
