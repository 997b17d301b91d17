"""What the till records, what it earns, and what it would earn."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.field import described
from schema.ids import MemberCardKey, SaleKey, encode
from schema.money import Money
from schema.node import Node
from schema.reward import Reward
from schema.scalars import CurrencyCode
from schema.translations import PointNames, Translator, translator
from schema.visit import CustomerRefInput
from wallet import rewards, sales, visits
from wallet.earning import LineEarning
from wallet.sales import SaleLine, receipts
from wallet.values import EarnStatus, LineKind, Phrase, Points

strawberry.enum(LineKind)
strawberry.enum(EarnStatus)


@strawberry.input(one_of=True)
class GiftCardRefInput:
    id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A card of the customer who is served. To pay with it needs a REDEEM code or visit."
    )
    number: str | None = strawberry.field(
        default=UNSET, description="As it is scanned or typed, with its PIN behind it where that is needed."
    )


@strawberry.input(
    description="Money value that pays part of the bill: a card of the visiting customer, or a number read from a card."
)
class TenderInput:
    gift_card: GiftCardRefInput
    amount_minor: int | None = strawberry.field(default=UNSET, description="All that is needed, if left out.")


@strawberry.input
class SaleLineInput:
    line_id: str = strawberry.field(description="The POS's own id of the line, unique within the sale.")
    kind: LineKind = LineKind.ITEM
    sku: str | None = UNSET
    category: str | None = UNSET
    description: str | None = UNSET
    quantity: int = 1
    amount_minor: int = strawberry.field(description="What the customer pays for the whole line, after discounts.")
    loads: GiftCardRefInput | None = strawberry.field(
        default=UNSET,
        description="On a GIFT_CARD_SALE line: the card to load; a new one is made if left out.",
    )


@strawberry.input
class SaleInput:
    customer: CustomerRefInput
    receipt_number: str = strawberry.field(
        description="Unique per store and business day at least; for people to find the sale by, not a key."
    )
    currency: CurrencyCode
    lines: list[SaleLineInput]
    occurred_at: datetime | None = UNSET
    voucher_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET,
        description="Vouchers to use, and rewards to buy and use on the spot. Need a REDEEM code or visit.",
    )
    reward_ids: list[strawberry.ID] | None = UNSET
    operator_pin: str | None = strawberry.field(default=UNSET, description="Who stands at the till.")
    tenders: list[TenderInput] | None = UNSET


@strawberry.type(description="Why a line earned what it earned.")
class EarnedLine:
    line_id: str
    points: Points
    status: EarnStatus
    reason: str

    @classmethod
    def from_domain(cls, line: LineEarning | SaleLine, say: Translator) -> "EarnedLine":
        return cls(line_id=line.line_id, points=line.points, status=line.status, reason=say.say(line.reason))


@strawberry.type(description="What a reward takes off a line; nothing, and no line, where it stands for none (a PERK).")
class Discount:
    reward: Reward
    line_id: str | None
    amount: Money

    @classmethod
    def from_domain(cls, part: receipts.DiscountLine) -> "Discount":
        return cls(reward=Reward.from_domain(part.reward), line_id=part.line_id, amount=Money.from_domain(part.amount))


@strawberry.type(description="What a gift card pays, or is given back, and what is on it then.")
class Tender:
    last4: str
    paid: Money
    balance_after: Money

    @classmethod
    def from_domain(cls, tender: receipts.Tender) -> "Tender":
        return cls(
            last4=tender.last4,
            paid=Money.from_domain(tender.paid),
            balance_after=Money.from_domain(tender.balance_after),
        )


@strawberry.type
class Sale(Node):
    receipt_number: str
    store_name: str
    total: Money
    points: Points
    occurred_at: datetime
    refunded_points: Points
    refunded: Money = strawberry.field(description="What of the bill was given back, to gift cards or otherwise.")
    refunded_due: Money = strawberry.field(description="The part of refunded that did not go back to gift cards.")
    discounts: list[Discount]
    due: Money
    stamps: int
    refunded_stamps: int = strawberry.field(description="Those of the stamps that were for what came back.")
    in_review: bool = strawberry.field(description="Earned, but held back for the merchant to look at.")
    tenders: list[Tender]
    sale: strawberry.Private[sales.Sale]
    member: strawberry.Private[visits.MemberCard | None]

    @strawberry.field
    def lines(self, info: Info) -> list[EarnedLine]:
        return [EarnedLine.from_domain(line, info.context.say) for line in self.sale.lines]

    @described("One line for the paper receipt, in the store's language.")
    async def receipt_text(self, info: Info) -> str:
        terminal = info.context.terminal
        assert terminal is not None, "only a till reads sales"
        key = MemberCardKey(self.sale.merchant_id, self.sale.card_id)
        member = self.member or await info.context.loaders.member_card(key)
        names = PointNames(member.point_name, member.point_name_plural)
        say = translator(terminal.locale, terminal.timezone)
        said = [*_receipt(self.sale, names), *paid_by_cards(self.sale.tenders)]
        return " ".join(say.say(phrase, names) for phrase in said)

    @classmethod
    def from_domain(cls, sale: sales.Sale, member: visits.MemberCard | None = None) -> "Sale":
        """`member` is the card that the sale is on, where it was read anyway."""
        return cls(
            id=encode(SaleKey(sale.merchant_id, sale.sale_id)),
            receipt_number=sale.receipt_number,
            store_name=sale.store_name,
            total=Money.from_domain(sale.total),
            points=sale.points,
            occurred_at=sale.occurred_at,
            refunded_points=sale.refunded_points,
            refunded=Money.from_domain(sale.refunded),
            refunded_due=Money.from_domain(sale.refunded_due),
            discounts=[Discount.from_domain(part) for part in sale.discounts],
            due=Money.from_domain(sale.due),
            stamps=sale.stamps,
            refunded_stamps=sale.refunded_stamps,
            in_review=sale.in_review,
            tenders=[Tender.from_domain(tender) for tender in sale.tenders],
            sale=sale,
            member=member,
        )


def paid_by_cards(tenders: Sequence[receipts.Tender]) -> Iterator[Phrase]:
    """What is said of each gift card that paid."""
    for tender in tenders:
        yield Phrase(
            "receipt_tender",
            {
                "last4": tender.last4,
                "paid_minor": tender.paid.amount_minor,
                "left_minor": tender.balance_after.amount_minor,
                "currency": tender.paid.currency,
            },
        )


def _receipt(sale: sales.Sale, names: PointNames) -> Iterator[Phrase]:
    """The same on every copy: points that had to wait when the sale was posted have their date for good."""
    waited, active_at = sale.spendable_at > sale.posted_at, sale.spendable_at.isoformat()
    if sale.refunded_points:
        facts: dict[str, str | int] = {"points": sale.points, "refunded_points": sale.refunded_points}
        if waited and sale.refunded_points < sale.points:
            yield Phrase("receipt_refunded_pending", {**facts, "active_at": active_at})
        else:
            yield Phrase("receipt_refunded", facts)
    elif sale.points or not sale.stamps:
        since = sale.spendable_at if waited else None
        yield earned_of(sale.points, names, active_at=since, in_review=sale.in_review)
    yield from beside_points(sale.stamps, [part.reward for part in sale.discounts], sale.tier_after)


def earned_of(points: Points, names: PointNames, *, active_at: datetime | None, in_review: bool) -> Phrase:
    """What a receipt says of the points; `active_at` is when they can be spent, None for at once."""
    if not points:
        return Phrase("receipt_nothing", {"name": names.many})
    if in_review:
        return Phrase("receipt_earned_held", {"points": points})
    if active_at is not None:
        return Phrase("receipt_earned_pending", {"points": points, "active_at": active_at.isoformat()})
    return Phrase("receipt_earned", {"points": points})


def beside_points(stamps: int, used: Sequence[rewards.Reward], tier: str | None) -> Iterator[Phrase]:
    """What a receipt says of all that is no points: stamps, what was used, and a tier that was reached."""
    if stamps:
        yield Phrase("receipt_stamps", {"stamps": stamps})
    if used:
        yield Phrase("receipt_used", {"rewards": ", ".join(dict.fromkeys(reward.name for reward in used))})
    if tier is not None:
        yield Phrase("receipt_tier", {"tier": tier})
