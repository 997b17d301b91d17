"""E-gifts of points: as their sender sees them, and as the holder of a link does."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.card import Card
from schema.connection import PageInfo, gift_cursor
from schema.context import CardWanted, Info
from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound, TooManyAttempts, UserError
from schema.field import described
from schema.ids import CardKey, CustomerKey, GiftKey, encode
from schema.node import Node
from schema.program import Program
from wallet import gifts
from wallet.gifts import DeliveryProblem
from wallet.values import GiftStatus, Phrase, Points

strawberry.enum(GiftStatus)


@strawberry.type(description="An e-gift as its sender sees it.")
class Gift(Node):
    status: GiftStatus
    points: Points
    recipient_name: str
    recipient_email: str
    message: str | None
    deliver_at: datetime
    claimable_until: datetime
    created_at: datetime
    sent_at: datetime | None
    claimed_at: datetime | None
    problem: strawberry.Private[DeliveryProblem | None]
    card_wanted: strawberry.Private[CardWanted]

    @strawberry.field
    async def card(self, info: Info) -> Card:
        return Card.from_domain(await info.context.loaders.card(self.card_wanted))

    @described("Why the email did not arrive, for a person to read.")
    def delivery_problem(self, info: Info) -> str | None:
        return info.context.say.say(Phrase(f"delivery.{self.problem}")) if self.problem else None

    @classmethod
    def from_domain(cls, gift: gifts.Gift) -> "Gift":
        return cls(
            id=encode(GiftKey(gift.merchant_id, gift.gift_id)),
            status=gift.status,
            points=gift.points,
            recipient_name=gift.recipient_name,
            recipient_email=gift.recipient_email,
            message=gift.message,
            deliver_at=gift.deliver_at,
            claimable_until=gift.claimable_until,
            created_at=gift.created_at,
            sent_at=gift.sent_at,
            claimed_at=gift.claimed_at,
            problem=gift.problem,
            card_wanted=CardWanted(CustomerKey(gift.sender_customer_id), CardKey(gift.merchant_id, gift.card_id)),
        )


@strawberry.type
class GiftEdge:
    node: Gift
    cursor: str


@strawberry.type
class GiftConnection:
    edges: list[GiftEdge]
    page_info: PageInfo

    @classmethod
    def from_domain(cls, page: gifts.GiftPage, *, after: bool) -> "GiftConnection":
        edges = [
            GiftEdge(node=Gift.from_domain(gift), cursor=gift_cursor(gift.created_at, gift.gift_id))
            for gift in page.gifts
        ]
        page_info = PageInfo.of([edge.cursor for edge in edges], more=page.has_next_page, after=after)
        return cls(edges=edges, page_info=page_info)


@strawberry.type(description="A gift as the holder of its link sees it, before claiming.")
class GiftPreview:
    sender_name: str
    recipient_name: str
    message: str | None
    points: Points
    program: Program
    claimable_until: datetime

    @classmethod
    def from_domain(cls, preview: gifts.Preview) -> "GiftPreview":
        return cls(
            sender_name=preview.sender_name,
            recipient_name=preview.recipient_name,
            message=preview.message,
            points=preview.points,
            program=Program.from_domain(preview.program),
            claimable_until=preview.claimable_until,
        )


@strawberry.input
class SendGiftInput:
    card_id: strawberry.ID
    points: Points
    recipient_name: str
    recipient_email: str
    message: str | None = strawberry.field(default=UNSET, description="Plain text, 280 characters at most, no links.")
    deliver_at: datetime | None = strawberry.field(default=UNSET, description="Now, if left out; a year ahead at most.")
    idempotency_key: UUID


@strawberry.type
class GiftSent:
    gift: Gift
    card: Card


@strawberry.type
class InsufficientPoints(UserError):
    needed: Points
    available: Points


@strawberry.type
class GiftLimitReached(UserError):
    retry_at: datetime | None


SendGiftResult = Annotated[
    GiftSent | InvalidInput | NotFound | InsufficientPoints | GiftLimitReached | IdempotencyKeyReused,
    strawberry.union("SendGiftResult"),
]


@strawberry.input
class CancelGiftInput:
    gift_id: strawberry.ID
    idempotency_key: UUID


@strawberry.type
class GiftCancelled:
    gift: Gift
    card: Card


@strawberry.type(description="Claimed, cancelled or returned already.")
class GiftNotOpen(UserError):
    gift: Gift


CancelGiftResult = Annotated[
    GiftCancelled | NotFound | GiftNotOpen | IdempotencyKeyReused, strawberry.union("CancelGiftResult")
]


@strawberry.input
class ResendGiftInput:
    gift_id: strawberry.ID
    corrected_email: str | None = UNSET
    idempotency_key: UUID


@strawberry.type
class GiftResent:
    gift: Gift


ResendGiftResult = Annotated[
    GiftResent | InvalidInput | NotFound | GiftNotOpen | TooManyAttempts | IdempotencyKeyReused,
    strawberry.union("ResendGiftResult"),
]


@strawberry.input(description="Only while signed in; the viewer joins the program if need be. One claim wins.")
class ClaimGiftInput:
    token: str
    idempotency_key: UUID


@strawberry.type
class GiftClaimed:
    card: Card
    points: Points
    sender_name: str


@strawberry.type(description="Unknown, claimed, cancelled or past its date: one answer for all.")
class GiftNotClaimable(UserError):
    pass


ClaimGiftResult = Annotated[GiftClaimed | GiftNotClaimable | IdempotencyKeyReused, strawberry.union("ClaimGiftResult")]
