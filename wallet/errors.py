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
└── GiftNotClaimable       unknown, claimed, cancelled or past its date: never told apart
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.values import GiftId, MerchantId, Phrase, Points


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
