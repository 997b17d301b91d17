"""No program makes money on gift cards live shorter than the law asks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from wallet.value import law
from wallet.values import Minor

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("country", "stated", "months"),
    [
        ("IN", None, None),
        ("IN", 1, 12),
        ("IN", 12, 12),
        ("IN", 13, 13),
        ("US", 12, 60),
        ("US", 61, 61),
        ("IE", 6, 60),
        ("DE", 36, 48),
        ("PH", 12, None),
        ("CA", 600, None),
        ("TH", 6, 6),
        ("TH", None, None),
    ],
)
def test_a_program_can_say_longer_and_never_shorter(country: str, stated: int | None, months: int | None) -> None:
    assert law.months_of(country, stated=stated) == months


def test_every_country_is_a_country_and_every_floor_a_length() -> None:
    for country, months in law.LEAST_MONTHS.items():
        assert len(country) == 2
        assert country.isupper()
        assert months is None or 12 <= months <= 360


def test_money_lapses_at_a_midnight_of_the_merchant_s() -> None:
    # given 15:00 in Kolkata
    loaded_at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def lapses(country: str, stated: int | None) -> datetime | None:
        return law.expires_at(country, stated=stated, loaded_at=loaded_at, zone=KOLKATA)

    # then a whole day more than a year, never a minute less
    assert lapses("IN", 6) == datetime(2027, 11, 22, 18, 30, tzinfo=UTC)
    assert lapses("US", 6) == datetime(2031, 11, 22, 18, 30, tzinfo=UTC)
    assert lapses("IN", None) is None


@pytest.mark.parametrize(
    ("country", "stated", "currency", "most"),
    [
        ("IN", 2_000_000, "INR", 1_000_000),
        ("IN", 500, "INR", 500),
        ("IN", 2_000_000, "USD", 2_000_000),
        ("CN", 500_000, "CNY", 100_000),
        ("US", 2_000_000, "USD", 2_000_000),
    ],
)
def test_program_lets_no_more_on_a_card_than_the_law_of_its_country(
    country: str, stated: int, currency: str, most: int
) -> None:
    assert law.most_on_card(country, stated=Minor(stated), currency=currency) == most
