"""What a replay tries, and what cards carried when it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import earning
from wallet.earning import KeptLine
from wallet.punch_cards import PunchCard
from wallet.replaying.recorded import RecordedMember, RecordedSale
from wallet.rules import Rate, Rules
from wallet.values import Minor


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft, as if it had been published at `since`; `revisions` are the rules that were, each with when it began.

    `punch_card` is the draft's; None where it has none, or its reward is not there.
    """

    draft: Rules
    punch_card: PunchCard | None
    since: datetime
    zone: ZoneInfo
    revisions: Mapping[int, tuple[datetime, Rules]]

    def rules_at(self, at: datetime) -> Rules:
        if at >= self.since:
            return self.draft
        begun = [(begins, revision) for revision, (begins, _) in self.revisions.items() if begins <= at]
        return self.revisions[max(begun)[1] if begun else min(self.revisions)][1]


def carries_at(trial: Trial, member: RecordedMember) -> dict[Rate, int]:
    """What the card carried when the time began, at each rate: what it carries now, with all that came into the stream
    of money in the time taken out again, and all that came out of it put back in.
    """
    carries = dict(member.carries)
    for sale in member.sales:
        rules = trial.revisions[sale.revision][1]
        if not (sale.lines and rules.points and rules.carry_remainder):
            continue
        lines = list[KeptLine]()
        for each in sale.lines:
            then = each.paid_minor - _returned_minor(sale, each.position, before=trial.since)
            now = each.paid_minor - _returned_minor(sale, each.position, before=None)
            lines.append(KeptLine(each.hundredths, each.paid_minor, Minor(then), Minor(now)))
        then, now = earning.entered(rules, lines, capped_points=sale.capped_points)
        came_in = (now if sale.in_stream else 0) - (then if sale.was_in_stream(trial.since) else 0)
        carries[rules.rate] = (carries.get(rules.rate, 0) - came_in) % rules.step
    return carries


def _returned_minor(sale: RecordedSale, position: int, *, before: datetime | None) -> int:
    return sum(
        part.amount_minor
        for back in sale.returns
        if before is None or back.posted_at < before
        for part in back.lines
        if part.position == position
    )
