"""What a basket earns under a program's rules, and what goes back when goods come back. Whole numbers, no I/O.

Money counts in steps of `per_minor`. A multiplier makes it count more often, so all counting is in hundredths of a
minor unit. Where the remainder is carried, a card's purchases at one rate are one long stream of money, and always

    points earned so far, less points due back = floor(money that counts so far / per_minor) x points per step

so it does not matter in how many purchases the money came, nor in what order or how many parts it goes back. Where the
remainder is dropped, the same holds for each sale by itself, and so it does for a sale that waits for the merchant,
until it is released. Money beyond a cap never enters the stream, and comes out of the sale first when goods come back.
Why: docs/decisions/0005-carry-and-refunds.md and 0008.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet import line_reasons
from wallet.baskets import Line
from wallet.line_reasons import JudgedLine
from wallet.rules import PLAIN, Rules
from wallet.rules.stamps import STAMPS_PER_SALE_MAX
from wallet.values import EarnStatus, LineKind, Minor, Phrase, Points

NOTHING = Points(0)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides beside the basket.

    `local`: when it is, in the store's zone. `tier`: the member's. `earned_today`, `earned_this_month`: what is kept of
    the points of the lines of the card's other sales in the local day and month, without bonuses. `carry`: hundredths
    of a minor unit that the card carries at the rate of the rules. `stamps`: on the punch card. `visit_bonus_due`,
    `stamp_visit_due`: whether the last one is long enough ago.
    """

    local: datetime
    tier: str | None = None
    first_purchase: bool = False
    birthday: bool = False
    visit_bonus_due: bool = False
    earned_today: Points = NOTHING
    earned_this_month: Points = NOTHING
    carry: int = 0
    stamps: int = 0
    stamp_visit_due: bool = False


@dataclass(frozen=True, slots=True)
class LineEarning:
    """What one line earned, and why. Its status is EARNED if it earned points or a stamp and no cap took any of them.

    `hundredths`: how often its money counts, times a hundred; 0 where it does not count at all.
    """

    line_id: str
    points: Points
    status: EarnStatus
    reason: Phrase
    hundredths: int
    stamps: int


@dataclass(frozen=True, slots=True)
class Earning:
    """What a basket earns. The lines' points sum to `points`; `bonus_points` are added to them.

    `capped_points` is what the lines would have earned beyond a cap, `eligible_minor` the money paid on lines that can
    earn, whether or not it reached the minimum; `carry_after` the hundredths of a minor unit that the card carries on.
    """

    points: Points
    bonus_points: Points
    bonus_reasons: tuple[Phrase, ...]
    capped_points: Points
    lines: tuple[LineEarning, ...]
    eligible_minor: Minor
    carry_after: int
    stamps: int


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line of a recorded sale at a return: what was paid, and how much of it the customer keeps before and after."""

    hundredths: int
    paid_minor: Minor
    kept_minor_before: Minor
    kept_minor_after: Minor


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a return takes off a card: points (0 or more), and the hundredths of a minor unit carried after it."""

    points: Points
    carry_after: int


@dataclass(frozen=True, slots=True)
class Joined:
    """What a card has more once a sale that was a stream by itself has joined its stream: the points of a step that
    the two remainders complete together, and the hundredths of a minor unit carried after it.
    """

    points: Points
    carry_after: int


def kept_stamps(stamps: int, *, paid_minor: Minor, kept_minor: Minor, wholly: bool) -> int:
    """The stamps of a line that stay where so much of its money stays, of what was paid for it: the first is the last
    to go. `wholly`: nothing of the line is left, though nothing may have been paid for it.
    """
    if wholly or not paid_minor:
        return 0 if wholly else stamps
    return -(-stamps * kept_minor // paid_minor)


def judge(
    rules: Rules, lines: Sequence[Line], *, paid: Sequence[Minor], circumstances: Circumstances, currency: str
) -> Earning:
    """What the lines earn, of which `paid` is paid, in the same order.

    Points go to the lines by the running total: each gets the steps that the money up to and with it completes, as far
    as the caps let it, less those that the lines before it had completed.
    """
    hundredths = _hundredths(rules, lines, circumstances)
    eligible = sum(minor for minor, often in zip(paid, hundredths, strict=True) if often)
    enough = eligible >= max(rules.minimum_minor, 1)
    counted = [minor * often if enough else 0 for minor, often in zip(paid, hundredths, strict=True)]
    carried_in = circumstances.carry if rules.carry_remainder else 0
    steps, due = _in_turn(rules, counted, carried_in, allowed=_allowed_steps(rules, circumstances))
    stamps = _stamps(rules, lines, paid, hundredths, circumstances) if enough else [0] * len(lines)
    judged = [
        JudgedLine(
            kind=line.kind,
            sku=line.sku,
            category=line.category,
            paid_minor=paid[at],
            hundredths=hundredths[at],
            points=Points(steps[at] * rules.points),
            stamps=stamps[at],
            status=_status(rules, line, paid[at], enough=enough, steps=steps[at], due=due[at], stamps=stamps[at]),
        )
        for at, line in enumerate(lines)
    ]
    reasons = line_reasons.of_lines(rules, judged, local=circumstances.local, currency=currency)
    earned, capped = sum(steps), sum(due) - sum(steps)
    bonus_points, bonus_reasons = _bonuses(rules, circumstances) if enough else (NOTHING, ())
    carry = carried_in + max(0, sum(counted) - capped * rules.step) - earned * rules.step
    return Earning(
        points=Points(earned * rules.points),
        bonus_points=bonus_points,
        bonus_reasons=bonus_reasons,
        capped_points=Points(capped * rules.points),
        lines=tuple(
            LineEarning(line.line_id, said.points, said.status, reason, said.hundredths, said.stamps)
            for line, said, reason in zip(lines, judged, reasons, strict=True)
        ),
        eligible_minor=Minor(eligible),
        carry_after=carry if rules.carry_remainder and rules.points else circumstances.carry,
        stamps=sum(stamps),
    )


def give_back(
    rules: Rules, lines: Sequence[KeptLine], *, capped_points: Points, carry: int, by_itself: bool = False
) -> GivenBack:
    """What is due back of what the lines earned, now that the customer keeps less of them.

    `lines` are all of the sale's. A bonus is not in what is due.

    `rules` are those that judged the sale, `capped_points` what it would have earned beyond a cap, `carry` what is
    carried at their rate. If what stays is below the minimum, it is as if nothing stayed. Any sequence of returns is
    due, together, what one return of all of it is due. `by_itself`: the sale has not joined the card's stream.
    """
    if not rules.points:
        return GivenBack(NOTHING, carry)
    before, after = entered(rules, lines, capped_points=capped_points)
    if by_itself or not rules.carry_remainder:
        return GivenBack(Points((before // rules.step - after // rules.step) * rules.points), carry)
    left = carry - (before - after)
    steps = max(0, -(left // rules.step))
    return GivenBack(Points(steps * rules.points), left + steps * rules.step)


def join(rules: Rules, lines: Sequence[KeptLine], *, capped_points: Points, carry: int) -> Joined:
    """What is left over of a sale that was a stream by itself goes into the stream of its card, if there is one: what
    the lines keep after all, less the steps of which it has the points. Arguments as of `give_back`.
    """
    if not (rules.points and rules.carry_remainder):
        return Joined(NOTHING, carry)
    _, kept = entered(rules, lines, capped_points=capped_points)
    steps, left = divmod(carry + kept % rules.step, rules.step)
    return Joined(Points(steps * rules.points), left)


def entered(rules: Rules, lines: Sequence[KeptLine], *, capped_points: Points) -> tuple[int, int]:
    """How much of the sale is in its stream by what is kept before, and after, in hundredths of a minor unit. The rules
    give points.
    """
    capped = capped_points // rules.points * rules.step
    most = max(0, sum(line.hundredths * line.paid_minor for line in lines) - capped)
    before = _entered(rules, [(line.hundredths, line.kept_minor_before) for line in lines], most)
    after = _entered(rules, [(line.hundredths, line.kept_minor_after) for line in lines], most)
    return before, after


def _entered(rules: Rules, kept: Sequence[tuple[int, Minor]], most: int) -> int:
    """What of the money kept is in the stream: what counts, as far as a cap let it in; below the minimum nothing."""
    if sum(minor for hundredths, minor in kept if hundredths) < rules.minimum_minor:
        return 0
    return min(most, sum(hundredths * minor for hundredths, minor in kept))


def _hundredths(rules: Rules, lines: Sequence[Line], given: Circumstances) -> list[int]:
    """How often each line's money counts, times a hundred: the best that there is for it; 0 for what never earns."""
    usual = max(rules.tier_hundredths(given.tier), PLAIN)
    now = [
        multiplier
        for multiplier in rules.multipliers
        if multiplier.hundredths > usual
        and multiplier.is_on(given.local)
        and multiplier.is_for(tier=given.tier, first_purchase=given.first_purchase, birthday=given.birthday)
    ]
    return [
        max([usual, *(each.hundredths for each in now if each.covers(sku=line.sku, category=line.category))])
        if rules.earns(kind=line.kind, sku=line.sku, category=line.category)
        else 0
        for line in lines
    ]


def _in_turn(
    rules: Rules, counted: Sequence[int], carried_in: int, *, allowed: int | None
) -> tuple[list[int], list[int]]:
    """The steps that each line earns, and those that it would earn if no cap were reached."""
    steps, due = [0] * len(counted), [0] * len(counted)
    total, completed, given = carried_in, 0, 0
    for at, money in enumerate(counted if rules.points else ()):
        total += money
        if money:
            due[at] = total // rules.step - completed
            completed += due[at]
            steps[at] = (completed if allowed is None else min(completed, allowed)) - given
            given += steps[at]
    return steps, due


def _allowed_steps(rules: Rules, given: Circumstances) -> int | None:
    """How many steps the caps leave; None where nothing bounds them."""
    caps = rules.caps
    used = ((caps.per_sale, 0), (caps.per_day, given.earned_today), (caps.per_month, given.earned_this_month))
    left = [cap - points for cap, points in used if cap is not None]
    return max(0, min(left)) // rules.points if left and rules.points else None


def _stamps(
    rules: Rules, lines: Sequence[Line], paid: Sequence[Minor], hundredths: Sequence[int], given: Circumstances
) -> list[int]:
    """The stamps of each line: one for each item that was paid for, or one for the visit, on the first of its lines."""
    stamps = [0] * len(lines)
    if rules.stamps is None:
        return stamps
    left = STAMPS_PER_SALE_MAX if rules.stamps.per == "item" else int(given.stamp_visit_due)
    for at, line in enumerate(lines):
        stamped = line.kind is LineKind.ITEM and rules.stamps.covers(sku=line.sku, category=line.category)
        if stamped and hundredths[at]:
            stamps[at] = min(_items_paid(line, paid[at]), left)
            left -= stamps[at]
    return stamps


def _items_paid(line: Line, paid: Minor) -> int:
    """How many of the line's items were not given for nothing; an item's price is its share, rounded down."""
    price = line.amount_minor // line.quantity
    if not price:
        return line.quantity if paid else 0
    return max(0, line.quantity - (line.amount_minor - paid) // price)


def _bonuses(rules: Rules, given: Circumstances) -> tuple[Points, tuple[Phrase, ...]]:
    total, reasons = 0, list[Phrase]()
    if given.first_purchase and rules.bonuses.first_purchase:
        total += rules.bonuses.first_purchase
        reasons.append(Phrase("bonus_first_purchase", {"points": rules.bonuses.first_purchase}))
    if given.visit_bonus_due and rules.bonuses.visit:
        total += rules.bonuses.visit
        reasons.append(Phrase("bonus_visit", {"points": rules.bonuses.visit}))
    return Points(total), tuple(reasons)


def _status(rules: Rules, line: Line, paid: Minor, *, enough: bool, steps: int, due: int, stamps: int) -> EarnStatus:
    if line.kind not in rules.earning_kinds:
        return EarnStatus.EXCLUDED_KIND
    if steps < due:
        return EarnStatus.CAP_REACHED
    if steps or stamps:
        return EarnStatus.EARNED
    if paid and not enough and rules.earns(kind=line.kind, sku=line.sku, category=line.category):
        return EarnStatus.BELOW_MINIMUM
    return EarnStatus.NO_RULE
