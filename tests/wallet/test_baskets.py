"""What a till may say of a sale, and how each mistake is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from wallet import baskets, fingerprint
from wallet.baskets import LINES_MAX, Basket, Line
from wallet.errors import InvalidInput
from wallet.values import MINOR_MAX, LineKind, Minor

COFFEE = Line("1", Minor(32000), LineKind.ITEM, "C-1", "coffee", "Flat white", 2)
GOOD = Basket("R-17", "INR", (COFFEE, Line("2", Minor(0), LineKind.TIP)))


def problems_of(basket: Basket, *, now: datetime) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        baskets.check(basket, currency="INR", now=now)
    return [(problem.field, problem.phrase.code) for problem in refused.value.problems]


def with_line(**changes: object) -> Basket:
    return replace(GOOD, lines=(replace(COFFEE, **changes),))  # type: ignore[arg-type]  # the fields vary


def test_a_good_basket_passes(now: datetime) -> None:
    baskets.check(GOOD, currency="INR", now=now)
    baskets.check(replace(GOOD, occurred_at=now), currency="INR", now=now)


@pytest.mark.parametrize(
    ("basket", "expected"),
    [
        (replace(GOOD, receipt_number=""), ("receiptNumber", "blank")),
        (replace(GOOD, receipt_number="  "), ("receiptNumber", "blank")),
        (replace(GOOD, receipt_number="r" * 81), ("receiptNumber", "too_long")),
        (replace(GOOD, receipt_number="R\x0017"), ("receiptNumber", "unprintable")),
        (replace(GOOD, receipt_number="R\ud800"), ("receiptNumber", "unprintable")),
        (replace(GOOD, receipt_number="R\u2028"), ("receiptNumber", "unprintable")),
        (replace(GOOD, currency="EUR"), ("currency", "other_currency")),
        (replace(GOOD, currency="inr"), ("currency", "other_currency")),
        (replace(GOOD, lines=()), ("lines", "lines_needed")),
        (replace(GOOD, lines=(COFFEE,) * (LINES_MAX + 1)), ("lines", "too_many")),
        (replace(GOOD, lines=(COFFEE, COFFEE)), ("lines[1].lineId", "repeated")),
        (with_line(line_id=""), ("lines[0].lineId", "blank")),
        (with_line(line_id="l" * 81), ("lines[0].lineId", "too_long")),
        (with_line(sku=""), ("lines[0].sku", "blank")),
        (with_line(sku="s" * 81), ("lines[0].sku", "too_long")),
        (with_line(category="\t\n"), ("lines[0].category", "blank")),
        (with_line(category="c" * 81), ("lines[0].category", "too_long")),
        (with_line(description="d" * 201), ("lines[0].description", "too_long")),
        (with_line(description="two\nlines"), ("lines[0].description", "unprintable")),
        (with_line(quantity=0), ("lines[0].quantity", "out_of_range")),
        (with_line(quantity=2**31), ("lines[0].quantity", "out_of_range")),
        (with_line(amount_minor=-1), ("lines[0].amountMinor", "out_of_range")),
        (with_line(amount_minor=MINOR_MAX + 1), ("lines[0].amountMinor", "out_of_range")),
        (
            replace(GOOD, lines=(replace(COFFEE, amount_minor=Minor(MINOR_MAX)), Line("2", Minor(1)))),
            ("lines", "total_too_large"),
        ),
    ],
)
def test_a_mistake_is_named_by_its_place_in_the_input(basket: Basket, expected: tuple[str, str], now: datetime) -> None:
    assert problems_of(basket, now=now) == [expected]


def test_every_mistake_is_named_at_once(now: datetime) -> None:
    basket = Basket("", "EUR", (Line("", Minor(-1)), Line("2", Minor(1), quantity=0)), now + timedelta(days=1))

    assert problems_of(basket, now=now) == [
        ("receiptNumber", "blank"),
        ("currency", "other_currency"),
        ("occurredAt", "in_future"),
        ("lines[0].lineId", "blank"),
        ("lines[0].amountMinor", "out_of_range"),
        ("lines[1].quantity", "out_of_range"),
    ]


def test_the_limits_themselves_pass(now: datetime) -> None:
    longest = Line("l" * 80, Minor(MINOR_MAX), LineKind.ITEM, "s" * 80, "c" * 80, "d" * 200, 2**31 - 1)
    many = tuple(Line(str(n), Minor(0)) for n in range(LINES_MAX))

    baskets.check(replace(GOOD, receipt_number="r" * 80, lines=(longest,)), currency="INR", now=now)
    baskets.check(replace(GOOD, lines=many), currency="INR", now=now)


def test_joiners_of_indic_scripts_are_printable(now: datetime) -> None:
    baskets.check(with_line(description="ക്\u200dഷ കാപ്പി"), currency="INR", now=now)


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (timedelta(minutes=2), None),
        (timedelta(minutes=2, seconds=1), "in_future"),
        (timedelta(hours=-72), None),
        (timedelta(hours=-72, seconds=-1), "too_old"),
    ],
)
def test_a_sale_happened_within_72_hours_by_a_clock_two_minutes_ahead_at_most(
    offset: timedelta, code: str | None, now: datetime
) -> None:
    basket = replace(GOOD, occurred_at=now + offset)
    if code is None:
        baskets.check(basket, currency="INR", now=now)
    else:
        assert problems_of(basket, now=now) == [("occurredAt", code)]


def test_the_same_words_have_the_same_fingerprint_and_others_another(now: datetime) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=5, minutes=30)))
    said = fingerprint.of("checkout", baskets.facts(replace(GOOD, occurred_at=now)))

    assert fingerprint.of("checkout", baskets.facts(replace(GOOD, occurred_at=elsewhere))) == said
    assert elsewhere.tzinfo is not UTC
    others = [GOOD, replace(GOOD, receipt_number="R-18"), replace(GOOD, lines=(COFFEE,)), with_line(sku=None)]
    hashes = {fingerprint.of("checkout", baskets.facts(other)) for other in others}
    assert len(hashes | {said}) == len(others) + 1
