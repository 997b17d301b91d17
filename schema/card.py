"""The digital card, and how a customer gets one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.connection import page_size, read_seq_cursor
from schema.context import HistoryWanted, Info
from schema.errors import IdempotencyKeyReused, NotFound
from schema.field import described, given
from schema.history import EntryKind, PointsEntry, PointsEntryConnection
from schema.ids import CardKey, ProgramKey, encode
from schema.node import Node
from schema.program import Program
from wallet import cards, values
from wallet.values import Points


@strawberry.type
class PointsBalance:
    active: Points = strawberry.field(description="Spendable now.")
    pending: Points = strawberry.field(description="Earned, not yet spendable.")
    reserved: Points = strawberry.field(
        description="Taken out of active by something unfinished: a gift not yet claimed, a voucher not yet used."
    )
    lifetime_earned: Points


@strawberry.type
class ExpiringPoints:
    points: Points
    expires_at: datetime


@strawberry.type(description="A customer's membership in one program: the digital card.")
class Card(Node):
    number: str = strawberry.field(description="16 digits, the last one a Damm check digit; shown in groups of four.")
    balance: PointsBalance
    revision: int = strawberry.field(
        description="Grows by one with every change of the card; "
        "the same number stands on the app, the pass and the receipt."
    )
    key: strawberry.Private[CardKey]
    program_key: strawberry.Private[ProgramKey]

    @strawberry.field
    async def program(self, info: Info) -> Program:
        return Program.from_domain(await info.context.loaders.program(self.program_key))

    @described("Newest first.")
    async def history(
        self,
        info: Info,
        first: int = 20,
        after: str | None = UNSET,
        kinds: list[EntryKind] | None = UNSET,
    ) -> PointsEntryConnection:
        first, before_seq = page_size(first), read_seq_cursor(given(after))
        shown = given(kinds)
        kept = None if shown is None else tuple(sorted({values.EntryKind(kind.value) for kind in shown}))
        wanted = HistoryWanted(self.key, first + 1, before_seq, kept)
        entries = await info.context.loaders.history(wanted)
        return PointsEntryConnection.from_domain(entries, first=first, after=before_seq)

    @described("What expires when, soonest first; sums to the part of the balance that expires.")
    async def expiring(self, info: Info) -> list[ExpiringPoints]:
        due = await info.context.loaders.expiring(self.key)
        return [ExpiringPoints(points=part.points, expires_at=part.expires_at) for part in due]

    @classmethod
    def from_domain(cls, card: cards.Card) -> "Card":
        key = CardKey(card.merchant_id, card.card_id)
        return cls(
            id=encode(key),
            number=card.number,
            balance=PointsBalance(
                active=card.active,
                pending=card.pending,
                reserved=card.reserved,
                lifetime_earned=card.lifetime_earned,
            ),
            revision=card.revision,
            key=key,
            program_key=ProgramKey(card.merchant_id, card.program_id),
        )


@strawberry.type
class CardChange:
    card: Card
    entry: PointsEntry | None


@strawberry.input
class JoinProgramInput:
    program_slug: str
    idempotency_key: UUID


@strawberry.type
class ProgramJoined:
    card: Card
    already_member: bool


JoinProgramResult = Annotated[ProgramJoined | NotFound | IdempotencyKeyReused, strawberry.union("JoinProgramResult")]
