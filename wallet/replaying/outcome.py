"""What a replay says: what the rules in force gave, what the draft would have given, and to whom."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from fractions import Fraction

from wallet.replaying.recorded import RecordedMember, RecordedSale
from wallet.values import CardId, Minor, Points

SHOWN_MAX = 10


@dataclass(slots=True)
class Tally:
    """What members have, by one set of rules, from what was sold in a time.

    `points` are those of the sales, as far as they are kept, `bonus_points` the bonuses among them; `joining_points`
    come on top. `capped_points` were beyond a cap. `full_cards`: punch cards that became a voucher. `tiers_reached`:
    how often a sale brought a higher tier.
    """

    points: int = 0
    bonus_points: int = 0
    joining_points: int = 0
    capped_points: int = 0
    stamps: int = 0
    full_cards: int = 0
    tiers_reached: int = 0

    @property
    def all_points(self) -> Points:
        return Points(self.points + self.joining_points)

    def add(self, other: "Tally") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def kept_minor(sale: RecordedSale) -> int:
    """What was paid for what the member keeps."""
    return sum(each.paid_minor for each in sale.lines) - sum(
        part.amount_minor for back in sale.returns for part in back.lines
    )


def given_to(member: RecordedMember, sales: Sequence[RecordedSale]) -> Tally:
    """What the rules in force gave to the member with these sales."""
    ids = {sale.sale_id for sale in sales}
    kept = [sale for sale in sales if not sale.wholly_returned and not sale.refused]
    full = [move for move in member.moves if move.of_full_card]
    return Tally(
        points=sum(sale.kept_points for sale in sales),
        bonus_points=sum(sale.bonus_points for sale in kept),
        joining_points=member.joining_points,
        capped_points=sum(sale.capped_points for sale in sales),
        stamps=sum(move.stamps for move in member.moves if move.of_goods and move.sale_id in ids),
        full_cards=sum(1 if move.kind == "SPENT" else -1 for move in full),
        tiers_reached=sum(1 for sale in sales if sale.tier_after is not None),
    )


@dataclass(frozen=True, slots=True)
class MemberOutcome:
    """What both sets of rules give to one member. `odd`: how many sales look odd by the draft, by the code of
    the reason; the points of such a sale would wait for the merchant. `capped_sales`: how many reached a cap of it.
    """

    card_id: CardId
    number_last4: str
    initial: str | None
    sales: int
    kept_minor: Minor
    given: Tally
    draft: Tally
    odd: Mapping[str, int]
    capped_sales: int

    @property
    def change(self) -> int:
        """How many points more the draft gives; below zero, fewer."""
        return self.draft.all_points - self.given.all_points


@dataclass(frozen=True, slots=True)
class PointWorth:
    """What a point is worth, in the minor unit. `reward` is the one by whose price; None where it was said."""

    minor: Fraction
    reward: str | None

    def of(self, points: int) -> int:
        """So many points in the minor unit, half a unit rounded away from zero."""
        exact = abs(points) * self.minor
        whole = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
        return whole if points >= 0 else -whole


@dataclass(frozen=True, slots=True)
class Replay:
    """What the recorded sales of a time would have brought under a draft, beside what they brought.

    `kept_minor` is what was paid for what the members keep. Of those who gain, lose or look like abuse the first are
    named, the largest first; the numbers are of all. `reward_missing`: the program has no reward of the name that the
    draft gives for a full punch card.
    """

    program: str
    currency: str
    since: datetime
    until: datetime
    members: int
    sales: int
    kept_minor: int
    given: Tally
    draft: Tally
    worth: PointWorth | None
    gaining: int
    losing: int
    most_gained: tuple[MemberOutcome, ...]
    most_lost: tuple[MemberOutcome, ...]
    suspects: int
    most_suspect: tuple[MemberOutcome, ...]
    odd: Mapping[str, int]
    capped_sales: int
    reward_missing: str | None


@dataclass(slots=True)
class Largest:
    """The members with the largest of something, as many as are shown, and how many there are with any."""

    count: int = 0
    _heap: list[tuple[int, bytes, MemberOutcome]] = field(default_factory=list)

    def see(self, member: MemberOutcome, size: int) -> None:
        if size <= 0:
            return
        self.count += 1
        heapq.heappush(self._heap, (size, member.card_id.bytes, member))
        if len(self._heap) > SHOWN_MAX:
            heapq.heappop(self._heap)

    def in_order(self) -> tuple[MemberOutcome, ...]:
        return tuple(member for _, _, member in sorted(self._heap, key=lambda each: each[:2], reverse=True))


@dataclass(slots=True)
class Collected:
    """The sums over the members seen so far."""

    members: int = 0
    sales: int = 0
    kept_minor: int = 0
    given: Tally = field(default_factory=Tally)
    draft: Tally = field(default_factory=Tally)
    gained: Largest = field(default_factory=Largest)
    lost: Largest = field(default_factory=Largest)
    suspect: Largest = field(default_factory=Largest)
    odd: Counter[str] = field(default_factory=Counter)
    capped_sales: int = 0

    def see(self, member: MemberOutcome) -> None:
        self.members += 1
        self.sales += member.sales
        self.kept_minor += member.kept_minor
        self.given.add(member.given)
        self.draft.add(member.draft)
        self.gained.see(member, member.change)
        self.lost.see(member, -member.change)
        self.suspect.see(member, sum(member.odd.values()) + member.capped_sales)
        self.odd.update(member.odd)
        self.capped_sales += member.capped_sales
