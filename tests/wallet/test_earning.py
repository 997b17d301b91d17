"""What a basket earns, on paper and as laws over any rules, baskets and circumstances; and why, line by line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wallet import drawn
from wallet.baskets import Line
from wallet.earning import Circumstances, Earning, judge
from wallet.rules import Bonuses, Caps, Multiplier, Rules, StampRules, TierLevel, TierRules
from wallet.values import EarnStatus, LineKind, Minor, Points

PER_50 = Rules(points=Points(1), per_minor=Minor(50), carry_remainder=True)
PER_100 = Rules(points=Points(2), per_minor=Minor(100))
STAMPED = Rules(points=Points(0), stamps=StampRules("item", 10, "free-coffee", categories=("coffee",)))
MONDAY = drawn.MONDAY
TUESDAY = MONDAY + timedelta(days=1)
HERE = Circumstances(MONDAY)

EARNED, NO_RULE = EarnStatus.EARNED, EarnStatus.NO_RULE


def items(*amounts: int) -> list[Line]:
    return [Line(str(at), Minor(amount)) for at, amount in enumerate(amounts)]


def of(category: str, amount: int, *, quantity: int = 1, sku: str | None = None) -> Line:
    return Line(category, Minor(amount), category=category, sku=sku, quantity=quantity)


def earn(
    rules: Rules, lines: Sequence[Line], *, carry: int = 0, paid: Sequence[int] | None = None, at: Circumstances = HERE
) -> Earning:
    amounts = [line.amount_minor for line in lines] if paid is None else [Minor(minor) for minor in paid]
    return judge(rules, lines, paid=amounts, circumstances=replace(at, carry=carry), currency="INR")


def told(earning: Earning) -> list[tuple[int, EarnStatus, str]]:
    return [(line.points, line.status, line.reason.code) for line in earning.lines]


# --- steps, remainders and carries


def test_points_come_in_whole_steps_and_the_remainder_is_dropped() -> None:
    earning = earn(PER_100, items(250, 149))

    assert (earning.points, earning.eligible_minor, earning.carry_after) == (6, 399, 0)
    assert told(earning) == [(4, EARNED, "line_earned"), (2, EARNED, "line_earned")]


def test_the_remainder_is_carried_if_the_program_says_so() -> None:
    first = earn(PER_50, items(30))
    second = earn(PER_50, items(20), carry=first.carry_after)

    assert (first.points, first.carry_after) == (0, 3_000)
    assert told(first) == [(0, NO_RULE, "line_carried")]
    assert (second.points, second.carry_after) == (1, 0)
    assert told(second) == [(1, EARNED, "line_earned_with_purchases")]


def test_a_program_that_drops_remainders_leaves_an_older_carry_alone() -> None:
    earning = earn(PER_100, items(80), carry=3_000)

    assert (earning.points, earning.carry_after) == (0, 3_000)


def test_lines_that_only_together_make_a_step_say_so() -> None:
    assert told(earn(PER_100, items(60, 60))) == [
        (0, NO_RULE, "line_counted_together"),
        (2, EARNED, "line_earned_with_lines"),
    ]


def test_a_line_that_earns_no_more_than_by_itself_names_no_other() -> None:
    assert told(earn(PER_50, items(80, 60))) == [(1, EARNED, "line_earned"), (1, EARNED, "line_earned")]
    assert told(earn(PER_50, items(65), carry=3_000)) == [(1, EARNED, "line_earned")]


def test_a_point_that_a_carry_completes_says_so_on_any_line() -> None:
    tip = Line("tip", Minor(70), LineKind.TIP)

    assert told(earn(PER_50, items(20), carry=3_000)) == [(1, EARNED, "line_earned_with_purchases")]
    assert told(earn(PER_50, [tip, *items(20)], carry=3_000))[1] == (1, EARNED, "line_earned_with_purchases")
    # The first line leaves nothing over: 100 is two whole steps.
    assert told(earn(PER_50, items(100, 20), carry=3_000)) == [
        (2, EARNED, "line_earned"),
        (1, EARNED, "line_earned_with_purchases"),
    ]


def test_a_point_that_needs_the_carry_and_the_lines_before_names_both() -> None:
    assert told(earn(PER_50, items(15, 20), carry=1_500)) == [
        (0, NO_RULE, "line_carried"),
        (1, EARNED, "line_earned_with_both"),
    ]


def test_a_point_that_the_lines_alone_complete_names_no_purchase() -> None:
    assert told(earn(PER_50, items(40, 20), carry=500)) == [
        (0, NO_RULE, "line_carried"),
        (1, EARNED, "line_earned_with_lines"),
    ]


def test_what_is_too_little_says_so() -> None:
    earning = earn(PER_100, items(99))

    assert told(earning) == [(0, NO_RULE, "line_too_little")]
    assert dict(earning.lines[0].reason.facts) == {"per_minor": 100, "currency": "INR"}


# --- what counts


def test_a_line_that_costs_nothing_says_so() -> None:
    assert told(earn(PER_100, items(0, 100))) == [(0, NO_RULE, "line_free"), (2, EARNED, "line_earned")]


def test_what_is_paid_earns_and_not_what_a_voucher_paid() -> None:
    earning = earn(PER_100, items(250, 300), paid=[150, 0])

    assert (earning.points, earning.eligible_minor) == (2, 150)
    assert told(earning) == [(2, EARNED, "line_earned"), (0, NO_RULE, "line_free")]
    assert earning.lines[0].reason.facts["amount_minor"] == 150


@pytest.mark.parametrize("kind", [kind for kind in LineKind if kind is not LineKind.ITEM])
def test_other_kinds_of_lines_earn_nothing_and_count_for_nothing(kind: LineKind) -> None:
    earning = earn(PER_50, [Line("a", Minor(1000), kind), Line("b", Minor(60))])

    assert (earning.points, earning.eligible_minor, earning.carry_after) == (1, 60, 1_000)
    assert told(earning)[0] == (0, EarnStatus.EXCLUDED_KIND, f"line_excluded_{kind.value.lower()}")
    assert [line.hundredths for line in earning.lines] == [0, 100]


def test_a_kind_that_the_program_names_earns() -> None:
    rules = Rules(points=Points(1), per_minor=Minor(100), earning_kinds=frozenset({LineKind.SHIPPING}))
    earning = earn(rules, [Line("a", Minor(500)), Line("b", Minor(500), LineKind.SHIPPING)])

    assert told(earning) == [(0, EarnStatus.EXCLUDED_KIND, "line_excluded_item"), (5, EARNED, "line_earned")]


def test_an_excluded_category_and_an_excluded_article_earn_nothing_and_say_so() -> None:
    rules = replace(PER_50, excluded_categories=("tobacco",), excluded_skus=("8901",))
    earning = earn(rules, [of("tobacco", 500), of("tea", 500, sku="8901"), of("bread", 60)])

    assert (earning.points, earning.eligible_minor, earning.carry_after) == (1, 60, 1_000)
    assert told(earning)[:2] == [(0, NO_RULE, "line_excluded_category"), (0, NO_RULE, "line_excluded_sku")]
    assert dict(earning.lines[0].reason.facts) == {"category": "tobacco"}
    assert [line.hundredths for line in earning.lines] == [0, 0, 100]


def test_below_the_minimum_nothing_earns_and_the_carry_does_not_move() -> None:
    rules = Rules(
        points=Points(1),
        per_minor=Minor(50),
        minimum_minor=Minor(200),
        carry_remainder=True,
        excluded_categories=("tobacco",),
        bonuses=Bonuses(first_purchase=Points(50), visit=Points(5)),
        stamps=StampRules("item", 10, "free-coffee"),
    )
    first = replace(HERE, first_purchase=True, visit_bonus_due=True)
    lines = [*items(150, 49, 0), Line("tip", Minor(100), LineKind.TIP), of("tobacco", 900)]
    below, reached = earn(rules, lines, carry=4_000, at=first), earn(rules, items(150, 50), carry=4_000, at=first)

    assert (below.points, below.bonus_points, below.stamps, below.carry_after) == (0, 0, 0, 4_000)
    assert told(below) == [
        (0, EarnStatus.BELOW_MINIMUM, "line_below_minimum"),
        (0, EarnStatus.BELOW_MINIMUM, "line_below_minimum"),
        (0, NO_RULE, "line_free"),
        (0, EarnStatus.EXCLUDED_KIND, "line_excluded_tip"),
        (0, NO_RULE, "line_excluded_category"),
    ]
    assert (reached.points, reached.bonus_points, reached.stamps, reached.carry_after) == (4, 55, 2, 4_000)


# --- multipliers


def test_a_multiplier_makes_money_count_more_often_and_is_named() -> None:
    rules = replace(PER_50, multipliers=(Multiplier("Fresh bread", 150, categories=("bread",)),))
    earning = earn(rules, [of("bread", 110), of("tea", 40)])

    # 110 counts 165, and 40 completes the fourth 50 with the 15 that were left: 205 is four steps and five over.
    assert (earning.points, earning.carry_after) == (4, 500)
    assert told(earning) == [(3, EARNED, "line_multiplied"), (1, EARNED, "line_earned_with_lines")]
    assert dict(earning.lines[0].reason.facts) == {
        "points": 3,
        "amount_minor": 110,
        "currency": "INR",
        "times": "1.5",
        "multiplier": "Fresh bread",
    }


def test_a_multiplied_line_says_as_any_other_what_completed_its_points() -> None:
    rules = replace(PER_50, multipliers=(Multiplier("Double", 200),))

    assert told(earn(rules, items(10, 20))) == [
        (0, NO_RULE, "line_multiplied_carried"),
        (1, EARNED, "line_multiplied_with_lines"),
    ]
    assert told(earn(rules, items(20), carry=1_000)) == [(1, EARNED, "line_multiplied_with_purchases")]
    assert told(earn(rules, items(5, 10), carry=2_000)) == [
        (0, NO_RULE, "line_multiplied_carried"),
        (1, EARNED, "line_multiplied_with_both"),
    ]


def test_the_best_multiplier_counts_and_none_multiplies_another() -> None:
    rules = replace(
        PER_100,
        multipliers=(Multiplier("Double", 200), Multiplier("Triple bread", 300, categories=("bread",))),
        tiers=TierRules((TierLevel("Gold", 500, 250),)),
    )
    lines = [of("bread", 100), of("tea", 100)]

    assert [line.hundredths for line in earn(rules, lines).lines] == [300, 200]
    golden = earn(rules, lines, at=replace(HERE, tier="Gold"))
    assert [line.hundredths for line in golden.lines] == [300, 250]
    assert [line.reason.facts["multiplier"] for line in golden.lines] == ["Triple bread", "Gold"]
    assert golden.points == 10


def test_a_multiplier_asks_for_all_that_it_states() -> None:
    rules = replace(
        PER_100,
        multipliers=(
            Multiplier("Golden", 200, ("bread",), ("A",), (2,), 9, 12, ("Gold",), first_purchase=True, birthday=True),
        ),
    )
    fits = Circumstances(TUESDAY + timedelta(hours=9), tier="Gold", first_purchase=True, birthday=True)

    def often(line: Line, at: Circumstances) -> int:
        return earn(rules, [line], at=at).lines[0].hundredths

    assert [often(line, fits) for line in (of("bread", 100), of("tea", 100, sku="A"), of("tea", 100))] == [
        200,
        200,
        100,
    ]
    for missing in (
        replace(fits, local=fits.local + timedelta(days=1)),
        replace(fits, local=fits.local - timedelta(seconds=1)),
        replace(fits, local=fits.local + timedelta(hours=3)),
        replace(fits, tier="Silver"),
        replace(fits, first_purchase=False),
        replace(fits, birthday=False),
    ):
        assert often(of("bread", 100), missing) == 100


def test_multipliers_that_may_both_be_it_are_both_named() -> None:
    welcome = Multiplier("Welcome", 200, first_purchase=True)
    birthday = Multiplier("Birthday", 200, birthday=True)
    tuesday = Multiplier("Double Tuesdays", 200, weekdays=(2,))

    def named(*multipliers: Multiplier, at: Circumstances) -> object:
        return earn(replace(PER_100, multipliers=multipliers), items(100), at=at).lines[0].reason.facts["multiplier"]

    assert named(welcome, tuesday, at=replace(HERE, first_purchase=True)) == "Welcome"
    assert named(welcome, tuesday, at=Circumstances(TUESDAY)) == "Double Tuesdays"
    assert named(welcome, tuesday, at=Circumstances(TUESDAY, first_purchase=True)) == "Double Tuesdays"
    assert named(welcome, birthday, at=replace(HERE, birthday=True)) == "Welcome / Birthday"


# --- bonuses and caps


def test_bonuses_are_added_and_not_multiplied() -> None:
    rules = replace(
        PER_100,
        multipliers=(Multiplier("Double", 200),),
        bonuses=Bonuses(joining=Points(1_000), first_purchase=Points(50), visit=Points(5)),
    )
    both = earn(rules, items(100), at=replace(HERE, first_purchase=True, visit_bonus_due=True))
    visit = earn(rules, items(100), at=replace(HERE, visit_bonus_due=True))

    assert (both.points, both.bonus_points) == (4, 55)
    assert [(reason.code, dict(reason.facts)) for reason in both.bonus_reasons] == [
        ("bonus_first_purchase", {"points": 50}),
        ("bonus_visit", {"points": 5}),
    ]
    assert (visit.points, visit.bonus_points) == (4, 5)
    assert earn(rules, items(100)).bonus_points == 0
    assert earn(rules, items(0), at=replace(HERE, first_purchase=True)).bonus_points == 0


def test_the_cap_of_a_sale_bounds_its_lines_in_their_order() -> None:
    rules = replace(
        PER_100, carry_remainder=True, caps=Caps(per_sale=Points(5)), bonuses=Bonuses(first_purchase=Points(50))
    )
    earning = earn(rules, items(150, 160, 90), at=replace(HERE, first_purchase=True))

    # Four whole steps of two points, of which two fit into five points.
    assert (earning.points, earning.capped_points, earning.bonus_points, earning.carry_after) == (4, 4, 50, 0)
    assert told(earning) == [
        (2, EARNED, "line_earned"),
        (2, EarnStatus.CAP_REACHED, "line_cap_sale"),
        (0, EarnStatus.CAP_REACHED, "line_cap_sale"),
    ]
    assert dict(earning.lines[1].reason.facts) == {"most_points": 5}


@pytest.mark.parametrize(
    ("caps", "given_before", "points", "code"),
    [
        (Caps(per_day=Points(10)), (6, 6), 4, "line_cap_day"),
        (Caps(per_month=Points(10)), (0, 7), 2, "line_cap_month"),
        (Caps(per_day=Points(10), per_month=Points(20)), (6, 18), 2, "line_cap_day_or_month"),
        (Caps(per_day=Points(10), per_month=Points(20)), (10, 11), 0, "line_cap_day_or_month"),
        (Caps(per_day=Points(10)), (12, 12), 0, "line_cap_day"),
        (Caps(per_sale=Points(6), per_day=Points(10)), (0, 0), 6, "line_cap_sale"),
    ],
)
def test_the_caps_of_the_day_and_the_month_leave_what_earlier_sales_left(
    caps: Caps, given_before: tuple[int, int], points: int, code: str
) -> None:
    today, this_month = given_before
    at = Circumstances(MONDAY, earned_today=Points(today), earned_this_month=Points(this_month))
    earning = earn(replace(PER_100, caps=caps), items(500), at=at)

    assert (earning.points, earning.capped_points) == (points, 10 - points)
    assert told(earning) == [(points, EarnStatus.CAP_REACHED, code)]


def test_a_cap_that_is_not_reached_is_not_spoken_of() -> None:
    assert told(earn(replace(PER_100, caps=Caps(per_sale=Points(10))), items(500))) == [(10, EARNED, "line_earned")]


# --- stamps


def test_a_stamp_for_each_item_of_the_stamped_goods() -> None:
    earning = earn(STAMPED, [of("coffee", 270, quantity=3), of("cake", 200), of("coffee", 90)])

    assert (earning.points, earning.stamps, [line.stamps for line in earning.lines]) == (0, 4, [3, 0, 1])
    assert told(earning) == [(0, EARNED, "line_stamped"), (0, NO_RULE, "line_no_stamp"), (0, EARNED, "line_stamped")]


@pytest.mark.parametrize(
    ("amount", "quantity", "paid", "stamps"),
    [
        (270, 3, 180, 2),
        (301, 3, 201, 2),
        (270, 3, 243, 3),
        (90, 1, 1, 1),
        (90, 1, 0, 0),
        (270, 3, 0, 0),
        (0, 1, 0, 0),
        (2, 5, 2, 5),
        (2, 5, 0, 0),
        (10**9, 10**9, 10**9, 100),
    ],
)
def test_an_item_that_a_voucher_paid_gets_no_stamp_and_one_that_was_only_cheaper_does(
    amount: int, quantity: int, paid: int, stamps: int
) -> None:
    earning = earn(STAMPED, [of("coffee", amount, quantity=quantity), of("tea", 1)], paid=[paid, 1])

    assert earning.stamps == stamps


def test_one_stamp_for_a_visit_on_its_first_stamped_line_and_none_before_it_is_due() -> None:
    rules = replace(STAMPED, stamps=StampRules("visit", 10, "free-coffee", categories=("coffee",), cooldown_hours=12))
    lines = [of("cake", 200), of("coffee", 0), of("coffee", 270, quantity=3), of("coffee", 90)]
    due = earn(rules, lines, at=replace(HERE, stamp_visit_due=True))

    assert [line.stamps for line in due.lines] == [0, 0, 1, 0]
    assert [line.reason.code for line in due.lines] == [
        "line_no_stamp",
        "line_free",
        "line_stamped",
        "line_stamped_once",
    ]
    assert earn(rules, lines).stamps == 0


def test_stamps_and_points_of_one_line_are_told_together() -> None:
    rules = replace(
        PER_50, stamps=StampRules("item", 10, "free-coffee"), multipliers=(Multiplier("Bread", 200, ("bread",)),)
    )

    assert told(earn(rules, [of("tea", 90), of("bread", 90)])) == [
        (1, EARNED, "line_earned_stamped"),
        (4, EARNED, "line_multiplied_stamped"),
    ]
    assert told(earn(rules, items(20))) == [(0, EARNED, "line_carried_stamped")]


def test_what_never_earns_gets_no_stamp_and_neither_does_what_is_no_item() -> None:
    rules = replace(PER_50, stamps=StampRules("item", 10, "free-coffee"), excluded_categories=("tobacco",))
    earning = earn(rules, [of("tobacco", 90), Line("tip", Minor(90), LineKind.TIP), of("tea", 10)])

    assert [line.stamps for line in earning.lines] == [0, 0, 1]


# --- as laws


@given(drawn.any_rules(), drawn.line_lists(), st.data())
def test_the_lines_sum_to_the_sale_and_each_says_what_it_is(
    rules: Rules, lines: list[Line], data: st.DataObject
) -> None:
    paid, given_here = data.draw(drawn.payments(lines)), data.draw(drawn.circumstances(rules))
    earning = judge(rules, lines, paid=paid, circumstances=given_here, currency="INR")

    assert sum(line.points for line in earning.lines) == earning.points
    assert sum(line.stamps for line in earning.lines) == earning.stamps
    assert [line.line_id for line in earning.lines] == [line.line_id for line in lines]
    assert 0 <= earning.carry_after < rules.step
    for line, earned in zip(lines, earning.lines, strict=True):
        assert earned.points >= 0
        assert earned.hundredths == 0 or 100 <= earned.hundredths <= 10_000
        assert (earned.hundredths > 0) == rules.earns(kind=line.kind, sku=line.sku, category=line.category)
        assert (earned.status is EARNED) == bool(earned.points or earned.stamps) or (
            earned.status is EarnStatus.CAP_REACHED
        )


@given(drawn.any_rules(), drawn.line_lists(), st.data())
def test_points_are_the_whole_steps_of_what_counts_as_far_as_the_caps_let_them(
    rules: Rules, lines: list[Line], data: st.DataObject
) -> None:
    paid, given_here = data.draw(drawn.payments(lines)), data.draw(drawn.circumstances(rules))
    earning = judge(rules, lines, paid=paid, circumstances=given_here, currency="INR")

    money = Fraction(0)
    for minor, line in zip(paid, earning.lines, strict=True):
        money += minor * Fraction(line.hundredths, 100)
    enough = earning.eligible_minor >= max(rules.minimum_minor, 1)
    money = money + Fraction(given_here.carry, 100) * rules.carry_remainder if enough else Fraction(0)
    steps = money // rules.per_minor
    left = [
        cap - used
        for cap, used in (
            (rules.caps.per_sale, 0),
            (rules.caps.per_day, given_here.earned_today),
            (rules.caps.per_month, given_here.earned_this_month),
        )
        if cap is not None
    ]
    allowed = min([steps, *(max(0, points) // rules.points for points in left)])

    assert earning.points == allowed * rules.points
    assert earning.points + earning.capped_points == steps * rules.points
    capped = any(line.status is EarnStatus.CAP_REACHED for line in earning.lines)
    assert capped == (earning.capped_points > 0)


@given(drawn.any_rules(), drawn.line_lists(), st.data())
def test_a_line_names_whatever_its_points_need(rules: Rules, lines: list[Line], data: st.DataObject) -> None:
    rules = replace(rules, caps=Caps(), stamps=None)
    paid, given_here = data.draw(drawn.payments(lines)), data.draw(drawn.circumstances(rules))
    before = 0
    for minor, earned in zip(
        paid, judge(rules, lines, paid=paid, circumstances=given_here, currency="INR").lines, strict=True
    ):
        counted = minor * earned.hundredths
        if earned.points:
            step = earned.reason.code.removeprefix("line_earned").removeprefix("line_multiplied")
            alone, together = steps(rules, counted), steps(rules, before % rules.step + counted)
            assert (step == "") == (earned.points == alone)
            assert (step == "_with_lines") == (alone < earned.points == together)
            if step in {"_with_purchases", "_with_both"}:
                assert earned.points == alone + rules.points
                assert rules.carry_remainder
                assert given_here.carry > 0
                assert (step == "_with_both") == (before % rules.step > 0)
            assert earned.reason.code.startswith("line_earned") == (earned.hundredths == 100)
        before += counted


def steps(rules: Rules, counted: int) -> int:
    return counted // rules.step * rules.points


@given(drawn.any_rules(), drawn.line_lists(), st.data())
def test_the_multiplier_that_is_named_is_one_that_counts_so_often(
    rules: Rules, lines: list[Line], data: st.DataObject
) -> None:
    given_here = data.draw(drawn.circumstances(rules))
    paid = [line.amount_minor for line in lines]
    often = {multiplier.name: multiplier.hundredths for multiplier in rules.multipliers}
    often |= {level.name: level.hundredths for level in (rules.tiers.levels if rules.tiers else ())}
    for earned in judge(rules, lines, paid=paid, circumstances=given_here, currency="INR").lines:
        if "multiplier" in earned.reason.facts:
            names = str(earned.reason.facts["multiplier"]).split(" / ")
            assert {often[name] for name in names} == {earned.hundredths}
