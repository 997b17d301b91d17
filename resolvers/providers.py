"""What a payment provider has to be able to do, whoever it is.

Nothing here is called inside a transaction: each of these may take seconds, and any of them may have been done although
it looked as if it had failed. So all of them can be asked again: the payment's id is the key of making it, and what is
seen afterwards counts, not what was answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from wallet.payments import Payment, Seen
from wallet.values import MerchantId, Money, PaymentId


class ProviderTrouble(Exception):
    """It did not work now and may work later. The reason names nobody and holds no secret."""


class ProviderRefused(Exception):
    """It will never work: the provider does not take this payment. The reason names nobody and holds no secret."""


class WebhookNotTheirs(Exception):
    """What came is not signed by the provider, or is older than a message may be."""


@dataclass(frozen=True, slots=True)
class Created:
    """The provider knows the payment as `ref`, and this is what the payer's app needs: a secret, or a page to open."""

    ref: str
    client_secret: str | None = field(default=None, repr=False)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a provider's message says of one payment, known by its ref or, where it has that, by our own id."""

    event_id: str
    seen: Seen
    payment: tuple[MerchantId, PaymentId] | None = None


class Provider(Protocol):
    """Where money comes from. Each of its calls raises ProviderTrouble."""

    @property
    def name(self) -> str:
        """As it stands in `payments.provider`, a-z."""

    async def create(self, payment: Payment) -> Created:
        """The provider knows the payment, once however often it is asked. Raises ProviderRefused."""

    async def look(self, ref: str) -> Seen:
        """How the payment stands there now."""

    async def refund(self, ref: str, amount: Money, key: str) -> Seen:
        """So much goes back to the payer, once for each key; how the payment stands afterwards."""

    async def cancel(self, ref: str) -> Seen:
        """Nothing can be paid any more, unless it has been already; how the payment stands afterwards."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News | None:
        """What a message says; None if it is of no concern. Header names in small letters. Raises WebhookNotTheirs."""
