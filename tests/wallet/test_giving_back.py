"""What goes back when goods come back, on paper and as laws over any rules, baskets, caps, multipliers and returns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.wallet import drawn
from wallet.baskets import Line
from wallet.earning import Circumstances, Earning, KeptLine, give_back, judge
from wallet.rules import Caps, Multiplier, Rate, Rules
from wallet.values import LineKind, Minor, Points

NOTHING = Points(0)
PER_50 = Rules(points=Points(1), per_minor=Minor(50), carry_remainder=True)
PER_100 = Rules(points=Points(2), per_minor=Minor(100))
CAPPED = replace(PER_50, caps=Caps(per_day=Points(3)))


def kept(*lines: tuple[int, int, int], hundredths: int = 100) -> list[KeptLine]:
    """Of each line: what was paid, and what is kept of it before and after the return."""
    return [KeptLine(hundredths, Minor(paid), Minor(before), Minor(after)) for paid, before, after in lines]


def back(rules: Rules, lines: Sequence[KeptLine], *, capped: int = 0, carry: int = 0) -> tuple[int, int]:
    given_back = give_back(rules, lines, capped_points=Points(capped), carry=carry)
    return given_back.points, given_back.carry_after


def sold(rules: Rules, *amounts: int, given: Circumstances | None = None) -> Earning:
    lines = [Line(str(at), Minor(amount)) for at, amount in enumerate(amounts)]
    paid = [line.amount_minor for line in lines]
    return judge(rules, lines, paid=paid, circumstances=given or Circumstances(drawn.MONDAY), currency="INR")


# --- on paper


def test_a_return_takes_what_the_running_total_no_longer_makes() -> None:
    # 60 then 40 at a point per 50: one point with 10 carried, then one point with nothing carried.
    assert back(PER_50, kept((60, 60, 0)), carry=0) == (2, 4_000)
    assert back(PER_50, kept((40, 40, 0)), carry=4_000) == (0, 0)


def test_a_return_of_part_of_a_sale_takes_only_the_difference() -> None:
    assert back(PER_100, kept((250, 250, 250), (149, 149, 0)), carry=700) == (2, 700)
    assert back(PER_100, kept((250, 250, 0), (149, 0, 0)), carry=700) == (4, 700)
    assert back(PER_100, kept((250, 250, 0), (149, 149, 0)), carry=700) == (6, 700)


def test_part_of_a_line_may_come_back() -> None:
    assert back(PER_50, kept((100, 100, 70)), carry=0) == (1, 2_000)
    assert back(PER_50, kept((100, 70, 0)), carry=2_000) == (1, 0)


def test_money_that_counted_twice_goes_back_twice() -> None:
    assert back(PER_50, kept((100, 100, 0), hundredths=200)) == (4, 0)
    assert back(PER_50, kept((100, 100, 90), hundredths=150)) == (1, 3_500)


def test_money_that_never_counted_takes_nothing_back() -> None:
    assert back(PER_50, kept((1000, 1000, 0), hundredths=0), carry=30) == (0, 30)


def test_a_return_that_leaves_less_than_the_minimum_takes_all_that_is_left() -> None:
    rules = replace(PER_50, carry_remainder=False, minimum_minor=Minor(200))

    assert sold(rules, 150, 100).points == 5
    assert back(rules, kept((150, 150, 150), (100, 100, 0))) == (5, 0)
    assert back(rules, kept((150, 150, 0), (100, 0, 0))) == (0, 0)


def test_what_was_beyond_a_cap_goes_back_first() -> None:
    # given 300 at a point per 50 where three points a day are the most
    earned = sold(CAPPED, 300)
    assert (earned.points, earned.capped_points, earned.carry_after) == (3, 3, 0)
    # then the first half that comes back takes nothing, and the second all three
    assert back(CAPPED, kept((300, 300, 150)), capped=3) == (0, 0)
    assert back(CAPPED, kept((300, 150, 0)), capped=3) == (3, 0)
    assert back(CAPPED, kept((300, 300, 0)), capped=3) == (3, 0)


def test_a_cap_takes_nothing_of_what_an_earlier_purchase_carried() -> None:
    # given 30 carried and nothing left to earn today: 20 more would be a point
    given_today = Circumstances(drawn.MONDAY, carry=3_000, earned_today=Points(3))
    earned = sold(CAPPED, 20, given=given_today)
    # then the point is not earned, and the 30 are still there for tomorrow
    assert (earned.points, earned.capped_points, earned.carry_after) == (0, 1, 3_000)
    assert back(CAPPED, kept((20, 20, 0)), capped=1, carry=3_000) == (0, 3_000)


def test_returns_of_a_capped_sale_and_of_one_before_it_end_alike_in_any_order() -> None:
    # given 30 that earned nothing, and 220 that would have made five points with it, none of which today's cap lets be
    first = sold(CAPPED, 30)
    assert (first.points, first.carry_after) == (0, 3_000)
    second = sold(CAPPED, 220, given=Circumstances(drawn.MONDAY, carry=3_000, earned_today=Points(3)))
    assert (second.points, second.capped_points, second.carry_after) == (0, 5, 3_000)
    # when the earlier one comes back first, or last
    assert back(CAPPED, kept((30, 30, 0)), carry=3_000) == (0, 0)
    assert back(CAPPED, kept((220, 220, 0)), capped=5, carry=0) == (0, 0)
    assert back(CAPPED, kept((220, 220, 0)), capped=5, carry=3_000) == (0, 3_000)


def test_stamps_alone_leave_points_and_carries_as_they_are() -> None:
    assert back(Rules(points=NOTHING), kept((500, 500, 0)), carry=7) == (0, 7)


# --- as laws


@dataclass(slots=True)
class Sold:
    """A sale of a model: what was judged, and the returns that are still to come."""

    rules: Rules
    earned: Earning
    returns: list[list[KeptLine]]

    def counted(self) -> int:
        """What of the money that is still kept is in the stream, computed anew."""
        lines = self.returns[0] if self.returns else []
        if sum(line.kept_minor_before for line in lines if line.hundredths) < self.rules.minimum_minor:
            return 0
        beyond = Fraction(self.earned.capped_points, self.rules.points) * self.rules.step
        let_in = max(0, sum(line.hundredths * line.paid_minor for line in lines) - int(beyond))
        return min(let_in, sum(line.hundredths * line.kept_minor_before for line in lines))


def draw_sale(data: st.DataObject, rules: Rules, carry: int) -> Sold:
    lines = data.draw(drawn.line_lists())
    paid = data.draw(drawn.payments(lines))
    given = replace(data.draw(drawn.circumstances(rules)), carry=carry)
    earned = judge(rules, lines, paid=paid, circumstances=given, currency="INR")
    return Sold(rules, earned, data.draw(drawn.returns([line.hundredths for line in earned.lines], paid)))


@given(drawn.any_rules(), st.data())
def test_any_split_of_a_return_is_due_what_one_return_is_due(rules: Rules, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, rules.step - 1))
    sale = draw_sale(data, rules, start)
    capped, first = sale.earned.capped_points, sale.returns[0]
    whole = drawn.at_once([line.hundredths for line in first], [line.paid_minor for line in first])
    once = give_back(rules, whole, capped_points=capped, carry=sale.earned.carry_after)

    points, carry = 0, sale.earned.carry_after
    for lines in sale.returns:
        part = give_back(rules, lines, capped_points=capped, carry=carry)
        assert part.points >= 0
        assert 0 <= part.carry_after < rules.step
        points, carry = points + part.points, part.carry_after

    assert (points, carry) == (once.points, once.carry_after) == (sale.earned.points, start)


@given(drawn.any_rules(carry=True), st.integers(1, 4), st.data())
def test_sales_and_returns_in_any_order_keep_the_count_of_the_money(
    rules: Rules, sales: int, data: st.DataObject
) -> None:
    """At every moment points = floor(money that counts / per_minor) x points per step, and the carry is the rest."""
    card = list[Sold]()
    points, carry = 0, 0
    while len(card) < sales or any(sale.returns for sale in card):
        open_sales = [sale for sale in card if sale.returns]
        if len(card) < sales and (not open_sales or data.draw(st.booleans())):
            sale = draw_sale(data, rules, carry)
            card.append(sale)
            points, carry = points + sale.earned.points, sale.earned.carry_after
        else:
            sale = data.draw(st.sampled_from(open_sales))
            lines = sale.returns.pop(0)
            part = give_back(rules, lines, capped_points=sale.earned.capped_points, carry=carry)
            points, carry = points - part.points, part.carry_after
        money = sum(sale.counted() for sale in card)
        assert (points, carry) == (money // rules.step * rules.points, money % rules.step)

    assert (points, carry) == (0, 0)


@given(drawn.any_rules(carry=False), st.integers(1, 2), st.data())
def test_without_a_carry_each_sale_is_counted_by_itself(rules: Rules, sales: int, data: st.DataObject) -> None:
    for sale in [draw_sale(data, rules, 0) for _ in range(sales)]:
        points, capped = sale.earned.points, sale.earned.capped_points
        while sale.returns:
            assert points == sale.counted() // rules.step * rules.points
            part = give_back(rules, sale.returns.pop(0), capped_points=capped, carry=5)
            assert part.carry_after == 5
            points = Points(points - part.points)
        assert points == 0


@given(st.lists(drawn.any_rules(), min_size=2, max_size=3), st.data())
def test_however_rates_take_turns_points_are_what_the_kept_money_makes_at_each(
    revisions: list[Rules], data: st.DataObject
) -> None:
    """Sales under any of the rules and their returns in any order, the carry being kept for each rate by itself."""
    carries: dict[Rate, int] = {}
    card = list[Sold]()
    points = 0
    for _ in range(data.draw(st.integers(1, 8))):
        open_sales = [sale for sale in card if sale.returns]
        if not open_sales or data.draw(st.booleans()):
            rules = data.draw(st.sampled_from(revisions))
            sale = draw_sale(data, rules, carries.get(rules.rate, 0))
            card.append(sale)
            points, carries[rules.rate] = points + sale.earned.points, sale.earned.carry_after
        else:
            sale = data.draw(st.sampled_from(open_sales))
            rate = sale.rules.rate
            part = give_back(
                sale.rules, sale.returns.pop(0), capped_points=sale.earned.capped_points, carry=carries.get(rate, 0)
            )
            assert part.points >= 0
            points, carries[rate] = points - part.points, part.carry_after
        assert points == sum(points_of(rate, card) for rate in {rules.rate for rules in revisions})


def points_of(rate: Rate, card: Sequence[Sold]) -> int:
    """What the money kept at the rate makes: in one stream where it is carried, each sale by itself where it is not."""
    step = rate.per_minor * 100
    alone = [(sale.rules.carry_remainder, sale.counted()) for sale in card if sale.rules.rate == rate]
    carried = sum(money for carries, money in alone if carries)
    dropped = sum(money // step for carries, money in alone if not carries)
    return (carried // step + dropped) * rate.points


def test_a_multiplier_and_kinds_that_never_earn_go_back_as_they_came() -> None:
    rules = replace(PER_50, multipliers=(Multiplier("Double bread", 200, categories=("bread",)),))
    lines = [
        Line("bread", Minor(75), category="bread"),
        Line("tea", Minor(75)),
        Line("tip", Minor(500), LineKind.TIP),
    ]
    paid = [line.amount_minor for line in lines]
    earned = judge(rules, lines, paid=paid, circumstances=Circumstances(drawn.MONDAY), currency="INR")

    assert (earned.points, earned.carry_after) == (4, 2_500)
    assert [line.hundredths for line in earned.lines] == [200, 100, 0]
    assert back(rules, drawn.at_once([200, 100, 0], paid), carry=2_500) == (4, 0)
