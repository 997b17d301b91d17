"""What a JSON object must say to be rules, and what is said of every mistake in it."""

import pytest
from hypothesis import given

from tests.wallet import drawn
from wallet.errors import InvalidInput
from wallet.fingerprint import Json
from wallet.rules import (
    Bonuses,
    Caps,
    GiftRules,
    MonthDay,
    Multiplier,
    ReviewRules,
    Rules,
    StampRules,
    TierLevel,
    TierRules,
)
from wallet.rules.limits import BONUS_MAX
from wallet.rules.multipliers import HUNDREDTHS_MAX
from wallet.values import MINOR_MAX, POINTS_MAX, LineKind, Minor, Points

WHOLE: dict[str, Json] = {
    "points": 3,
    "per_minor": 5000,
    "earning_kinds": ["DEPOSIT", "ITEM"],
    "minimum_minor": 10000,
    "carry_remainder": True,
    "pending_days": 14,
    "excluded_categories": ["tobacco", "lottery"],
    "excluded_skus": ["8901"],
    "multipliers": [
        {
            "name": "Double Tuesdays",
            "hundredths": 200,
            "categories": ["bread"],
            "skus": ["A"],
            "weekdays": [2],
            "from_hour": 22,
            "until_hour": 2,
            "tiers": ["Silver"],
            "first_purchase": True,
            "birthday": True,
        }
    ],
    "bonuses": {"joining": 100, "first_purchase": 50, "visit": 5, "visit_hours": 12},
    "caps": {"per_sale": 500, "per_day": None, "per_month": 5000},
    "stamps": {
        "per": "visit",
        "categories": ["coffee"],
        "skus": [],
        "cooldown_hours": 6,
        "needed": 8,
        "reward": "free-coffee",
    },
    "tiers": {
        "basis": "spend",
        "window": "calendar",
        "months": 6,
        "grace_days": 30,
        "at_risk_days": 60,
        "levels": [
            {"name": "Silver", "least": 500, "hundredths": 125, "perks": ["Free delivery"]},
            {"name": "Gold", "least": 2000, "hundredths": 100, "perks": []},
        ],
    },
    "expiry_months": None,
    "expiry_to_month_end": False,
    "expiry_dates": ["06-30", "12-31"],
    "expiry_least_days": 30,
    "inactivity_months": None,
    "notice_days": 21,
    "returns_debt": True,
    "review": {"sales_per_day": 5, "sales_per_hour_of_terminal": None, "amount_minor": 100000},
    "gifts": {
        "min_points": 5,
        "max_points": 50,
        "per_day": 2,
        "recipients_per_day": 1,
        "per_recipient_per_day": 3,
        "new_account_days": 7,
        "new_account_per_day": 1,
        "new_account_value_minor": 40000,
        "return_days": 7,
        "value_min_minor": 500,
        "value_max_minor": 90000,
        "value_per_day_minor": 180000,
        "value_hold_minor": 60000,
        "value_mailbox_minor": 0,
        "pin_above_minor": 7000,
        "card_max_minor": 300000,
        "validity_months": 24,
    },
}


def with_(**changes: Json) -> dict[str, Json]:
    return {"points": 1, "per_minor": 100, **changes}


def problems_of(said: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        Rules.from_json(said)  # type: ignore[arg-type]  # what a file holds has no type
    return sorted((problem.field, problem.phrase.code) for problem in refused.value.problems)


def test_rules_are_read_back_as_they_were_written() -> None:
    rules = Rules.from_json(WHOLE)

    assert rules == Rules(
        points=Points(3),
        per_minor=Minor(5000),
        earning_kinds=frozenset({LineKind.ITEM, LineKind.DEPOSIT}),
        minimum_minor=Minor(10000),
        carry_remainder=True,
        pending_days=14,
        excluded_categories=("tobacco", "lottery"),
        excluded_skus=("8901",),
        multipliers=(
            Multiplier(
                "Double Tuesdays", 200, ("bread",), ("A",), (2,), 22, 2, ("Silver",), first_purchase=True, birthday=True
            ),
        ),
        bonuses=Bonuses(Points(100), Points(50), Points(5), visit_hours=12),
        caps=Caps(per_sale=Points(500), per_month=Points(5000)),
        stamps=StampRules("visit", 8, "free-coffee", ("coffee",), cooldown_hours=6),
        tiers=TierRules(
            (TierLevel("Silver", 500, 125, ("Free delivery",)), TierLevel("Gold", 2000)),
            basis="spend",
            window="calendar",
            months=6,
            grace_days=30,
            at_risk_days=60,
        ),
        expiry_dates=(MonthDay(6, 30), MonthDay(12, 31)),
        expiry_least_days=30,
        notice_days=21,
        returns_debt=True,
        review=ReviewRules(sales_per_day=5, amount_minor=Minor(100000)),
        gifts=GiftRules(
            Points(5),
            Points(50),
            per_day=2,
            recipients_per_day=1,
            per_recipient_per_day=3,
            new_account_days=7,
            new_account_per_day=1,
            new_account_value_minor=Minor(40000),
            return_days=7,
            value_min_minor=Minor(500),
            value_max_minor=Minor(90000),
            value_per_day_minor=Minor(180000),
            value_hold_minor=Minor(60000),
            value_mailbox_minor=Minor(0),
            pin_above_minor=Minor(7000),
            card_max_minor=Minor(300000),
            validity_months=24,
        ),
    )
    assert rules.to_json() == WHOLE


@given(drawn.whole_rules())
def test_any_rules_are_written_and_read_as_the_same(rules: Rules) -> None:
    assert Rules.from_json(rules.to_json()) == rules


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
        "excluded_categories": ["tobacco", "", "tobacco", 5, "x" * 81],
        "excluded_skus": "8901",
        "expiry_months": 0,
        "expiry_dates": ["02-29", "13-01", "1-1", 7, "12-31", "12-31", "٠١-٠١"],
        "notice_days": 91,
        "returns_debt": 1,
        "tax": "after",
        "gifts": {"per_day": 1.5, "min_points": 0, "colour": "red"},
    }

    assert problems_of(said) == [
        ("carry_remainder", "not_true_or_false"),
        ("earning_kinds[1]", "gift_cards_never_earn"),
        ("earning_kinds[2]", "unknown_line_kind"),
        ("earning_kinds[3]", "unknown_line_kind"),
        ("excluded_categories[1]", "blank"),
        ("excluded_categories[2]", "repeated"),
        ("excluded_categories[3]", "not_a_text"),
        ("excluded_categories[4]", "too_long"),
        ("excluded_skus", "not_a_list"),
        # What was read of `expiry_months` is its least, so this is a second way to expire.
        ("expiry_dates", "one_expiry"),
        ("expiry_dates[0]", "not_a_month_and_day"),
        ("expiry_dates[1]", "not_a_month_and_day"),
        ("expiry_dates[2]", "not_a_month_and_day"),
        ("expiry_dates[3]", "not_a_month_and_day"),
        ("expiry_dates[5]", "repeated"),
        ("expiry_dates[6]", "not_a_month_and_day"),
        ("expiry_months", "out_of_range"),
        ("gifts.colour", "unknown_field"),
        ("gifts.min_points", "out_of_range"),
        ("gifts.per_day", "not_a_whole_number"),
        ("minimum_minor", "out_of_range"),
        ("notice_days", "out_of_range"),
        ("pending_days", "out_of_range"),
        ("per_minor", "not_a_whole_number"),
        ("points", "out_of_range"),
        ("returns_debt", "not_true_or_false"),
        ("tax", "unknown_field"),
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, [("per_minor", "required"), ("points", "required"), ("rules", "not_an_object")]),
        ([], [("per_minor", "required"), ("points", "required"), ("rules", "not_an_object")]),
        (with_(points=None), [("points", "not_a_whole_number")]),
        (with_(earning_kinds=[]), [("earning_kinds", "kinds_needed")]),
        (with_(earning_kinds="ITEM"), [("earning_kinds", "kinds_needed")]),
        (with_(gifts=3), [("gifts", "not_an_object")]),
        (with_(gifts={"min_points": 20, "max_points": 10}), [("gifts.max_points", "out_of_range")]),
        (with_(gifts={"value_min_minor": 20, "value_max_minor": 10}), [("gifts.value_max_minor", "out_of_range")]),
        (with_(gifts={"value_min_minor": 0, "value_max_minor": 0}), [("gifts.value_min_minor", "out_of_range")]),
        (with_(gifts={"validity_months": 0}), [("gifts.validity_months", "out_of_range")]),
        (with_(multipliers={}), [("multipliers", "not_a_list")]),
        (with_(excluded_categories=[str(at) for at in range(51)]), [("excluded_categories", "too_many")]),
    ],
)
def test_an_object_of_the_wrong_shape_is_refused(said: object, expected: list[tuple[str, str]]) -> None:
    assert problems_of(said) == expected


def test_every_mistake_of_a_multiplier_is_named_at_its_place() -> None:
    said = with_(
        tiers={"basis": "points", "window": "rolling", "levels": [{"name": "Gold", "least": 5}]},
        multipliers=[
            {"name": "Plain", "hundredths": 100},
            {"name": " ", "hundredths": HUNDREDTHS_MAX + 1},
            {"name": "Plain", "hundredths": 200, "weekdays": [0, 1, 1, "2", 8]},
            {"name": "Line\nbreak", "hundredths": 200, "from_hour": 9, "until_hour": 9},
            {"name": "x" * 41, "hundredths": 200, "from_hour": 24, "until_hour": 0},
            {"name": "Tiers", "hundredths": 200, "tiers": ["Golden"], "birthday": "yes"},
            {"name": "Both tiers", "hundredths": 200, "tiers": ["Gold", "Silver"]},
            {"hundredths": "200", "first_purchase": None, "tier": "Gold"},
            7,
        ],
    )

    assert problems_of(said) == [
        ("multipliers[0].hundredths", "out_of_range"),
        ("multipliers[1].hundredths", "out_of_range"),
        ("multipliers[1].name", "blank"),
        ("multipliers[2].name", "repeated"),
        ("multipliers[2].weekdays[0]", "out_of_range"),
        ("multipliers[2].weekdays[2]", "repeated"),
        ("multipliers[2].weekdays[3]", "not_a_whole_number"),
        ("multipliers[2].weekdays[4]", "out_of_range"),
        ("multipliers[3].name", "unprintable"),
        ("multipliers[3].until_hour", "no_hours"),
        ("multipliers[4].from_hour", "out_of_range"),
        ("multipliers[4].name", "too_long"),
        ("multipliers[4].until_hour", "out_of_range"),
        ("multipliers[5].birthday", "not_true_or_false"),
        ("multipliers[5].tiers[0]", "unknown_tier"),
        ("multipliers[6].tiers", "too_many"),
        ("multipliers[7].first_purchase", "not_true_or_false"),
        ("multipliers[7].hundredths", "not_a_whole_number"),
        ("multipliers[7].name", "required"),
        ("multipliers[7].tier", "unknown_field"),
        ("multipliers[8]", "not_an_object"),
        ("multipliers[8].hundredths", "required"),
        ("multipliers[8].name", "required"),
    ]
    assert problems_of(with_(multipliers=[{"name": str(at), "hundredths": 200} for at in range(21)])) == [
        ("multipliers", "too_many")
    ]


def test_every_mistake_of_stamps_and_tiers_is_named_at_its_place() -> None:
    said = with_(
        stamps={"per": "coffee", "needed": 0, "reward": "Free Coffee", "cooldown_hours": -1, "categories": [3]},
        tiers={
            "basis": "money",
            "months": 37,
            "grace_days": 366,
            "at_risk_days": -1,
            "levels": [
                {"name": "Silver", "least": 0, "hundredths": 99, "perks": ["", "x" * 121]},
                {"name": "Silver", "least": 1},
                {"name": "Gold", "least": 5},
                {"least": 5, "perks": "none"},
            ],
        },
    )

    assert problems_of(said) == [
        ("stamps.categories[0]", "not_a_text"),
        ("stamps.cooldown_hours", "out_of_range"),
        ("stamps.needed", "out_of_range"),
        ("stamps.per", "unknown_choice"),
        ("stamps.reward", "slug_form"),
        ("tiers.at_risk_days", "out_of_range"),
        ("tiers.basis", "unknown_choice"),
        ("tiers.grace_days", "out_of_range"),
        ("tiers.levels[0].hundredths", "out_of_range"),
        ("tiers.levels[0].least", "out_of_range"),
        ("tiers.levels[0].perks[0]", "blank"),
        ("tiers.levels[0].perks[1]", "too_long"),
        ("tiers.levels[1].least", "not_above_the_one_before"),
        ("tiers.levels[1].name", "repeated"),
        ("tiers.levels[3].least", "not_above_the_one_before"),
        ("tiers.levels[3].name", "required"),
        ("tiers.levels[3].perks", "not_a_list"),
        ("tiers.months", "out_of_range"),
        ("tiers.window", "required"),
    ]
    assert problems_of(with_(tiers={"basis": "points", "window": "rolling", "levels": []})) == [
        ("tiers.levels", "levels_needed")
    ]
    assert problems_of(with_(stamps={})) == [
        ("stamps.needed", "required"),
        ("stamps.per", "required"),
        ("stamps.reward", "required"),
    ]


def test_every_mistake_of_bonuses_caps_and_reviews_is_named_at_its_place() -> None:
    said = {
        "points": 10,
        "per_minor": 100,
        "bonuses": {"joining": -1, "first_purchase": BONUS_MAX + 1, "visit": 1.0, "visit_hours": 0},
        "caps": {"per_sale": 9, "per_day": "many", "per_month": 10, "per_year": 1},
        "review": {"sales_per_day": 0, "sales_per_hour_of_terminal": 1001, "amount_minor": MINOR_MAX + 1},
    }

    assert problems_of(said) == [
        ("bonuses.first_purchase", "out_of_range"),
        ("bonuses.joining", "out_of_range"),
        ("bonuses.visit", "not_a_whole_number"),
        ("bonuses.visit_hours", "out_of_range"),
        ("caps.per_day", "not_a_whole_number"),
        # Below what one step earns nobody would ever earn.
        ("caps.per_sale", "out_of_range"),
        ("caps.per_year", "unknown_field"),
        ("review.amount_minor", "out_of_range"),
        ("review.sales_per_day", "out_of_range"),
        ("review.sales_per_hour_of_terminal", "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (with_(expiry_months=12, expiry_dates=["12-31"]), [("expiry_dates", "one_expiry")]),
        (with_(expiry_months=12, inactivity_months=6), [("inactivity_months", "one_expiry")]),
        (with_(inactivity_months=6, expiry_dates=["12-31"]), [("inactivity_months", "one_expiry")]),
        (with_(expiry_to_month_end=True), [("expiry_to_month_end", "not_with_this_expiry")]),
        (with_(inactivity_months=6, expiry_to_month_end=True), [("expiry_to_month_end", "not_with_this_expiry")]),
        (with_(expiry_months=12, expiry_least_days=30), [("expiry_least_days", "not_with_this_expiry")]),
        (with_(expiry_dates=[f"{month:02}-01" for month in range(1, 13)] + ["12-31"]), [("expiry_dates", "too_many")]),
    ],
)
def test_points_expire_in_one_way(said: object, expected: list[tuple[str, str]]) -> None:
    assert problems_of(said) == expected


def test_only_a_punch_card_may_be_without_points() -> None:
    stamps: Json = {"per": "item", "needed": 10, "reward": "free-coffee"}

    assert Rules.from_json({"points": 0, "per_minor": 100, "stamps": stamps}).points == 0
    assert problems_of({"points": 0, "per_minor": 100}) == [("points", "out_of_range")]


def test_no_sale_earns_so_much_that_a_card_could_outgrow_what_a_phone_reads() -> None:
    # given the most generous rules that there can be
    generous = Rules.from_json({"points": 100_000, "per_minor": 1_000})
    assert problems_of({"points": 100_000, "per_minor": 999}) == [("points", "out_of_range")]
    assert problems_of({"points": 101, "per_minor": 1}) == [("points", "out_of_range")]
    # then the largest sales at the best multiplier, one after another, for more money than any shop takes of one member
    best = MINOR_MAX * HUNDREDTHS_MAX // generous.step * generous.points
    largest_sales = POINTS_MAX // best
    assert best < 2**45
    assert largest_sales * MINOR_MAX > 8_000_000_000 * 100


@pytest.mark.parametrize(("basis", "most"), [("points", POINTS_MAX - 1), ("spend", MINOR_MAX)])
def test_a_level_takes_no_more_than_a_member_can_be_told(basis: str, most: int) -> None:
    def rules(least: int) -> Rules:
        tiers: Json = {"basis": basis, "window": "rolling", "levels": [{"name": "Gold", "least": least}]}
        return Rules.from_json({"points": 1, "per_minor": 100, "tiers": tiers})

    tiers = rules(most).tiers
    assert tiers is not None
    assert tiers.levels[0].least == most
    with pytest.raises(InvalidInput) as refused:
        rules(most + 1)
    assert [(p.field, p.phrase.code, dict(p.phrase.facts)) for p in refused.value.problems] == [
        ("tiers.levels[0].least", "out_of_range", {"least": 1, "most": most})
    ]
