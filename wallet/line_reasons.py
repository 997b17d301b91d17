"""Why a line of a sale earned what it earned: made from what is stored of the sale and the rules that judged it.

The reason itself is not stored. A sentence can be made clearer later, for old sales too, and what a till is told of a
sale is the same when it asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.rules import PLAIN, Multiplier, Rules
from wallet.rules.multipliers import times
from wallet.values import EarnStatus, LineKind, Minor, Phrase, Points


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line with the outcome, as a sale stores it."""

    kind: LineKind
    sku: str | None
    category: str | None
    paid_minor: Minor
    hundredths: int
    points: Points
    stamps: int
    status: EarnStatus

    @property
    def counted(self) -> int:
        """What its money counts, in hundredths of a minor unit."""
        return self.paid_minor * self.hundredths


def of_lines(rules: Rules, lines: Sequence[JudgedLine], *, local: datetime, currency: str) -> list[Phrase]:
    """The reason of each of a sale's lines, all of which are given in their order. `local` is its moment in the store's
    zone.
    """
    sale_points = Points(sum(line.points for line in lines))
    reasons, before = list[Phrase](), 0
    for line in lines:
        why = _Why(rules, line, local, currency, sale_points, before)
        reasons.append(why.phrase())
        before += line.counted
    return reasons


@dataclass(frozen=True, slots=True)
class _Why:
    """`before` is what the money of the lines before it counts."""

    rules: Rules
    line: JudgedLine
    local: datetime
    currency: str
    sale_points: Points
    before: int

    def phrase(self) -> Phrase:
        line = self.line
        match line.status:
            case EarnStatus.EXCLUDED_KIND:
                return Phrase(f"line_excluded_{line.kind.value.lower()}")
            case EarnStatus.BELOW_MINIMUM:
                return Phrase(
                    "line_below_minimum", {"minimum_minor": self.rules.minimum_minor, "currency": self.currency}
                )
            case EarnStatus.REFUNDED:
                return Phrase("line_refunded", {"points": line.points})
            case EarnStatus.CAP_REACHED:
                return self._capped()
            case EarnStatus.EARNED | EarnStatus.NO_RULE if line.stamps:
                return self._stamped()
            case EarnStatus.EARNED:
                return self._earned()
            case EarnStatus.NO_RULE:
                return self._nothing()

    def _earned(self) -> Phrase:
        """Whose money the points are for.

        A line earns what its own money makes, and a step more if a remainder completes one.
        What the card carried in is not stored with the sale, and need not be: without it a step that the line's own
        money and the lines before it do not complete would not be there.
        """
        step, line = self.rules.step, self.line
        left_before = self.before % step
        if line.points == line.counted // step * self.rules.points:
            plain, multiplied = "line_earned", "line_multiplied"
        elif left_before + line.counted % step >= step:
            plain, multiplied = "line_earned_with_lines", "line_multiplied_with_lines"
        elif left_before:
            plain, multiplied = "line_earned_with_both", "line_multiplied_with_both"
        else:
            plain, multiplied = "line_earned_with_purchases", "line_multiplied_with_purchases"
        code = plain if line.hundredths == PLAIN else multiplied
        return Phrase(code, {"points": line.points, **self._money(), **self._multiplied()})

    def _stamped(self) -> Phrase:
        line, stamps = self.line, {"stamps": self.line.stamps}
        if line.points:
            code = "line_earned_stamped" if line.hundredths == PLAIN else "line_multiplied_stamped"
            return Phrase(code, {"points": line.points, **stamps, **self._money(), **self._multiplied()})
        if self.rules.points and self.rules.carry_remainder:
            return Phrase("line_carried_stamped", {**stamps, **self._money()})
        return Phrase("line_stamped", stamps)

    def _capped(self) -> Phrase:
        """Which cap it was. Where a day's and a month's could both be it, it is not stored which."""
        caps = self.rules.caps
        if caps.per_sale is not None and self.sale_points > caps.per_sale - self.rules.points:
            return Phrase("line_cap_sale", {"most_points": caps.per_sale})
        if caps.per_month is None and caps.per_day is not None:
            return Phrase("line_cap_day", {"most_points": caps.per_day})
        if caps.per_day is None and caps.per_month is not None:
            return Phrase("line_cap_month", {"most_points": caps.per_month})
        return Phrase("line_cap_day_or_month", {"day_points": caps.per_day or 0, "month_points": caps.per_month or 0})

    def _nothing(self) -> Phrase:
        line, rules = self.line, self.rules
        if line.category in rules.excluded_categories:
            return Phrase("line_excluded_category", {"category": str(line.category)})
        if line.sku in rules.excluded_skus:
            return Phrase("line_excluded_sku")
        if not line.paid_minor:
            return Phrase("line_free")
        if not rules.points:
            return self._unstamped()
        if rules.carry_remainder:
            code = "line_carried" if line.hundredths == PLAIN else "line_multiplied_carried"
            return Phrase(code, {**self._money(), **self._multiplied()})
        if self.sale_points:
            return Phrase("line_counted_together")
        return Phrase("line_too_little", {"per_minor": rules.per_minor, "currency": self.currency})

    def _unstamped(self) -> Phrase:
        stamps = self.rules.stamps
        if stamps and stamps.per == "visit" and stamps.covers(sku=self.line.sku, category=self.line.category):
            if stamps.cooldown_hours:
                return Phrase("line_stamped_once", {"hours": stamps.cooldown_hours})
            return Phrase("line_stamped_purchase")
        return Phrase("line_no_stamp")

    def _money(self) -> dict[str, str | int]:
        return {"amount_minor": self.line.paid_minor, "currency": self.currency}

    def _multiplied(self) -> dict[str, str | int]:
        if self.line.hundredths == PLAIN:
            return {}
        return {"times": times(self.line.hundredths), "multiplier": " / ".join(self._names())}

    def _names(self) -> list[str]:
        """What made the line's money count more often.

        The member's tier, birthday and first purchase are not stored with the sale. So whatever asks nothing of the
        member comes first, as in the judging; else all that count as often may be it, and are named.
        """
        found = [multiplier for multiplier in self.rules.multipliers if self._may_be(multiplier)]
        for multiplier in found:
            if multiplier.of_everyone:
                return [multiplier.name]
        levels = self.rules.tiers.levels if self.rules.tiers else ()
        return [
            *(multiplier.name for multiplier in found),
            *(level.name for level in levels if level.hundredths == self.line.hundredths),
        ]

    def _may_be(self, multiplier: Multiplier) -> bool:
        return (
            multiplier.hundredths == self.line.hundredths
            and multiplier.covers(sku=self.line.sku, category=self.line.category)
            and multiplier.is_on(self.local)
        )
