"""The grocer's counter, computed plainly: what sales, returns, claims, midnights and decisions do to the cards."""

from calendar import isleap
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.baskets import plain_basket, plain_tiers
from tests.baskets.plain_basket import Good, Shopper
from tests.baskets.plain_card import Card, Line, Purchase, Ticket
from tests.baskets.plain_days import DAY, NEW_YORK, end_of_next, midnight, midnight_months_later, next_midnight
from tests.baskets.programs import Program, RewardSaid, is_elsewhere

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sold:
    """What a sale said: points of each line, what is paid of each, and the rest of the receipt."""

    purchase: Purchase
    lines: tuple[int, ...]
    paid: tuple[int, ...]
    stamps: int
    issued: tuple[Ticket, ...]


@dataclass(slots=True)
class PlainShop:
    """One merchant with one program: its cards, by household, and what is left on the shelf."""

    program: Program
    cards: dict[int, Card] = field(default_factory=dict)
    stock: dict[str, int] = field(init=False)
    till_times: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.stock = {each.slug: each.stock for each in self.program.rewards if each.stock is not None}

    @property
    def rules(self) -> dict[str, Any]:
        return self.program.rules

    # ------------------------------------------------------------ joining, claiming, cancelling

    def join(self, household: int, born: tuple[int, int] | None, *, at: datetime) -> None:
        card = self.cards[household] = Card(self.rules, NEW_YORK, born)
        card.new_lot(self.rules["bonuses"]["joining"], at=at, activates=at, expires=self._expires(at), held=False)

    def can_have(self, card: Card, reward: RewardSaid, *, store: int | None, at: datetime) -> bool:
        """Whether the member may have the reward, the price left aside."""
        had = sum(
            each.state == "USED" or (each.state == "USABLE" and (each.until is None or each.until > at))
            for each in card.tickets
            if each.reward is reward
        )
        return (
            self.stock.get(reward.slug, 1) > 0
            and (reward.per_member is None or had < reward.per_member)
            and (not reward.tiers or card.tier in reward.tiers)
            and (reward.from_day is None or at >= _begins(reward.from_day))
            and (reward.until_day is None or at < _begins(reward.until_day))
            and (store is None or not reward.elsewhere or is_elsewhere(store))
        )

    def affordable(self, card: Card, rewards: Sequence[RewardSaid]) -> bool:
        stamps = sum(each.cost_stamps for each in rewards)
        return sum(each.cost_points for each in rewards) <= card.active and stamps <= max(card.stamps, 0)

    def claim(self, card: Card, reward: RewardSaid, *, at: datetime) -> Ticket | None:
        self.settle(card, at)
        if not self.can_have(card, reward, store=None, at=at) or not self.affordable(card, [reward]):
            return None
        ticket = self._ticket(card, reward, "CLAIMED", "USABLE", until=_good_until(reward, at))
        ticket.spent = card.spend(reward.cost_points) if reward.cost_points else None
        card.stamps -= reward.cost_stamps
        self.shelf(reward, -1)
        return ticket

    def cancel(self, card: Card, ticket: Ticket, *, at: datetime) -> None:
        self.settle(card, at)
        self._close(card, ticket, "CANCELLED")

    def _close(self, card: Card, ticket: Ticket, state: str) -> None:
        """Its price is back where it came from; of a full punch card only if it was cancelled."""
        ticket.state = state
        if ticket.spent:
            ticket.spent.put_back(ticket.points)
            card.put_dates()
        elif ticket.origin != "STAMPS" or state == "CANCELLED":
            card.stamps += ticket.stamps
        if ticket.origin != "STAMPS":
            self.shelf(ticket.reward, 1)

    def _ticket(self, card: Card, reward: RewardSaid, origin: str, state: str, *, until: datetime | None) -> Ticket:
        ticket = Ticket(len(card.tickets), reward, origin, state, reward.cost_points, reward.cost_stamps, until)
        card.tickets.append(ticket)
        return ticket

    def shelf(self, reward: RewardSaid, more: int) -> None:
        if reward.slug in self.stock:
            self.stock[reward.slug] += more

    # ------------------------------------------------------------ selling

    def sell(
        self,
        card: Card,
        goods: Sequence[Good],
        used: Sequence[Ticket],
        bought: Sequence[RewardSaid],
        *,
        till: int,
        zone: ZoneInfo,
        at: datetime,
    ) -> Sold | None:
        """The sale has happened; None, and nothing has, if one of the wanted rewards cannot be had, or takes nothing
        off.
        """
        self.settle(card, at)
        if not self.affordable(card, bought) or not all(self.can_have(card, r, store=till, at=at) for r in bought):
            return None
        offers = [*(ticket.reward for ticket in used), *bought]
        off = plain_basket.discounts(offers, goods)
        if any(not parts and reward.kind != "PERK" for reward, parts in zip(offers, off, strict=True)):
            return None
        paid = tuple(good.minor - sum(part.get(i, 0) for part in off) for i, good in enumerate(goods))
        who = self._shopper(card, zone, at)
        odd = self._odd(card, goods, till, who.local.date(), at)
        if odd:
            who = replace(who, carried=0)
        earned = plain_basket.earned(self.rules, goods, paid, who)
        points, stamps = sum(earned.points) + earned.bonus, sum(earned.stamps)
        held = odd and any(minor and often for minor, often in zip(paid, earned.often, strict=True))
        self.till_times[till].append(at)
        capped_money = earned.capped // self.rules["points"] * card.step
        counted = sum(minor * often for minor, often in zip(paid, earned.often, strict=True))
        spot = sum(reward.cost_points for reward in bought)
        purchase = Purchase(
            at=at,
            day=who.local.date(),
            lines=[
                Line(good.line_id, paid[i], paid[i], earned.often[i], earned.stamps[i], good.kind == "GIFT_CARD_SALE")
                for i, good in enumerate(goods)
            ],
            points=points,
            bonus=earned.bonus,
            visit_bonus=earned.visit_bonus and bool(self.rules["bonuses"]["visit"]),
            capped=earned.capped,
            most=max(0, counted - capped_money),
            stamps=stamps,
            review="HELD" if held else "",
            lots=[],
            used=[],
            spot=card.spend(spot) if spot else None,
            kept_points=points,
        )
        tickets = [*used, *(self._ticket(card, reward, "TILL", "USED", until=None) for reward in bought)]
        for ticket, parts in zip(tickets, off, strict=True):
            ticket.state, ticket.used_in = "USED", purchase
            purchase.used.append((ticket, frozenset(parts)))
        for reward in bought:
            self.shelf(reward, -1)
        self._earn(card, purchase, points, at)
        card.purchases.append(purchase)
        card.put_dates()
        if not held:
            plain_tiers.rise(card, at)
        card.stamps -= sum(reward.cost_stamps for reward in bought)
        card.stamps += stamps
        return Sold(purchase, earned.points, paid, stamps, self.fill(card, at) if stamps else ())

    def _shopper(self, card: Card, zone: ZoneInfo, at: datetime) -> Shopper:
        local = at.astimezone(zone)
        today = local.date()
        kept = [each for each in card.purchases if each.counts]
        judged = [each for each in card.purchases if each.review != "REFUSED"]
        bonuses, stamps = self.rules["bonuses"], self.rules["stamps"]
        visited = max((each.at for each in kept if each.visit_bonus), default=None)
        stamped = max((each.at for each in kept if each.stamps), default=None)
        born = card.born
        if born == (2, 29) and not isleap(today.year):
            born = (2, 28)
        return Shopper(
            local=local,
            tier=card.tier,
            first=not kept,
            birthday=(today.month, today.day) == born,
            visit_due=visited is None or at - visited >= bonuses["visit_hours"] * HOUR,
            stamp_due=stamped is None or at - stamped >= stamps.get("cooldown_hours", 12) * HOUR,
            today=sum(each.kept_by_lines for each in judged if each.day == today),
            this_month=sum(
                each.kept_by_lines for each in judged if (each.day.year, each.day.month) == (today.year, today.month)
            ),
            carried=card.carried,
        )

    def _odd(self, card: Card, goods: Sequence[Good], till: int, today: date, at: datetime) -> bool:
        review = self.rules["review"]
        of_card = sum(each.counts and each.day == today for each in card.purchases)
        of_till = sum(at - HOUR < each <= at for each in self.till_times[till][-50:])
        return bool(
            sum(good.minor for good in goods) > review["amount_minor"]
            or of_card >= review["sales_per_day"]
            or of_till >= review["sales_per_hour_of_terminal"]
        )

    def _earn(self, card: Card, purchase: Purchase, points: int, at: datetime) -> None:
        if not points:
            return
        days = self.rules["pending_days"]
        activates = next_midnight(at + days * DAY, NEW_YORK) if days else at
        lot = card.new_lot(
            points,
            at=at,
            activates=activates,
            expires=self._expires(activates),
            held=purchase.review == "HELD",
        )
        purchase.lots.append(lot)
        paid = min(card.debt, points)
        lot.left -= paid
        lot.paid_debt = paid
        card.debt -= paid
        card.lifetime -= paid

    def _expires(self, activates: datetime) -> datetime | None:
        rules = self.rules
        if rules.get("expiry_dates"):
            return end_of_next(rules["expiry_dates"], activates, rules.get("expiry_least_days", 0), NEW_YORK)
        months = rules.get("expiry_months") or rules.get("inactivity_months")
        to_month_end = rules.get("expiry_to_month_end", False)
        return midnight_months_later(activates, months, NEW_YORK, to_month_end=to_month_end) if months else None

    def fill(self, card: Card, at: datetime) -> tuple[Ticket, ...]:
        """Each full punch card is a voucher."""
        rules = self.rules["stamps"]
        issued = []
        [reward] = [each for each in self.program.rewards if each.slug == rules["reward"]]
        while card.stamps >= rules["needed"]:
            card.stamps -= rules["needed"]
            ticket = self._ticket(card, reward, "STAMPS", "USABLE", until=_good_until(reward, at))
            ticket.points, ticket.stamps = 0, rules["needed"]
            issued.append(ticket)
        return tuple(issued)

    def mend_punch_card(self, card: Card, purchase: Purchase, awaited: int, at: datetime) -> None:
        """Below zero the newest voucher of a full punch card that is still good goes; none, where that is used in this
        very purchase.
        """
        while card.stamps + awaited < 0:
            mine = [each for each in card.tickets if each.origin == "STAMPS"]
            good = [each for each in mine if each.state == "USABLE" and each.until is not None and each.until > at]
            open_ones = [each for each in mine if each in good or each.used_in is purchase]
            if not open_ones or open_ones[-1].state != "USABLE":
                break
            open_ones[-1].state = "CANCELLED"
            card.stamps += open_ones[-1].stamps

    # ------------------------------------------------------------ what the merchant decides

    def release(self, card: Card, purchase: Purchase, *, at: datetime) -> None:
        """Its points go on by their dates, and its money counts with all other: that may make one step more."""
        self.settle(card, at)
        before, alone = card.stream // card.step, card.entered(purchase) // card.step
        purchase.review = "RELEASED"
        for lot in purchase.lots:
            lot.held = False
        if self.rules["carry_remainder"]:
            more = card.stream // card.step - before - alone
            self._earn(card, purchase, more * self.rules["points"], at)
        self.settle(card, at)
        plain_tiers.rise(card, at)

    def refuse(self, card: Card, purchase: Purchase, *, at: datetime) -> None:
        """It has earned nothing, and what of it had paid a debt is owed again."""
        self.settle(card, at)
        purchase.review, purchase.kept_points = "REFUSED", 0
        for lot in purchase.lots:
            card.lifetime -= lot.left
            card.debt += lot.paid_debt - purchase.owed_again
            lot.left, lot.held = 0, False
        card.stamps -= sum(line.stamps_kept() for line in purchase.lines)
        self.mend_punch_card(card, purchase, 0, at)
        card.put_dates()

    # ------------------------------------------------------------ time

    def midnight(self, at: datetime) -> None:
        """The worker has been there: vouchers whose time is over are closed, cards are settled."""
        for card in self.cards.values():
            over = [each for each in card.tickets if each.state == "USABLE" and each.until and each.until <= at]
            if over:
                self.settle(card, at)
            for ticket in over:
                self._close(card, ticket, "LAPSED")
            self.settle(card, at)

    def settle(self, card: Card, at: datetime) -> None:
        card.settle(at)
        while card.tier_review is not None and card.tier_review <= at:
            plain_tiers.review(card, card.tier_review)


def _begins(day: str) -> datetime:
    return midnight(date.fromisoformat(day), NEW_YORK)


def _good_until(reward: RewardSaid, at: datetime) -> datetime:
    """To the end of its last day."""
    return next_midnight(at + reward.voucher_days * DAY, NEW_YORK)
