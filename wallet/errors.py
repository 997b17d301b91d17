"""What can be refused. A raise rolls the transaction back; the edge says it in the reader's language.

Refusal
├── NotFound               it does not exist, or is not yours: the two are never told apart
├── InvalidInput           with one problem a field
├── IdempotencyKeyReused   the key came before with other input
├── TooManyAttempts        until retry_at
├── CodeInvalid            not a check-in code of this merchant
├── CodeExpired            since expired_at
├── CodeAlreadyUsed        at used_at
├── LineAlreadyRefunded    naming the lines
├── InsufficientPoints     needed, and available
├── GiftLimitReached       until retry_at, if waiting helps
├── GiftNotOpen            claimed, cancelled or returned already
├── GiftNotClaimable       unknown, claimed, cancelled or past its date: never told apart
├── RedeemCodeNeeded       a code that only earns cannot spend
├── QuoteChanged           with what the quote would be now
├── RewardUnavailable      with every reason why this member cannot have it
├── VoucherNotUsable       used, cancelled, past its date, or of no use for this basket
├── PeriodTooLong          more entries than one statement holds, from `until` on
├── GiftCardNotUsable      not paid, blocked, deactivated, past its date or full
├── InsufficientValue      money needed, and on the gift card
└── OperatorUnknown        no PIN, a wrong one, or one too many until retry_at
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wallet.values import GiftCardId, GiftId, MerchantId, Money, Phrase, Points, VoucherId

if TYPE_CHECKING:
    from wallet.sales.quoting import Quote


class Refusal(Exception):
    """An expected failure. Nothing was done."""


class NotFound(Refusal):
    """It does not exist, or belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one input field, e.g. `lines[2].amountMinor`."""

    field: str
    phrase: Phrase


class InvalidInput(Refusal):
    """At least one field cannot be used as it is."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{p.field}: {p.phrase.code}" for p in problems))
        self.problems = tuple(problems)

    @classmethod
    def of(cls, field: str, code: str, **facts: str | int) -> "InvalidInput":
        return cls([Problem(field, Phrase(code, facts))])


class IdempotencyKeyReused(Refusal):
    """The key stands on an earlier operation of this caller, with other input."""


class TooManyAttempts(Refusal):
    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"retry at {retry_at.isoformat()}")
        self.retry_at = retry_at


class CodeInvalid(Refusal):
    """The digits are no code that this terminal's merchant can use."""


class CodeExpired(Refusal):
    def __init__(self, expired_at: datetime) -> None:
        super().__init__(f"expired at {expired_at.isoformat()}")
        self.expired_at = expired_at


class CodeAlreadyUsed(Refusal):
    def __init__(self, used_at: datetime) -> None:
        super().__init__(f"used at {used_at.isoformat()}")
        self.used_at = used_at


class LineAlreadyRefunded(Refusal):
    def __init__(self, line_ids: Sequence[str]) -> None:
        super().__init__(", ".join(line_ids))
        self.line_ids = tuple(line_ids)


class InsufficientPoints(Refusal):
    def __init__(self, *, needed: Points, available: Points) -> None:
        super().__init__(f"needed {needed}, available {available}")
        self.needed = needed
        self.available = available


class GiftLimitReached(Refusal):
    """A limit of the program. `phrase` says which one."""

    def __init__(self, phrase: Phrase, retry_at: datetime | None) -> None:
        super().__init__(phrase.code)
        self.phrase = phrase
        self.retry_at = retry_at


class GiftNotOpen(Refusal):
    def __init__(self, merchant_id: MerchantId, gift_id: GiftId) -> None:
        super().__init__(str(gift_id))
        self.merchant_id = merchant_id
        self.gift_id = gift_id


class GiftNotClaimable(Refusal):
    """One answer for every reason."""


class RedeemCodeNeeded(Refusal):
    """Something is to be spent, and the customer has shown a code for earning alone."""


class QuoteChanged(Refusal):
    """The checkout would not do what the quote that it names had said."""

    def __init__(self, quote: "Quote") -> None:
        super().__init__(quote.quote_id)
        self.quote = quote


class RewardUnavailable(Refusal):
    """The member cannot have the reward, or not here and now. At least one reason."""

    def __init__(self, reasons: Sequence[Phrase]) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = tuple(reasons)


class VoucherNotUsable(Refusal):
    """The voucher is the card's, but was used, cancelled, has lapsed, or is not good in this store; or it is good, and
    `takes_nothing_off` this basket.
    """

    def __init__(self, merchant_id: MerchantId, voucher_id: VoucherId, *, takes_nothing_off: bool = False) -> None:
        super().__init__(str(voucher_id))
        self.merchant_id = merchant_id
        self.voucher_id = voucher_id
        self.takes_nothing_off = takes_nothing_off


class GiftCardNotUsable(Refusal):
    """It cannot be done with this gift card as it is; `phrase` says why. Without an id there is none of the number that
    was typed, or its PIN was wrong: the two are never told apart.
    """

    def __init__(self, phrase: Phrase, gift_card_id: GiftCardId | None = None) -> None:
        super().__init__(phrase.code)
        self.phrase = phrase
        self.gift_card_id = gift_card_id


class InsufficientValue(Refusal):
    """More money is needed than is on the gift card."""

    def __init__(self, *, needed: Money, available: Money) -> None:
        super().__init__(f"needed {needed.amount_minor}, available {available.amount_minor} {available.currency}")
        self.needed = needed
        self.available = available


class OperatorUnknown(Refusal):
    """It is not known who stands at the till: `missing` where no PIN was given and one is needed, else it was nobody's.

    With `retry_at` too many were, and until then none is tried, a right one neither.
    """

    def __init__(self, *, missing: bool = False, retry_at: datetime | None = None) -> None:
        super().__init__("no PIN" if missing else f"retry at {retry_at.isoformat()}" if retry_at else "wrong PIN")
        self.missing = missing
        self.retry_at = retry_at


class PeriodTooLong(Refusal):
    """One statement holds at most `most` entries; those before `until` would be as many."""

    def __init__(self, most: int, until: datetime) -> None:
        super().__init__(f"more than {most} entries; there are so many before {until.isoformat()}")
        self.most = most
        self.until = until
