"""What rewards take off a basket: exact to the minor unit, never more than there is, in one order whoever asks."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from wallet.baskets import Line
from wallet.discounts import Discount, Offer, apply, fits
from wallet.rewards import Reward
from wallet.values import LineKind, MerchantId, Minor, Points, ProgramId, RewardId, RewardKind

AT = datetime(2026, 11, 22, tzinfo=UTC)


def reward(
    kind: RewardKind,
    *,
    amount: int | None = None,
    percent: int | None = None,
    ceiling: int | None = None,
    categories: Sequence[str] = (),
    skus: Sequence[str] = (),
) -> Reward:
    return Reward(
        merchant_id=MerchantId(UUID(int=1)),
        reward_id=RewardId(UUID(int=2)),
        program_id=ProgramId(UUID(int=3)),
        slug="reward",
        name="Reward",
        description=None,
        kind=kind,
        amount_minor=None if amount is None else Minor(amount),
        percent=percent,
        ceiling_minor=None if ceiling is None else Minor(ceiling),
        categories=frozenset(categories),
        skus=frozenset(skus),
        cost_points=Points(1),
        cost_stamps=None,
        stock=None,
        per_member=None,
        tiers=(),
        stores=frozenset(),
        claimable_from=AT,
        claimable_until=None,
        voucher_days=30,
    )


def line(
    amount: int,
    *,
    quantity: int = 1,
    kind: LineKind = LineKind.ITEM,
    category: str | None = None,
    sku: str | None = None,
) -> Line:
    return Line("1", Minor(amount), kind=kind, quantity=quantity, category=category, sku=sku)


def off(rewards: Sequence[Reward], lines: Sequence[Line]) -> list[tuple[int, int, int]]:
    found = apply([Offer(each) for each in rewards], lines)
    return [(part.offer_index, part.position, part.amount_minor) for part in found]


def percent_off(percent: int, *, ceiling: int | None = None) -> Reward:
    return reward(RewardKind.PERCENT_OFF, percent=percent, ceiling=ceiling)


def amount_off(amount: int) -> Reward:
    return reward(RewardKind.AMOUNT_OFF, amount=amount)


FREE = reward(RewardKind.FREE_ITEM)
PERK = reward(RewardKind.PERK)

# ---------------------------------------------------------------- by example


def test_a_free_item_is_one_unit_of_the_dearest_line_that_fits() -> None:
    lines = [line(900, quantity=3), line(500), line(10_000, kind=LineKind.DEPOSIT)]
    assert off([FREE], lines) == [(0, 1, 500)]


def test_a_second_free_item_is_the_next_dearest() -> None:
    assert off([FREE, FREE, FREE], [line(500), line(800, quantity=2)]) == [(0, 0, 500), (1, 1, 400), (2, 1, 400)]


def test_of_two_that_are_equally_dear_the_first_is_free() -> None:
    assert off([FREE], [line(500), line(500)]) == [(0, 0, 500)]


def test_units_of_a_line_sum_to_it_where_it_does_not_divide() -> None:
    assert [part for _, _, part in off([FREE] * 4, [line(100, quantity=3)])] == [33, 33, 34]


def test_a_free_item_costs_no_more_than_its_ceiling() -> None:
    assert off([reward(RewardKind.FREE_ITEM, ceiling=300)], [line(500)]) == [(0, 0, 300)]


def test_a_percentage_is_spread_by_the_largest_remainder() -> None:
    # 10 % of 99 is 9.9: 10, of which every line is due 3.33
    assert off([percent_off(10)], [line(33), line(33), line(33)]) == [(0, 0, 4), (0, 1, 3), (0, 2, 3)]


def test_half_a_minor_unit_is_the_customers() -> None:
    assert off([percent_off(50)], [line(1)]) == [(0, 0, 1)]
    assert off([percent_off(49)], [line(1)]) == []


def test_a_percentage_stops_at_its_ceiling() -> None:
    assert off([percent_off(20, ceiling=100)], [line(3_000), line(1_000)]) == [(0, 0, 75), (0, 1, 25)]


def test_an_amount_stops_at_what_there_is() -> None:
    assert off([amount_off(1_000)], [line(300), line(100)]) == [(0, 0, 300), (0, 1, 100)]


def test_first_what_is_free_then_percentages_then_amounts() -> None:
    # given: the amount is named first, the free item last
    rewards = [amount_off(100), percent_off(50), FREE]
    # then: 50 % is of what is left beside the free item, the amount of what is left of that
    assert off(rewards, [line(600), line(400)]) == [(0, 1, 100), (1, 1, 200), (2, 0, 600)]


def test_a_perk_takes_nothing_off() -> None:
    assert off([PERK], [line(500)]) == []


def test_a_reward_for_a_category_or_a_sku_leaves_other_lines_alone() -> None:
    only = reward(RewardKind.AMOUNT_OFF, amount=1_000, categories=["coffee"], skus=["CAKE"])
    lines = [line(200, category="coffee"), line(300, category="tea"), line(400, sku="CAKE"), line(500)]
    assert off([only], lines) == [(0, 0, 200), (0, 2, 400)]


def test_goods_alone_are_discounted() -> None:
    lines = [line(500, kind=kind) for kind in LineKind]
    assert off([amount_off(10_000)], lines) == [(0, 0, 500)]
    assert off([FREE], [line(0), line(500, kind=LineKind.TIP)]) == []


# ---------------------------------------------------------------- whatever the basket

CATEGORIES = st.sampled_from(["coffee", "tea"])
LINES = st.lists(
    st.builds(
        line,
        st.one_of(st.integers(0, 20), st.integers(0, 2_000_000)),
        quantity=st.integers(1, 7),
        kind=st.sampled_from([LineKind.ITEM, LineKind.ITEM, LineKind.ITEM, LineKind.SHIPPING]),
        category=st.one_of(st.none(), CATEGORIES),
        sku=st.sampled_from([None, "A", "B"]),
    ),
    max_size=8,
)
CEILINGS = st.one_of(st.none(), st.integers(1, 1_000))
ONLY = st.lists(CATEGORIES, max_size=1)
REWARDS = st.lists(
    st.one_of(
        st.builds(
            lambda amount, only: reward(RewardKind.AMOUNT_OFF, amount=amount, categories=only),
            st.integers(1, 1_000_000),
            ONLY,
        ),
        st.builds(
            lambda percent, ceiling, only: reward(
                RewardKind.PERCENT_OFF, percent=percent, ceiling=ceiling, categories=only
            ),
            st.integers(1, 100),
            CEILINGS,
            ONLY,
        ),
        st.builds(lambda ceiling, only: reward(RewardKind.FREE_ITEM, ceiling=ceiling, categories=only), CEILINGS, ONLY),
        st.just(PERK),
    ),
    max_size=6,
)


@given(rewards=REWARDS, lines=LINES)
def test_no_line_is_ever_paid_below_zero(rewards: list[Reward], lines: list[Line]) -> None:
    off_line = defaultdict[int, int](int)
    for part in apply([Offer(each) for each in rewards], lines):
        assert part.amount_minor > 0
        assert fits(rewards[part.offer_index], lines[part.position])
        off_line[part.position] += part.amount_minor
    assert all(taken <= lines[position].amount_minor for position, taken in off_line.items())


@given(rewards=REWARDS, lines=LINES)
def test_what_each_takes_off_is_exactly_what_it_says(rewards: list[Reward], lines: list[Line]) -> None:
    """An independent sum: what is left before each, in the order of the kinds, says what it must take in all."""
    taken = apply([Offer(each) for each in rewards], lines)
    left = [each.amount_minor for each in lines]
    for kind in (RewardKind.FREE_ITEM, RewardKind.PERCENT_OFF, RewardKind.AMOUNT_OFF):
        for index, each in enumerate(rewards):
            if each.kind is kind:
                base = sum(minor for minor, here in zip(left, lines, strict=True) if fits(each, here))
                parts = [part for part in taken if part.offer_index == index]
                total = sum(part.amount_minor for part in parts)
                assert_right_total(each, base, total, parts, lines)
                for part in parts:
                    left[part.position] = Minor(left[part.position] - part.amount_minor)
    assert not [part for part in taken if rewards[part.offer_index].kind is RewardKind.PERK]


def assert_right_total(each: Reward, base: int, total: int, parts: list[Discount], lines: list[Line]) -> None:
    ceiling = each.ceiling_minor or base
    if each.kind is RewardKind.AMOUNT_OFF:
        assert total == min(each.amount_minor or 0, base)
    elif each.kind is RewardKind.PERCENT_OFF:
        percent = each.percent or 0
        assert total == min((base * percent + 50) // 100, ceiling, base)
    else:
        assert len(parts) <= 1
        for part in parts:
            here = lines[part.position]
            assert total == each.ceiling_minor or abs(total - here.amount_minor / here.quantity) < 1
        assert total <= ceiling


@given(lines=LINES, percent=st.integers(1, 100))
def test_parts_of_a_discount_are_as_near_to_their_shares_as_whole_units_allow(lines: list[Line], percent: int) -> None:
    taken = {part.position: part.amount_minor for part in apply([Offer(percent_off(percent))], lines)}
    goods = {at: each.amount_minor for at, each in enumerate(lines) if each.kind is LineKind.ITEM}
    total, base = sum(taken.values()), sum(goods.values())
    for at, minor in goods.items():
        share = total * minor / base if base else 0
        assert abs(taken.get(at, 0) - share) < 1


@given(rewards=REWARDS, lines=LINES)
def test_whole_percent_of_everything_leaves_nothing(rewards: list[Reward], lines: list[Line]) -> None:
    taken = apply([*(Offer(each) for each in rewards), Offer(percent_off(100))], lines)
    goods = sum(each.amount_minor for each in lines if each.kind is LineKind.ITEM)
    assert sum(part.amount_minor for part in taken) == goods
