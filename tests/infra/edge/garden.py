"""A schema that has a bit of everything, and things to put behind it that should not be there."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, Union

import strawberry
from graphql import GraphQLError
from strawberry import UNSET
from strawberry.schema.config import StrawberryConfig


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.enum
class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


@strawberry.input
class Inner:
    word: str
    number: int | None = UNSET
    colours: list[Colour] | None = None
    size: Size = Size.SMALL


@strawberry.input
class Outer:
    inner: Inner
    inners: list[Inner | None] | None = UNSET
    numbers: list[list[int]] = strawberry.field(default_factory=lambda: [[1], [2, 3]])
    moment: datetime | None = None
    fraction: float = 0.5
    yes: bool | None
    key: strawberry.ID | None = UNSET


@strawberry.input
class Endless:
    word: str | None = "end"
    more: Annotated["Endless", strawberry.lazy("tests.infra.edge.garden")] | None = None


@strawberry.input(one_of=True)
class OneOf:
    word: str | None = UNSET
    number: int | None = UNSET


@strawberry.input
class Perhaps:
    word: strawberry.Maybe[str]


@strawberry.interface
class Thing:
    name: str
    number: int | None


@strawberry.type
class Leaf(Thing):
    text: str | None
    yes: bool
    fraction: float | None
    key: strawberry.ID
    colour: Colour | None
    size: Size
    moment: datetime | None
    words: list[str]
    grid: list[list[int | None] | None] | None


@strawberry.type
class Said:
    text: str


@strawberry.interface
class Trouble:
    message: str


@strawberry.type
class TooLong(Trouble):
    length: int


class WordTooLong(Exception):
    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class Handler:
    """A word of 13 letters is handed back: the exception is nobody's."""

    exception_type = WordTooLong
    error_type = TooLong

    async def handle(self, exception: WordTooLong, *, field: object, info: strawberry.Info) -> TooLong | None:
        await asyncio.sleep(0)
        if exception.length == 13:
            return None
        return TooLong(message=f"{info.field_name} is too long", length=exception.length)


@strawberry.type
class Twig(Thing):
    best: Leaf | None
    leaves: list[Leaf]
    things: list[Thing | None]
    either: Union[Leaf, "Twig", None]
    twigs: list["Twig | None"] | None

    @strawberry.field
    def shouted(self) -> str:
        return self.name.upper()

    @strawberry.field
    async def soon(self) -> str | None:
        await asyncio.sleep(0)
        return self.name

    @strawberry.field
    async def leaf_later(self, info: strawberry.Info) -> Leaf | None:
        await asyncio.sleep(0)
        return self.best

    @strawberry.field
    def told(
        self, info: strawberry.Info, word: str = "hi", times: int | None = UNSET, given: Outer | None = None
    ) -> str:
        return f"{info.field_name} {self.name!r} {word!r} {times!r} {given!r} {sorted(info.variable_values)}"

    @strawberry.field
    def picks(
        self,
        one: OneOf | None = UNSET,
        endless: Endless | None = UNSET,
        perhaps: Perhaps | None = UNSET,
        sizes: list[Size] | None = None,
    ) -> str:
        return f"{one!r} {endless!r} {perhaps!r} {sizes!r}"


Answer = Annotated[Said | TooLong, strawberry.union("Answer")]


@strawberry.type
class Query:
    @strawberry.field
    def root(self, info: strawberry.Info) -> Twig:
        found: Twig = info.context
        return found

    @strawberry.field
    async def later(self, info: strawberry.Info) -> Twig | None:
        await asyncio.sleep(0)
        found: Twig = info.context
        return found


async def say(given: Annotated[Outer, strawberry.argument(name="input")], info: strawberry.Info) -> Answer:
    word = given.inner.word
    if word == "boom":
        raise GraphQLError("It went off.", extensions={"code": "BOOM"})
    if word == "fault":
        raise RuntimeError("nobody planned for it")
    if len(word) > 9:
        raise WordTooLong(len(word))
    return Said(text=f"{given!r} {info.path.key}")


@strawberry.type
class Mutation:
    say: Answer = strawberry.mutation(resolver=say)


SCHEMA = strawberry.Schema(
    Query, Mutation, types=[Leaf, Twig, TooLong], config=StrawberryConfig(), exception_handlers=[Handler()]
)


@dataclass(frozen=True)
class Later:
    """A value that has to be awaited; an exception is raised then."""

    value: object


@dataclass(frozen=True)
class Made:
    """An object of the class, with these values for its fields."""

    of: type
    values: Mapping[str, object] = field(default_factory=dict)


USUAL: Mapping[type, Mapping[str, Any]] = {
    Leaf: {
        "name": "oak", "number": 1, "text": None, "yes": True, "fraction": 1.5, "key": "k", "colour": Colour.RED,
        "size": Size.LARGE, "moment": None, "words": ["a"], "grid": [[1, None], None],
    },
    Twig: {"name": "fir", "number": 2, "best": None, "leaves": [], "things": [], "either": None, "twigs": None},
}  # fmt: skip


def grown(recipe: object) -> Any:
    """The thing of the recipe, made anew: what was awaited once cannot be awaited again."""
    if isinstance(recipe, Later):
        future = asyncio.get_running_loop().create_future()
        if isinstance(recipe.value, Exception):
            future.set_exception(recipe.value)
            future.exception()
        else:
            future.set_result(grown(recipe.value))
        return future
    if isinstance(recipe, Made):
        return recipe.of(**{name: grown(value) for name, value in {**USUAL[recipe.of], **recipe.values}.items()})
    if isinstance(recipe, Sequence) and not isinstance(recipe, str | bytes):
        return [grown(each) for each in recipe]
    return recipe
