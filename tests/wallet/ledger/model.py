"""A plain model of the ledger: lists and sums, no database. What the real one must always agree with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class ModelLot:
    order: int
    remaining: int
    activates_at: datetime
    expires_at: datetime | None
    active: bool
    sale_id: UUID | None
    expired: int = 0

    def spending_order(self) -> tuple[datetime, int]:
        return (self.expires_at or NEVER, self.order)


@dataclass
class ModelGift:
    card: int
    points: int
    taken: list[tuple[ModelLot, int]]


@dataclass
class ModelVoucher:
    """A reward that was bought: its points, the lots that they came from, and whether it is used."""

    card: int
    points: int
    taken: list[tuple[ModelLot, int]]
    used: bool = False


@dataclass
class ModelSpending:
    """What was bought and used in one go, as far as it has not come back."""

    card: int
    points: int
    taken: list[tuple[ModelLot, int]]


@dataclass
class ModelCard:
    lots: list[ModelLot] = field(default_factory=list)
    reserved: int = 0
    lifetime: int = 0
    entries: int = 0

    @property
    def active(self) -> int:
        return sum(lot.remaining for lot in self.lots if lot.active)

    @property
    def pending(self) -> int:
        return sum(lot.remaining for lot in self.lots if not lot.active)


@dataclass
class Model:
    cards: list[ModelCard] = field(default_factory=list)
    gifts: list[ModelGift] = field(default_factory=list)
    issued: int = 0
    expired: int = 0
    redeemed: int = 0
    lots_made: int = 0
    untaken: dict[UUID, int] = field(default_factory=dict)

    def settle(self, card: ModelCard, now: datetime) -> None:
        """What time does, when the card is next touched: one entry for each lot that becomes spendable, and one for all
        that expires at one moment.
        """
        for lot in card.lots:
            if lot.remaining and not lot.active and lot.activates_at <= now:
                lot.active = True
                card.entries += 1
        over = [lot for lot in card.lots if lot.remaining and lot.expires_at is not None and lot.expires_at <= now]
        card.entries += len({lot.expires_at for lot in over})
        for lot in over:
            self.expired += lot.remaining
            lot.expired += lot.remaining
            lot.remaining = 0

    def add_lot(
        self, card: ModelCard, points: int, activates_at: datetime, expires_at: datetime | None, sale_id: UUID | None
    ) -> ModelLot:
        self.lots_made += 1
        lot = ModelLot(self.lots_made, points, activates_at, expires_at, active=False, sale_id=sale_id)
        card.lots.append(lot)
        return lot

    def earn(
        self,
        card: ModelCard,
        points: int,
        now: datetime,
        activates_at: datetime,
        expires_at: datetime | None,
        sale_id: UUID,
    ) -> None:
        self.settle(card, now)
        self.add_lot(card, points, activates_at, expires_at, sale_id).active = activates_at <= now
        card.lifetime += points
        card.entries += 1
        self.issued += points

    def take(self, lots: list[ModelLot], points: int) -> list[tuple[ModelLot, int]]:
        taken = []
        for lot in lots:
            part = min(points, lot.remaining)
            if part:
                lot.remaining -= part
                points -= part
                taken.append((lot, part))
        return taken

    def take_back(self, card: ModelCard, points: int, now: datetime, sale_id: UUID) -> int:
        self.settle(card, now)
        untaken = self.untaken.get(sale_id, 0)
        gone = sum(lot.expired for lot in card.lots if lot.sale_id == sale_id) - untaken
        wanted = points - min(points, max(0, gone))
        ranked = sorted(card.lots, key=lambda lot: (lot.sale_id != sale_id, lot.active, lot.spending_order()))
        taken = sum(part for _, part in self.take(ranked, wanted))
        self.untaken[sale_id] = untaken + points - taken
        if taken:
            card.lifetime -= taken
            card.entries += 1
            self.issued -= taken
        return taken

    def send(self, index: int, points: int, now: datetime) -> ModelGift | None:
        card = self.cards[index]
        self.settle(card, now)
        if points > card.active:
            return None
        ranked = sorted((lot for lot in card.lots if lot.active), key=ModelLot.spending_order)
        gift = ModelGift(index, points, self.take(ranked, points))
        card.reserved += points
        card.entries += 1
        return gift

    def give_back(self, gift: ModelGift, now: datetime) -> None:
        card = self.cards[gift.card]
        self.settle(card, now)
        for lot, part in gift.taken:
            lot.remaining += part
        card.reserved -= gift.points
        card.entries += 1

    def claim(self, gift: ModelGift, index: int, now: datetime, expires_at: datetime | None) -> None:
        sender, recipient = self.cards[gift.card], self.cards[index]
        self.settle(sender, now)
        if recipient is not sender:
            self.settle(recipient, now)
        sender.reserved -= gift.points
        sender.entries += 1
        self.add_lot(recipient, gift.points, now, expires_at, None).active = True
        recipient.entries += 1

    def buy(self, index: int, points: int, now: datetime) -> list[tuple[ModelLot, int]] | None:
        """What so many points take from which lots; None if there are fewer."""
        card = self.cards[index]
        self.settle(card, now)
        if points > card.active:
            return None
        ranked = sorted((lot for lot in card.lots if lot.active), key=ModelLot.spending_order)
        return self.take(ranked, points)

    def reserve(self, index: int, points: int, now: datetime) -> ModelVoucher | None:
        taken = self.buy(index, points, now)
        if taken is None:
            return None
        self.cards[index].reserved += points
        self.cards[index].entries += 1
        return ModelVoucher(index, points, taken)

    def use(self, index: int, vouchers: list[ModelVoucher], spot: int, now: datetime) -> ModelSpending | None:
        """The vouchers are used, and so many points spent on the spot, in one entry."""
        taken = self.buy(index, spot, now)
        if taken is None:
            return None
        card, points = self.cards[index], sum(voucher.points for voucher in vouchers)
        for voucher in vouchers:
            voucher.used = True
        card.reserved -= points
        card.entries += 1 if spot or points else 0
        self.redeemed += spot + points
        return ModelSpending(index, spot, taken)

    def reopen(
        self, index: int, vouchers: list[ModelVoucher], spending: ModelSpending, spot: int, now: datetime
    ) -> None:
        """The vouchers can be used again, and so much of the spending is back, the longest-lived lots first."""
        card, points = self.cards[index], sum(voucher.points for voucher in vouchers)
        self.settle(card, now)
        for voucher in vouchers:
            voucher.used = False
        left, rest = spot, list[tuple[ModelLot, int]]()
        for lot, part in sorted(spending.taken, key=lambda each: each[0].spending_order(), reverse=True):
            back = min(left, part)
            lot.remaining += back
            left -= back
            rest.append((lot, part - back))
        spending.points -= spot
        spending.taken = rest
        card.reserved += points
        card.entries += 1 if spot or points else 0
        self.redeemed -= spot + points

    def release(self, voucher: ModelVoucher, now: datetime) -> None:
        card = self.cards[voucher.card]
        self.settle(card, now)
        for lot, part in voucher.taken:
            lot.remaining += part
        card.reserved -= voucher.points
        card.entries += 1
