"""Buying a reward in the app, and giving it back unused."""

from typing import Annotated
from uuid import UUID

import strawberry

from schema.card import Card
from schema.errors import IdempotencyKeyReused, NotFound
from schema.gift import InsufficientPoints
from schema.reward import RewardUnavailable
from schema.voucher import Voucher, VoucherNotUsable


@strawberry.input
class ClaimRewardInput:
    card_id: strawberry.ID
    reward_id: strawberry.ID
    idempotency_key: UUID


@strawberry.type
class RewardClaimed:
    voucher: Voucher
    card: Card


ClaimRewardResult = Annotated[
    RewardClaimed | NotFound | InsufficientPoints | RewardUnavailable | IdempotencyKeyReused,
    strawberry.union("ClaimRewardResult"),
]


@strawberry.input
class CancelVoucherInput:
    voucher_id: strawberry.ID
    idempotency_key: UUID


@strawberry.type
class VoucherCancelled:
    voucher: Voucher
    card: Card


CancelVoucherResult = Annotated[
    VoucherCancelled | NotFound | VoucherNotUsable | IdempotencyKeyReused, strawberry.union("CancelVoucherResult")
]
