"""Points of one earning that are still there: why they came, when they unlock, when they go, which go first."""

from datetime import datetime

import strawberry

from schema.context import Info
from schema.field import described
from schema.history import PointsEntry
from schema.ids import CardKey, EntryKey
from wallet import lots
from wallet.values import Points


@strawberry.type
class PointsLot:
    points: Points = strawberry.field(description="As many as there were.")
    remaining: Points = strawberry.field(description="As many as are left; never 0.")
    available_at: datetime = strawberry.field(description="From then on they can be spent.")
    expires_at: datetime | None = strawberry.field(description="Null: never.")
    spend_order: int | None = strawberry.field(
        description="1 for those that the next purchase spends first; null for those that cannot be spent yet."
    )
    source_key: strawberry.Private[EntryKey]

    @described("The line of the history that they came with.")
    async def source(self, info: Info) -> PointsEntry:
        return PointsEntry.from_domain(await info.context.loaders.entry(self.source_key))

    @classmethod
    def from_domain(cls, lot: lots.Lot, card: CardKey) -> "PointsLot":
        return cls(
            points=lot.points,
            remaining=lot.remaining,
            available_at=lot.available_at,
            expires_at=lot.expires_at,
            spend_order=lot.spend_order,
            source_key=EntryKey(card.merchant_id, card.card_id, lot.source_seq),
        )
