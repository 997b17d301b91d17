"""Numbers that bound: bonuses, caps, when a sale is looked at, and how much may be given away."""

from dataclasses import dataclass

from wallet.fingerprint import Json
from wallet.rules.reading import Reading
from wallet.values import MINOR_MAX, Minor, Points

BONUS_MAX = 1_000_000
CAP_MAX = 1_000_000_000
VISIT_HOURS_MAX = 30 * 24
SALES_MAX = 1_000

GIFT_MIN = Points(1)
GIFT_MAX = Points(10_000)
GIFT_POINTS_MAX = 1_000_000

NO_BONUS = Points(0)


@dataclass(frozen=True, slots=True)
class Bonuses:
    """Points that are added: for joining, for the first purchase, for a visit (again only after `visit_hours`)."""

    joining: Points = NO_BONUS
    first_purchase: Points = NO_BONUS
    visit: Points = NO_BONUS
    visit_hours: int = 20

    def to_json(self) -> dict[str, Json]:
        return {
            "joining": self.joining,
            "first_purchase": self.first_purchase,
            "visit": self.visit,
            "visit_hours": self.visit_hours,
        }


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that the lines of a sale, or of all sales of a card in a local day or month, earn; None is no end."""

    per_sale: Points | None = None
    per_day: Points | None = None
    per_month: Points | None = None

    def to_json(self) -> dict[str, Json]:
        return {"per_sale": self.per_sale, "per_day": self.per_day, "per_month": self.per_month}


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """What makes the points of a sale wait until the merchant has looked at it; None is never.

    More sales of a card in a day, or of a till in an hour, or more money in one sale than these.
    """

    sales_per_day: int | None = None
    sales_per_hour_of_terminal: int | None = None
    amount_minor: Minor | None = None

    def to_json(self) -> dict[str, Json]:
        return {
            "sales_per_day": self.sales_per_day,
            "sales_per_hour_of_terminal": self.sales_per_hour_of_terminal,
            "amount_minor": self.amount_minor,
        }


@dataclass(frozen=True, slots=True)
class GiftRules:
    """How much may be sent at once, how often, to how many, and when an unclaimed gift goes back."""

    min_points: Points = GIFT_MIN
    max_points: Points = GIFT_MAX
    per_day: int = 10
    recipients_per_day: int = 5
    return_days: int = 30

    def to_json(self) -> dict[str, Json]:
        return {
            "min_points": self.min_points,
            "max_points": self.max_points,
            "per_day": self.per_day,
            "recipients_per_day": self.recipients_per_day,
            "return_days": self.return_days,
        }


def read_bonuses(read: Reading) -> Bonuses:
    part = read.part("bonuses", known=Bonuses.__slots__)
    return Bonuses(
        joining=Points(part.number("joining", 0, BONUS_MAX, default=0)),
        first_purchase=Points(part.number("first_purchase", 0, BONUS_MAX, default=0)),
        visit=Points(part.number("visit", 0, BONUS_MAX, default=0)),
        visit_hours=part.number("visit_hours", 1, VISIT_HOURS_MAX, default=20),
    )


def read_caps(read: Reading, *, step: Points) -> Caps:
    """The caps, none of which is below what one step earns: under it nobody would ever earn."""
    part = read.part("caps", known=Caps.__slots__)

    def cap(key: str) -> Points | None:
        most = part.number_or_none(key, max(step, 1), CAP_MAX)
        return None if most is None else Points(most)

    return Caps(per_sale=cap("per_sale"), per_day=cap("per_day"), per_month=cap("per_month"))


def read_review(read: Reading) -> ReviewRules:
    part = read.part("review", known=ReviewRules.__slots__)
    amount = part.number_or_none("amount_minor", 1, MINOR_MAX)
    return ReviewRules(
        sales_per_day=part.number_or_none("sales_per_day", 1, SALES_MAX),
        sales_per_hour_of_terminal=part.number_or_none("sales_per_hour_of_terminal", 1, SALES_MAX),
        amount_minor=None if amount is None else Minor(amount),
    )


def read_gifts(read: Reading) -> GiftRules:
    usual = GiftRules()
    part = read.part("gifts", known=GiftRules.__slots__)
    noted = len(part.problems)
    gifts = GiftRules(
        min_points=Points(part.number("min_points", 1, GIFT_POINTS_MAX, default=usual.min_points)),
        max_points=Points(part.number("max_points", 1, GIFT_POINTS_MAX, default=usual.max_points)),
        per_day=part.number("per_day", 0, 1_000, default=usual.per_day),
        recipients_per_day=part.number("recipients_per_day", 0, 1_000, default=usual.recipients_per_day),
        return_days=part.number("return_days", 1, 365, default=usual.return_days),
    )
    if len(part.problems) == noted and gifts.max_points < gifts.min_points:
        part.wrong("max_points", "out_of_range", least=gifts.min_points, most=GIFT_POINTS_MAX)
    return gifts
