"""What mail servers' codes say of a recipient: enhanced status codes (RFC 3463 and its registry), and plain replies."""

import re
from dataclasses import dataclass

from wallet.gifts.gift import DeliveryProblem

ENHANCED_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")

# subject.detail, whatever the class: what failed for good may say 4 if it was tried for days.
PROBLEM_OF_DETAIL = {
    (1, 0): DeliveryProblem.MAILBOX_UNKNOWN,
    (1, 1): DeliveryProblem.MAILBOX_UNKNOWN,
    (1, 2): DeliveryProblem.DOMAIN_UNKNOWN,
    (1, 3): DeliveryProblem.MAILBOX_UNKNOWN,
    (1, 6): DeliveryProblem.MAILBOX_UNKNOWN,
    (1, 10): DeliveryProblem.DOMAIN_UNKNOWN,
    (2, 0): DeliveryProblem.MAILBOX_CLOSED,
    (2, 1): DeliveryProblem.MAILBOX_CLOSED,
    (2, 2): DeliveryProblem.MAILBOX_FULL,
    (4, 1): DeliveryProblem.UNREACHABLE,
    (4, 2): DeliveryProblem.UNREACHABLE,
    (4, 4): DeliveryProblem.DOMAIN_UNKNOWN,
    (4, 6): DeliveryProblem.UNREACHABLE,
    (4, 7): DeliveryProblem.UNREACHABLE,
}
PROBLEM_OF_SUBJECT = {7: DeliveryProblem.BLOCKED}

# The codes that speak of this mailbox alone and leave no doubt. A vague one (5.1.0, a bare 550) may be a filter's.
HARD_DETAILS = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})

# RFC 5321 §4.2.3 and RFC 7504, for a server that gives no enhanced code.
PROBLEM_OF_REPLY = {
    521: DeliveryProblem.DOMAIN_UNKNOWN,
    550: DeliveryProblem.MAILBOX_UNKNOWN,
    551: DeliveryProblem.MAILBOX_UNKNOWN,
    552: DeliveryProblem.MAILBOX_FULL,
    553: DeliveryProblem.MAILBOX_UNKNOWN,
    556: DeliveryProblem.DOMAIN_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class EnhancedCode:
    """`class.subject.detail`: 2 arrived, 4 may arrive later, 5 never will."""

    status_class: int
    subject: int
    detail: int

    @property
    def says_something(self) -> bool:
        """5.0.0 is what a server writes that knows no better."""
        return (self.subject, self.detail) != (0, 0)

    @property
    def problem(self) -> DeliveryProblem:
        """Why a mail that failed with it did."""
        known = PROBLEM_OF_DETAIL.get((self.subject, self.detail)) or PROBLEM_OF_SUBJECT.get(self.subject)
        if known is None and self.status_class == 4:
            return DeliveryProblem.UNREACHABLE
        return known or DeliveryProblem.REFUSED

    @property
    def hard(self) -> bool:
        """Whether it says for certain that there is no such mailbox."""
        return self.status_class == 5 and (self.subject, self.detail) in HARD_DETAILS


def enhanced_code_in(text: str) -> EnhancedCode | None:
    """The first of them in a text."""
    found = ENHANCED_CODE.search(text)
    return EnhancedCode(int(found[1]), int(found[2]), int(found[3])) if found else None
