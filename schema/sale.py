"""What the till records, what it earns, and what it would earn."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound
from schema.field import described
from schema.ids import MemberCardKey, SaleKey, encode
from schema.money import Money
from schema.node import Node
from schema.scalars import CurrencyCode
from schema.translations import PointNames, Translator, translator
from schema.visit import CodeAlreadyUsed, CodeExpired, CodeInvalid, CustomerRefInput, MemberCard
from wallet import sales, visits
from wallet.earning import LineEarning
from wallet.sales import SaleLine
from wallet.values import EarnStatus, LineKind, Phrase, Points

strawberry.enum(LineKind)
strawberry.enum(EarnStatus)


@strawberry.input
class SaleLineInput:
    line_id: str = strawberry.field(description="The POS's own id of the line, unique within the sale.")
    kind: LineKind = LineKind.ITEM
    sku: str | None = UNSET
    category: str | None = UNSET
    description: str | None = UNSET
    quantity: int = 1
    amount_minor: int = strawberry.field(description="What the customer pays for the whole line, after discounts.")


@strawberry.input
class SaleInput:
    customer: CustomerRefInput
    receipt_number: str = strawberry.field(
        description="Unique per store and business day at least; for people to find the sale by, not a key."
    )
    currency: CurrencyCode
    lines: list[SaleLineInput]
    occurred_at: datetime | None = UNSET


@strawberry.type(description="Why a line earned what it earned.")
class EarnedLine:
    line_id: str
    points: Points
    status: EarnStatus
    reason: str

    @classmethod
    def from_domain(cls, line: LineEarning | SaleLine, say: Translator) -> "EarnedLine":
        return cls(line_id=line.line_id, points=line.points, status=line.status, reason=say.say(line.reason))


@strawberry.type
class Quote:
    id: strawberry.ID
    earns: Points
    lines: list[EarnedLine]
    balance_after: Points

    @classmethod
    def from_domain(cls, quote: sales.Quote, say: Translator) -> "Quote":
        return cls(
            id=strawberry.ID(quote.quote_id),
            earns=quote.earns,
            lines=[EarnedLine.from_domain(line, say) for line in quote.lines],
            balance_after=quote.balance_after,
        )


QuoteResult = Annotated[
    Quote | InvalidInput | NotFound | CodeInvalid | CodeExpired | CodeAlreadyUsed,
    strawberry.union("QuoteResult"),
]


@strawberry.type
class Sale(Node):
    receipt_number: str
    store_name: str
    total: Money
    points: Points
    occurred_at: datetime
    refunded_points: Points
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
        return translator(terminal.locale, terminal.timezone).say(_receipt(self.sale, names), names)

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
            sale=sale,
            member=member,
        )


def _receipt(sale: sales.Sale, names: PointNames) -> Phrase:
    """The same on every copy: points that had to wait when the sale was posted have their date for good."""
    waited, active_at = sale.spendable_at > sale.posted_at, sale.spendable_at.isoformat()
    if sale.refunded_points:
        facts = {"points": sale.points, "refunded_points": sale.refunded_points}
        if waited and sale.refunded_points < sale.points:
            return Phrase("receipt_refunded_pending", {**facts, "active_at": active_at})
        return Phrase("receipt_refunded", facts)
    if not sale.points:
        return Phrase("receipt_nothing", {"name": names.many})
    if waited:
        return Phrase("receipt_earned_pending", {"points": sale.points, "active_at": active_at})
    return Phrase("receipt_earned", {"points": sale.points})


@strawberry.input
class CheckoutInput:
    sale: SaleInput
    idempotency_key: UUID


@strawberry.type(
    description="Earning nothing is no failure: points is 0 and the lines say why. "
    "The same key again gives the same sale, and replayed is true."
)
class SaleRecorded:
    sale: Sale
    card: MemberCard
    replayed: bool

    @classmethod
    def from_domain(cls, recorded: sales.Recorded, say: Translator) -> "SaleRecorded":
        return cls(
            sale=Sale.from_domain(recorded.sale, recorded.card),
            card=MemberCard.from_domain(recorded.card, say),
            replayed=recorded.replayed,
        )


CheckoutError = InvalidInput | NotFound | CodeInvalid | CodeExpired | CodeAlreadyUsed | IdempotencyKeyReused
CheckoutResult = Annotated[SaleRecorded | CheckoutError, strawberry.union("CheckoutResult")]


@strawberry.input(
    description="code: the QR's digits as scanned. scannedAt: the terminal's clock; 72 hours old at most."
)
class OfflineSaleInput:
    sale: SaleInput
    scanned_at: datetime
    idempotency_key: UUID


@strawberry.input
class SettleOfflineInput:
    sales: list[OfflineSaleInput]


@strawberry.type
class OfflineSettled:
    results: list[CheckoutResult]


SettleOfflineResult = Annotated[OfflineSettled | InvalidInput, strawberry.union("SettleOfflineResult")]
