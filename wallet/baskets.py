"""What a till says of a sale, before anything is believed of it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wallet.errors import InvalidInput, Problem
from wallet.fingerprint import Json
from wallet.values import MINOR_MAX, LineKind, Minor, NamedGiftCard, Phrase

LINES_MAX = 500
QUANTITY_MAX = 2**31 - 1
OLDEST = timedelta(hours=72)
"""How long a till may keep a sale before it tells us."""
CLOCK_SKEW = timedelta(minutes=2)
"""How far a till's clock may run ahead of ours."""

TEXT_MAX = 80
DESCRIPTION_MAX = 200

UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: control characters, half a surrogate pair, line and paragraph separators."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt. `amount_minor` is what the customer pays for the whole line, after discounts.

    `loads`: of a GIFT_CARD_SALE line, the card that it loads; new ones are made, as many as its quantity, if None.
    """

    line_id: str
    amount_minor: Minor
    kind: LineKind = LineKind.ITEM
    sku: str | None = None
    category: str | None = None
    description: str | None = None
    quantity: int = 1
    loads: NamedGiftCard | None = None

    @property
    def is_gift_card(self) -> bool:
        """Whether stored value is sold here."""
        return self.kind is LineKind.GIFT_CARD_SALE


@dataclass(frozen=True, slots=True)
class Basket:
    """A receipt as the till says it. `occurred_at` is None where it says nothing: then it is happening now."""

    receipt_number: str
    currency: str
    lines: tuple[Line, ...]
    occurred_at: datetime | None = None

    @property
    def total_minor(self) -> Minor:
        return Minor(sum(line.amount_minor for line in self.lines))


def check(basket: Basket, *, currency: str, now: datetime) -> None:
    """The basket can be recorded by a till of `currency`.

    Raises InvalidInput with one problem a field, the field being its path in the API's input, e.g.
    `lines[0].amountMinor`.
    """
    problems = [
        *text_problems("receiptNumber", basket.receipt_number, most=TEXT_MAX),
        *_currency_problems(basket.currency, currency),
        *moment_problems("occurredAt", basket.occurred_at, now=now),
        *_lines_problems(basket),
    ]
    if problems:
        raise InvalidInput(problems)


def facts(basket: Basket) -> Mapping[str, Json]:
    """What the till said, for the fingerprint of its request."""
    return {
        "receiptNumber": basket.receipt_number,
        "currency": basket.currency,
        "occurredAt": basket.occurred_at.astimezone(UTC).isoformat() if basket.occurred_at else None,
        "lines": [
            {
                "lineId": line.line_id,
                "kind": line.kind.value,
                "sku": line.sku,
                "category": line.category,
                "description": line.description,
                "quantity": line.quantity,
                "amountMinor": line.amount_minor,
                **({"loads": [str(line.loads.gift_card_id), line.loads.by.value]} if line.loads else {}),
            }
            for line in basket.lines
        ],
    }


def text_problems(field: str, text: str | None, *, most: int) -> list[Problem]:
    """At most one: the text is blank, longer than `most` characters, or holds what cannot be printed."""
    if text is None:
        return []
    if not text.strip():
        return [Problem(field, Phrase("blank"))]
    if len(text) > most:
        return [Problem(field, Phrase("too_long", {"most": most}))]
    if any(unicodedata.category(character) in UNPRINTABLE for character in text):
        return [Problem(field, Phrase("unprintable"))]
    return []


def moment_problems(field: str, at: datetime | None, *, now: datetime) -> list[Problem]:
    """At most one: the moment lies in the future, by more than a clock may be wrong, or too far back."""
    if at is None:
        return []
    if at > now + CLOCK_SKEW:
        return [Problem(field, Phrase("in_future"))]
    if at < now - OLDEST:
        return [Problem(field, Phrase("too_old", {"oldest_at": (now - OLDEST).isoformat()}))]
    return []


def _currency_problems(said: str, expected: str) -> list[Problem]:
    return [] if said == expected else [Problem("currency", Phrase("other_currency", {"expected": expected}))]


def _lines_problems(basket: Basket) -> list[Problem]:
    if not basket.lines:
        return [Problem("lines", Phrase("lines_needed"))]
    if len(basket.lines) > LINES_MAX:
        return [Problem("lines", Phrase("too_many", {"most": LINES_MAX}))]
    problems = [problem for at, line in enumerate(basket.lines) for problem in _line_problems(f"lines[{at}]", line)]
    problems.extend(_repeated_ids(basket.lines))
    if not problems and basket.total_minor > MINOR_MAX:
        problems.append(Problem("lines", Phrase("total_too_large")))
    return problems


def _line_problems(path: str, line: Line) -> list[Problem]:
    problems = [
        *text_problems(f"{path}.lineId", line.line_id, most=TEXT_MAX),
        *text_problems(f"{path}.sku", line.sku, most=TEXT_MAX),
        *text_problems(f"{path}.category", line.category, most=TEXT_MAX),
        *text_problems(f"{path}.description", line.description, most=DESCRIPTION_MAX),
    ]
    for field, number, least, most in (
        ("quantity", line.quantity, 1, QUANTITY_MAX),
        ("amountMinor", line.amount_minor, 0, MINOR_MAX),
    ):
        if not least <= number <= most:
            problems.append(Problem(f"{path}.{field}", Phrase("out_of_range", {"least": least, "most": most})))
    return problems


def _repeated_ids(lines: Sequence[Line]) -> list[Problem]:
    seen, problems = set[str](), list[Problem]()
    for at, line in enumerate(lines):
        if line.line_id in seen and line.line_id.strip():
            problems.append(Problem(f"lines[{at}].lineId", Phrase("repeated")))
        seen.add(line.line_id)
    return problems
