"""E-gifts: as their sender sees them, as whoever claimed them does, and as the holder of a link does."""

from collections.abc import Mapping
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
from schema.gift_card import GiftCard, GiftCardNotUsable, InsufficientValue
from schema.gift_design import GiftDesign
from schema.ids import CardKey, CustomerKey, GiftCardKey, GiftDesignKey, GiftKey, RewardKey, encode
from schema.money import Money
from schema.node import Node
from schema.payment import GiftPayment
from schema.program import Program
from schema.reward import Reward, RewardUnavailable
from schema.voucher import Voucher
from wallet import gifts
from wallet.values import GiftKind, GiftStatus, Phrase, Points

strawberry.enum(GiftStatus)

strawberry.enum(GiftKind)

TOLD_OF: Mapping[str, GiftStatus] = {
    "PAID": GiftStatus.SCHEDULED,
    "SENT": GiftStatus.SENT,
    "DELIVERED": GiftStatus.DELIVERED,
    "BOUNCED": GiftStatus.BOUNCED,
    "RESENT": GiftStatus.SCHEDULED,
    "RESCHEDULED": GiftStatus.SCHEDULED,
    "VIEWED": GiftStatus.VIEWED,
    "CLAIMED": GiftStatus.CLAIMED,
    "SPENT": GiftStatus.SPENT,
    "DECLINED": GiftStatus.DECLINED,
    "CANCELLED": GiftStatus.CANCELLED,
    "RETURNED": GiftStatus.RETURNED,
}
"""What its events have made of a gift. Reminders and thanks made nothing else of it, and have fields."""

OF_THE_RECIPIENT = frozenset({GiftStatus.CLAIMED, GiftStatus.SPENT})


@strawberry.type
class GiftEvent:
    status: GiftStatus
    at: datetime


@strawberry.type(description="An e-gift as its sender sees it.")
class Gift(Node):
    status: GiftStatus
    kind: GiftKind
    points: Points = strawberry.field(description="What a reward cost its sender; 0 for money.")
    value: Money | None
    spent: Money | None = strawberry.field(description="How much of the value has left the gift card it came on.")
    thanks: str | None
    held_until: datetime | None = strawberry.field(description="A large first gift waits until then.")
    recipient_name: str
    recipient_email: str
    message: str | None
    deliver_at: datetime
    claimable_until: datetime
    created_at: datetime
    sent_at: datetime | None
    claimed_at: datetime | None
    sender_name: str | None = strawberry.field(description="For whoever claimed it; null for its sender.")
    gift_card_id: strawberry.ID | None = strawberry.field(
        description="For whoever claimed it: the gift card that the money came on."
    )
    gift: strawberry.Private[gifts.Gift]

    @strawberry.field
    async def card(self, info: Info) -> Card:
        gift = self.gift
        wanted = CardWanted(CustomerKey(gift.sender_customer_id), CardKey(gift.merchant_id, gift.card_id))
        if gift.received:
            assert gift.claimed_by is not None, "what was received was claimed"
            assert gift.claimed_card_id is not None, "with a card"
            wanted = CardWanted(CustomerKey(gift.claimed_by), CardKey(gift.merchant_id, gift.claimed_card_id))
        return Card.from_domain(await info.context.loaders.card(wanted))

    @described("Why the email did not arrive, for a person to read.")
    def delivery_problem(self, info: Info) -> str | None:
        if self.gift.received:
            return None
        if self.held_until is not None:
            return info.context.say.say(Phrase("gift_held", {"until_at": self.held_until.isoformat()}))
        return info.context.say.say(Phrase(f"delivery.{self.gift.problem}")) if self.gift.problem else None

    @strawberry.field
    async def reward(self, info: Info) -> Reward | None:
        gift = self.gift
        if gift.reward_id is None:
            return None
        return Reward.from_domain(await info.context.loaders.reward(RewardKey(gift.merchant_id, gift.reward_id)))

    @strawberry.field
    async def design(self, info: Info) -> GiftDesign | None:
        gift = self.gift
        if gift.design_id is None:
            return None
        key = GiftDesignKey(gift.merchant_id, gift.design_id)
        return GiftDesign.from_domain(await info.context.loaders.gift_design(key))

    @described("Null for what was not paid with money, and for whoever claimed it.")
    async def payment(self, info: Info) -> GiftPayment | None:
        gift = self.gift
        if gift.received or gift.kind is not GiftKind.VALUE:
            return None
        found = await info.context.loaders.gift_payment(GiftKey(gift.merchant_id, gift.gift_id))
        return GiftPayment.from_domain(found) if found else None

    @described("When both were told that it goes back soon, the last time.")
    async def reminded_at(self, info: Info) -> datetime | None:
        gift = self.gift
        if gift.received:
            return None
        found = await info.context.loaders.gift_events(GiftKey(gift.merchant_id, gift.gift_id))
        return max((event.at for event in found if event.kind == "REMINDED"), default=None)

    @described("What became of it, in order. Whoever claimed it sees what came then.")
    async def events(self, info: Info) -> list[GiftEvent]:
        gift = self.gift
        first = GiftStatus.AWAITING_PAYMENT if gift.kind is GiftKind.VALUE else GiftStatus.SCHEDULED
        told = {**TOLD_OF, "CREATED": first}
        found = await info.context.loaders.gift_events(GiftKey(gift.merchant_id, gift.gift_id))
        shown = [GiftEvent(status=told[event.kind], at=event.at) for event in found if event.kind in told]
        return [event for event in shown if event.status in OF_THE_RECIPIENT] if gift.received else shown

    @classmethod
    def from_domain(cls, gift: gifts.Gift) -> "Gift":
        return cls(
            id=encode(GiftKey(gift.merchant_id, gift.gift_id)),
            status=gift.status,
            kind=gift.kind,
            points=Points(0) if gift.received and gift.kind is GiftKind.REWARD else gift.points,
            value=Money.from_domain(gift.value) if gift.value else None,
            spent=Money.from_domain(gift.spent) if gift.spent else None,
            thanks=gift.thanks,
            held_until=gift.held_until if _waits(gift) else None,
            recipient_name=gift.recipient_name,
            recipient_email=gift.recipient_email,
            message=gift.message,
            deliver_at=gift.deliver_at,
            claimable_until=gift.claimable_until,
            created_at=gift.created_at,
            sent_at=gift.sent_at,
            claimed_at=gift.claimed_at,
            sender_name=gift.sender_name,
            gift_card_id=encode(GiftCardKey(gift.merchant_id, gift.gift_card_id)) if gift.gift_card_id else None,
            gift=gift,
        )


def _waits(gift: gifts.Gift) -> bool:
    """Whether the mail waits for something else than its moment."""
    held = gift.held_until is not None and gift.held_until > gift.deliver_at
    return held and gift.sent_at is None and gift.status is GiftStatus.SCHEDULED


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
            GiftEdge(node=Gift.from_domain(gift), cursor=gift_cursor(_place(gift), gift.gift_id)) for gift in page.gifts
        ]
        page_info = PageInfo.of([edge.cursor for edge in edges], more=page.has_next_page, after=after)
        return cls(edges=edges, page_info=page_info)


def _place(gift: gifts.Gift) -> datetime:
    """What a list of gifts is ordered by: when they were made, or claimed."""
    return (gift.claimed_at if gift.received else None) or gift.created_at


@strawberry.type(description="A gift as the holder of its link sees it, before claiming.")
class GiftPreview:
    sender_name: str
    recipient_name: str
    message: str | None
    kind: GiftKind
    points: Points = strawberry.field(description="0 for what is not points.")
    value: Money | None
    reward: Reward | None
    program: Program
    claimable_until: datetime
    design_key: strawberry.Private[GiftDesignKey | None]

    @strawberry.field
    async def design(self, info: Info) -> GiftDesign | None:
        if self.design_key is None:
            return None
        return GiftDesign.from_domain(await info.context.loaders.gift_design(self.design_key))

    @classmethod
    def from_domain(cls, preview: gifts.Preview) -> "GiftPreview":
        return cls(
            sender_name=preview.sender_name,
            recipient_name=preview.recipient_name,
            message=preview.message,
            kind=preview.kind,
            points=preview.points,
            value=Money.from_domain(preview.value) if preview.value else None,
            reward=Reward.from_domain(preview.reward) if preview.reward else None,
            program=Program.from_domain(preview.program),
            claimable_until=preview.claimable_until,
            design_key=GiftDesignKey(preview.design.merchant_id, preview.design.design_id) if preview.design else None,
        )


@strawberry.input
class SendGiftInput:
    card_id: strawberry.ID
    points: Points | None = strawberry.field(
        default=UNSET, description="Points, or valueMinor, or rewardId: exactly one."
    )
    value_minor: int | None = UNSET
    reward_id: strawberry.ID | None = UNSET
    gift_card_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="One of one's own gift cards that valueMinor comes out of. Without it the money is paid for.",
    )
    design_id: strawberry.ID | None = UNSET
    recipient_name: str
    recipient_email: str
    message: str | None = strawberry.field(default=UNSET, description="Plain text, 280 characters at most, no links.")
    deliver_at: datetime | None = strawberry.field(default=UNSET, description="Now, if left out; a year ahead at most.")
    idempotency_key: UUID


@strawberry.type
class GiftSent:
    gift: Gift
    card: Card


@strawberry.type(description="A gift of money: its mail leaves once it is paid for.")
class GiftAwaitsPayment:
    gift: Gift
    payment: GiftPayment


@strawberry.type
class InsufficientPoints(UserError):
    needed: Points
    available: Points


@strawberry.type
class GiftLimitReached(UserError):
    retry_at: datetime | None


SendGiftResult = Annotated[
    GiftSent
    | GiftAwaitsPayment
    | InvalidInput
    | NotFound
    | InsufficientPoints
    | RewardUnavailable
    | GiftCardNotUsable
    | InsufficientValue
    | GiftLimitReached
    | IdempotencyKeyReused,
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
    gift_id: strawberry.ID = strawberry.field(description="To thank for it.")
    card: Card
    points: Points = strawberry.field(description="0 for what is not points.")
    sender_name: str
    gift_card: GiftCard | None = strawberry.field(description="Of a gift of money.")
    voucher: Voucher | None = strawberry.field(description="Of a gift of a reward.")


@strawberry.type(description="Unknown, claimed, cancelled or past its date: one answer for all.")
class GiftNotClaimable(UserError):
    pass


ClaimGiftResult = Annotated[GiftClaimed | GiftNotClaimable | IdempotencyKeyReused, strawberry.union("ClaimGiftResult")]


@strawberry.input
class RescheduleGiftInput:
    gift_id: strawberry.ID
    deliver_at: datetime
    idempotency_key: UUID


@strawberry.type
class GiftRescheduled:
    gift: Gift


RescheduleGiftResult = Annotated[
    GiftRescheduled | InvalidInput | NotFound | GiftNotOpen | IdempotencyKeyReused,
    strawberry.union("RescheduleGiftResult"),
]


@strawberry.input(description="Whoever holds the link may, signed in or not.")
class DeclineGiftInput:
    token: str
    idempotency_key: UUID


@strawberry.type
class GiftDeclined:
    sender_name: str


DeclineGiftResult = Annotated[
    GiftDeclined | GiftNotClaimable | IdempotencyKeyReused, strawberry.union("DeclineGiftResult")
]


@strawberry.input
class ThankForGiftInput:
    gift_id: strawberry.ID
    message: str = strawberry.field(description="Plain text, 280 characters at most, no links.")
    idempotency_key: UUID


@strawberry.type
class GiftThanked:
    gift: Gift


ThankForGiftResult = Annotated[
    GiftThanked | InvalidInput | NotFound | IdempotencyKeyReused, strawberry.union("ThankForGiftResult")
]


@strawberry.type
class GiftViewed:
    preview: GiftPreview


MarkGiftViewedResult = Annotated[GiftViewed | GiftNotClaimable, strawberry.union("MarkGiftViewedResult")]
