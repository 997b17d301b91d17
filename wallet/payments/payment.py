"""A payment as we know it, and the news of one that a provider brings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet.database import Row
from wallet.values import GiftId, MerchantId, Money, PaymentId


class PaymentState(StrEnum):
    CREATED = "CREATED"
    """Begun here; whether the provider knows of it is not known."""
    PENDING = "PENDING"
    """The provider knows it, and waits for the payer."""
    PAID = "PAID"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REFUNDING = "REFUNDING"
    """The money is to go back to where it came from."""
    REFUNDED = "REFUNDED"


class Source(StrEnum):
    """Who told us."""

    API = "API"
    WEBHOOK = "WEBHOOK"
    RECONCILIATION = "RECONCILIATION"


@dataclass(frozen=True, slots=True)
class Payment:
    """What a gift of money value costs its sender. `ref` is the provider's name for it, `payee` the merchant's.

    `refunds_failed`: how often money that was sent back did not arrive.
    """

    merchant_id: MerchantId
    payment_id: PaymentId
    gift_id: GiftId
    provider: str
    ref: str | None
    state: PaymentState
    amount: Money
    refunded_minor: int
    refunds_failed: int
    disputed_at: datetime | None
    problem: str | None
    created_at: datetime
    changed_at: datetime
    paid_at: datetime | None
    look_at: datetime | None
    payee: str
    waits_since: datetime | None = None
    """Since when a person has to decide how the money goes back, as what was sent back did not arrive."""

    @property
    def paid(self) -> bool:
        """Whether the money has come, wherever it is now."""
        return self.paid_at is not None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether what was sent back did not arrive, and somebody has to say what becomes of it."""
        return self.waits_since is not None


@dataclass(frozen=True, slots=True)
class Told:
    """By whom a change was told: `event_id` is the provider's name for the message, if it was one."""

    source: Source
    event_id: str | None = None


class SeenState(StrEnum):
    """How a payment stands at its provider."""

    UNKNOWN = "UNKNOWN"
    """The provider has never heard of it."""
    OPEN = "OPEN"
    PAID = "PAID"
    """The money has come; part or all of it may have gone back since."""
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's bank that takes the money back. `won`: the bank has given it back to the merchant again."""

    ref: str
    won: bool = False


@dataclass(frozen=True, slots=True)
class FailedRefund:
    """Money that was sent back and did not arrive: the provider has it again. `ref` is its name for that refund."""

    ref: str
    amount_minor: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as its provider shows it. `refunded_minor` is the sum of all that has gone back and did not fail.

    What has no `ref` was decided here, without asking the provider.
    """

    state: SeenState
    ref: str | None = None
    amount: Money | None = None
    refunded_minor: int = 0
    failed_refunds: tuple[FailedRefund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    problem: str | None = None


def from_row(row: Row) -> Payment:
    return Payment(
        merchant_id=row["merchant_id"],
        payment_id=row["payment_id"],
        gift_id=row["gift_id"],
        provider=row["provider"],
        ref=row["provider_ref"],
        state=PaymentState(row["state"]),
        amount=Money(row["amount_minor"], row["currency"]),
        refunded_minor=row["refunded_minor"],
        refunds_failed=row["refunds_failed"],
        disputed_at=row["disputed_at"],
        problem=row["problem"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        paid_at=row["paid_at"],
        look_at=row["look_at"],
        payee=row["payee"],
        waits_since=row["waits_since"],
    )
