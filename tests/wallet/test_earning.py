"""The arithmetic of earning and of giving back, on paper and as laws over any basket and any rules."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.baskets import Line
from wallet.earning import Earning, give_back, judge
from wallet.rules import Rate, Rules
from wallet.values import EarnStatus, LineKind, Minor, Points

PER_50 = Rules(points=Points(1), per_minor=Minor(50), carry_remainder=True)
PER_100 = Rules(points=Points(2), per_minor=Minor(100))


def items(*amounts: int) -> list[Line]:
    return [Line(str(at), Minor(amount)) for at, amount in enumerate(amounts)]


def earn(rules: Rules, lines: Sequence[Line], carry: int = 0) -> Earning:
    return judge(rules, lines, carry_minor=Minor(carry), currency="INR")


def told(earning: Earning) -> list[tuple[int, EarnStatus, str]]:
    return [(line.points, line.status, line.reason.code) for line in earning.lines]


# --- on paper


def test_points_come_in_whole_steps_and_the_remainder_is_dropped() -> None:
    earning = earn(PER_100, items(250, 149))

    assert (earning.points, earning.eligible_minor, earning.carry_after) == (6, 399, 0)
    assert told(earning) == [(4, EarnStatus.EARNED, "line_earned"), (2, EarnStatus.EARNED, "line_earned")]


def test_the_remainder_is_carried_if_the_program_says_so() -> None:
    first = earn(PER_50, items(30))
    second = earn(PER_50, items(20), first.carry_after)

    assert (first.points, first.carry_after) == (0, 30)
    assert told(first) == [(0, EarnStatus.NO_RULE, "line_carried")]
    assert (second.points, second.carry_after) == (1, 0)
    assert told(second) == [(1, EarnStatus.EARNED, "line_earned_with_purchases")]


def test_a_program_that_drops_remainders_leaves_an_older_carry_alone() -> None:
    earning = earn(PER_100, items(80), carry=30)

    assert (earning.points, earning.carry_after) == (0, 30)


def test_lines_that_only_together_make_a_step_say_so() -> None:
    earning = earn(PER_100, items(60, 60))

    assert told(earning) == [
        (0, EarnStatus.NO_RULE, "line_counted_together"),
        (2, EarnStatus.EARNED, "line_earned_with_lines"),
    ]


def test_a_line_that_earns_no_more_than_by_itself_names_no_other() -> None:
    assert told(earn(PER_50, items(80, 60))) == [
        (1, EarnStatus.EARNED, "line_earned"),
        (1, EarnStatus.EARNED, "line_earned"),
    ]
    assert told(earn(PER_50, items(65), carry=30)) == [(1, EarnStatus.EARNED, "line_earned")]


def test_a_point_that_a_carry_completes_says_so_on_any_line() -> None:
    tip = Line("tip", Minor(70), LineKind.TIP)

    assert told(earn(PER_50, items(20), carry=30)) == [(1, EarnStatus.EARNED, "line_earned_with_purchases")]
    assert told(earn(PER_50, [tip, *items(20)], carry=30))[1] == (1, EarnStatus.EARNED, "line_earned_with_purchases")
    # The first line leaves nothing over: 100 is two whole steps.
    assert told(earn(PER_50, items(100, 20), carry=30)) == [
        (2, EarnStatus.EARNED, "line_earned"),
        (1, EarnStatus.EARNED, "line_earned_with_purchases"),
    ]


def test_a_point_that_needs_the_carry_and_the_lines_before_names_both() -> None:
    assert told(earn(PER_50, items(15, 20), carry=15)) == [
        (0, EarnStatus.NO_RULE, "line_carried"),
        (1, EarnStatus.EARNED, "line_earned_with_both"),
    ]


def test_a_point_that_the_lines_alone_complete_names_no_purchase() -> None:
    assert told(earn(PER_50, items(40, 20), carry=5)) == [
        (0, EarnStatus.NO_RULE, "line_carried"),
        (1, EarnStatus.EARNED, "line_earned_with_lines"),
    ]


def test_what_is_too_little_says_so() -> None:
    earning = earn(PER_100, items(99))

    assert earning.points == 0
    assert told(earning) == [(0, EarnStatus.NO_RULE, "line_too_little")]
    assert dict(earning.lines[0].reason.facts) == {"per_minor": 100, "currency": "INR"}


def test_a_line_that_costs_nothing_says_so() -> None:
    assert told(earn(PER_100, items(0, 100))) == [
        (0, EarnStatus.NO_RULE, "line_free"),
        (2, EarnStatus.EARNED, "line_earned"),
    ]


@pytest.mark.parametrize("kind", [kind for kind in LineKind if kind is not LineKind.ITEM])
def test_other_kinds_of_lines_earn_nothing_and_count_for_nothing(kind: LineKind) -> None:
    earning = earn(PER_50, [Line("a", Minor(1000), kind), Line("b", Minor(60))])

    assert (earning.points, earning.eligible_minor, earning.carry_after) == (1, 60, 10)
    assert told(earning)[0] == (0, EarnStatus.EXCLUDED_KIND, f"line_excluded_{kind.value.lower()}")


def test_a_kind_that_the_program_names_earns() -> None:
    rules = Rules(points=Points(1), per_minor=Minor(100), earning_kinds=frozenset({LineKind.SHIPPING}))
    earning = earn(rules, [Line("a", Minor(500)), Line("b", Minor(500), LineKind.SHIPPING)])

    assert told(earning) == [
        (0, EarnStatus.EXCLUDED_KIND, "line_excluded_item"),
        (5, EarnStatus.EARNED, "line_earned"),
    ]


def test_below_the_minimum_nothing_earns_and_the_carry_does_not_move() -> None:
    rules = Rules(points=Points(1), per_minor=Minor(50), minimum_minor=Minor(200), carry_remainder=True)
    below = earn(rules, [*items(150, 49, 0), Line("tip", Minor(100), LineKind.TIP)], carry=40)
    reached = earn(rules, items(150, 50), carry=40)

    assert (below.points, below.carry_after) == (0, 40)
    assert told(below) == [
        (0, EarnStatus.BELOW_MINIMUM, "line_below_minimum"),
        (0, EarnStatus.BELOW_MINIMUM, "line_below_minimum"),
        (0, EarnStatus.NO_RULE, "line_free"),
        (0, EarnStatus.EXCLUDED_KIND, "line_excluded_tip"),
    ]
    assert (reached.points, reached.carry_after) == (4, 40)


def test_a_return_takes_what_the_running_total_no_longer_makes() -> None:
    # 60 then 40 at a point per 50: one point with 10 carried, then one point with nothing carried.
    first, second = items(60), items(40)

    assert give_back(PER_50, before=first, after=[], carry_minor=Minor(0)).points == 2
    assert give_back(PER_50, before=first, after=[], carry_minor=Minor(0)).carry_after == 40
    assert give_back(PER_50, before=second, after=[], carry_minor=Minor(40)).points == 0
    assert give_back(PER_50, before=second, after=[], carry_minor=Minor(40)).carry_after == 0


def test_a_return_of_part_of_a_sale_takes_only_the_difference() -> None:
    lines = items(250, 149)

    assert give_back(PER_100, before=lines, after=lines[:1], carry_minor=Minor(7)).points == 2
    assert give_back(PER_100, before=lines[:1], after=[], carry_minor=Minor(7)).points == 4
    assert give_back(PER_100, before=lines, after=[], carry_minor=Minor(7)).points == 6
    assert give_back(PER_100, before=lines, after=[], carry_minor=Minor(7)).carry_after == 7


def test_a_return_that_leaves_less_than_the_minimum_takes_all_that_is_left() -> None:
    rules = Rules(points=Points(1), per_minor=Minor(50), minimum_minor=Minor(200))
    lines = items(150, 100)

    assert earn(rules, lines).points == 5
    assert give_back(rules, before=lines, after=lines[:1], carry_minor=Minor(0)).points == 5
    assert give_back(rules, before=lines[:1], after=[], carry_minor=Minor(0)).points == 0


def test_what_earned_nothing_is_due_nothing() -> None:
    lines = [Line("tip", Minor(1000), LineKind.TIP)]

    assert give_back(PER_50, before=lines, after=[], carry_minor=Minor(30)) == give_back(
        PER_50, before=[], after=[], carry_minor=Minor(30)
    )


# --- as laws

amounts = st.integers(0, 5_000) | st.integers(0, 4_000_000)
kinds = st.sampled_from(LineKind)
line_lists = st.lists(st.tuples(amounts, kinds), min_size=1, max_size=8).map(
    lambda drawn: [Line(str(at), Minor(amount), kind) for at, (amount, kind) in enumerate(drawn)]
)
some_kinds = st.sets(st.sampled_from([kind for kind in LineKind if kind is not LineKind.GIFT_CARD_SALE]), min_size=1)


@st.composite
def any_rules(draw: st.DrawFn, *, carry: bool | None = None) -> Rules:
    return Rules(
        points=Points(draw(st.integers(1, 20))),
        per_minor=Minor(draw(st.integers(1, 10_000))),
        earning_kinds=frozenset(draw(some_kinds | st.just({LineKind.ITEM}))),
        minimum_minor=Minor(draw(st.just(0) | st.integers(0, 6_000))),
        carry_remainder=draw(st.booleans()) if carry is None else carry,
    )


@st.composite
def returns(draw: st.DrawFn, lines: Sequence[Line]) -> list[list[Line]]:
    """What stays with the customer after each of several returns, from everything to nothing."""
    order = draw(st.permutations(lines))
    cuts = sorted(draw(st.sets(st.integers(1, len(lines)))) | {0, len(lines)})
    return [order[cut:] for cut in cuts]


@given(any_rules(), line_lists, st.data())
def test_the_points_of_the_lines_sum_to_those_of_the_sale(rules: Rules, lines: list[Line], data: st.DataObject) -> None:
    carry = data.draw(st.integers(0, 20_000))
    earning = earn(rules, lines, carry)

    assert sum(line.points for line in earning.lines) == earning.points
    assert [line.line_id for line in earning.lines] == [line.line_id for line in lines]
    assert all((line.points > 0) == (line.status is EarnStatus.EARNED) for line in earning.lines)
    assert all(line.points >= 0 for line in earning.lines)


@given(any_rules(), line_lists, st.data())
def test_a_line_names_whatever_its_points_need(rules: Rules, lines: list[Line], data: st.DataObject) -> None:
    carry = data.draw(st.integers(0, rules.per_minor - 1))
    carried_in, before = carry if rules.carry_remainder else 0, 0
    for line, earned in zip(lines, earn(rules, lines, carry).lines, strict=True):
        if earned.points:
            code, left = earned.reason.code, before % rules.per_minor
            alone, together = steps(rules, line.amount_minor), steps(rules, left + line.amount_minor)
            assert (code == "line_earned") == (earned.points == alone)
            assert (code == "line_earned_with_lines") == (alone < earned.points == together)
            if code in {"line_earned_with_purchases", "line_earned_with_both"}:
                assert earned.points == alone + rules.points
                assert carried_in > 0
                assert (code == "line_earned_with_both") == (left > 0)
        before += line.amount_minor if line.kind in rules.earning_kinds else 0


def steps(rules: Rules, amount_minor: int) -> int:
    return amount_minor // rules.per_minor * rules.points


@given(any_rules(), line_lists, st.data())
def test_any_split_of_a_return_is_due_what_one_return_is_due(
    rules: Rules, lines: list[Line], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, rules.per_minor - 1))
    earned = earn(rules, lines, start)
    at_once = give_back(rules, before=lines, after=[], carry_minor=earned.carry_after)

    points, carry = 0, earned.carry_after
    for before, after in pairwise(data.draw(returns(lines))):
        part = give_back(rules, before=before, after=after, carry_minor=carry)
        assert part.points >= 0
        points, carry = points + part.points, part.carry_after

    assert (points, carry) == (at_once.points, at_once.carry_after) == (earned.points, start)


@given(any_rules(carry=True), st.lists(line_lists, min_size=1, max_size=5), st.data())
def test_carried_sales_and_their_returns_in_any_order_keep_the_count_of_the_money(
    rules: Rules, baskets: list[list[Line]], data: st.DataObject
) -> None:
    """At every moment points = floor(money kept / per_minor) x points per step, and the carry is the rest of it."""
    left: dict[int, list[list[Line]]] = {}
    waiting = list(range(len(baskets)))
    points, carry = 0, Minor(0)
    while waiting or left:
        if waiting and (not left or data.draw(st.booleans())):
            at = waiting.pop(0)
            earned = earn(rules, baskets[at], carry)
            points, carry = points + earned.points, earned.carry_after
            left[at] = data.draw(returns(baskets[at]))
        else:
            at = data.draw(st.sampled_from(sorted(left)))
            before, after, *_ = left[at]
            back = give_back(rules, before=before, after=after, carry_minor=carry)
            points, carry = points - back.points, back.carry_after
            left[at].pop(0)
            if len(left[at]) == 1:
                del left[at]
        kept = [stays[0] for stays in left.values()]
        money = sum(counted(rules, lines) for lines in kept)
        assert (points, carry) == (money // rules.per_minor * rules.points, money % rules.per_minor)

    assert (points, carry) == (0, 0)


def counted(rules: Rules, lines: Sequence[Line]) -> int:
    eligible = sum(line.amount_minor for line in lines if line.kind in rules.earning_kinds)
    return eligible if eligible >= rules.minimum_minor else 0


@given(st.lists(any_rules(), min_size=2, max_size=3), st.data())
def test_however_rates_take_turns_points_are_what_the_kept_money_makes_at_each(
    revisions: list[Rules], data: st.DataObject
) -> None:
    """Sales under any of the rules and their returns in any order, the carry being kept for each rate by itself."""
    carries: dict[Rate, Minor] = {}
    left: list[tuple[Rules, list[list[Line]]]] = []
    points = 0
    for _ in range(data.draw(st.integers(1, 12))):
        open_sales = [at for at, (_, stays) in enumerate(left) if len(stays) > 1]
        if not open_sales or data.draw(st.booleans()):
            rules, lines = data.draw(st.sampled_from(revisions)), data.draw(line_lists)
            earned = earn(rules, lines, carries.get(rules.rate, 0))
            points, carries[rules.rate] = points + earned.points, earned.carry_after
            left.append((rules, data.draw(returns(lines))))
        else:
            rules, stays = left[data.draw(st.sampled_from(open_sales))]
            carry = carries.get(rules.rate, Minor(0))
            back = give_back(rules, before=stays.pop(0), after=stays[0], carry_minor=carry)
            assert back.points >= 0
            points, carries[rules.rate] = points - back.points, back.carry_after
        best = max(Fraction(rules.points, rules.per_minor) for rules in revisions)
        assert points == sum(steps_of(rate, left) for rate in {rules.rate for rules in revisions})
        assert 0 <= points <= best * sum(counted(rules, stays[0]) for rules, stays in left)


def steps_of(rate: Rate, left: Sequence[tuple[Rules, list[list[Line]]]]) -> int:
    """What the money kept at the rate makes: in one stream where it is carried, each sale by itself where it is not."""
    alone = [(rules, counted(rules, stays[0])) for rules, stays in left if rules.rate == rate]
    carried = sum(money for rules, money in alone if rules.carry_remainder)
    dropped = sum(money // rate.per_minor for rules, money in alone if not rules.carry_remainder)
    return (carried // rate.per_minor + dropped) * rate.points
