"""What a basket earns under a program's rules, and what goes back when goods come back. Whole numbers, no I/O.

Money counts in steps of `per_minor`. Where the remainder is carried, a card's purchases at one rate are one long stream
of money, and at all times

    points earned so far, less points due back = floor(money kept so far / per_minor) x points per step

so it does not matter in how many purchases the money came, nor in what order or how many parts it goes back. Where the
remainder is dropped, the same holds for each sale by itself. Why: docs/decisions/0005-carry-and-refunds.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wallet.baskets import Line
from wallet.rules import Rules
from wallet.values import EarnStatus, LineKind, Minor, Phrase, Points


@dataclass(frozen=True, slots=True)
class LineEarning:
    """What one line earned, and why. Its status is EARNED if and only if `points` is above 0."""

    line_id: str
    points: Points
    status: EarnStatus
    reason: Phrase


@dataclass(frozen=True, slots=True)
class Earning:
    """What a basket earns. The lines' points sum to `points`.

    `eligible_minor` is the money on the lines that can earn, whether or not it reached the minimum; `carry_after` is
    the money that the card carries to its next purchase at the same rate.
    """

    points: Points
    lines: tuple[LineEarning, ...]
    eligible_minor: Minor
    carry_after: Minor


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a return takes off a card: points (0 or more), and the money carried after it."""

    points: Points
    carry_after: Minor


def judge(rules: Rules, lines: Sequence[Line], *, carry_minor: Minor, currency: str) -> Earning:
    """What the lines earn on a card that carries `carry_minor` from earlier purchases at their rate.

    Points go to the lines by the running total: each gets the steps that the money up to and with it completes, less
    those that the lines before it had completed.
    """
    eligible = eligible_minor(rules, lines)
    enough = eligible >= max(rules.minimum_minor, 1)
    carried_in = carry_minor if rules.carry_remainder else 0
    points = _steps(rules, eligible + carried_in) if enough else Points(0)
    judged, before, given = list[LineEarning](), Minor(0), 0
    for line in lines:
        counted = line.amount_minor if line.kind in rules.earning_kinds else Minor(0)
        here = _steps(rules, carried_in + before + counted) - given if enough and counted else 0
        given += here
        status = _status(rules, line, points=here, enough=enough)
        reason = why(
            rules,
            kind=line.kind,
            amount_minor=line.amount_minor,
            before_minor=before,
            points=Points(here),
            status=status,
            sale_points=points,
            currency=currency,
        )
        before = Minor(before + counted)
        judged.append(LineEarning(line.line_id, Points(here), status, reason))
    carry_after = (eligible + carry_minor) % rules.per_minor if rules.carry_remainder and enough else carry_minor
    return Earning(points, tuple(judged), eligible, Minor(carry_after))


def give_back(rules: Rules, *, before: Sequence[Line], after: Sequence[Line], carry_minor: Minor) -> GivenBack:
    """What is due back when of a sale's lines `before` (those not yet returned) only `after` stay with the customer.

    `rules` are those that judged the sale, `carry_minor` is what is carried at their rate. If what stays is below the
    minimum, it is as if nothing stayed. Any sequence of returns is due, together, what one return of all of it is due.
    """
    kept, keeps = _counted_minor(rules, before), _counted_minor(rules, after)
    if not rules.carry_remainder:
        return GivenBack(Points(_steps(rules, kept) - _steps(rules, keeps)), carry_minor)
    left = carry_minor - (kept - keeps)
    steps = max(0, -(left // rules.per_minor))
    return GivenBack(Points(steps * rules.points), Minor(left + steps * rules.per_minor))


def eligible_minor(rules: Rules, lines: Sequence[Line]) -> Minor:
    """The money on the lines of a kind that can earn."""
    return Minor(sum(line.amount_minor for line in lines if line.kind in rules.earning_kinds))


def why(
    rules: Rules,
    *,
    kind: LineKind,
    amount_minor: Minor,
    before_minor: Minor,
    points: Points,
    status: EarnStatus,
    sale_points: Points,
    currency: str,
) -> Phrase:
    """The reason of a line's points, from what is stored of the sale and the rules that judged it.

    `before_minor` is the money on the lines before it that can earn.
    """
    match status:
        case EarnStatus.EARNED:
            code = _why_so_many(rules, amount_minor=amount_minor, before_minor=before_minor, points=points)
            return Phrase(code, {"points": points, "amount_minor": amount_minor, "currency": currency})
        case EarnStatus.EXCLUDED_KIND:
            return Phrase(f"line_excluded_{kind.value.lower()}")
        case EarnStatus.BELOW_MINIMUM:
            return Phrase("line_below_minimum", {"minimum_minor": rules.minimum_minor, "currency": currency})
        case EarnStatus.REFUNDED:
            return Phrase("line_refunded", {"points": points})
        case EarnStatus.NO_RULE | EarnStatus.CAP_REACHED:
            return _why_nothing(rules, amount_minor=amount_minor, sale_points=sale_points, currency=currency)


def _why_so_many(rules: Rules, *, amount_minor: Minor, before_minor: Minor, points: Points) -> str:
    """Whose money the points are for. A line earns what its own makes, and a step more if a remainder completes one.

    What the card carried in is not stored with the sale, and need not be: without it a step that the line's own money
    and the lines before it do not complete would not be there.
    """
    if points == _steps(rules, amount_minor):
        return "line_earned"
    left_before = before_minor % rules.per_minor
    if left_before + amount_minor % rules.per_minor >= rules.per_minor:
        return "line_earned_with_lines"
    return "line_earned_with_both" if left_before else "line_earned_with_purchases"


def _why_nothing(rules: Rules, *, amount_minor: Minor, sale_points: Points, currency: str) -> Phrase:
    if not amount_minor:
        return Phrase("line_free")
    if rules.carry_remainder:
        return Phrase("line_carried", {"amount_minor": amount_minor, "currency": currency})
    if sale_points:
        return Phrase("line_counted_together")
    return Phrase("line_too_little", {"per_minor": rules.per_minor, "currency": currency})


def _status(rules: Rules, line: Line, *, points: int, enough: bool) -> EarnStatus:
    if line.kind not in rules.earning_kinds:
        return EarnStatus.EXCLUDED_KIND
    if points:
        return EarnStatus.EARNED
    if line.amount_minor and not enough:
        return EarnStatus.BELOW_MINIMUM
    return EarnStatus.NO_RULE


def _counted_minor(rules: Rules, lines: Sequence[Line]) -> int:
    eligible = eligible_minor(rules, lines)
    return eligible if eligible >= rules.minimum_minor else 0


def _steps(rules: Rules, amount_minor: int) -> Points:
    return Points(amount_minor // rules.per_minor * rules.points)
