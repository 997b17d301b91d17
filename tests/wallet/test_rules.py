"""Rules: what a JSON object must say, what dates follow from it, and which sentences."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.errors import InvalidInput
from wallet.fingerprint import Json
from wallet.rules import GiftRules, Rules, terms
from wallet.values import LineKind, Minor, Points

WHOLE: dict[str, Json] = {
    "points": 3,
    "per_minor": 5000,
    "earning_kinds": ["DEPOSIT", "ITEM"],
    "minimum_minor": 10000,
    "carry_remainder": True,
    "pending_days": 14,
    "expiry_months": 12,
    "gifts": {"min_points": 5, "max_points": 50, "per_day": 2, "recipients_per_day": 1, "return_days": 7},
}


def problems_of(said: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        Rules.from_json(said)  # type: ignore[arg-type]  # what a file holds has no type
    return sorted((problem.field, problem.phrase.code) for problem in refused.value.problems)


def codes(rules: Rules) -> list[str]:
    return [phrase.code for phrase in terms(rules, currency="INR", point_name_plural="beans")]


def test_rules_are_read_back_as_they_were_written() -> None:
    rules = Rules.from_json(WHOLE)

    assert rules == Rules(
        points=Points(3),
        per_minor=Minor(5000),
        earning_kinds=frozenset({LineKind.ITEM, LineKind.DEPOSIT}),
        minimum_minor=Minor(10000),
        carry_remainder=True,
        pending_days=14,
        expiry_months=12,
        gifts=GiftRules(Points(5), Points(50), per_day=2, recipients_per_day=1, return_days=7),
    )
    assert rules.to_json() == WHOLE


def test_what_is_left_out_has_the_default() -> None:
    assert Rules.from_json({"points": 1, "per_minor": 100}) == Rules()
    assert Rules.from_json(Rules().to_json()) == Rules()


def test_every_mistake_is_named_at_its_place() -> None:
    said = {
        "points": 0,
        "per_minor": True,
        "earning_kinds": ["ITEM", "GIFT_CARD_SALE", "VOUCHER", 7],
        "minimum_minor": -1,
        "carry_remainder": "yes",
        "pending_days": 366,
        "expiry_months": 0,
        "tax": "after",
        "gifts": {"per_day": 1.5, "min_points": 0, "colour": "red"},
    }

    assert problems_of(said) == [
        ("carry_remainder", "not_true_or_false"),
        ("earning_kinds[1]", "gift_cards_never_earn"),
        ("earning_kinds[2]", "unknown_line_kind"),
        ("earning_kinds[3]", "unknown_line_kind"),
        ("expiry_months", "out_of_range"),
        ("gifts.colour", "unknown_field"),
        ("gifts.min_points", "out_of_range"),
        ("gifts.per_day", "not_a_whole_number"),
        ("minimum_minor", "out_of_range"),
        ("pending_days", "out_of_range"),
        ("per_minor", "not_a_whole_number"),
        ("points", "out_of_range"),
        ("tax", "unknown_field"),
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, [("per_minor", "required"), ("points", "required"), ("rules", "not_an_object")]),
        ([], [("per_minor", "required"), ("points", "required"), ("rules", "not_an_object")]),
        ({"points": None, "per_minor": 1}, [("points", "not_a_whole_number")]),
        ({"points": 101, "per_minor": 1}, [("points", "out_of_range")]),
        ({"points": 1, "per_minor": 1, "earning_kinds": []}, [("earning_kinds", "kinds_needed")]),
        ({"points": 1, "per_minor": 1, "earning_kinds": "ITEM"}, [("earning_kinds", "kinds_needed")]),
        ({"points": 1, "per_minor": 1, "gifts": 3}, [("gifts", "not_an_object")]),
        (
            {"points": 1, "per_minor": 1, "gifts": {"min_points": 20, "max_points": 10}},
            [("gifts.max_points", "out_of_range")],
        ),
    ],
)
def test_an_object_of_the_wrong_shape_is_refused(said: object, expected: list[tuple[str, str]]) -> None:
    assert problems_of(said) == expected


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (datetime(2026, 1, 31, 22, 15, tzinfo=UTC), 1, datetime(2026, 2, 28, 22, 15, tzinfo=UTC)),
        (datetime(2028, 1, 31, tzinfo=UTC), 1, datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 12, datetime(2029, 2, 28, tzinfo=UTC)),
        (datetime(2026, 12, 15, tzinfo=UTC), 1, datetime(2027, 1, 15, tzinfo=UTC)),
        (datetime(2026, 11, 30, tzinfo=UTC), 24, datetime(2028, 11, 30, tzinfo=UTC)),
        (datetime(2026, 5, 31, tzinfo=UTC), 120, datetime(2036, 5, 31, tzinfo=UTC)),
    ],
)
def test_points_expire_on_the_same_day_months_later_or_at_the_end_of_a_shorter_month(
    start: datetime, months: int, end: datetime
) -> None:
    assert Rules(expiry_months=months).expires_at(start) == end


def test_points_without_an_expiry_never_expire(now: datetime) -> None:
    assert Rules().expires_at(now) is None


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds are naive
    st.integers(1, 120),
)
def test_a_later_start_never_expires_sooner(start: datetime, months: int) -> None:
    rules = Rules(expiry_months=months)
    first, second = rules.expires_at(start), rules.expires_at(start + timedelta(days=1))

    assert first is not None
    assert second is not None
    assert start < first <= second


def test_pending_points_wait_whole_days_and_others_do_not_wait(now: datetime) -> None:
    assert Rules(pending_days=14).activates_at(now) == now + timedelta(days=14)
    assert Rules().activates_at(now) == now


def test_terms_of_the_simplest_rules() -> None:
    assert codes(Rules()) == [
        "term_earn",
        "term_goods_alone",
        "term_remainder_dropped",
        "term_at_once",
        "term_no_expiry",
        "term_refund",
        "term_gift",
        "term_gift_limits",
        "term_gift_return",
    ]


def test_terms_state_every_number_of_the_rules() -> None:
    said = terms(Rules.from_json(WHOLE), currency="INR", point_name_plural="beans")

    assert [(phrase.code, dict(phrase.facts)) for phrase in said] == [
        ("term_earn", {"points": 3, "per_minor": 5000, "currency": "INR"}),
        ("term_excluded_shipping", {}),
        ("term_excluded_fee", {}),
        ("term_excluded_tip", {}),
        ("term_excluded_gift_card_sale", {}),
        ("term_minimum", {"minimum_minor": 10000, "currency": "INR"}),
        ("term_remainder_carried", {}),
        ("term_pending", {"name": "beans", "days": 14}),
        ("term_expiry", {"name": "beans", "months": 12}),
        ("term_refund", {"name": "beans"}),
        ("term_gift", {"min_points": 5, "max_points": 50}),
        ("term_gift_limits", {"gifts": 2, "recipients": 1}),
        ("term_gift_return", {"days": 7}),
    ]


def test_terms_speak_of_no_remainder_where_there_can_be_none() -> None:
    assert not {"term_remainder_dropped", "term_remainder_carried"} & set(codes(Rules(per_minor=Minor(1))))


def test_terms_say_that_gifts_are_off() -> None:
    for gifts in (GiftRules(per_day=0), GiftRules(recipients_per_day=0)):
        said = codes(Rules(gifts=gifts))

        assert "term_no_gifts" in said
        assert "term_gift" not in said
