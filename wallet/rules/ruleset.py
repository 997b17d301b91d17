"""All that a program promises, as data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.errors import InvalidInput
from wallet.fingerprint import Json
from wallet.midnights import first_midnight
from wallet.rules import expiry
from wallet.rules.carries import Rate
from wallet.rules.expiry import MonthDay
from wallet.rules.limits import (
    Bonuses,
    Caps,
    GiftRules,
    ReviewRules,
    read_bonuses,
    read_caps,
    read_gifts,
    read_review,
)
from wallet.rules.multipliers import PLAIN, Multiplier, read_multipliers
from wallet.rules.reading import Reading
from wallet.rules.stamps import StampRules, read_stamps
from wallet.rules.tiers import TierRules, read_tiers
from wallet.values import MINOR_MAX, LineKind, Minor, Points

GOODS_ALONE = frozenset({LineKind.ITEM})

ONE_POINT = Points(1)
PER_HUNDRED = Minor(100)
NO_MINIMUM = Minor(0)
NO_BONUSES = Bonuses()
NO_CAPS = Caps()
NO_REVIEW = ReviewRules()
USUAL_GIFTS = GiftRules()

POINTS_PER_STEP_MAX = 100_000
POINTS_PER_MINOR_MAX = 100
"""With it the largest sale at the best multiplier earns 2**45 points at most, and a card that reached 2**53, which is
what a phone reads exactly, would have been paid for with more than 8,000 million of any currency with hundredths."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`points` for every `per_minor` that counts.

    What counts is what is paid for lines of the `earning_kinds` that are not of `excluded_categories` and have none of
    the `excluded_skus`: as often as the best of the `multipliers` and of the member's tier says, which never multiply
    each other. `bonuses` are added to it. `points` is 0 where a program has stamps alone.

    `minimum_minor`: a sale whose lines that count are less together earns nothing.
    `carry_remainder`: what is left below the next step counts with the next purchase at the same rate; otherwise it is
    dropped.
    `caps` bound what lines earn, in whole steps. They do not bound bonuses.
    `pending_days`: how long points wait before they can be spent; 0 means not at all.
    At most one of `expiry_months`, `expiry_dates` and `inactivity_months` is given; points never expire without one.
    `notice_days`: so long before points expire the member is told; 0 means not at all.
    `returns_debt`: what goods that come back had earned and the card has no more is owed, and later earnings pay it.
    """

    points: Points = ONE_POINT
    per_minor: Minor = PER_HUNDRED
    earning_kinds: frozenset[LineKind] = GOODS_ALONE
    minimum_minor: Minor = NO_MINIMUM
    carry_remainder: bool = False
    pending_days: int = 0
    excluded_categories: tuple[str, ...] = ()
    excluded_skus: tuple[str, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    bonuses: Bonuses = NO_BONUSES
    caps: Caps = NO_CAPS
    stamps: StampRules | None = None
    tiers: TierRules | None = None
    expiry_months: int | None = None
    expiry_to_month_end: bool = False
    expiry_dates: tuple[MonthDay, ...] = ()
    expiry_least_days: int = 0
    inactivity_months: int | None = None
    notice_days: int = 14
    returns_debt: bool = False
    review: ReviewRules = NO_REVIEW
    gifts: GiftRules = USUAL_GIFTS

    @property
    def rate(self) -> Rate:
        return Rate(self.points, self.per_minor)

    @property
    def step(self) -> int:
        """How much money earns `points` once, in hundredths of a minor unit."""
        return self.per_minor * PLAIN

    @property
    def lapses(self) -> bool:
        """Whether points expire at all."""
        return bool(self.expiry_months or self.expiry_dates or self.inactivity_months)

    @property
    def gives_points(self) -> bool:
        """Whether there is any way to points: a program may have stamps alone."""
        return bool(self.points or self.bonuses.joining or self.bonuses.first_purchase or self.bonuses.visit)

    @property
    def reviews(self) -> bool:
        """Whether points may wait until the merchant has looked at a sale."""
        return self.review != NO_REVIEW

    def earns(self, *, kind: LineKind, sku: str | None, category: str | None) -> bool:
        """Whether money spent on such a line counts."""
        return kind in self.earning_kinds and sku not in self.excluded_skus and category not in self.excluded_categories

    def tier_hundredths(self, tier: str | None) -> int:
        """How often a member of the tier has money counted, times a hundred; PLAIN for a tier that is not known."""
        level = self.tiers.level(tier) if self.tiers else None
        return level.hundredths if level else PLAIN

    def activates_at(self, occurred_at: datetime, zone: ZoneInfo) -> datetime:
        """When the points of a purchase at `occurred_at` can be spent: at once, or, where they wait, at the first local
        midnight at or after so many times 24 hours.
        """
        if not self.pending_days:
            return occurred_at
        return first_midnight(occurred_at + timedelta(days=self.pending_days), zone)

    def expires_at(self, activates_at: datetime, zone: ZoneInfo) -> datetime | None:
        """When points that became spendable at `activates_at` lapse: at a local midnight; None means never.

        The first one at or after the same day and time so many months later; or the end of that month; or the end of
        the first of the fixed dates that leaves them their least days. Where points lapse after inactivity it is when
        they do if `activates_at` was the last that was seen of the member.
        """
        months = self.expiry_months or self.inactivity_months
        if months:
            return expiry.months_later(activates_at, months, to_month_end=self.expiry_to_month_end, zone=zone)
        if self.expiry_dates:
            return expiry.next_of(self.expiry_dates, activates_at, least_days=self.expiry_least_days, zone=zone)
        return None

    @classmethod
    def from_json(cls, said: Json) -> "Rules":
        """The rules that a JSON object states; what it leaves out has the default.

        Raises InvalidInput with one problem a mistake, `field` being the path in the object, e.g. `gifts.max_points`.
        """
        read = Reading.of(said, known=cls.__slots__)
        stamps, tiers = read_stamps(read), read_tiers(read)
        points = Points(read.number("points", 0 if stamps else 1, POINTS_PER_STEP_MAX))
        per_minor = Minor(read.number("per_minor", 1, MINOR_MAX))
        if points > per_minor * POINTS_PER_MINOR_MAX:
            read.wrong("points", "out_of_range", least=0 if stamps else 1, most=per_minor * POINTS_PER_MINOR_MAX)
        rules = cls(
            points=points,
            per_minor=per_minor,
            earning_kinds=_earning_kinds(read),
            minimum_minor=Minor(read.number("minimum_minor", 0, MINOR_MAX, default=0)),
            carry_remainder=read.flag("carry_remainder"),
            pending_days=read.number("pending_days", 0, 365, default=0),
            excluded_categories=read.categories("excluded_categories"),
            excluded_skus=read.skus("excluded_skus"),
            multipliers=read_multipliers(read, levels=[level.name for level in tiers.levels] if tiers else ()),
            bonuses=read_bonuses(read),
            caps=read_caps(read, step=points),
            stamps=stamps,
            tiers=tiers,
            expiry_months=read.number_or_none("expiry_months", 1, expiry.MONTHS_MAX),
            expiry_to_month_end=read.flag("expiry_to_month_end"),
            expiry_dates=expiry.read_dates(read),
            expiry_least_days=read.number("expiry_least_days", 0, expiry.LEAST_DAYS_MAX, default=0),
            inactivity_months=read.number_or_none("inactivity_months", 1, expiry.MONTHS_MAX),
            notice_days=read.number("notice_days", 0, 90, default=14),
            returns_debt=read.flag("returns_debt"),
            review=read_review(read),
            gifts=read_gifts(read),
        )
        _check_expiry(read, rules)
        if read.problems:
            raise InvalidInput(read.problems)
        return rules

    def to_json(self) -> dict[str, Json]:
        """What `from_json` reads back as the same rules."""
        return {
            "points": self.points,
            "per_minor": self.per_minor,
            "earning_kinds": sorted(kind.value for kind in self.earning_kinds),
            "minimum_minor": self.minimum_minor,
            "carry_remainder": self.carry_remainder,
            "pending_days": self.pending_days,
            "excluded_categories": list(self.excluded_categories),
            "excluded_skus": list(self.excluded_skus),
            "multipliers": [multiplier.to_json() for multiplier in self.multipliers],
            "bonuses": self.bonuses.to_json(),
            "caps": self.caps.to_json(),
            "stamps": self.stamps.to_json() if self.stamps else None,
            "tiers": self.tiers.to_json() if self.tiers else None,
            "expiry_months": self.expiry_months,
            "expiry_to_month_end": self.expiry_to_month_end,
            "expiry_dates": [str(each) for each in self.expiry_dates],
            "expiry_least_days": self.expiry_least_days,
            "inactivity_months": self.inactivity_months,
            "notice_days": self.notice_days,
            "returns_debt": self.returns_debt,
            "review": self.review.to_json(),
            "gifts": self.gifts.to_json(),
        }


def _earning_kinds(read: Reading) -> frozenset[LineKind]:
    names = read.said.get("earning_kinds", [LineKind.ITEM.value])
    if not isinstance(names, list) or not names:
        read.wrong("earning_kinds", "kinds_needed")
        return GOODS_ALONE
    kinds = set[LineKind]()
    for at, name in enumerate(names):
        if name == LineKind.GIFT_CARD_SALE.value:
            read.wrong(f"earning_kinds[{at}]", "gift_cards_never_earn")
        elif not isinstance(name, str) or name not in LineKind.__members__:
            read.wrong(f"earning_kinds[{at}]", "unknown_line_kind")
        else:
            kinds.add(LineKind(name))
    return frozenset(kinds)


def _check_expiry(read: Reading, rules: Rules) -> None:
    """One way to expire, and nothing said about a way that is not taken."""
    if rules.expiry_dates and rules.expiry_months:
        read.wrong("expiry_dates", "one_expiry")
    if rules.inactivity_months and (rules.expiry_months or rules.expiry_dates):
        read.wrong("inactivity_months", "one_expiry")
    if rules.expiry_to_month_end and not rules.expiry_months:
        read.wrong("expiry_to_month_end", "not_with_this_expiry")
    if rules.expiry_least_days and not rules.expiry_dates:
        read.wrong("expiry_least_days", "not_with_this_expiry")
