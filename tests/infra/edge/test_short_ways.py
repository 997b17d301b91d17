"""With and without short ways, the answers are the same to the byte: whatever is asked, given, and found."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.edge.answers import present, to_json
from infra.edge.calls import Calls
from infra.edge.documents import Documents
from infra.edge.execution import Engine
from infra.edge.limits import Limits
from infra.edge.refusals import RequestRefused
from tests.infra.edge.garden import SCHEMA, Colour, Later, Leaf, Made, Size, Twig, grown

CORE = SCHEMA._schema
DEPTH = 4
PARTS = 20
"""How many things a document selects, about."""
WIDE = Limits(depth=99, aliases=9_999, directives=9_999, tokens=9_999, cost=10**9)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def engine(schema: strawberry.Schema, *, short: bool) -> Engine:
    core = schema._schema
    documents = Documents(core, limits=WIDE, introspection=True)
    return Engine(core, documents, 5.0, suggestions=True, calls=Calls(schema) if short else None)


SHORT, STOCK = engine(SCHEMA, short=True), engine(SCHEMA, short=False)


async def answer(by: Engine, text: str, variables: Mapping[str, object], recipe: object) -> bytes:
    """What a client would be sent, as `recipe` grows; and what is behind the mask of an error, which nobody is told."""
    context = grown(recipe)
    try:
        result = await by.execute(by.documents.read(text, None), variables, lambda: context)
    except RequestRefused as refusal:
        return to_json({"errors": refusal.errors, "status": refusal.status})
    behind = [(error.message, error.path, error.locations, type(error.original_error)) for error in result.errors or ()]
    return to_json(present(result, "request")[0]) + repr(behind).encode()


def answers(text: str, variables: Mapping[str, object], recipe: object) -> tuple[bytes, bytes]:
    """With short ways, twice, the second time with plans that were made before; and without."""

    async def all_three() -> list[bytes]:
        said = []
        for by in (SHORT, SHORT, STOCK):
            said.append(await answer(by, text, variables, recipe))
            # What an error left behind is settled after the answer, by graphql-core.
            while behind := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(behind)
        return said

    first, again, stock = asyncio.run(all_three())
    assert first == again
    return first, stock


# ---------------------------------------------------------------- what is found

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**33), 2**33), st.just(1.5), st.just(float("nan")), st.text(max_size=3),
    st.sampled_from([Colour.RED, Size.SMALL, "RED", "s", b"x", ValueError("found"), datetime(2026, 1, 1, tzinfo=UTC)]),
    st.lists(st.one_of(st.none(), st.text(max_size=2), st.integers(0, 3)), max_size=2),
)  # fmt: skip
odd_or_later = st.one_of(odd, odd.map(Later))
LEAF_FIELDS = ["name", "number", "text", "yes", "fraction", "key", "colour", "size", "moment", "words", "grid"]
leaves = st.one_of(
    st.just(Made(Leaf)),
    st.dictionaries(st.sampled_from(LEAF_FIELDS), odd_or_later, max_size=2).map(lambda values: Made(Leaf, values)),
)
wrong_things = st.one_of(odd, st.just(Made(Leaf)), st.just(Made(Twig)))


def branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    things = st.one_of(leaves, inner, leaves, inner, leaves.map(Later), wrong_things)
    fields = {
        "name": st.one_of(st.text(max_size=3), odd_or_later),
        "number": odd_or_later,
        "best": st.one_of(leaves, st.none(), leaves.map(Later), wrong_things),
        "leaves": st.one_of(st.lists(st.one_of(leaves, leaves, leaves.map(Later)), max_size=3), wrong_things),
        "things": st.lists(st.one_of(things, st.none()), max_size=3),
        "either": things,
        "twigs": st.one_of(st.none(), st.lists(st.one_of(inner, st.none(), wrong_things), max_size=2)),
    }
    chosen = st.fixed_dictionaries({}, optional=fields)
    return chosen.map(lambda values: Made(Twig, values))


twigs = st.recursive(st.just(Made(Twig)), branches, max_leaves=6)

# ---------------------------------------------------------------- what is asked

ARGUMENTS: Mapping[str, list[str]] = {
    "told": ["", "(word: $word)", '(word: "a", times: $times)', "(times: null)", "(given: $outer)",
             '(given: {inner: {word: "w"}, yes: true})', '(given: {inner: {word: $text}, yes: null, inners: [null]})'],
    "picks": ["", "(one: $one)", '(one: {word: "w"})', "(endless: $endless)", "(perhaps: $perhaps)", "(sizes: SMALL)",
              "(sizes: $sizes)", "(endless: {more: {word: $text}})", "(perhaps: {})"],
}  # fmt: skip
VARIABLES = {
    "$yes": "$yes: Boolean!", "$no": "$no: Boolean = false", "$word": '$word: String! = "w"', "$times": "$times: Int",
    "$text": '$text: String! = "t"', "$outer": "$outer: Outer", "$one": "$one: OneOf", "$endless": "$endless: Endless",
    "$perhaps": "$perhaps: Perhaps", "$sizes": "$sizes: [Size!] = [LARGE]", "$input": "$input: Outer!",
}  # fmt: skip
CONDITIONS = ["", "", "", "", "@include(if: $yes)", "@skip(if: $no)", "@skip(if: true)", "@include(if: true)"]


class Asking:
    """Draws a document. Names of answers are never used twice, so that everything that is drawn is valid."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self._names = 0
        self._left = PARTS
        self._conditions = CONDITIONS if draw(st.booleans()) else [""]
        self._fragments: list[str] = []

    def document(self) -> str:
        selected = self.selection("Query", DEPTH)
        text = " ".join([selected, *self._fragments])
        used = [
            declared
            for name, declared in VARIABLES.items()
            if f"{name} " in f"{text} ".replace(")", " ").replace("}", " ").replace(",", " ")
        ]
        return f"query Asked{'(' + ', '.join(used) + ')' if used else ''} {text}"

    def selection(self, on: str, depth: int) -> str:
        type_ = CORE.type_map[on]
        count = self._draw(st.integers(1, max(1, min(5, self._left))))
        self._left -= count
        return "{ " + " ".join(self._part(type_, depth) for _ in range(count)) + " }"

    def _part(self, type_: GraphQLNamedType, depth: int) -> str:
        ways = ["field"] * 8 + ["inline", "spread", "typename"]
        way = self._draw(st.sampled_from(ways if depth > 0 else ["field", "typename"]))
        condition = self._draw(st.sampled_from(self._conditions))
        if way == "typename" or (way == "field" and isinstance(type_, GraphQLUnionType)):
            return f"{self._name()}: __typename {condition}"
        if way == "field":
            return self._field(type_, depth, condition)
        on = self._draw(st.sampled_from(kinds_within(type_)))
        inner = self.selection(on, depth - 1)
        if way == "inline":
            return f"... on {on} {condition} {inner}"
        self._names += 1
        name = f"F{self._names}"
        self._fragments.append(f"fragment {name} on {on} {inner}")
        return f"...{name} {condition}"

    def _field(self, type_: Any, depth: int, condition: str) -> str:
        fields = {
            name: each for name, each in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(each.type))
        }
        if not fields:
            return f"{self._name()}: __typename"
        name = self._draw(st.sampled_from(sorted(fields)))
        arguments = self._draw(st.sampled_from(ARGUMENTS.get(name, [""])))
        inner = get_named_type(fields[name].type)
        selected = "" if is_leaf_type(inner) else self.selection(inner.name, depth - 1)
        return f"{self._name()}: {name}{arguments} {condition} {selected}"

    def _name(self) -> str:
        self._names += 1
        return f"a{self._names}"


def kinds_within(type_: GraphQLNamedType) -> list[str]:
    """The types that a fragment may be on within the type."""
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    if isinstance(type_, GraphQLObjectType):
        return [type_.name, *(each.name for each in type_.interfaces)]
    possible = [each.name for each in CORE.get_possible_types(type_)]
    return possible if isinstance(type_, GraphQLUnionType) else [type_.name, *possible]


@st.composite
def documents(draw: Any) -> str:
    return Asking(draw).document()


# ---------------------------------------------------------------- what is given

words = st.sampled_from(["w", "", "boom", "fault", "much too long", "longer than nine", "\ud800", "é"])
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.just(2**31), st.just(1.5), st.just(1.0), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["word", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 11).flatmap(lambda chance: json_values if chance == 0 else usual)


inners = st.fixed_dictionaries(
    {"word": mostly(words)},
    optional={
        "number": mostly(st.one_of(st.none(), st.integers(-5, 5))),
        "colours": mostly(st.one_of(st.none(), st.lists(st.sampled_from(["RED", "BLUE"]), max_size=2), st.just("RED"))),
        "size": mostly(st.sampled_from(["SMALL", "LARGE"])),
    },
)
outers = st.fixed_dictionaries(
    {"inner": mostly(inners)},
    optional={
        "inners": mostly(st.one_of(st.none(), st.lists(st.one_of(st.none(), inners), max_size=2))),
        "numbers": mostly(st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2)),
        "moment": mostly(st.one_of(st.none(), st.just("2026-01-01T00:00:00+00:00"))),
        "fraction": mostly(st.floats(0, 1)),
        "yes": mostly(st.one_of(st.none(), st.booleans())),
        "key": mostly(st.one_of(st.none(), st.text(max_size=3), st.integers(0, 9))),
    },
)
endless = st.recursive(
    st.just({"word": "e"}),
    lambda inner: st.fixed_dictionaries({}, optional={"more": inner, "word": words}),
    max_leaves=5,
)
ones = st.fixed_dictionaries({}, optional={"word": mostly(words), "number": mostly(st.integers(0, 3))})
variables = st.fixed_dictionaries(
    {"yes": st.booleans()},
    optional={
        "no": mostly(st.booleans()),
        "word": mostly(words),
        "times": mostly(st.one_of(st.none(), st.integers(0, 5))),
        "text": mostly(words),
        "outer": mostly(st.one_of(st.none(), outers)),
        "one": mostly(ones),
        "endless": mostly(endless),
        "perhaps": mostly(st.fixed_dictionaries({}, optional={"word": st.one_of(st.none(), words)})),
        "sizes": mostly(
            st.one_of(st.none(), st.lists(st.sampled_from(["SMALL", "LARGE"]), max_size=2), st.just("SMALL"))
        ),
    },
)

# ---------------------------------------------------------------- what is promised


@FEW
@given(text=documents(), said=variables, found=twigs)
def test_any_document_of_anything_is_answered_alike(text: str, said: dict[str, Any], found: Made) -> None:
    first, stock = answers(text, said, found)
    assert first == stock


SAY = """
mutation($input: Outer!) {
  say(input: $input) { __typename ... on Said { text } ... on Trouble { message } ... on TooLong { length } }
}
"""


@FEW
@given(said=st.fixed_dictionaries({}, optional={"input": mostly(outers), "more": json_values}))
def test_any_input_of_a_mutation_is_answered_alike(said: dict[str, Any]) -> None:
    first, stock = answers(SAY, said, None)
    assert first == stock


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("w", b'"__typename":"Said"'),
        ("much longer", b'"__typename":"TooLong","message":"say is too long","length":11'),
        ("much too long", b'"code":"INTERNAL"'),
        ("boom", b'"code":"BOOM"'),
        ("fault", b'"code":"INTERNAL"'),
        (None, b'"code":"BAD_USER_INPUT"'),
    ],
)
def test_what_a_resolver_raises_is_handled_alike(word: str | None, told: bytes) -> None:
    first, stock = answers(SAY, {"input": {"inner": {"word": word}, "yes": None}}, None)
    assert first == stock
    assert told in first


@pytest.mark.soak
@settings(FEW, max_examples=3_000)
@given(text=documents(), said=variables, found=twigs)
def test_thousands_of_documents_are_answered_alike(text: str, said: dict[str, Any], found: Made) -> None:
    first, stock = answers(text, said, found)
    assert first == stock


def test_what_is_drawn_is_worth_asking() -> None:
    """Most documents are valid, and some are answered without an error."""
    drawn: Counter[str] = Counter()

    @FEW
    @given(text=documents(), said=variables, found=twigs)
    def look(text: str, said: dict[str, Any], found: Made) -> None:
        _, stock = answers(text, said, found)
        kind = "refused" if b'"status"' in stock else "partial" if b'"errors"' in stock else "whole"
        drawn[kind] += 1

    look()
    assert drawn["whole"] >= 5
    assert drawn["partial"] >= 5
    assert drawn["refused"] <= sum(drawn.values()) / 2


def test_the_short_ways_are_gone() -> None:
    """Else everything above compares the stock way with itself."""
    # given
    text = "query($given: Outer) { root { told(given: $given) leaves { name yes } } }"
    document = SHORT.documents.read(text, None)
    recipe = Made(Twig, {"leaves": [Made(Leaf)]})
    # when
    asyncio.run(answer(SHORT, text, {"given": {"inner": {"word": "w"}, "yes": True}}, recipe))
    # then
    assert document.variables is not None
    assert document.plans is not None
    assert [name for _, parts in document.plans.parts.values() for name, *_ in parts] == ["leaves"]
    assert SHORT.calls is not None
    twig, query = CORE.type_map["Twig"], CORE.type_map["Query"]
    assert isinstance(twig, GraphQLObjectType)
    assert isinstance(query, GraphQLObjectType)
    short = {
        name
        for type_ in (twig, query)
        for name, each in type_.fields.items()
        if SHORT.calls.get_field_resolver(each.resolve) is not each.resolve
    }
    assert short == {"shouted", "soon", "leafLater", "told", "root", "later"}, (
        "picks has what only strawberry can convert"
    )
