"""The words of the domain as types. Points and money are whole numbers; every id has its own name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

MerchantId = NewType("MerchantId", UUID)
ProgramId = NewType("ProgramId", UUID)
StoreId = NewType("StoreId", UUID)
TerminalId = NewType("TerminalId", UUID)
CustomerId = NewType("CustomerId", UUID)
CardId = NewType("CardId", UUID)
AccountId = NewType("AccountId", UUID)
LotId = NewType("LotId", UUID)
SaleId = NewType("SaleId", UUID)
RefundId = NewType("RefundId", UUID)
VisitId = NewType("VisitId", UUID)
GiftId = NewType("GiftId", UUID)
VoucherId = NewType("VoucherId", UUID)
RewardId = NewType("RewardId", UUID)
OperatorId = NewType("OperatorId", UUID)
GiftCardId = NewType("GiftCardId", UUID)
PaymentId = NewType("PaymentId", UUID)
DesignId = NewType("DesignId", UUID)
LogoId = NewType("LogoId", UUID)

Points = NewType("Points", int)
"""A whole number of points."""

Minor = NewType("Minor", int)
"""Money in the currency's minor unit (paise, cents), whole."""

POINTS_MAX = 2**53
"""What a phone's JSON parser still reads exactly."""

MINOR_MAX = 2**31 - 1
"""The largest amount a GraphQL Int carries."""


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: Minor
    currency: str


class EntryKind(StrEnum):
    EARNED = "EARNED"
    BONUS = "BONUS"
    ACTIVATED = "ACTIVATED"
    REDEEMED = "REDEEMED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"
    EXPIRED = "EXPIRED"
    ADJUSTED = "ADJUSTED"
    REVERSED = "REVERSED"
    GIFT_SENT = "GIFT_SENT"
    GIFT_RETURNED = "GIFT_RETURNED"
    GIFT_RECEIVED = "GIFT_RECEIVED"
    GIFT_SETTLED = "GIFT_SETTLED"
    """A sent gift was claimed: reserved falls, the history shows nothing."""
    VOUCHER_USED = "VOUCHER_USED"
    """Vouchers were used at a till: reserved falls. The history had their price when claimed, and shows nothing."""
    VOUCHER_REOPENED = "VOUCHER_REOPENED"
    """What vouchers were used on came back: they are usable again, reserved rises, the history shows nothing."""

    CHANGED = "CHANGED"
    """No points moved, but something else of the card did, such as its tier: the history shows nothing."""


HIDDEN = frozenset({EntryKind.GIFT_SETTLED, EntryKind.VOUCHER_USED, EntryKind.VOUCHER_REOPENED, EntryKind.CHANGED})
"""Entries that move nothing, or only what is reserved: no line of a history that a customer reads."""


class LineKind(StrEnum):
    ITEM = "ITEM"
    SHIPPING = "SHIPPING"
    FEE = "FEE"
    TIP = "TIP"
    DEPOSIT = "DEPOSIT"
    GIFT_CARD_SALE = "GIFT_CARD_SALE"


class EarnStatus(StrEnum):
    EARNED = "EARNED"
    EXCLUDED_KIND = "EXCLUDED_KIND"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    NO_RULE = "NO_RULE"
    CAP_REACHED = "CAP_REACHED"
    REFUNDED = "REFUNDED"


class CheckInPurpose(StrEnum):
    EARN = "EARN"
    REDEEM = "REDEEM"


class RewardKind(StrEnum):
    AMOUNT_OFF = "AMOUNT_OFF"
    PERCENT_OFF = "PERCENT_OFF"
    FREE_ITEM = "FREE_ITEM"
    PERK = "PERK"


class VoucherOrigin(StrEnum):
    CLAIMED = "CLAIMED"
    """Bought in the app, to be used later."""
    TILL = "TILL"
    """Bought at the till and used in the same moment."""
    STAMPS = "STAMPS"
    """Given for a full punch card."""
    GIFT = "GIFT"
    """Bought by somebody else and given away."""


class VoucherState(StrEnum):
    USABLE = "USABLE"
    USED = "USED"
    CANCELLED = "CANCELLED"
    LAPSED = "LAPSED"


class GiftKind(StrEnum):
    POINTS = "POINTS"
    VALUE = "VALUE"
    """Money, on a gift card of its own."""
    REWARD = "REWARD"


class GiftStatus(StrEnum):
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    SCHEDULED = "SCHEDULED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    VIEWED = "VIEWED"
    """A person, not a mail scanner, had it before their eyes."""
    CLAIMED = "CLAIMED"
    SPENT = "SPENT"
    """Claimed, and nothing is left of it. Told from what was claimed; no gift is stored so."""
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"


class GiftCardState(StrEnum):
    PENDING = "PENDING"
    """Made, and nothing on it yet."""
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    DEACTIVATED = "DEACTIVATED"
    """For good."""


class ActivityKind(StrEnum):
    """What happens to a gift card, and between what and what its money moves."""

    ACTIVATE = "ACTIVATE"
    """The first money: what was sold comes onto the card."""
    LOAD = "LOAD"
    """More of what was sold."""
    REDEEM = "REDEEM"
    """Spent."""
    REFUND = "REFUND"
    """What was spent comes back."""
    ADJUST = "ADJUST"
    """The merchant gives or takes, with a reason."""
    TRANSFER_IN = "TRANSFER_IN"
    """From another card."""
    TRANSFER_OUT = "TRANSFER_OUT"
    """To another card."""
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    DEACTIVATE = "DEACTIVATE"
    """The end of the card: what was left is un-sold if a payment or a sale is given back, else the merchant's."""
    IMPORT = "IMPORT"
    """The first money, brought from another system."""
    EXPIRE = "EXPIRE"


@dataclass(frozen=True, slots=True)
class MintedGiftCard:
    """A new number and PIN, shown once and never written anywhere, with what is kept of them: keyed hashes."""

    number: str = field(repr=False)
    pin: str = field(repr=False)
    number_hash: bytes = field(repr=False)
    pin_hash: bytes = field(repr=False)

    @property
    def last4(self) -> str:
        return self.number[-4:]


class ShownBy(StrEnum):
    """What a till has of a gift card that it names."""

    OWNER = "OWNER"
    """Its id, which the customer who is served owns."""
    NUMBER = "NUMBER"
    """Its number alone."""
    PIN = "PIN"
    """Its number and its PIN."""


@dataclass(frozen=True, slots=True)
class NamedGiftCard:
    """A gift card that a till names, and what it has of it."""

    gift_card_id: GiftCardId
    by: ShownBy


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence to be said to a person later, in their language: a code and the facts in it.

    schema/phrases.py has the words. Facts end in `_minor` (money, beside `currency`), `_at` (a moment, RFC 3339),
    `_day` (a day of every year, e.g. 12-31), `points` or `_points`, `days`, `months`; `weekdays` are ISO 8601 numbers,
    e.g. 2,5; anything else is shown as it is.
    """

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignedCode:
    """What a QR held, its signature verified. Whether its time is over is for the caller to say."""

    purpose: CheckInPurpose
    program_number: int
    card_reference: int
    expires_at: datetime
    jti: int


@dataclass(frozen=True, slots=True)
class TypedCode:
    """Ten digits that somebody typed, the check digit verified."""

    digits: str


ScannedCode = SignedCode | TypedCode


@dataclass(frozen=True, slots=True)
class Terminal:
    """The till that calls, with what its store and merchant say."""

    merchant_id: MerchantId
    terminal_id: TerminalId
    store_id: StoreId
    program_id: ProgramId
    name: str
    store_name: str
    merchant_name: str
    currency: str
    locale: str
    timezone: str
    merchant_timezone: str
    operators_required: bool = False
    """Whether whoever stands at the till has to say so, by a PIN, before it writes a sale or a refund."""
