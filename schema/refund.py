"""Goods that come back, and the points that go back with them."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound, UserError
from schema.money import Money
from schema.operator import OperatorUnknown
from schema.sale import Sale, Tender
from schema.translations import Translator
from schema.visit import MemberCard
from wallet import refunds
from wallet.values import Points


@strawberry.input
class RefundInput:
    sale_id: strawberry.ID
    line_ids: list[str] | None = strawberry.field(
        default=UNSET, description="All that is left of the sale, if left out."
    )
    idempotency_key: UUID
    amount_minor: int | None = strawberry.field(
        default=UNSET, description="Instead of lines: so much of what was paid."
    )
    operator_pin: str | None = UNSET


@strawberry.type
class SaleRefunded:
    sale: Sale
    card: MemberCard
    points_taken_back: Points
    replayed: bool
    points_given_back: Points = strawberry.field(
        description="What had been spent at the till on rewards used with what came back."
    )
    refund_due: Money
    debt: Points = strawberry.field(description="What was due and not on the card: later purchases pay it.")
    returned_tenders: list[Tender] = strawberry.field(
        description="What went back to gift cards, the last that had paid first; refundDue is the rest."
    )

    @classmethod
    def from_domain(cls, refunded: refunds.Refunded, say: Translator) -> "SaleRefunded":
        return cls(
            sale=Sale.from_domain(refunded.sale, refunded.card),
            card=MemberCard.from_domain(refunded.card, say),
            points_taken_back=refunded.points_taken_back,
            replayed=refunded.replayed,
            points_given_back=refunded.points_given_back,
            refund_due=Money.from_domain(refunded.due),
            debt=Points(max(0, refunded.debt)),
            returned_tenders=[Tender.from_domain(each) for each in refunded.returned],
        )


@strawberry.type
class LineAlreadyRefunded(UserError):
    line_ids: list[str]


RefundResult = Annotated[
    SaleRefunded | NotFound | LineAlreadyRefunded | InvalidInput | IdempotencyKeyReused | OperatorUnknown,
    strawberry.union("RefundResult"),
]
