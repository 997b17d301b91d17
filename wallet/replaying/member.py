"""One member's recorded sales and returns, in the order in which they were recorded, judged by a draft."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from wallet import earning, reviews, tiers
from wallet.baskets import Basket
from wallet.earning import KeptLine
from wallet.replaying.life import Life, SoldBefore
from wallet.replaying.outcome import MemberOutcome, Tally, given_to, kept_minor
from wallet.replaying.recorded import RecordedMember, RecordedReturn, RecordedSale, RecordedStamps
from wallet.replaying.trial import Trial, carries_at
from wallet.returns import Returned, ReturnedPart, SoldLine
from wallet.rules import Rules
from wallet.sales import planning
from wallet.values import Minor, Phrase, Points

NOTHING = Points(0)
HELD = Phrase("held_for_review")

LAST = 2**128
"""Greater than every id: a decision comes after all that was recorded in the same instant."""


@dataclass(frozen=True, slots=True)
class Event:
    sale: RecordedSale | None = None
    back: RecordedReturn | None = None
    decided: bool = False
    stamps: RecordedStamps | None = None


@dataclass(slots=True)
class MemberReplay:
    """The replay of one member. `spent` and `given_back` are stamps that rewards at the till took, by sale, and that
    came back with them, by refund: these are as they were.
    """

    trial: Trial
    member: RecordedMember
    life: Life
    draft: Tally = field(default_factory=Tally)
    odd: Counter[str] = field(default_factory=Counter)
    capped_sales: int = 0
    spent: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    given_back: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    def run(self) -> MemberOutcome:
        for event in self._events():
            if event.stamps is not None:
                self.life.stamps += event.stamps.stamps
            elif event.sale is not None and event.back is not None:
                self._bring_back(event.sale, event.back)
            elif event.sale is not None and event.decided:
                self._decide(event.sale)
            elif event.sale is not None:
                self._sell(event.sale)
        return self._outcome()

    def _events(self) -> Iterator[Event]:
        """All that happened, in the order in which it was recorded. Ids are of the time at which they were made."""
        events = list[tuple[datetime, int, Event]]()
        for sale in self.member.sales:
            events.append((sale.posted_at, sale.sale_id.int, Event(sale)))
            events.extend((back.posted_at, back.refund_id.int, Event(sale, back)) for back in sale.returns)
            if sale.reviewed_at is not None:
                events.append((sale.reviewed_at, LAST, Event(sale, decided=True)))
        for move in self.member.moves:
            if move.of_goods or move.of_full_card:
                continue
            if move.refund_id is not None:
                self.given_back[move.refund_id] += move.stamps
            elif move.sale_id is not None:
                self.spent[move.sale_id] += move.stamps
            else:
                events.append((move.posted_at, move.movement_id.int, Event(stamps=move)))
        return (event for _, _, event in sorted(events, key=lambda each: each[:2]))

    def _sell(self, sale: RecordedSale) -> None:
        self.life.settle(sale.posted_at, self.trial.rules_at)
        if sale.posted_at < self.trial.since:
            self._remember(sale)
        else:
            self._judge(sale)

    def _remember(self, sale: RecordedSale) -> None:
        """A sale of before: what it was is what was recorded."""
        rules = self.trial.revisions[sale.revision][1]
        came_back = sum(part.amount_minor for back in sale.returns for part in back.lines if part.counted)
        self.life.add(
            SoldBefore(
                recorded=sale,
                rules=rules,
                points=sale.points,
                bonus_points=sale.bonus_points,
                visit_points=sale.visit_points,
                capped_points=sale.capped_points,
                stamps=sale.stamps,
                kept_points=sale.points,
                kept_minor=Minor(sale.kept_minor + came_back),
                lines=[
                    _sold_line(each.position, each.line.line_id, each.paid_minor, each.hundredths, each.stamps)
                    for each in sale.lines
                ],
            )
        )
        level = rules.tiers.level(sale.tier_after) if rules.tiers else None
        if rules.tiers and level:
            raised = tiers.raised(
                rules.tiers, self.life.standing, counted=level.least, at=sale.occurred_at, zone=self.trial.zone
            )
            self.life.standing = raised or self.life.standing

    def _judge(self, sale: RecordedSale) -> None:
        """The sale, judged by the draft: the same goods, the same money paid for them, the same vouchers used."""
        rules, life = self.trial.draft, self.life
        life.stamps += self.spent[sale.sale_id]
        facts = life.facts(rules, sale, self.trial.punch_card)
        basket = Basket(sale.receipt_number, sale.currency, tuple(each.line for each in sale.lines))
        carry = 0 if sale.was_held else life.carries.get(rules.rate, 0)
        given = planning.circumstances_of(rules, facts, local=sale.occurred_at.astimezone(sale.zone), carry=carry)
        earned = earning.judge(
            rules,
            basket.lines,
            paid=[each.paid_minor for each in sale.lines],
            circumstances=given,
            currency=sale.currency,
        )
        if not sale.was_held:
            life.carries[rules.rate] = earned.carry_after
        self._look_at(rules, planning.velocity_of(facts, basket), earned)
        points = Points(earned.points + earned.bonus_points)
        sold = SoldBefore(
            recorded=sale,
            rules=rules,
            points=points,
            bonus_points=earned.bonus_points,
            visit_points=Points(rules.bonuses.visit if given.visit_bonus_due and earned.bonus_points else 0),
            capped_points=earned.capped_points,
            stamps=earned.stamps,
            kept_points=points,
            kept_minor=earned.eligible_minor,
            lines=[
                _sold_line(each.position, judged.line_id, each.paid_minor, judged.hundredths, judged.stamps)
                for each, judged in zip(sale.lines, earned.lines, strict=True)
            ],
        )
        life.add(sold)
        held = HELD if sold.held or sold.refused else None
        standing = planning.raised_by(
            rules, facts, earned, points, held=held, at=sale.occurred_at, zone=self.trial.zone
        )
        if standing:
            life.standing = standing
            self.draft.tiers_reached += 1
        self._collect(sold.stamps_kept)

    def _decide(self, sale: RecordedSale) -> None:
        """The merchant has looked at the sale, and decided as they did."""
        at, sold = sale.reviewed_at, self.life.sold[sale.sale_id]
        assert at is not None
        self.life.settle(at, self.trial.rules_at)
        if not sale.refused:
            if at >= self.trial.since:
                self._join(sold)
            self.life.release(sold, self.trial.rules_at(at), at)
            return
        self.life.refuse(sold)
        if at >= self.trial.since:
            self._take_stamps(sold, sold.stamps_kept, given_back=0)
            self._fill()

    def _join(self, sold: SoldBefore) -> None:
        """What the sale left over is carried from now on. A step that it completes is no sale's, so it is not counted:
        neither here nor in what was given.
        """
        rate = sold.rules.rate
        lines = [KeptLine(line.hundredths, line.paid_minor, line.kept_minor, line.kept_minor) for line in sold.lines]
        carry = self.life.carries.get(rate, 0)
        joined = earning.join(sold.rules, lines, capped_points=sold.capped_points, carry=carry)
        self.life.carries[rate] = joined.carry_after

    def _look_at(self, rules: Rules, velocity: reviews.Velocity, earned: earning.Earning) -> None:
        reason = reviews.suspicion(rules.review, velocity)
        if reason:
            self.odd[reason.code] += 1
        if earned.capped_points:
            self.capped_sales += 1
            self.draft.capped_points += earned.capped_points

    def _collect(self, stamps: int) -> None:
        self.draft.stamps += stamps
        self.life.stamps += stamps
        if stamps:
            self._fill()

    def _fill(self) -> None:
        if self.trial.punch_card and self.life.stamps > 0:
            full, self.life.stamps = self.trial.punch_card.filled_by(self.life.stamps)
            self.draft.full_cards += full

    def _bring_back(self, sale: RecordedSale, back: RecordedReturn) -> None:
        self.life.settle(back.posted_at, self.trial.rules_at)
        sold = self.life.sold[sale.sale_id]
        is_all, kept = sale.is_all(back), sold.kept_points
        if back.posted_at < self.trial.since:
            counted = sum(part.amount_minor for part in back.lines if part.counted)
            kept_minor, due = Minor(sold.kept_minor - counted), back.points_due
            self._note(sold, _returned(sold, back, is_all=is_all))
        else:
            parts = _returned(sold, back, is_all=is_all)
            kept_minor = Minor(sum(parts.kept_after(line) for line in sold.lines if line.hundredths))
            due = self._due(sold, parts)
            taken = 0 if sold.refused else sum(parts.stamps(line) for line in sold.lines)
            self._take_stamps(sold, taken, given_back=self.given_back[back.refund_id])
            self._fill()
            self._note(sold, parts)
        nothing = is_all or sold.refused
        left = NOTHING if nothing else Points(max(0, kept - due))
        self.life.change(sold, kept_points=left, kept_minor=kept_minor, gone=is_all)

    def _due(self, sold: SoldBefore, parts: Returned) -> Points:
        """What goes back of the points, by the rules that judged the sale. The carry of the card follows."""
        if sold.refused:
            return NOTHING
        rate = sold.rules.rate
        lines = [
            KeptLine(line.hundredths, line.paid_minor, line.kept_minor, parts.kept_after(line)) for line in sold.lines
        ]
        carry = self.life.carries.get(rate, 0)
        back = earning.give_back(sold.rules, lines, capped_points=sold.capped_points, carry=carry, by_itself=sold.held)
        self.life.carries[rate] = back.carry_after
        return Points(back.points + (sold.bonus_points if parts.is_all else 0))

    def _take_stamps(self, sold: SoldBefore, taken: int, *, given_back: int) -> None:
        """As wallet.punch_cards takes them back; of a voucher for a full card it is taken that it was not used yet."""
        sold.stamps_kept -= taken
        if sold.recorded.posted_at >= self.trial.since:
            self.draft.stamps -= taken
        self.life.stamps += given_back - taken
        card = self.trial.punch_card
        while card and self.life.stamps < 0 and self.draft.full_cards:
            self.life.stamps += card.needed
            self.draft.full_cards -= 1

    @staticmethod
    def _note(sold: SoldBefore, parts: Returned) -> None:
        sold.lines = [
            replace(
                line,
                returned_minor=Minor(line.paid_minor - parts.kept_after(line)),
                wholly=line.position in parts.wholly,
            )
            for line in sold.lines
        ]

    def _outcome(self) -> MemberOutcome:
        in_time = [sold for sold in self.life.sold.values() if sold.recorded.posted_at >= self.trial.since]
        self.draft.points = sum(sold.kept_points for sold in in_time)
        self.draft.bonus_points = sum(
            sold.bonus_points for sold in in_time if not sold.gone and not sold.recorded.refused
        )
        self.draft.joining_points = self.trial.draft.bonuses.joining if self.member.joined else 0
        sales = [sold.recorded for sold in in_time]
        return MemberOutcome(
            card_id=self.member.card_id,
            number_last4=self.member.number_last4,
            initial=self.member.initial,
            sales=len(sales),
            kept_minor=Minor(sum(kept_minor(sale) for sale in sales)),
            given=given_to(self.member, sales),
            draft=self.draft,
            odd=self.odd,
            capped_sales=self.capped_sales,
        )


def replayed(trial: Trial, member: RecordedMember) -> MemberOutcome:
    """What the draft would have given to the member, beside what the rules in force gave."""
    life = Life(
        zone=trial.zone,
        birth_month=member.birth_month,
        birth_day=member.birth_day,
        carries=carries_at(trial, member),
        stamps=member.stamps - sum(move.stamps for move in member.moves),
    )
    return MemberReplay(trial, member, life).run()


def _returned(sold: SoldBefore, back: RecordedReturn, *, is_all: bool) -> Returned:
    parts = tuple(ReturnedPart(part.position, part.amount_minor, part.wholly) for part in back.lines)
    wholly = {line.position for line in sold.lines if line.wholly} | {part.position for part in parts if part.wholly}
    return Returned(parts, frozenset(wholly), is_all)


def _sold_line(position: int, line_id: str, paid_minor: Minor, hundredths: int, stamps: int) -> SoldLine:
    return SoldLine(position, line_id, paid_minor, hundredths, stamps, returned_minor=Minor(0), wholly=False)
