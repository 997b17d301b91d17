"""A program's rules: so many points for so much money, on what, from when, for how long. Immutable once published."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wallet.errors import InvalidInput, Problem
from wallet.fingerprint import Json
from wallet.values import MINOR_MAX, LineKind, Minor, Phrase, Points

GOODS_ALONE = frozenset({LineKind.ITEM})

ONE_POINT = Points(1)
PER_HUNDRED = Minor(100)
NO_MINIMUM = Minor(0)

POINTS_PER_STEP_MAX = 100_000
POINTS_PER_MINOR_MAX = 100
"""With it the largest sale earns less than 2**38 points, and a card that reached 2**53, which is what a phone reads
exactly, would have been paid for with more than 90 million millions of the minor unit."""

GIFT_MIN = Points(1)
GIFT_MAX = Points(10_000)


@dataclass(frozen=True, slots=True)
class GiftRules:
    """How much may be sent at once, how often, to how many, and when an unclaimed gift goes back."""

    min_points: Points = GIFT_MIN
    max_points: Points = GIFT_MAX
    per_day: int = 10
    recipients_per_day: int = 5
    return_days: int = 30


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """`points` for every `per_minor` spent."""

    points: Points
    per_minor: Minor


@dataclass(frozen=True, slots=True)
class Carry:
    """Money below the next step, on its way to the next purchase at the same rate."""

    rate: Rate
    minor: Minor


@dataclass(frozen=True, slots=True)
class Rules:
    """`points` for every `per_minor` spent on lines of the `earning_kinds`.

    `minimum_minor`: a sale whose earning lines sum to less earns nothing.
    `carry_remainder`: what is left below the next step counts with the next purchase at the same rate; otherwise it is
    dropped.
    `pending_days`: how long points wait before they can be spent; 0 means not at all.
    `expiry_months`: counted from the moment they can be spent; None means never.
    """

    points: Points = ONE_POINT
    per_minor: Minor = PER_HUNDRED
    earning_kinds: frozenset[LineKind] = GOODS_ALONE
    minimum_minor: Minor = NO_MINIMUM
    carry_remainder: bool = False
    pending_days: int = 0
    expiry_months: int | None = None
    gifts: GiftRules = GiftRules()

    @property
    def rate(self) -> Rate:
        return Rate(self.points, self.per_minor)

    @classmethod
    def from_json(cls, said: Json) -> "Rules":
        """The rules that a JSON object states; what it leaves out has the default.

        Raises InvalidInput with one problem a mistake, `field` being the path in the object, e.g. `gifts.max_points`.
        """
        read = _Reading.of(said, path="", known=cls.__slots__)
        rules = cls(
            points=Points(read.number("points", 1, POINTS_PER_STEP_MAX)),
            per_minor=Minor(read.number("per_minor", 1, MINOR_MAX)),
            earning_kinds=read.earning_kinds(),
            minimum_minor=Minor(read.number("minimum_minor", 0, MINOR_MAX, default=0)),
            carry_remainder=read.flag("carry_remainder"),
            pending_days=read.number("pending_days", 0, 365, default=0),
            expiry_months=read.number("expiry_months", 1, 120) if read.given("expiry_months") else None,
            gifts=read.gifts(),
        )
        most = POINTS_PER_MINOR_MAX * rules.per_minor
        if not read.problems and rules.points > most:
            read.wrong("points", "out_of_range", least=1, most=most)
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
            "expiry_months": self.expiry_months,
            "gifts": {
                "min_points": self.gifts.min_points,
                "max_points": self.gifts.max_points,
                "per_day": self.gifts.per_day,
                "recipients_per_day": self.gifts.recipients_per_day,
                "return_days": self.gifts.return_days,
            },
        }

    def activates_at(self, occurred_at: datetime) -> datetime:
        """When the points of a purchase at `occurred_at` can be spent: so many times 24 hours later."""
        return occurred_at + timedelta(days=self.pending_days)

    def expires_at(self, activates_at: datetime) -> datetime | None:
        """When points that became spendable at `activates_at` lapse; None means never.

        The same day and time in UTC so many calendar months later, or the last day of a month that has no such day:
        31 January and one month is 28 February, or 29.
        """
        if self.expiry_months is None:
            return None
        years, months = divmod(activates_at.month - 1 + self.expiry_months, 12)
        year, month = activates_at.year + years, months + 1
        day = min(activates_at.day, monthrange(year, month)[1])
        return activates_at.replace(year=year, month=month, day=day)


def carries_from_json(said: Mapping[str, int]) -> dict[Rate, Minor]:
    """What a card carries at each rate, as `carries_to_json` stored it."""
    carries = dict[Rate, Minor]()
    for name, minor in said.items():
        points, per_minor = name.split("/")
        carries[Rate(Points(int(points)), Minor(int(per_minor)))] = Minor(minor)
    return carries


def carries_to_json(carries: Mapping[Rate, Minor]) -> dict[str, int]:
    """A member for each rate at which something is carried: `{"1/5000": 3000}` is 3,000 on the way to 1 per 5,000."""
    return {f"{rate.points}/{rate.per_minor}": minor for rate, minor in sorted(carries.items()) if minor}


def terms(rules: Rules, *, currency: str, point_name_plural: str) -> list[Phrase]:
    """The rules as sentences, in the order in which a customer asks: what do I get, on what, from when, how long."""
    named = {"name": point_name_plural}
    said = [
        Phrase("term_earn", {"points": rules.points, "per_minor": rules.per_minor, "currency": currency}),
        *_kind_terms(rules.earning_kinds),
    ]
    if rules.minimum_minor:
        said.append(Phrase("term_minimum", {"minimum_minor": rules.minimum_minor, "currency": currency}))
    if rules.per_minor > 1:
        said.append(Phrase("term_remainder_carried" if rules.carry_remainder else "term_remainder_dropped"))
    if rules.pending_days:
        said.append(Phrase("term_pending", {"days": rules.pending_days, **named}))
    else:
        said.append(Phrase("term_at_once", named))
    if rules.expiry_months:
        said.append(Phrase("term_expiry", {"months": rules.expiry_months, **named}))
    else:
        said.append(Phrase("term_no_expiry", named))
    said.append(Phrase("term_refund", named))
    return [*said, *_gift_terms(rules.gifts, point_name_plural)]


def _kind_terms(kinds: frozenset[LineKind]) -> list[Phrase]:
    if kinds == GOODS_ALONE:
        return [Phrase("term_goods_alone")]
    excluded = [kind for kind in LineKind if kind not in kinds]
    return [Phrase(f"term_excluded_{kind.value.lower()}") for kind in excluded]


def _gift_terms(gifts: GiftRules, name: str) -> list[Phrase]:
    if not (gifts.per_day and gifts.recipients_per_day):
        return [Phrase("term_no_gifts", {"name": name})]
    return [
        Phrase("term_gift", {"min_points": gifts.min_points, "max_points": gifts.max_points}),
        Phrase("term_gift_limits", {"gifts": gifts.per_day, "recipients": gifts.recipients_per_day}),
        Phrase("term_gift_return", {"days": gifts.return_days}),
    ]


@dataclass(slots=True)
class _Reading:
    """A JSON object being read field by field. A mistake is noted and the reading goes on."""

    said: Mapping[str, Json]
    path: str
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, said: Json, *, path: str, known: Sequence[str]) -> "_Reading":
        if not isinstance(said, Mapping):
            read = cls({}, path)
            read.wrong("", "not_an_object")
            return read
        read = cls(said, path)
        for key in said.keys() - set(known):
            read.wrong(key, "unknown_field")
        return read

    def wrong(self, key: str, code: str, **facts: int) -> None:
        name = ".".join(part for part in (self.path, key) if part) or "rules"
        self.problems.append(Problem(name, Phrase(code, facts)))

    def given(self, key: str) -> bool:
        return self.said.get(key) is not None

    def number(self, key: str, least: int, most: int, *, default: int | None = None) -> int:
        value = self.said.get(key, default)
        if value is None and key not in self.said:
            self.wrong(key, "required")
        elif not isinstance(value, int) or isinstance(value, bool):
            self.wrong(key, "not_a_whole_number")
        elif not least <= value <= most:
            self.wrong(key, "out_of_range", least=least, most=most)
        else:
            return value
        return least

    def flag(self, key: str) -> bool:
        value = self.said.get(key, False)
        if not isinstance(value, bool):
            self.wrong(key, "not_true_or_false")
        return value is True

    def earning_kinds(self) -> frozenset[LineKind]:
        names = self.said.get("earning_kinds", [LineKind.ITEM.value])
        if not isinstance(names, list) or not names:
            self.wrong("earning_kinds", "kinds_needed")
            return GOODS_ALONE
        kinds = set[LineKind]()
        for at, name in enumerate(names):
            if name == LineKind.GIFT_CARD_SALE.value:
                self.wrong(f"earning_kinds[{at}]", "gift_cards_never_earn")
            elif not isinstance(name, str) or name not in LineKind.__members__:
                self.wrong(f"earning_kinds[{at}]", "unknown_line_kind")
            else:
                kinds.add(LineKind(name))
        return frozenset(kinds)

    def gifts(self) -> GiftRules:
        usual = GiftRules()
        read = _Reading.of(self.said.get("gifts", {}), path="gifts", known=GiftRules.__slots__)
        gifts = GiftRules(
            min_points=Points(read.number("min_points", 1, 1_000_000, default=usual.min_points)),
            max_points=Points(read.number("max_points", 1, 1_000_000, default=usual.max_points)),
            per_day=read.number("per_day", 0, 1_000, default=usual.per_day),
            recipients_per_day=read.number("recipients_per_day", 0, 1_000, default=usual.recipients_per_day),
            return_days=read.number("return_days", 1, 365, default=usual.return_days),
        )
        if not read.problems and gifts.max_points < gifts.min_points:
            read.wrong("max_points", "out_of_range", least=gifts.min_points, most=1_000_000)
        self.problems.extend(read.problems)
        return gifts
