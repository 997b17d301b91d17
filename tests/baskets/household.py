"""What the households of the year do beside buying: seeded, so that every run does the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tests.baskets.journey import UNKNOWN, Product, Receipt
from tests.baskets.plain_basket import Good
from tests.baskets.plain_card import Card, Purchase, Ticket
from tests.baskets.programs import KINDS, RewardSaid, is_elsewhere

REFUNDED = 0.1
"""The part of sales of which something comes back."""

BIRTHDAYS = ((2, 29), (12, 31), (1, 1), (3, 12))
"""Some have one of these: days on which years and clocks are odd."""


@dataclass(frozen=True, slots=True)
class Return:
    """One return: of so many of the lines, or so many thousandths of the money, or of all that is left."""

    at: datetime
    how: str
    part: float


def birthday(household: int) -> tuple[int, int] | None:
    draw = Random(f"born {household}")
    if draw.random() < 0.1:
        return None
    if draw.random() < 0.1:
        return draw.choice(BIRTHDAYS)
    return draw.randint(1, 12), draw.randint(1, 28)


def goods_of(receipt: Receipt, products: dict[int, Product]) -> list[Good]:
    """The lines as a till says them: their ids are their places on the receipt, what was sold 0 times counts once.

    A line that sells stored value makes one gift card; what cost nothing makes none.
    """
    goods = []
    for at, item in enumerate(receipt.items, start=1):
        product = products.get(item.product_id, UNKNOWN)
        category = product.category
        kind = KINDS.get(category, KINDS.get(product.department, "ITEM"))
        if kind == "GIFT_CARD_SALE" and not item.minor:
            kind = "FEE"
        quantity = 1 if kind == "GIFT_CARD_SALE" else max(1, item.quantity)
        goods.append(Good(str(at), item.minor, kind, str(item.product_id), category, quantity))
    return goods


def spends_all(household: int) -> bool:
    """One in four has spent what it has before it shops again, and nothing left when goods come back."""
    return household % 4 == 0


def claimed(draw: Random, household: int, card: Card, rewards: Sequence[RewardSaid]) -> list[RewardSaid]:
    """What the household tries to buy in the app on its way to the shop."""
    if not spends_all(household):
        return [draw.choice(rewards)] if draw.random() < 0.2 else []
    left, wanted = card.active, list[RewardSaid]()
    while payable := [each for each in rewards if 0 < each.cost_points <= left and not each.tiers]:
        wanted.append(draw.choice(payable))
        left -= wanted[-1].cost_points
    return wanted[:8]


def cancelled(draw: Random, card: Card, *, at: datetime) -> Ticket | None:
    """A voucher that it does not want after all."""
    usable = [each for each in card.tickets if _is_good(each, at)]
    return draw.choice(usable) if usable and draw.random() < 0.04 else None


def used(draw: Random, card: Card, store: int, *, at: datetime) -> list[Ticket]:
    """The vouchers that it uses with a sale, the oldest first."""
    here = [each for each in card.tickets if not each.reward.elsewhere or is_elsewhere(store)]
    usable = [each for each in here if _is_good(each, at)]
    return [each for each in usable if draw.random() < 0.5][:3]


def bought(draw: Random, rewards: Sequence[RewardSaid]) -> list[RewardSaid]:
    """The rewards that it asks for on the spot."""
    return draw.sample(list(rewards), draw.choice((1, 1, 2))) if draw.random() < 0.2 else []


def returns(draw: Random, receipt: Receipt) -> list[Return]:
    """What comes back of a sale, and when: mostly soon, some of it months later; in up to four parts."""
    if draw.random() >= REFUNDED:
        return []
    at, planned = receipt.at, []
    for _ in range(draw.choice((1, 1, 2, 3, 4))):
        days = draw.choice((0.02, 0.3, 1, 5, 12, 25, 40, 110))
        at += timedelta(seconds=int(draw.uniform(0.1, 1) * days * 86_400))
        planned.append(Return(at, draw.choice(("lines", "lines", "amount", "amount", "rest")), draw.random()))
    return planned


def brought(draw: Random, purchase: Purchase, planned: Return) -> tuple[list[str] | None, int | None] | None:
    """Which lines, or how much money, that is, of what is left; None if nothing is."""
    left = [line for line in purchase.lines if not line.back]
    money = sum(line.kept for line in left)
    if not left:
        return None
    if planned.how == "lines":
        count = 1 + int(planned.part * len(left))
        return [line.line_id for line in draw.sample(left, min(count, len(left)))], None
    if planned.how == "amount" and money:
        # A gift card that was sold comes back with all the rest, or by its line.
        some = sum(line.kept for line in left if not line.stored)
        return None, min(1 + int(planned.part * money), some) or money if planned.part < 0.9 else money
    return None, None


def _is_good(ticket: Ticket, at: datetime) -> bool:
    return ticket.state == "USABLE" and (ticket.until is None or ticket.until > at)
