"""Numbers that bound: bonuses, caps, when a sale is looked at, and how much may be given away."""

from dataclasses import dataclass, replace

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

VALUE_MIN = Minor(100)
VALUE_MAX = Minor(1_000_000)
"""In rupees what the Reserve Bank of India allows on a gift instrument: 10,000."""
VALUE_PER_DAY = Minor(2_000_000)
VALUE_HOLD = Minor(500_000)
VALUE_NEW_ACCOUNT = Minor(200_000)
VALUE_MAILBOX = Minor(200_000)
PIN_ABOVE = Minor(100_000)
CARD_MAX = Minor(1_000_000)
VALIDITY_MONTHS_MAX = 600

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
    """How much may be sent at once, how often, to how many, and when an unclaimed gift goes back.

    A mailbox is sent at most `per_recipient_per_day` gifts in 24 hours, by whomsoever; None is no end. Who joined less
    than `new_account_days` days ago sends at most `new_account_per_day` gifts and `new_account_value_minor` of money in
    24 hours, where the other limits allow more.

    Of money value, in the minor unit: from `value_min_minor` to `value_max_minor` a gift (0: no money can be sent), at
    most `value_per_day_minor` a sender and day. Whoever sends more than `value_hold_minor` for the first time waits for
    it to go out; a gift of more than `value_mailbox_minor` is claimed by its recipient's mailbox alone; a gift card's
    number alone pays up to `pin_above_minor`. `validity_months`: how long money lives on a gift card; None is for ever.
    A till sells no gift card with more on it than `card_max_minor`, nor loads one to more. The law may ask for a longer
    life, or for less on a card, and then has it.
    """

    min_points: Points = GIFT_MIN
    max_points: Points = GIFT_MAX
    per_day: int = 10
    recipients_per_day: int = 5
    per_recipient_per_day: int | None = None
    new_account_days: int = 0
    new_account_per_day: int = 3
    new_account_value_minor: Minor = VALUE_NEW_ACCOUNT
    return_days: int = 30
    value_min_minor: Minor = VALUE_MIN
    value_max_minor: Minor = VALUE_MAX
    value_per_day_minor: Minor = VALUE_PER_DAY
    value_hold_minor: Minor = VALUE_HOLD
    value_mailbox_minor: Minor = VALUE_MAILBOX
    pin_above_minor: Minor = PIN_ABOVE
    card_max_minor: Minor = CARD_MAX
    validity_months: int | None = None

    @property
    def sends_value(self) -> bool:
        """Whether money can be sent at all."""
        return bool(self.value_max_minor and self.value_per_day_minor and self.per_day and self.recipients_per_day)

    def for_account_of(self, days: float) -> "GiftRules":
        """The limits of somebody who joined so many days ago."""
        if days >= self.new_account_days:
            return self
        return replace(
            self,
            per_day=min(self.per_day, self.new_account_per_day),
            value_per_day_minor=min(self.value_per_day_minor, self.new_account_value_minor),
        )

    def to_json(self) -> dict[str, Json]:
        return {
            "min_points": self.min_points,
            "max_points": self.max_points,
            "per_day": self.per_day,
            "recipients_per_day": self.recipients_per_day,
            "per_recipient_per_day": self.per_recipient_per_day,
            "new_account_days": self.new_account_days,
            "new_account_per_day": self.new_account_per_day,
            "new_account_value_minor": self.new_account_value_minor,
            "return_days": self.return_days,
            "value_min_minor": self.value_min_minor,
            "value_max_minor": self.value_max_minor,
            "value_per_day_minor": self.value_per_day_minor,
            "value_hold_minor": self.value_hold_minor,
            "value_mailbox_minor": self.value_mailbox_minor,
            "pin_above_minor": self.pin_above_minor,
            "card_max_minor": self.card_max_minor,
            "validity_months": self.validity_months,
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

    def amount(key: str, default: Minor) -> Minor:
        return Minor(part.number(key, 0, MINOR_MAX, default=default))

    gifts = GiftRules(
        min_points=Points(part.number("min_points", 1, GIFT_POINTS_MAX, default=usual.min_points)),
        max_points=Points(part.number("max_points", 1, GIFT_POINTS_MAX, default=usual.max_points)),
        per_day=part.number("per_day", 0, 1_000, default=usual.per_day),
        recipients_per_day=part.number("recipients_per_day", 0, 1_000, default=usual.recipients_per_day),
        per_recipient_per_day=part.number_or_none("per_recipient_per_day", 1, 1_000),
        new_account_days=part.number("new_account_days", 0, 365, default=usual.new_account_days),
        new_account_per_day=part.number("new_account_per_day", 0, 1_000, default=usual.new_account_per_day),
        new_account_value_minor=amount("new_account_value_minor", usual.new_account_value_minor),
        return_days=part.number("return_days", 1, 365, default=usual.return_days),
        value_min_minor=Minor(part.number("value_min_minor", 1, MINOR_MAX, default=usual.value_min_minor)),
        value_max_minor=amount("value_max_minor", usual.value_max_minor),
        value_per_day_minor=amount("value_per_day_minor", usual.value_per_day_minor),
        value_hold_minor=amount("value_hold_minor", usual.value_hold_minor),
        value_mailbox_minor=amount("value_mailbox_minor", usual.value_mailbox_minor),
        pin_above_minor=amount("pin_above_minor", usual.pin_above_minor),
        card_max_minor=Minor(part.number("card_max_minor", 1, MINOR_MAX, default=usual.card_max_minor)),
        validity_months=part.number_or_none("validity_months", 1, VALIDITY_MONTHS_MAX),
    )
    if len(part.problems) == noted and gifts.max_points < gifts.min_points:
        part.wrong("max_points", "out_of_range", least=gifts.min_points, most=GIFT_POINTS_MAX)
    if len(part.problems) == noted and 0 < gifts.value_max_minor < gifts.value_min_minor:
        part.wrong("value_max_minor", "out_of_range", least=gifts.value_min_minor, most=MINOR_MAX)
    return gifts
