"""Stored money value: gift cards, what happened on them, and moving money from one to another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.connection import PageInfo, page_size, read_seq_cursor, seq_cursor
from schema.context import ActivitiesWanted, Info
from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound, UserError
from schema.field import described, given
from schema.ids import GiftCardActivityKey, GiftCardKey, MemberGiftCardKey, ProgramKey, encode
from schema.money import Money
from schema.node import Node
from schema.program import Program
from wallet import value
from wallet.values import ActivityKind, GiftCardState

strawberry.enum(GiftCardState)

strawberry.enum(ActivityKind, name="GiftCardActivityKind")


@strawberry.type
class GiftCardActivity(Node):
    kind: ActivityKind
    amount: Money
    balance_after: Money
    occurred_at: datetime
    store_name: str | None

    @classmethod
    def from_domain(cls, activity: value.Activity) -> "GiftCardActivity":
        return cls(
            id=encode(GiftCardActivityKey(activity.merchant_id, activity.gift_card_id, activity.seq)),
            kind=activity.kind,
            amount=Money.from_domain(activity.amount),
            balance_after=Money.from_domain(activity.balance_after),
            occurred_at=activity.occurred_at,
            store_name=activity.store_name,
        )


@strawberry.type
class GiftCardActivityEdge:
    node: GiftCardActivity
    cursor: str


@strawberry.type
class GiftCardActivityConnection:
    edges: list[GiftCardActivityEdge]
    page_info: PageInfo

    @classmethod
    def from_domain(
        cls, activities: Sequence[value.Activity], *, first: int, after: int | None
    ) -> "GiftCardActivityConnection":
        """`activities` are one more than `first` where there is a next page."""
        edges = [
            GiftCardActivityEdge(node=GiftCardActivity.from_domain(activity), cursor=seq_cursor(activity.seq))
            for activity in activities[:first]
        ]
        more = len(activities) > first
        return cls(edges=edges, page_info=PageInfo.of([e.cursor for e in edges], more=more, after=after is not None))


@strawberry.type(description="Stored money value.")
class GiftCard(Node):
    last4: str
    state: GiftCardState
    balance: Money
    expires_at: datetime | None
    key: strawberry.Private[GiftCardKey]
    program_key: strawberry.Private[ProgramKey]

    @described("Where it can be spent.")
    async def program(self, info: Info) -> Program:
        return Program.from_domain(await info.context.loaders.program(self.program_key))

    @strawberry.field
    async def activities(self, info: Info, first: int = 20, after: str | None = UNSET) -> GiftCardActivityConnection:
        first, before_seq = page_size(first), read_seq_cursor(given(after))
        found = await info.context.loaders.activities(ActivitiesWanted(self.key, first + 1, before_seq))
        return GiftCardActivityConnection.from_domain(found, first=first, after=before_seq)

    @classmethod
    def from_domain(cls, card: value.GiftCard) -> "GiftCard":
        key = GiftCardKey(card.merchant_id, card.gift_card_id)
        return cls(
            id=encode(key),
            last4=card.last4,
            state=card.state,
            balance=Money.from_domain(card.balance),
            expires_at=card.expires_at,
            key=key,
            program_key=ProgramKey(card.merchant_id, card.program_id),
        )


@strawberry.type
class MemberGiftCard(Node):
    last4: str
    state: GiftCardState
    balance: Money
    expires_at: datetime | None

    @classmethod
    def from_domain(cls, card: value.GiftCard) -> "MemberGiftCard":
        return cls(
            id=encode(MemberGiftCardKey(card.merchant_id, card.gift_card_id)),
            last4=card.last4,
            state=card.state,
            balance=Money.from_domain(card.balance),
            expires_at=card.expires_at,
        )


@strawberry.type
class GiftCardNotUsable(UserError):
    pass


@strawberry.type
class InsufficientValue(UserError):
    needed: Money
    available: Money


@strawberry.input
class TransferGiftCardBalanceInput:
    from_id: strawberry.ID
    to_id: strawberry.ID
    amount_minor: int
    idempotency_key: UUID


@strawberry.type
class GiftCardBalanceTransferred:
    source: GiftCard = strawberry.field(name="from")
    target: GiftCard = strawberry.field(name="to")


TransferGiftCardBalanceResult = Annotated[
    GiftCardBalanceTransferred | InvalidInput | NotFound | GiftCardNotUsable | InsufficientValue | IdempotencyKeyReused,
    strawberry.union("TransferGiftCardBalanceResult"),
]
