"""A reward that was bought, or that a full punch card gave, until it is handed over."""

from datetime import datetime

import strawberry

from schema.errors import UserError
from schema.ids import VoucherKey, encode
from schema.node import Node
from schema.reward import Reward
from wallet import rewards
from wallet.values import Points, VoucherOrigin, VoucherState

strawberry.enum(VoucherState)

USABLE_ALONE = [VoucherState.USABLE]


@strawberry.type
class Voucher(Node):
    reward: Reward
    state: VoucherState
    usable_until: datetime | None
    used_at: datetime | None
    store_name: str | None
    points_back: Points = strawberry.field(
        description="What comes back to the card if it is cancelled now; 0 for a gift."
    )
    stamps_back: int = strawberry.field(description="The same in stamps.")

    @classmethod
    def from_domain(cls, voucher: rewards.Voucher) -> "Voucher":
        back = voucher.state is VoucherState.USABLE and voucher.origin is not VoucherOrigin.GIFT
        return cls(
            id=encode(VoucherKey(voucher.merchant_id, voucher.voucher_id)),
            reward=Reward.from_domain(voucher.reward),
            state=voucher.state,
            usable_until=voucher.usable_until,
            used_at=voucher.used_at,
            store_name=voucher.store_name,
            points_back=voucher.points if back else Points(0),
            stamps_back=voucher.stamps if back else 0,
        )


@strawberry.type
class VoucherNotUsable(UserError):
    voucher: Voucher
