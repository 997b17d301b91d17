"""Whom the counter serves: the code that was scanned, the visit it opened, and what may be seen of the customer."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import TooManyAttempts, UserError
from schema.ids import MemberCardKey, VisitKey, encode
from schema.node import Node
from schema.translations import Translator
from wallet import visits
from wallet.values import Points


@strawberry.type(description="What the counter may see of a customer: no email, no history of other stores' receipts.")
class MemberCard(Node):
    display_name: str
    number_last4: str
    point_name: str
    point_name_plural: str
    active: Points
    pending: Points
    revision: int

    @classmethod
    def from_domain(cls, card: visits.MemberCard, say: Translator) -> "MemberCard":
        return cls(
            id=encode(MemberCardKey(card.merchant_id, card.card_id)),
            display_name=card.display_name or say.gettext("Member"),
            number_last4=card.number_last4,
            point_name=card.point_name,
            point_name_plural=card.point_name_plural,
            active=card.active,
            pending=card.pending,
            revision=card.revision,
        )


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
    Visit | CodeInvalid | CodeExpired | CodeAlreadyUsed | TooManyAttempts, strawberry.union("ScanResult")
]


@strawberry.input(one_of=True, description="Exactly one of them.")
class CustomerRefInput:
    visit_id: strawberry.ID | None = UNSET
    code: str | None = UNSET
