"""Goods come back, computed plainly: what that does to the points, the stamps and the rewards of a card.

Shares nothing with the product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.baskets.plain_card import Card, Purchase, Ticket
from tests.baskets.plain_shop import PlainShop


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return said; `short` if the card had less than what was due."""

    taken: int
    given: int
    debt: int
    money: int
    short: bool
    issued: tuple[Ticket, ...]


def give_back(
    shop: PlainShop, card: Card, purchase: Purchase, line_ids: Sequence[str] | None, amount: int | None, *, at: datetime
) -> Returned:
    """The named lines, or so much money from the first line on, stored value last, or all that is left, has come
    back.
    """
    shop.settle(card, at)
    stamps_before = sum(line.stamps_kept() for line in purchase.lines)
    whole_steps = _steps(card, purchase)
    money = _bring(purchase, line_ids, amount)
    given, lasting, stamps_back, awaited = _give_rewards(shop, card, purchase, at)
    card.stamps += stamps_back
    steps = whole_steps - _steps(card, purchase)
    due = steps * card.rules["points"] + (purchase.bonus if purchase.wholly_back else 0)
    if purchase.review == "REFUSED":
        due = 0
    taken, debt = card.take_back(purchase, due, lasting)
    gone = purchase.wholly_back or purchase.review == "REFUSED"
    purchase.kept_points = 0 if gone else max(0, purchase.kept_points - due)
    if purchase.review != "REFUSED":
        card.stamps -= stamps_before - sum(line.stamps_kept() for line in purchase.lines)
    shop.mend_punch_card(card, purchase, awaited, at)
    issued = shop.fill(card, at)
    if purchase.wholly_back:
        if purchase.review == "HELD":
            purchase.review = "RELEASED"
            for lot in purchase.lots:
                lot.held = False
        card.put_dates()
    return Returned(taken, given, debt, money, taken < due, issued)


def _steps(card: Card, purchase: Purchase) -> int:
    """Of the card's money, if the remainder is carried; of the purchase's by itself, if not, or while it waits."""
    together = card.rules["carry_remainder"] and purchase.review != "HELD"
    return (card.stream if together else card.entered(purchase)) // card.step


def _give_rewards(shop: PlainShop, card: Card, purchase: Purchase, at: datetime) -> tuple[int, int, int, int]:
    """Rewards whose lines are all back are given back: how many points, how many of those are not past their date,
    how many stamps; and how many stamps were spent on those that are not back.
    """
    points, stamps, awaited = 0, 0, 0
    for ticket, positions in purchase.used:
        if ticket.used_in is not purchase:
            continue
        lines = [line for i, line in enumerate(purchase.lines) if i in positions or not positions]
        at_till = ticket.origin == "TILL"
        if not all(line.back for line in lines):
            awaited += ticket.stamps if at_till else 0
            continue
        ticket.used_in, ticket.state = None, "CANCELLED" if at_till else "USABLE"
        if at_till:
            points += ticket.points
            stamps += ticket.stamps
            shop.shelf(ticket.reward, 1)
    if not points:
        return 0, 0, stamps, awaited
    assert purchase.spot is not None
    purchase.spot.put_back(points)
    card.put_dates(still=purchase)
    return points, points - card.settle(at), stamps, awaited


def _bring(purchase: Purchase, line_ids: Sequence[str] | None, amount: int | None) -> int:
    """The money of what comes back, which is then back."""
    left = [line for line in purchase.lines if not line.back]
    everything = sum(line.kept for line in left)
    if amount is None:
        chosen = [line for line in left if line_ids is None or line.line_id in line_ids]
        money = sum(line.kept for line in chosen)
        for line in chosen:
            line.kept, line.back = 0, True
        return money
    rest = amount
    for line in sorted(left, key=lambda line: line.stored):
        part = min(rest, line.kept)
        rest -= part
        line.kept -= part
        if amount == everything or (part and not line.kept):
            line.back = True
    return amount
