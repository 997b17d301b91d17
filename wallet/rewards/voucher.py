"""A voucher: a reward that was bought, or that a full punch card gave, until it is handed over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.database import Row
from wallet.midnights import first_midnight
from wallet.rewards import reward
from wallet.rewards.reward import Reward
from wallet.values import (
    AccountId,
    CardId,
    MerchantId,
    Points,
    SaleId,
    StoreId,
    VoucherId,
    VoucherOrigin,
    VoucherState,
)


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher as it was when it was read: past `usable_until` it is LAPSED, whether or not its points are back yet.

    `points` and `stamps` are what it cost. The points of one that can be used stand on `account_id`; `redeemed_seq` is
    the entry of the card that paid for it. `store_name` says where it was used.
    """

    merchant_id: MerchantId
    voucher_id: VoucherId
    card_id: CardId
    reward: Reward
    origin: VoucherOrigin
    state: VoucherState
    points: Points
    stamps: int
    account_id: AccountId | None
    redeemed_seq: int | None
    created_at: datetime
    usable_until: datetime | None
    used_at: datetime | None
    used_sale_id: SaleId | None
    store_name: str | None

    @property
    def counts_in_stock(self) -> bool:
        """Whether it took one of the stock. A full punch card did not: it always gets what it was promised."""
        return self.origin is not VoucherOrigin.STAMPS

    def is_usable_at(self, store_id: StoreId) -> bool:
        """Whether a till of this store can take it."""
        return self.state is VoucherState.USABLE and self.reward.is_had_at(store_id)


def from_row(row: Row) -> Voucher:
    """From a row that has the columns of the reward beside those of the voucher."""
    return Voucher(
        merchant_id=row["merchant_id"],
        voucher_id=row["voucher_id"],
        card_id=row["card_id"],
        reward=reward.from_row(row),
        origin=VoucherOrigin(row["origin"]),
        state=VoucherState(row["state"]),
        points=row["points"],
        stamps=row["stamps"],
        account_id=row["account_id"],
        redeemed_seq=row["redeemed_seq"],
        created_at=row["voucher_made_at"],
        usable_until=row["usable_until"],
        used_at=row["used_at"],
        used_sale_id=row["used_sale_id"],
        store_name=row["store_name"],
    )


def usable_until(voucher_days: int, *, issued_at: datetime, zone: ZoneInfo) -> datetime:
    """When a voucher that was issued at `issued_at` is over: the midnight that ends its last day at the merchant's."""
    return first_midnight(issued_at + timedelta(days=voucher_days), zone)
