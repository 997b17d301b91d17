"""What the store did lately: with the card that it serves, and with everybody today."""

from collections.abc import Mapping
from datetime import datetime

import strawberry

from schema.connection import PageInfo, sale_cursor
from schema.money import Money
from schema.sale import Sale
from schema.translations import Translator
from schema.visit import shown_name
from wallet import days, operations
from wallet.values import MINOR_MAX, CardId, Points
from wallet.visits import MemberCard


@strawberry.type
class Operation:
    sale: Sale
    customer_name: str = strawberry.field(description="As MemberCard.displayName.")
    occurred_at: datetime
    refunded: bool = strawberry.field(description="Whether anything of it came back.")
    wholly_refunded: bool = strawberry.field(description="Whether nothing of it is left.")
    can_be_undone: bool
    reason: str | None = strawberry.field(description="Why not.")

    @classmethod
    def from_domain(cls, operation: operations.Operation, member: MemberCard, say: Translator) -> "Operation":
        """`member` is the card that it is on."""
        why_not = operation.why_not
        return cls(
            sale=Sale.from_domain(operation.sale, member),
            customer_name=shown_name(member, say),
            occurred_at=operation.sale.occurred_at,
            refunded=operation.refunded,
            wholly_refunded=operation.wholly_refunded,
            can_be_undone=why_not is None,
            reason=say.say(why_not) if why_not else None,
        )


@strawberry.type
class OperationEdge:
    node: Operation
    cursor: str


@strawberry.type
class OperationConnection:
    edges: list[OperationEdge]
    page_info: PageInfo

    @classmethod
    def from_domain(
        cls, page: days.Page, members: Mapping[CardId, MemberCard], say: Translator, *, after: bool
    ) -> "OperationConnection":
        """`members` are the cards that the sales of the page are on."""
        edges = [
            OperationEdge(
                node=Operation.from_domain(each, members[each.sale.card_id], say),
                cursor=sale_cursor(each.sale.occurred_at, each.sale.sale_id),
            )
            for each in page.operations
        ]
        page_info = PageInfo.of([edge.cursor for edge in edges], more=page.more, after=after)
        return cls(edges=edges, page_info=page_info)


@strawberry.type(
    description="The sales of this store since the merchant's last midnight, by when they happened. What is summed up "
    "is of all of them, however many are shown, and less what came back of them since; returns of earlier days' sales "
    "are not in it."
)
class Today:
    sales: OperationConnection = strawberry.field(description="The newest first; what came back is among them.")
    sales_count: int
    taken: Money | None = strawberry.field(
        description="Sale.due less Sale.refundedDue: what was paid otherwise than by gift cards. "
        "Null: more than a Money can say."
    )
    points: Points = strawberry.field(description="Sale.points less Sale.refundedPoints.")
    stamps: int = strawberry.field(description="Sale.stamps less Sale.refundedStamps.")

    @classmethod
    def from_domain(cls, sums: days.Sums, sales: OperationConnection) -> "Today":
        taken = sums.taken
        return cls(
            sales=sales,
            sales_count=sums.sales,
            taken=Money.from_domain(taken) if taken.amount_minor <= MINOR_MAX else None,
            points=sums.points,
            stamps=sums.stamps,
        )
