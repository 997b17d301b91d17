"""The digital card, and how a customer gets one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.connection import page_size, read_seq_cursor
from schema.context import BalanceWanted, HistoryWanted, Info, OffersWanted, StatementWanted, VouchersWanted
from schema.errors import IdempotencyKeyReused, NotFound
from schema.failures import BadUserInput
from schema.field import described, given
from schema.history import EntryKind, PointsEntry, PointsEntryConnection
from schema.ids import CardKey, ProgramKey, encode
from schema.lot import PointsLot
from schema.node import Node
from schema.program import Program
from schema.reward import RewardOffer
from schema.scalars import write_moment
from schema.stamps import StampProgress, stamp_progress
from schema.statement import Statement
from schema.tier import TierProgress, tier_progress
from schema.voucher import USABLE_ALONE, Voucher
from wallet import cards, values
from wallet.errors import PeriodTooLong
from wallet.tiers import Standing
from wallet.values import Points, VoucherState


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
    revision: int = strawberry.field(
        description="Grows by one with every change of the card; "
        "the same number stands on the app, the pass and the receipt."
    )
    balance_now: strawberry.Private[PointsBalance]
    key: strawberry.Private[CardKey]
    program_key: strawberry.Private[ProgramKey]
    standing: strawberry.Private[Standing]
    stamps_collected: strawberry.Private[int]

    @strawberry.field
    async def program(self, info: Info) -> Program:
        return Program.from_domain(await info.context.loaders.program(self.program_key))

    @described(
        "As it stands; with `at`, as it stood at that moment, or as it will stand then if nothing else happens: "
        "pending points become spendable, points expire, gifts and vouchers that nobody uses come back."
    )
    async def balance(self, info: Info, at: datetime | None = UNSET) -> PointsBalance:
        moment = given(at)
        if moment is None:
            return self.balance_now
        then = await info.context.loaders.balance(BalanceWanted(self.key, moment))
        return PointsBalance(
            active=then.active,
            pending=then.pending,
            reserved=then.reserved,
            lifetime_earned=then.lifetime_earned,
        )

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

    @described("Null where the program has none.")
    async def stamps(self, info: Info) -> StampProgress | None:
        return await stamp_progress(info, self.program_key, self.stamps_collected)

    @described("Null where the program has none.")
    async def tier(self, info: Info) -> TierProgress | None:
        return await tier_progress(info, self.program_key, self.key.card_id, self.standing)

    @described("All rewards of the program, what this member can have first.")
    async def rewards(self, info: Info) -> list[RewardOffer]:
        offers = await info.context.loaders.offers(OffersWanted(self.key))
        return [RewardOffer.from_domain(offer) for offer in offers]

    @strawberry.field
    async def vouchers(self, info: Info, states: list[VoucherState] | None = USABLE_ALONE) -> list[Voucher]:
        wanted = VouchersWanted(self.key, tuple(sorted(set(VoucherState if states is None else states))))
        return [Voucher.from_domain(voucher) for voucher in await info.context.loaders.vouchers(wanted)]

    @described("Lots in the order in which the next purchase spends them.")
    async def lots(self, info: Info) -> list[PointsLot]:
        """Behind them those that are pending, by their dates, and last those that the merchant has to look at."""
        found = await info.context.loaders.lots(self.key)
        return [PointsLot.from_domain(lot, self.key) for lot in found]

    @described("Signed; check it with `regulars statement verify`.")
    async def statement(
        self, info: Info, since: Annotated[datetime, strawberry.argument(name="from")], to: datetime
    ) -> Statement:
        """Of what was posted from `since` to before `to`, as far as one statement holds it."""
        if since >= to:
            raise BadUserInput("from must be before to.")
        try:
            signed = await info.context.loaders.statement(StatementWanted(self.key, since, to))
        except PeriodTooLong as refusal:
            until = write_moment(refusal.until)
            raise BadUserInput(f"More than {refusal.most} entries: ask to {until}, then from there.") from None
        return Statement.from_domain(signed)

    @classmethod
    def from_domain(cls, card: cards.Card) -> "Card":
        key = CardKey(card.merchant_id, card.card_id)
        return cls(
            id=encode(key),
            number=card.number,
            balance_now=PointsBalance(
                active=card.active,
                pending=card.pending,
                reserved=card.reserved,
                lifetime_earned=card.lifetime_earned,
            ),
            revision=card.revision,
            key=key,
            program_key=ProgramKey(card.merchant_id, card.program_id),
            standing=card.standing,
            stamps_collected=card.stamps,
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
