"""What the store did lately with the card that it serves."""

from datetime import datetime

import strawberry

from schema.sale import Sale
from schema.translations import Translator
from wallet import operations
from wallet.visits import MemberCard


@strawberry.type
class Operation:
    sale: Sale
    occurred_at: datetime
    can_be_undone: bool
    reason: str | None = strawberry.field(description="Why not.")

    @classmethod
    def from_domain(cls, operation: operations.Operation, member: MemberCard, say: Translator) -> "Operation":
        """`member` is the card that they are all on."""
        why_not = operation.why_not
        return cls(
            sale=Sale.from_domain(operation.sale, member),
            occurred_at=operation.sale.occurred_at,
            can_be_undone=why_not is None,
            reason=say.say(why_not) if why_not else None,
        )
