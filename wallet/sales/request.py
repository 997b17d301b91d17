"""What a till asks to record."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet.baskets import Basket
from wallet.sales.offers import Wanted
from wallet.sales.serving import CustomerRef
from wallet.sales.tenders import Tender
from wallet.values import OperatorId, Phrase


@dataclass(frozen=True, slots=True)
class Request:
    """One sale that a till asks to record.

    At `shown_at` the customer's code or visit had to be good; the rules in force at `occurred_at` judge what it earns.
    With `quote_id` it does exactly what that quote said, or nothing. `tenders` pay a part of it. `doubt` is why the
    merchant should look at it,
    whatever the rules say of it.
    """

    customer: CustomerRef
    basket: Basket
    wanted: Wanted
    quote_id: str | None
    operator_id: OperatorId | None
    shown_at: datetime
    occurred_at: datetime
    offline: bool
    idempotency_key: UUID
    input_hash: bytes
    doubt: Phrase | None = None
    tenders: tuple[Tender, ...] = ()
