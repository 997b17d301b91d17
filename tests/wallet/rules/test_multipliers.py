"""When and for what a multiplier holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wallet.rules import Multiplier
from wallet.rules.multipliers import times

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """`day` days after a Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_a_window_begins_with_its_first_hour_and_ends_before_its_last() -> None:
    morning = Multiplier("Mornings", 200, from_hour=9, until_hour=12)

    assert [morning.is_on(moment) for moment in (at(0, 8, 59), at(0, 9), at(3, 11, 59), at(0, 12))] == [
        False,
        True,
        True,
        False,
    ]


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_began() -> None:
    friday_night = Multiplier("Friday nights", 200, weekdays=(5,), from_hour=22, until_hour=2)

    assert friday_night.is_on(at(4, 22))
    assert friday_night.is_on(at(5, 1, 59))
    assert not friday_night.is_on(at(5, 2))
    assert not friday_night.is_on(at(5, 22))
    assert not friday_night.is_on(at(4, 1))


def test_weekdays_are_those_of_the_moment_as_the_store_sees_it() -> None:
    tuesdays = Multiplier("Double Tuesdays", 200, weekdays=(2,))
    evening = datetime(2026, 11, 23, 20, tzinfo=UTC)

    assert not tuesdays.is_on(evening)
    assert tuesdays.is_on(evening.astimezone(ZoneInfo("Asia/Kolkata")))


def test_goods_fit_by_category_or_by_article_as_the_till_writes_them() -> None:
    bread = Multiplier("Bread", 200, categories=("bread",), skus=("77",))

    assert bread.covers(sku=None, category="bread")
    assert bread.covers(sku="77", category="cake")
    assert not bread.covers(sku="78", category="Bread")
    assert not bread.covers(sku=None, category=None)
    assert Multiplier("All", 200).covers(sku=None, category=None)


@pytest.mark.parametrize(("hundredths", "said"), [(100, "1"), (125, "1.25"), (150, "1.5"), (200, "2"), (10_000, "100")])
def test_how_often_is_written_as_people_write_it(hundredths: int, said: str) -> None:
    assert times(hundredths) == said
