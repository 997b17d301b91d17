"""Whom the counter serves: the code that was scanned, the visit it opened, and what may be seen of the customer."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info, MemberGiftCardsWanted, OffersWanted, VouchersWanted
from schema.errors import TooManyAttempts, UserError
from schema.field import described
from schema.gift_card import MemberGiftCard
from schema.ids import CardKey, MemberCardKey, ProgramKey, VisitKey, encode
from schema.node import Node
from schema.operator import OperatorUnknown
from schema.reward import RewardOffer
from schema.stamps import StampProgress, stamp_progress
from schema.tier import TierProgress, tier_progress
from schema.translations import PointNames, Translator
from schema.voucher import Voucher
from wallet import visits
from wallet.tiers import Standing
from wallet.values import Points, VoucherState


@strawberry.type(description="What the counter may see of a customer: no email, no history of other stores' receipts.")
class MemberCard(Node):
    display_name: str
    number_last4: str
    point_name: str
    point_name_plural: str
    active: Points
    pending: Points
    revision: int
    key: strawberry.Private[MemberCardKey]
    program_key: strawberry.Private[ProgramKey]
    standing: strawberry.Private[Standing]
    stamps_collected: strawberry.Private[int]

    @described("Null where the program has none.")
    async def stamps(self, info: Info) -> StampProgress | None:
        return await stamp_progress(info, self.program_key, self.stamps_collected)

    @described("Null where the program has none.")
    async def tier(self, info: Info) -> TierProgress | None:
        return await tier_progress(info, self.program_key, self.key.card_id, self.standing)

    @described("What is had in this store, what this member can have first.")
    async def rewards(self, info: Info) -> list[RewardOffer]:
        terminal = info.context.terminal
        assert terminal is not None, "only a till is shown a member's card"
        offers = await info.context.loaders.offers(OffersWanted(self._card, terminal.store_id))
        names = PointNames(self.point_name, self.point_name_plural)
        return [RewardOffer.from_domain(offer, names) for offer in offers]

    @described("What can be used in this store, the newest first.")
    async def vouchers(self, info: Info) -> list[Voucher]:
        terminal = info.context.terminal
        assert terminal is not None, "only a till is shown a member's card"
        found = await info.context.loaders.vouchers(VouchersWanted(self._card, (VoucherState.USABLE,)))
        return [Voucher.from_domain(voucher) for voucher in found if voucher.is_usable_at(terminal.store_id)]

    @described("Money that can pay here, the soonest to expire first. Of somebody who was looked up there is none.")
    async def gift_cards(self, info: Info) -> list[MemberGiftCard]:
        terminal = info.context.terminal
        assert terminal is not None, "only a till is shown a member's card"
        found = await info.context.loaders.member_gift_cards(MemberGiftCardsWanted(self._card, terminal.store_id))
        return [MemberGiftCard.from_domain(card) for card in found]

    @property
    def _card(self) -> CardKey:
        return CardKey(self.key.merchant_id, self.key.card_id)

    @classmethod
    def from_domain(cls, card: visits.MemberCard, say: Translator) -> "MemberCard":
        key = MemberCardKey(card.merchant_id, card.card_id)
        return cls(
            id=encode(key),
            display_name=shown_name(card, say),
            number_last4=card.number_last4,
            point_name=card.point_name,
            point_name_plural=card.point_name_plural,
            active=card.active,
            pending=card.pending,
            revision=card.revision,
            key=key,
            program_key=ProgramKey(card.merchant_id, card.program_id),
            standing=card.standing,
            stamps_collected=card.stamps,
        )


def shown_name(card: visits.MemberCard, say: Translator) -> str:
    """What the counter calls the customer: by the name that it may see, if there is one."""
    return card.display_name or say.gettext("Member")


@strawberry.type
class Visit(Node):
    expires_at: datetime
    card_key: strawberry.Private[MemberCardKey]

    @strawberry.field
    async def card(self, info: Info) -> MemberCard:
        return MemberCard.from_domain(await info.context.loaders.member_card(self.card_key), info.context.say)

    @classmethod
    def from_domain(cls, visit: visits.Visit) -> "Visit":
        return cls(
            id=encode(VisitKey(visit.merchant_id, visit.visit_id)),
            expires_at=visit.expires_at,
            card_key=MemberCardKey(visit.merchant_id, visit.card_id),
        )


@strawberry.input(description="The QR's 218 digits, or the 10 digits under it. Spaces are ignored.")
class ScanInput:
    code: str
    operator_pin: str | None = strawberry.field(default=UNSET, description="Who stands at the till.")


@strawberry.type
class CodeInvalid(UserError):
    pass


@strawberry.type
class CodeExpired(UserError):
    expired_at: datetime


@strawberry.type
class CodeAlreadyUsed(UserError):
    used_at: datetime


ScanResult = Annotated[
    Visit | CodeInvalid | CodeExpired | CodeAlreadyUsed | TooManyAttempts | OperatorUnknown,
    strawberry.union("ScanResult"),
]


@strawberry.input(one_of=True, description="Exactly one of them.")
class CustomerRefInput:
    visit_id: strawberry.ID | None = UNSET
    code: str | None = UNSET
