"""Recording sales, at the counter and later."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.errors import IdempotencyKeyReused, InvalidInput, NotFound
from schema.gift import InsufficientPoints
from schema.gift_card import GiftCardNotUsable, InsufficientValue
from schema.money import Money
from schema.operator import OperatorUnknown
from schema.quote import QuoteChanged, RedeemCodeNeeded
from schema.reward import RewardUnavailable
from schema.sale import Sale, SaleInput
from schema.translations import Translator
from schema.visit import CodeAlreadyUsed, CodeExpired, CodeInvalid, MemberCard
from schema.voucher import VoucherNotUsable
from wallet import sales


@strawberry.input
class CheckoutInput:
    sale: SaleInput
    idempotency_key: UUID
    quote_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Do exactly what this quote said, or nothing."
    )


@strawberry.type(description="A gift card that a line has made. The customer has to be given the number and the PIN.")
class SoldGiftCard:
    line_id: str
    number: str
    pin: str
    balance: Money

    @classmethod
    def from_domain(cls, sold: sales.SoldGiftCard) -> "SoldGiftCard":
        return cls(
            line_id=sold.line_id,
            number=sold.minted.number,
            pin=sold.minted.pin,
            balance=Money.from_domain(sold.balance),
        )


@strawberry.type(
    description="Earning nothing is no failure: points is 0 and the lines say why. "
    "The same key again gives the same sale, and replayed is true."
)
class SaleRecorded:
    sale: Sale
    card: MemberCard
    replayed: bool
    gift_cards_sold: list[SoldGiftCard] = strawberry.field(description="Numbers are shown here once.")

    @classmethod
    def from_domain(cls, recorded: sales.Recorded, say: Translator) -> "SaleRecorded":
        return cls(
            sale=Sale.from_domain(recorded.sale, recorded.card),
            card=MemberCard.from_domain(recorded.card, say),
            replayed=recorded.replayed,
            gift_cards_sold=[SoldGiftCard.from_domain(each) for each in recorded.gift_cards_sold],
        )


CheckoutError = (
    InvalidInput
    | NotFound
    | CodeInvalid
    | CodeExpired
    | CodeAlreadyUsed
    | IdempotencyKeyReused
    | QuoteChanged
    | RewardUnavailable
    | VoucherNotUsable
    | InsufficientPoints
    | RedeemCodeNeeded
    | OperatorUnknown
    | GiftCardNotUsable
    | InsufficientValue
)
CheckoutResult = Annotated[SaleRecorded | CheckoutError, strawberry.union("CheckoutResult")]


@strawberry.input(
    description="code: the QR's digits as scanned. scannedAt: the terminal's clock; 72 hours old at most."
)
class OfflineSaleInput:
    sale: SaleInput
    scanned_at: datetime
    idempotency_key: UUID


@strawberry.input
class SettleOfflineInput:
    sales: list[OfflineSaleInput]


@strawberry.type
class OfflineSettled:
    results: list[CheckoutResult]


SettleOfflineResult = Annotated[OfflineSettled | InvalidInput, strawberry.union("SettleOfflineResult")]
