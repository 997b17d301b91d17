"""The customers' API: every root field, and the resolver behind it."""

from collections.abc import AsyncGenerator

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    card_changes,
    check_ins,
    confirmations,
    gift_cards,
    gift_changes,
    gift_drafts,
    gifts,
    nodes,
    profiles,
    programs,
    rewards,
    sessions,
)
from resolvers.refusals import HANDLERS
from schema.card import Card, CardChange, JoinProgramResult
from schema.check_in import CreateCheckInCodeResult
from schema.claim import CancelVoucherResult, ClaimRewardResult
from schema.confirmation import ConfirmEmailResult
from schema.customer import Customer, SetBirthdayResult, UpdateProfileResult
from schema.gift import (
    CancelGiftResult,
    ClaimGiftResult,
    DeclineGiftResult,
    Gift,
    GiftPreview,
    MarkGiftViewedResult,
    RescheduleGiftResult,
    ResendGiftResult,
    SendGiftResult,
    ThankForGiftResult,
)
from schema.gift_card import GiftCard, GiftCardActivity, TransferGiftCardBalanceResult
from schema.gift_design import GiftDesign
from schema.gift_draft import GiftDraftResult
from schema.history import PointsEntry
from schema.money import Money
from schema.node import Node
from schema.program import Program
from schema.reward import Reward
from schema.scalars import SCALARS
from schema.session import RefreshSessionResult, Session, SignOutResult
from schema.sign_in import RequestSignInCodeResult, SignInResult
from schema.voucher import Voucher


@strawberry.type
class Query:
    viewer: Customer | None = strawberry.field(resolver=profiles.viewer, description="Null when signed out.")
    program: Program | None = strawberry.field(
        resolver=programs.program, description="Public: what a join poster opens."
    )
    gift: GiftPreview | None = strawberry.field(
        resolver=gifts.gift,
        description="Public: what an emailed gift link shows. Never changes anything. "
        "Null for anything that cannot be claimed by this token.",
    )
    gift_draft: GiftDraftResult = strawberry.field(
        resolver=gift_drafts.gift_draft,
        description="A gift before it is sent: its mail and its page. Nothing is written.",
    )
    node: Node | None = strawberry.field(resolver=nodes.node)


@strawberry.type
class Mutation:
    request_sign_in_code: RequestSignInCodeResult = strawberry.mutation(
        resolver=sessions.request_sign_in_code,
        description="Emails a code. The answer is the same whether or not the address is known.",
    )
    sign_in: SignInResult = strawberry.mutation(resolver=sessions.sign_in_with_code)
    refresh_session: RefreshSessionResult = strawberry.mutation(resolver=sessions.refresh_session)
    sign_out: SignOutResult = strawberry.mutation(
        resolver=sessions.sign_out, description="Ends the current session, or another of the viewer's."
    )
    update_profile: UpdateProfileResult = strawberry.mutation(
        resolver=profiles.update_profile, description="Changes the name, the language, or both."
    )
    set_birthday: SetBirthdayResult = strawberry.mutation(resolver=profiles.set_birthday, description="Once.")
    confirm_email: ConfirmEmailResult = strawberry.mutation(
        resolver=confirmations.confirm_email,
        description="By the link that was mailed to a customer who was enrolled at a counter.",
    )
    join_program: JoinProgramResult = strawberry.mutation(
        resolver=programs.join_program, description="Returns the existing card where there is one."
    )
    create_check_in_code: CreateCheckInCodeResult = strawberry.mutation(
        resolver=check_ins.create_check_in_code, description="A short-lived single-use code for the counter."
    )
    send_gift: SendGiftResult = strawberry.mutation(resolver=gifts.send_gift)
    cancel_gift: CancelGiftResult = strawberry.mutation(resolver=gifts.cancel_gift)
    resend_gift: ResendGiftResult = strawberry.mutation(
        resolver=gifts.resend_gift,
        description="Sends the email again, to a corrected address if one is given. The earlier link stops working.",
    )
    claim_gift: ClaimGiftResult = strawberry.mutation(resolver=gifts.claim_gift)
    reschedule_gift: RescheduleGiftResult = strawberry.mutation(
        resolver=gifts.reschedule_gift, description="Before its email has left."
    )
    decline_gift: DeclineGiftResult = strawberry.mutation(resolver=gifts.decline_gift)
    thank_for_gift: ThankForGiftResult = strawberry.mutation(
        resolver=gifts.thank_for_gift, description="By whoever claimed it, once."
    )
    mark_gift_viewed: MarkGiftViewedResult = strawberry.mutation(
        resolver=gifts.mark_gift_viewed,
        description="Says that a person, not a mail scanner, has the gift before their eyes.",
    )
    claim_reward: ClaimRewardResult = strawberry.mutation(
        resolver=rewards.claim_reward,
        description="Buys a reward with points or stamps now, to be used at the till later.",
    )
    transfer_gift_card_balance: TransferGiftCardBalanceResult = strawberry.mutation(
        resolver=gift_cards.transfer_gift_card_balance,
        description="Moves money between the viewer's own gift cards of one program.",
    )
    cancel_voucher: CancelVoucherResult = strawberry.mutation(
        resolver=rewards.cancel_voucher, description="Gives the points back to their own lots."
    )


@strawberry.type
class Subscription:
    card_changed: AsyncGenerator[CardChange, None] = strawberry.subscription(
        resolver=card_changes.card_changed,
        description="An event for every committed change of the card, in order of revision. "
        "The socket closes with 4403 when the access token expires.",
    )
    gift_changed: AsyncGenerator[Gift, None] = strawberry.subscription(
        resolver=gift_changes.gift_changed,
        description="A gift that one sent: as it is, and again whenever something became of it.",
    )


customer_schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        Card,
        Customer,
        Gift,
        GiftCard,
        GiftCardActivity,
        GiftDesign,
        Money,
        PointsEntry,
        Program,
        Reward,
        Session,
        Voucher,
    ],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    exception_handlers=HANDLERS,
)
