"""What stands on a card, computed plainly from the words of docs/decisions/0008 to 0013 and docs/LEDGER.md.

Shares nothing with the product: rules are the JSON that the merchant said, everything is kept in lists, and what can be
said as a function of all that is kept is computed anew each time. Lots, tickets and purchases know all that happened
to them, so what a refund gives back can be looked up rather than remembered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.baskets.plain_days import midnight_months_later
from tests.baskets.programs import RewardSaid

NEVER = float("inf")


@dataclass(slots=True, eq=False)
class Lot:
    """Points of one earning. `left` of them are on the card, `lost` expired, `paid_debt` went for a debt."""

    number: int
    left: int
    activates: datetime
    active: bool
    expires: datetime | None
    held: bool = False
    lost: int = 0
    paid_debt: int = 0

    def soonest(self) -> tuple[float, int]:
        return (self.expires.timestamp() if self.expires else NEVER, self.number)


@dataclass(slots=True, eq=False)
class Spent:
    """What one redeeming took out of which lot, and how much of it is back."""

    parts: list[tuple[Lot, int]]
    back: dict[int, int] = field(default_factory=dict)

    def put_back(self, points: int) -> None:
        """The lots that live longest get theirs first."""
        for lot, taken in sorted(self.parts, key=lambda part: part[0].soonest(), reverse=True):
            part = min(points, taken - self.back.get(lot.number, 0))
            self.back[lot.number] = self.back.get(lot.number, 0) + part
            lot.left += part
            points -= part
        assert points == 0


@dataclass(slots=True, eq=False)
class Ticket:
    """A voucher. `origin`: CLAIMED in the app, bought at the TILL, or given for STAMPS."""

    number: int
    reward: RewardSaid
    origin: str
    state: str
    points: int
    stamps: int
    until: datetime | None
    spent: Spent | None = None
    used_in: "Purchase | None" = None


@dataclass(slots=True)
class Line:
    """A line of a purchase: what was paid, what of it is kept, and whether it has come back. `stored` if it sold a gift
    card, which comes back whole or not at all.
    """

    line_id: str
    paid: int
    kept: int
    often: int
    stamps: int
    stored: bool
    back: bool = False

    def stamps_kept(self) -> int:
        """As many as its kept money buys, rounded up."""
        if self.back:
            return 0
        return -(-self.stamps * self.kept // self.paid) if self.paid else self.stamps


@dataclass(slots=True, eq=False)
class Purchase:
    """A sale. `review` is "", HELD, RELEASED or REFUSED. `due`, `taken` and `owed` sum what its returns were about.
    `lots` are those of its points: one, and another one where its release completed a step.
    """

    at: datetime
    day: date
    lines: list[Line]
    points: int
    bonus: int
    visit_bonus: bool
    capped: int
    most: int
    stamps: int
    review: str
    lots: list[Lot]
    used: list[tuple[Ticket, frozenset[int]]]
    spot: Spent | None
    kept_points: int = 0
    due: int = 0
    taken: int = 0
    owed: int = 0
    owed_again: int = 0

    @property
    def wholly_back(self) -> bool:
        return all(line.back for line in self.lines)

    @property
    def counts(self) -> bool:
        """Whether it is a purchase at all: not once it is wholly back, or the merchant refused it."""
        return not self.wholly_back and self.review != "REFUSED"

    @property
    def kept_minor(self) -> int:
        return sum(line.kept for line in self.lines if line.often)

    @property
    def kept_by_lines(self) -> int:
        """Its points without bonuses, as the caps count them."""
        return max(0, self.kept_points - self.bonus)


@dataclass(slots=True)
class Card:
    """Everything of one member."""

    rules: dict[str, Any]
    zone: ZoneInfo
    born: tuple[int, int] | None
    lots: list[Lot] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    stamps: int = 0
    debt: int = 0
    lifetime: int = 0
    tier: str | None = None
    tier_since: datetime | None = None
    tier_until: datetime | None = None
    tier_review: datetime | None = None

    # ------------------------------------------------------------ what is seen of it

    @property
    def active(self) -> int:
        return sum(lot.left for lot in self.lots if lot.active)

    @property
    def pending(self) -> int:
        return sum(lot.left for lot in self.lots if not lot.active)

    @property
    def reserved(self) -> int:
        return sum(each.points for each in self.tickets if each.state == "USABLE" and each.origin == "CLAIMED")

    @property
    def capped(self) -> int:
        return sum(each.capped for each in self.purchases)

    @property
    def step(self) -> int:
        return int(self.rules["per_minor"]) * 100

    @property
    def stream(self) -> int:
        """All money that counts, of all purchases, as far as caps let it in. What waits for the merchant does not count
        yet, and what was refused never does.
        """
        return sum(self.entered(each) for each in self.purchases if each.review in ("", "RELEASED"))

    @property
    def carried(self) -> int:
        return self.stream % self.step if self.rules["carry_remainder"] else 0

    def entered(self, purchase: Purchase) -> int:
        """What of the purchase's kept money is in the stream; nothing of one below the minimum."""
        if purchase.kept_minor < self.rules["minimum_minor"]:
            return 0
        return min(purchase.most, sum(line.kept * line.often for line in purchase.lines))

    # ------------------------------------------------------------ points

    def new_lot(self, points: int, *, at: datetime, activates: datetime, expires: datetime | None, held: bool) -> Lot:
        lot = Lot(len(self.lots), points, activates, activates <= at and not held, expires, held)
        self.lots.append(lot)
        self.lifetime += points
        return lot

    def spend(self, points: int) -> Spent:
        """The soonest to expire first."""
        parts = []
        for lot in sorted((lot for lot in self.lots if lot.active and lot.left), key=Lot.soonest):
            part = min(points, lot.left)
            if part:
                lot.left -= part
                parts.append((lot, part))
                points -= part
        assert points == 0
        return Spent(parts)

    def settle(self, at: datetime) -> int:
        """What was due has happened to the points. How many expired."""
        lost = 0
        for lot in self.lots:
            if lot.held or not lot.left:
                continue
            if lot.activates <= at:
                lot.active = True
            if lot.expires is not None and lot.expires <= at:
                lost += lot.left
                lot.lost += lot.left
                lot.left = 0
        return lost

    def put_dates(self, still: Purchase | None = None) -> None:
        """Points that lapse after inactivity live so long after they became spendable, or after the last purchase.
        `still` one counts of which the last part is just coming back.
        """
        months = self.rules.get("inactivity_months")
        if not months:
            return
        kept = [each for each in self.purchases if each.counts or (each is still and each.review != "REFUSED")]
        last = max((each.at for each in kept), default=None)
        for lot in self.lots:
            if lot.left:
                begins = max(lot.activates, last or lot.activates)
                lot.expires = midnight_months_later(begins, months, self.zone)

    # ------------------------------------------------------------ what a return takes

    def take_back(self, purchase: Purchase, due: int, came_back: int) -> tuple[int, int]:
        """`due` points are off the card, as far as it has them: from the purchase's own lot; what had paid a debt is
        owed again; then from what is pending, from what is active, and last from what its own rewards gave back
        (`came_back` just now), which first makes up for what its earlier returns could not take.

        How many were taken, and by how much the debt grew.
        """
        owes, lots = self.rules["returns_debt"], purchase.lots
        expired, paid_debt = sum(lot.lost for lot in lots), sum(lot.paid_debt for lot in lots)
        unsettled = purchase.due - purchase.taken - purchase.owed
        gone = min(due, max(0, expired - unsettled))
        still_owed, forgotten = min(self.debt, max(0, purchase.owed - paid_debt)), max(0, unsettled - expired)
        made_up = min(came_back, still_owed if owes else forgotten)
        wanted = left = due - gone + made_up
        for lot in sorted(lots, key=lambda lot: (lot.active, *lot.soonest())):
            part = min(left, lot.left)
            lot.left -= part
            left -= part
        again = min(left, max(0, paid_debt - purchase.owed))
        left -= again
        for lot, points in self._to_take(purchase):
            part = min(left, points)
            lot.left -= part
            left -= part
        taken = wanted - again - left
        debt = again + (left - made_up if owes else 0)
        self.debt += debt
        self.lifetime -= taken
        purchase.owed_again += again
        purchase.due += due
        purchase.taken += taken
        purchase.owed += debt
        return taken, debt

    def _to_take(self, purchase: Purchase) -> Iterable[tuple[Lot, int]]:
        """What other lots have, in the order in which it is taken."""
        others = [lot for lot in self.lots if lot not in purchase.lots and lot.left and not lot.held]
        back = purchase.spot.back if purchase.spot else {}
        returned = {lot.number: min(lot.left, back.get(lot.number, 0)) for lot in others}
        first = sorted(others, key=lambda lot: (lot.active, *lot.soonest()))
        last = sorted((lot for lot in others if lot.active), key=Lot.soonest, reverse=True)
        yield from [(lot, lot.left - (returned[lot.number] if lot.active else 0)) for lot in first]
        yield from [(lot, returned[lot.number]) for lot in last]
