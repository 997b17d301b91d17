"""What a sale would do, all of it, before any of it is done. Pure: a quote shows it, a checkout does it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from wallet import discounts, earning, reviews, tiers
from wallet.baskets import Basket
from wallet.discounts import Discount, Offer
from wallet.earning import Circumstances, Earning
from wallet.punch_cards import PunchCard
from wallet.reviews import Velocity
from wallet.rules import Rules
from wallet.sales import circumstances
from wallet.sales.circumstances import Facts
from wallet.tiers import Standing
from wallet.values import Minor, Phrase, Points, Terminal


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of a sale.

    `paid` is what is left to pay of each line. `points` is what it earns, bonuses included; `held` is why they would
    wait for the merchant to look at the sale. `spent` and `spent_stamps` are what rewards bought on the spot cost.
    `stamps_after` is the punch card afterwards, and `full_cards` how many times it became full. `standing` is the tier
    if it rises.
    """

    offers: tuple[Offer, ...]
    discounts: tuple[Discount, ...]
    paid: tuple[Minor, ...]
    earning: Earning
    points: Points
    visit_points: Points
    held: Phrase | None
    spent: Points
    spent_stamps: int
    stamps_after: int
    full_cards: int
    punch_card: PunchCard | None
    standing: Standing | None
    activates_at: datetime
    expires_at: datetime | None

    @property
    def due_minor(self) -> Minor:
        return Minor(sum(self.paid))

    @property
    def discount_minor(self) -> Minor:
        return Minor(sum(part.amount_minor for part in self.discounts))


def plan(
    rules: Rules,
    basket: Basket,
    *,
    terminal: Terminal,
    facts: Facts,
    carry: int,
    offers: Sequence[Offer],
    occurred_at: datetime,
    suspicion: Phrase | None = None,
) -> Plan:
    """The outcome of the basket for a member of whom `facts` are known, with the offers taken.

    `suspicion` is a reason to hold the points that the caller has; the rules may have others. What is odd is a stream
    by itself until the merchant has released it, and waits for that if anything of it counts, be it for no point yet:
    else a later purchase would have the point.
    """
    taken = discounts.apply(offers, basket.lines)
    paid = _paid(basket, taken)
    local = occurred_at.astimezone(ZoneInfo(terminal.timezone))
    odd = suspicion or reviews.suspicion(rules.review, velocity_of(facts, basket))
    given = circumstances_of(rules, facts, local=local, carry=0 if odd else carry)
    earned = earning.judge(rules, basket.lines, paid=paid, circumstances=given, currency=basket.currency)
    earned = replace(earned, carry_after=carry) if odd else earned
    points = Points(earned.points + earned.bonus_points)
    held = odd if earned.eligible_minor else None
    spent_stamps = sum(offer.reward.cost_stamps or 0 for offer in offers if offer.voucher_id is None)
    full_cards, stamps_after = _stamped(facts, facts.stamps - spent_stamps, earned.stamps)
    zone = ZoneInfo(terminal.merchant_timezone)
    activates_at = rules.activates_at(occurred_at, zone)
    return Plan(
        offers=tuple(offers),
        discounts=taken,
        paid=paid,
        earning=earned,
        points=points,
        visit_points=Points(rules.bonuses.visit if given.visit_bonus_due and earned.bonus_points else 0),
        held=held,
        spent=Points(sum(offer.reward.cost_points or 0 for offer in offers if offer.voucher_id is None)),
        spent_stamps=spent_stamps,
        stamps_after=stamps_after,
        full_cards=full_cards,
        punch_card=facts.punch_card,
        standing=raised_by(rules, facts, earned, points, held=held, at=occurred_at, zone=zone),
        activates_at=activates_at,
        expires_at=rules.expires_at(_last_active(rules, facts, activates_at), zone),
    )


def _paid(basket: Basket, taken: Sequence[Discount]) -> tuple[Minor, ...]:
    paid = [int(line.amount_minor) for line in basket.lines]
    for part in taken:
        paid[part.position] -= part.amount_minor
    return tuple(Minor(amount) for amount in paid)


def circumstances_of(rules: Rules, facts: Facts, *, local: datetime, carry: int) -> Circumstances:
    """What decides beside the basket, at the store's `local` time."""
    stamps, at = rules.stamps, local.astimezone(UTC)
    return Circumstances(
        local=local,
        tier=facts.standing.tier,
        first_purchase=not facts.bought_before,
        birthday=circumstances.is_birthday(facts, local.date()),
        visit_bonus_due=circumstances.is_due(facts.visited_at, rules.bonuses.visit_hours, at),
        earned_today=facts.earned_today,
        earned_this_month=facts.earned_this_month,
        carry=carry,
        stamps=facts.stamps,
        stamp_visit_due=stamps is not None and circumstances.is_due(facts.stamped_at, stamps.cooldown_hours, at),
    )


def velocity_of(facts: Facts, basket: Basket) -> Velocity:
    return Velocity(
        sales_of_card_today=facts.sales_today,
        sales_of_card_at_terminal_today=facts.sales_at_terminal_today,
        sales_of_terminal_last_hour=facts.sales_of_terminal_last_hour,
        amount_minor=basket.total_minor,
    )


def _stamped(facts: Facts, stamps: int, collected: int) -> tuple[int, int]:
    """How many punch cards the collected stamps fill with those that are there, and the stamps on the next one."""
    if facts.punch_card is None or not collected:
        return 0, stamps + collected
    return facts.punch_card.filled_by(stamps + collected)


def _last_active(rules: Rules, facts: Facts, activates_at: datetime) -> datetime:
    """From when the points begin to lapse. A sale that is told of late may have a purchase after it already."""
    if rules.inactivity_months is None or facts.last_bought_at is None:
        return activates_at
    return max(activates_at, facts.last_bought_at)


def raised_by(
    rules: Rules, facts: Facts, earned: Earning, points: Points, *, held: Phrase | None, at: datetime, zone: ZoneInfo
) -> Standing | None:
    """The tier that the sale brings, where it brings one. What is held counts once it is released."""
    if rules.tiers is None or held is not None:
        return None
    counts = earned.eligible_minor if rules.tiers.basis == "spend" else points
    return tiers.raised(rules.tiers, facts.standing, counted=facts.tier_input + counts, at=at, zone=zone)
