"""The limiter: its work grows with the document's length, and its numbers are those of the expanded document."""

import pytest
from graphql import parse

from infra.edge.limits import CEILING, Limits, Measure, measure
from tests.infra.edge.shop import SCHEMA
from tests.infra.edge.test_malformed_http import FRAGMENT_BOMB

CORE = SCHEMA._schema


def measured(text: str, variables: dict[str, object] | None = None) -> Measure:
    return measure(CORE, parse(text), Limits(), variables)


def bomb(levels: int) -> str:
    fragments = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return (
        "query { ...F0 } " + " ".join(fragments) + f" fragment F{levels} on Query {{ a: __typename @skip(if: false) }}"
    )


def test_ninety_levels_of_fragments_are_measured_in_some_hundred_steps() -> None:
    found = measured(FRAGMENT_BOMB)
    assert found.steps < 600
    assert found.size.cost == found.size.root_fields == CEILING


def test_the_work_grows_with_the_length_and_not_with_what_it_expands_to() -> None:
    steps = {levels: measured(bomb(levels)).steps for levels in (10, 20, 40, 80)}
    a_level = (steps[20] - steps[10]) / 10
    assert steps[40] - steps[20] == 20 * a_level
    assert steps[80] - steps[40] == 40 * a_level


def test_what_fragments_multiply_is_counted() -> None:
    size = measured(bomb(5)).size
    assert (size.aliases, size.directives, size.root_fields, size.cost, size.depth) == (32, 32, 32, 32, 1)


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("{ who }", 1),
        ("{ viewer { name } }", 2),
        ("{ viewer { ... { ... on Customer { name } } } }", 2),
        ("{ viewer { ...F } } fragment F on Customer { cards { id } }", 3),
        ("fragment G on Card { history { edges { cursor } } } { viewer { cards { ...G } } }", 5),
        ("fragment G on Card { number } { viewer { ...F } } fragment F on Customer { cards { ...G } }", 3),
        ("{ who ...F } fragment F on Query { viewer { ...G } } fragment G on Customer { cards { id } }", 3),
        ("{ nope { nope { nope } } }", 3),
        ("{ __schema { types { fields { type { ofType { name } } } } } }", 1),
        ("{ __schema { types { ...T } } } fragment T on __Type { fields { type { ofType { name } } } }", 1),
    ],
)
def test_depth_is_that_of_the_fields(text: str, depth: int) -> None:
    assert measured(text).size.depth == depth


def test_a_fragment_counts_at_every_depth_that_it_is_spread_at() -> None:
    # The shallow spread comes first, and must not be what is remembered for the deep one.
    shallow_first = "{ ...F a { b { c { ...F } } } } fragment F on Query { x { y } }"
    deep_first = "{ a { b { c { ...F } } } ...F } fragment F on Query { x { y } }"
    assert [measured(text).size.depth for text in (shallow_first, deep_first)] == [5, 5]


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A who }",
        "{ ...A } fragment A on Query { ...B ...C } fragment B on Query { ...C } fragment C on Query { ...A ...B }",
        "{ ...Nope }",
        "{ viewer { ...Nope } } fragment F on Nope { ...Nope }",
    ],
)
def test_rings_and_unknown_fragments_do_no_harm(text: str) -> None:
    assert measured(text).steps < 40


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ who }", 1),
        ("{ viewer { id name } }", 3),
        ("{ viewer { cards { id number } } }", 2 + 5 * 2),
        ("{ viewer { cards { tags } } }", 2 + 5),
        ("{ entries(first: 7) { id kind } }", 1 + 7 * 2),
        ("{ entries { id kind } }", 1 + 20 * 2),
        (
            "{ viewer { cards { history(first: 3) { edges { cursor node { id } } pageInfo { hasNextPage } } } } }",
            2 + 5 + 15 * 6,
        ),
        ("{ entries(first: 1) { id } }", 2),
    ],
)
def test_cost_is_how_many_values_the_answer_can_have(text: str, cost: int) -> None:
    assert (measured(text).size.cost, measured(text).exact) == (cost, True)


def test_a_page_by_variable_costs_what_it_says_and_a_full_page_until_it_does() -> None:
    text = "query($n: Int!) { entries(first: $n) { id } }"
    unknown, known = measured(text), measured(text, {"n": 3})
    assert (unknown.size.cost, unknown.exact, unknown.paging.asked_by) == (101, False, {"n"})
    assert (known.size.cost, known.exact) == (4, True)


def test_whatever_is_over_a_limit_is_said() -> None:
    limits = Limits(depth=1, aliases=0, directives=0, root_fields=1, cost=2)
    found = measure(CORE, parse("{ a: viewer { id } who @skip(if: false) }"), limits)
    assert [problem.split(":")[0] for problem in found.excesses(limits)] == [
        "The document asks for too many levels of fields",
        "The document asks for too many aliases",
        "The document asks for too many directives",
        "The document asks for too many root fields",
        "The document asks for too many field values in the answer",
    ]


def test_directives_are_counted_wherever_they_stand() -> None:
    text = """query($a: Int @x, $b: Int @x) @x { ... @x { who @x @x } ...F @x } fragment F on Query @x { who @x }"""
    assert measured(text).size.directives == 9
