"""Multipliers: what makes money count more often, on which goods, when and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.fingerprint import Json
from wallet.rules.reading import Reading

PLAIN = 100
"""Money that counts once, in hundredths."""

HUNDREDTHS_MAX = 10_000

MULTIPLIERS_MAX = 20
NAME_MAX = 40

WEEKDAYS = range(1, 8)
"""ISO 8601: Monday is 1, Sunday is 7."""

HOURS = 24


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Money counts `hundredths` / 100 times where all that is stated holds; what is empty or false states nothing.

    `categories` and `skus`: lines of one of these categories, or with one of these SKUs.
    `weekdays`, `from_hour`, `until_hour`: in the store's local time, `until_hour` not included. A window from 22 until
    2 passes midnight; all of it belongs to the weekday on which it began.
    `tiers`: members of one of these levels. `first_purchase`, `birthday`: only then.
    """

    name: str
    hundredths: int
    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    from_hour: int = 0
    until_hour: int = HOURS
    tiers: tuple[str, ...] = ()
    first_purchase: bool = False
    birthday: bool = False

    @property
    def of_everyone(self) -> bool:
        """Whether it asks nothing about the member."""
        return not (self.tiers or self.first_purchase or self.birthday)

    def covers(self, *, sku: str | None, category: str | None) -> bool:
        """Whether it is for such goods."""
        return fits(sku=sku, category=category, skus=self.skus, categories=self.categories)

    def is_on(self, local: datetime) -> bool:
        """Whether it is its time: `local` is the store's."""
        if self.from_hour < self.until_hour:
            begun, within = local, self.from_hour <= local.hour < self.until_hour
        else:
            after_midnight = local.hour < self.until_hour
            begun = local - timedelta(days=1) if after_midnight else local
            within = after_midnight or local.hour >= self.from_hour
        return within and (not self.weekdays or begun.isoweekday() in self.weekdays)

    def is_for(self, *, tier: str | None, first_purchase: bool, birthday: bool) -> bool:
        """Whether it is for such a member at this purchase."""
        return (
            (not self.tiers or tier in self.tiers)
            and (first_purchase or not self.first_purchase)
            and (birthday or not self.birthday)
        )

    def to_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "hundredths": self.hundredths,
            "categories": list(self.categories),
            "skus": list(self.skus),
            "weekdays": list(self.weekdays),
            "from_hour": self.from_hour,
            "until_hour": self.until_hour,
            "tiers": list(self.tiers),
            "first_purchase": self.first_purchase,
            "birthday": self.birthday,
        }


def times(hundredths: int) -> str:
    """How often money counts, as people write it: 200 is 2, 150 is 1.5."""
    whole, rest = divmod(hundredths, PLAIN)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".")


def fits(*, sku: str | None, category: str | None, skus: Sequence[str], categories: Sequence[str]) -> bool:
    """Whether goods are among those of the categories or of the SKUs, exactly as the till writes them.

    Where both lists are empty all goods are.
    """
    return not (skus or categories) or sku in skus or category in categories


def read_multipliers(read: Reading, *, levels: Sequence[str]) -> tuple[Multiplier, ...]:
    """The multipliers of the rules, whose tiers are the `levels`. No two have one name."""
    multipliers, names = list[Multiplier](), set[str]()
    for part in read.parts("multipliers", most=MULTIPLIERS_MAX, known=Multiplier.__slots__):
        multiplier = _read(part, levels)
        if multiplier.name in names and multiplier.name:
            part.wrong("name", "repeated")
        names.add(multiplier.name)
        multipliers.append(multiplier)
    return tuple(multipliers)


def _read(read: Reading, levels: Sequence[str]) -> Multiplier:
    from_hour = read.number("from_hour", 0, HOURS - 1, default=0)
    until_hour = read.number("until_hour", 1, HOURS, default=HOURS)
    if from_hour == until_hour:
        read.wrong("until_hour", "no_hours")
    tiers = read.texts("tiers", most=len(levels) or 1, length=NAME_MAX)
    for at, tier in enumerate(tiers):
        if tier and tier not in levels:
            read.wrong(f"tiers[{at}]", "unknown_tier")
    return Multiplier(
        name=read.text("name", most=NAME_MAX),
        hundredths=read.number("hundredths", PLAIN + 1, HUNDREDTHS_MAX),
        categories=read.categories(),
        skus=read.skus(),
        weekdays=_weekdays(read),
        from_hour=from_hour,
        until_hour=until_hour,
        tiers=tiers,
        first_purchase=read.flag("first_purchase"),
        birthday=read.flag("birthday"),
    )


def _weekdays(read: Reading) -> tuple[int, ...]:
    days = set[int]()
    for at, day in enumerate(read.items("weekdays", most=len(WEEKDAYS))):
        if not isinstance(day, int) or isinstance(day, bool):
            read.wrong(f"weekdays[{at}]", "not_a_whole_number")
        elif day not in WEEKDAYS:
            read.wrong(f"weekdays[{at}]", "out_of_range", least=WEEKDAYS[0], most=WEEKDAYS[-1])
        elif day in days:
            read.wrong(f"weekdays[{at}]", "repeated")
        else:
            days.add(day)
    return tuple(sorted(days))
