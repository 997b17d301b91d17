from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import strawberry

from schema.connection import PageInfo, seq_cursor
from schema.context import Info
from schema.field import described
from schema.ids import EntryKey, entry_id
from schema.node import Node
from wallet import history, values
from wallet.values import Points


@strawberry.enum
class EntryKind(StrEnum):
    """The ledger's kinds but the HIDDEN ones, which move nothing that a customer could see."""

    EARNED = "EARNED"
    BONUS = "BONUS"
    ACTIVATED = "ACTIVATED"
    REDEEMED = "REDEEMED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"
    EXPIRED = "EXPIRED"
    ADJUSTED = "ADJUSTED"
    REVERSED = "REVERSED"
    GIFT_SENT = "GIFT_SENT"
    GIFT_RETURNED = "GIFT_RETURNED"
    GIFT_RECEIVED = "GIFT_RECEIVED"


SHOWN = {values.EntryKind(kind.value): kind for kind in EntryKind}


@strawberry.type(description="One line of the points history. Never edited: a correction is a new line.")
class PointsEntry(Node):
    kind: EntryKind
    points: Points = strawberry.field(description="Signed change of the active balance.")
    pending_points: Points = strawberry.field(description="Signed change of the pending balance.")
    balance_after: Points = strawberry.field(description="Active balance after this line.")
    occurred_at: datetime = strawberry.field(description="When it happened at the counter.")
    posted_at: datetime = strawberry.field(description="When it was posted here.")
    store_name: str | None
    receipt_number: str | None
    entry: strawberry.Private[history.Entry]

    @described("Why, one sentence a reason, in the reader's language.")
    def reasons(self, info: Info) -> list[str]:
        # None of these sentences says what the program calls its points, so no program is read for them.
        say = info.context.say
        return [say.say(reason) for reason in self.entry.reasons]

    @described("The earlier line that this one takes back.")
    async def reverses(self, info: Info) -> "PointsEntry | None":
        return await self._other(info, self.entry.reverses_seq)

    @described("The later line that took this one back.")
    async def reversed_by(self, info: Info) -> "PointsEntry | None":
        return await self._other(info, self.entry.reversed_by_seq)

    async def _other(self, info: Info, seq: int | None) -> "PointsEntry | None":
        if seq is None:
            return None
        key = EntryKey(self.entry.merchant_id, self.entry.card_id, seq)
        return PointsEntry.from_domain(await info.context.loaders.entry(key))

    @classmethod
    def from_domain(cls, entry: history.Entry) -> "PointsEntry":
        return cls(
            id=entry_id(entry.merchant_id, entry.card_id, entry.seq),
            kind=SHOWN[entry.kind],
            points=Points(entry.points),
            pending_points=Points(entry.pending_points),
            balance_after=entry.active_after,
            occurred_at=entry.occurred_at,
            posted_at=entry.posted_at,
            store_name=entry.store_name,
            receipt_number=entry.receipt_number,
            entry=entry,
        )


@strawberry.type
class PointsEntryEdge:
    node: PointsEntry
    cursor: str


@strawberry.type
class PointsEntryConnection:
    edges: list[PointsEntryEdge]
    page_info: PageInfo

    @classmethod
    def from_domain(cls, entries: Sequence[history.Entry], *, first: int, after: int | None) -> "PointsEntryConnection":
        """`entries` are one more than `first` where there is a next page."""
        edges = [
            PointsEntryEdge(node=PointsEntry.from_domain(entry), cursor=seq_cursor(entry.seq))
            for entry in entries[:first]
        ]
        page_info = PageInfo.of([edge.cursor for edge in edges], more=len(entries) > first, after=after is not None)
        return cls(edges=edges, page_info=page_info)
