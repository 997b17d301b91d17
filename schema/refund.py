"""Goods that come back, and the points that go back with them."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound, UserError
from schema.sale import Sale
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


@strawberry.type
class SaleRefunded:
    sale: Sale
    card: MemberCard
    points_taken_back: Points
    replayed: bool

    @classmethod
    def from_domain(cls, refunded: refunds.Refunded, say: Translator) -> "SaleRefunded":
        return cls(
            sale=Sale.from_domain(refunded.sale, refunded.card),
            card=MemberCard.from_domain(refunded.card, say),
            points_taken_back=refunded.points_taken_back,
            replayed=refunded.replayed,
        )


@strawberry.type
class LineAlreadyRefunded(UserError):
    line_ids: list[str]


RefundResult = Annotated[
    SaleRefunded | NotFound | LineAlreadyRefunded | InvalidInput | IdempotencyKeyReused,
    strawberry.union("RefundResult"),
]
