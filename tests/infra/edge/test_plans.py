"""The short way through plain objects: the same answers and the same errors as the stock executor, to the letter."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from infra.edge.calls import Calls
from infra.edge.documents import Documents
from infra.edge.execution import Engine
from infra.edge.executor import is_awaitable
from infra.edge.limits import Limits
from tests.infra.edge.shop import SCHEMA, Context, Seen, World


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.enum
class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


class OtherColour(Enum):
    RED = "red"


class OtherSize(StrEnum):
    LITTLE = "s"
    HUGE = "xxl"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaves(Named):
    """One field of every kind that a plan knows, nullable and not."""

    text: str | None
    number: int
    maybe_number: int | None
    fraction: float | None
    yes: bool
    key: strawberry.ID
    colour: Colour | None
    size: Size
    moment: datetime | None
    words: list[str]
    maybe_words: list[str | None] | None


@strawberry.type
class Mixed(Named):
    """Plain fields, and fields with code behind them, at once and later."""

    number: int
    leaves: Leaves | None

    @strawberry.field
    def shouted(self) -> str:
        return self.name.upper()

    @strawberry.field
    async def soon(self) -> str | None:
        await asyncio.sleep(0)
        return self.name.upper()

    @strawberry.field
    async def surely(self) -> int:
        return self.number + 1


@strawberry.type
class Branch:
    leaves: Leaves | None
    many: list[Leaves]
    mixed: list[Mixed | None]
    rows: list[list[Leaves | None]]


@strawberry.type
class Root:
    branch: Branch


class Odd:
    """Has every attribute, each of them a value that somebody chose."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __getattr__(self, name: str) -> object:
        return object.__getattribute__(self, "value")


class Failing:
    @property
    def name(self) -> str:
        raise ValueError("no name")


def leaves(**changed: Any) -> Leaves:
    usual: dict[str, Any] = {
        "name": "oak",
        "text": "t",
        "number": 1,
        "maybe_number": None,
        "fraction": 1.5,
        "yes": True,
        "key": strawberry.ID("k"),
        "colour": Colour.RED,
        "size": Size.LARGE,
        "moment": datetime(2026, 1, 1, tzinfo=UTC),
        "words": ["a"],
        "maybe_words": [None, "b"],
    }
    return Leaves(**{**usual, **changed})


@strawberry.type
class Query:
    @strawberry.field
    def root(self, info: strawberry.Info) -> Root:
        found: Root = info.context
        return found

    @strawberry.field
    async def later(self, info: strawberry.Info) -> Root | None:
        found: Root = info.context
        return found


OURS = strawberry.Schema(Query)
ALL = "name text number maybeNumber fraction yes key colour size moment words maybeWords"
DOCUMENTS = [
    f"{{ root {{ branch {{ leaves {{ {ALL} }} many {{ {ALL} }} rows {{ {ALL} }} }} }} }}",
    f"{{ later {{ branch {{ __typename leaves {{ {ALL} }} many {{ t: __typename {ALL} }} rows {{ name }} }} }} }}",
    "{ root { branch { ...B } } } fragment B on Branch { many { n: name ... on Named { name } } }",
    "query($s: Boolean = true) { root { branch { many { name @skip(if: $s) yes } leaves { key } } } }",
    "{ root { branch { rows { name } } again: branch { rows { number } } } }",
    "{ root { branch { mixed { surely name shouted number leaves { name number } t: __typename } } } }",
    "{ later { branch { mixed { a: number soon b: name } leaves { name } } } }",
    "query($s: Boolean = true) { root { branch { mixed { number name @skip(if: $s) shouted } } } }",
]


def engine_of(schema: strawberry.Schema) -> Engine:
    core, calls = schema._schema, Calls(schema)
    return Engine(core, Documents(core, limits=Limits(), introspection=True), 5.0, suggestions=True, calls=calls)


ENGINE = engine_of(OURS)


async def by_stock(engine: Engine, text: str, context: object) -> ExecutionResult:
    node = engine.documents.read(text, None).node
    executor = StrawberryGraphQLCoreExecutionContext.build(
        engine.schema, node, context_value=context, is_awaitable=is_awaitable
    )
    assert not isinstance(executor, list)
    outcome = executor.execute_operation()
    result = await outcome if is_awaitable(outcome) else outcome
    assert isinstance(result, ExecutionResult)
    return result


async def by_plan(engine: Engine, text: str, context: object) -> ExecutionResult:
    return await engine.execute(engine.documents.read(text, None), {}, lambda: context)


def told(result: ExecutionResult) -> tuple[object, object]:
    errors = [(error.formatted, type(error.original_error)) for error in result.errors or ()]
    return result.data, errors


def branch(**changed: Any) -> Branch:
    usual: dict[str, Any] = {
        "leaves": leaves(),
        "many": [leaves(), leaves(name="elm")],
        "mixed": [Mixed(name="fir", number=3, leaves=leaves()), None],
        "rows": [[leaves(), None], []],
    }
    return Branch(**{**usual, **changed})


def once(value: object) -> Iterator[object]:
    yield value


ODD_LEAVES: list[dict[str, Any]] = [
    {"name": None},
    {"name": 1},
    {"name": True},
    {"name": b"x"},
    {"name": ["x"]},
    {"name": object()},
    {"name": ValueError("a value that is an error")},
    {"text": ValueError("a value that is an error")},
    {"number": None},
    {"number": "7"},
    {"number": 2**31},
    {"number": -(2**31)},
    {"number": -(2**31) - 1},
    {"number": 1.0},
    {"number": 1.5},
    {"number": True},
    {"maybe_number": "x"},
    {"fraction": float("nan")},
    {"fraction": 1},
    {"yes": None},
    {"yes": 1},
    {"yes": "yes"},
    {"key": 5},
    {"key": None},
    {"colour": "RED"},
    {"colour": "red"},
    {"colour": 5},
    {"colour": None},
    {"colour": Colour.BLUE},
    {"colour": OtherColour.RED},
    {"colour": Size.SMALL},
    {"size": Size.SMALL},
    {"size": "l"},
    {"size": None},
    {"size": OtherSize.LITTLE},
    {"size": OtherSize.HUGE},
    {"size": Colour.RED},
    {"moment": "2026-01-01"},
    {"moment": None},
    {"words": None},
    {"words": []},
    {"words": ("a", "b")},
    {"words": "text"},
    {"words": {"a": 1}},
    {"words": ["a", None]},
    {"words": 5},
    {"maybe_words": None},
    {"maybe_words": [ValueError("in a list")]},
]


def named(value: object) -> str:
    """A name for a case that is the same in every process: without the addresses of objects."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_plain_objects_come_out_the_same(text: str) -> None:
    context = Root(branch=branch())
    planned, stock = await by_plan(ENGINE, text, context), await by_stock(ENGINE, text, context)
    assert told(planned) == told(stock)
    assert planned.errors is None


@pytest.mark.parametrize("changed", ODD_LEAVES, ids=named)
@pytest.mark.parametrize("text", DOCUMENTS)
async def test_odd_values_come_out_the_same(text: str, changed: dict[str, Any]) -> None:
    odd = leaves(**changed)
    mixed = [Mixed(name=odd.name, number=odd.number, leaves=None), Mixed(name="fir", number=1, leaves=odd)]
    for place in ({"leaves": odd}, {"many": [leaves(), odd]}, {"rows": [[leaves()], [None, odd]]}, {"mixed": mixed}):
        context = Root(branch=branch(**place))
        planned, stock = await by_plan(ENGINE, text, context), await by_stock(ENGINE, text, context)
        assert told(planned) == told(stock)


@pytest.mark.parametrize(
    "place",
    [
        {"leaves": None},
        {"leaves": 5},
        {"leaves": Failing()},
        {"leaves": Odd("x")},
        {"leaves": branch()},
        {"many": None},
        {"many": [None]},
        {"many": [5]},
        {"many": 5},
        {"many": {"a": 1}},
        {"many": [ValueError("an item that is an error")]},
        {"many": ValueError("a list that is an error")},
        {"rows": [None]},
        {"rows": [[Failing()]]},
        {"rows": ((leaves(),),)},
    ],
    ids=named,
)
@pytest.mark.parametrize("text", DOCUMENTS)
async def test_odd_objects_come_out_the_same(text: str, place: dict[str, Any]) -> None:
    context = Root(branch=branch(**place))
    planned, stock = await by_plan(ENGINE, text, context), await by_stock(ENGINE, text, context)
    assert told(planned) == told(stock)


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_what_can_be_read_only_once_is_read_by_one_of_them(text: str) -> None:
    planned = await by_plan(ENGINE, text, Root(branch=branch(many=once(leaves()))))
    stock = await by_stock(ENGINE, text, Root(branch=branch(many=once(leaves()))))
    assert told(planned) == told(stock)


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_awaitables_come_out_the_same(text: str) -> None:
    late: list[asyncio.Task[object]] = []

    def soon(value: object) -> asyncio.Task[object]:
        late.append(asyncio.create_task(asyncio.sleep(0, value)))
        return late[-1]

    def context() -> Root:
        return Root(branch=branch(leaves=leaves(text=soon("late"), number=soon(7)), many=[soon(leaves())]))

    planned, stock = await by_plan(ENGINE, text, context()), await by_stock(ENGINE, text, context())
    assert told(planned) == told(stock)
    assert planned.errors is None
    await asyncio.gather(*late)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**33), 2**33), st.floats(), st.text(max_size=3), st.just(Colour.RED),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)), st.lists(st.one_of(st.none(), st.text(max_size=2)), max_size=2),
    st.just(KeyError("k")),
)  # fmt: skip
any_leaves = st.fixed_dictionaries({}, optional=dict.fromkeys(Leaves.__annotations__ | {"name": str}, values)).map(
    lambda changed: leaves(**changed)
)
any_mixed = st.builds(Mixed, name=values, number=values, leaves=st.one_of(st.none(), any_leaves))
any_branch = st.builds(
    Branch,
    leaves=st.one_of(st.none(), any_leaves),
    mixed=st.lists(st.one_of(st.none(), any_mixed), max_size=3),
    many=st.lists(any_leaves, max_size=3),
    rows=st.lists(st.lists(st.one_of(st.none(), any_leaves), max_size=2), max_size=2),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=any_branch, text=st.sampled_from(DOCUMENTS))
def test_whatever_the_values_are_both_say_the_same(found: Branch, text: str) -> None:
    async def both() -> tuple[ExecutionResult, ExecutionResult]:
        context = Root(branch=found)
        return await by_plan(ENGINE, text, context), await by_stock(ENGINE, text, context)

    planned, stock = asyncio.run(both())
    # repr, because NaN is not itself.
    assert repr(told(planned)) == repr(told(stock))


HISTORY = """{ viewer { cards { history(first: 50) {
    edges { cursor node { id kind points balanceAfter occurredAt storeName receiptNumber reasons } }
    pageInfo { hasNextPage }
} } } }"""


async def test_a_page_of_history_goes_the_short_way() -> None:
    # given
    engine = engine_of(SCHEMA)
    context = Context(World(), None, 1)  # type: ignore[arg-type]  # nobody asks who it is
    # when
    planned, stock = await by_plan(engine, HISTORY, context), await by_stock(engine, HISTORY, context)
    # then
    plans = engine.documents.read(HISTORY, None).plans
    assert told(planned) == told(stock)
    assert plans is not None
    assert sum(plan is not None for _, plan in plans.whole.values()) == 1


async def test_fields_with_code_behind_them_are_never_planned() -> None:
    # given
    engine = engine_of(SCHEMA)
    text = "{ entries(first: 2) { shouted id } }"
    # when
    planned = await by_plan(engine, text, None)
    # then
    entries = [{"shouted": "BECAUSE0", "id": "entry-0"}, {"shouted": "BECAUSE1", "id": "entry-1"}]
    plans = engine.documents.read(text, None).plans
    assert planned.data == {"entries": entries}
    assert [list(entry) for entry in planned.data["entries"]] == [["shouted", "id"]] * 2
    assert plans is not None
    assert {plan for _, plan in plans.whole.values()} == {None}
    assert [[name for name, *_ in parts] for _, parts in plans.parts.values()] == [[], ["id"]]


async def test_what_one_event_found_does_not_pile_up() -> None:
    # given
    engine = engine_of(SCHEMA)
    document = engine.documents.read("subscription { contexts { context } }", None)
    executor = engine._executor(document, {}, lambda: Context(World(), None, 1))  # type: ignore[arg-type]
    # when
    kept = []
    for _ in range(5):
        outcome = executor.build_per_event_executor(Seen()).execute_operation(False)
        await outcome if is_awaitable(outcome) else None
        assert document.plans is not None
        kept.append((len(document.plans.parts), len(document.plans.whole), len(document.plans.collected)))
    # then
    assert kept == [(2, 1, 1)] * 5
