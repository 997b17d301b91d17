"""A small schema of every shape the edge must deal with: lists of plain objects, unions, inputs, faults, events."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from auth.viewers import Viewer
from infra.edge.facts import kind_of
from schema.failures import BadUserInput, Forbidden, Unauthenticated

SECRET = "maria@example.com has token eyJhbGciOiJFZERTQSJ9abcdef0123456789"
FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """What happened on the server's side, for tests to look at, and a clock for them to move."""

    ahead: timedelta = timedelta(0)
    renamed: list[str] = field(default_factory=list)
    seen_texts: list[str] = field(default_factory=list)
    contexts: int = 0
    open_streams: int = 0
    closed_streams: int = 0
    cancelled: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Context:
    world: World
    viewer: Viewer
    number: int


Info = strawberry.Info[Context, None]


@strawberry.enum
class Kind(Enum):
    EARNED = "earned"
    SPENT = "spent"


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Entry(Node):
    kind: Kind
    points: int
    balance_after: int
    occurred_at: datetime
    store_name: str | None
    receipt_number: str | None
    reasons: list[str]

    @strawberry.field
    def shouted(self) -> str:
        return "".join(self.reasons).upper()


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class EntryEdge:
    node: Entry
    cursor: str


@strawberry.type
class EntryConnection:
    edges: list[EntryEdge]
    page_info: PageInfo


def entry(number: int) -> Entry:
    return Entry(
        id=strawberry.ID(f"entry-{number}"),
        kind=Kind.EARNED if number % 2 else Kind.SPENT,
        points=number,
        balance_after=number * 10,
        occurred_at=FIRST_MOMENT + timedelta(days=number),
        store_name=None if number % 3 else "Corner",
        receipt_number=f"R-{number}",
        reasons=["because", str(number)],
    )


@strawberry.type
class Card(Node):
    number: str
    tags: list[str | None]

    @strawberry.field
    async def history(self, first: int = 20, after: str | None = None) -> EntryConnection:
        edges = [EntryEdge(node=entry(number), cursor=f"c{number}") for number in range(first)]
        return EntryConnection(edges=edges, page_info=PageInfo(has_next_page=True))


@strawberry.type
class Customer(Node):
    name: str | None
    cards: list[Card]


@strawberry.type
class Renamed:
    name: str


@strawberry.type
class InvalidName:
    message: str


RenameResult = Annotated[Renamed | InvalidName, strawberry.union("RenameResult")]


@strawberry.input(one_of=True)
class Reference:
    id: strawberry.ID | None = strawberry.UNSET
    code: str | None = strawberry.UNSET


@strawberry.input
class Filter:
    text: str | None = None
    either: list["Filter"] | None = None


class OnlyStaff(BasePermission):
    message = "Staff only."

    def has_permission(self, source: object, info: strawberry.Info, **kwargs: object) -> bool:
        return False


@strawberry.type
class Half:
    """Says that it has a name, and has none."""

    id: strawberry.ID
    name: str


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self) -> Customer:
        cards = [Card(id=strawberry.ID(f"card-{n}"), number=str(n), tags=["new", None]) for n in range(2)]
        return Customer(id=strawberry.ID("customer-1"), name="Maria", cards=cards)

    @strawberry.field
    def entries(self, first: int = 20) -> list[Entry]:
        return [entry(number) for number in range(first)]

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:  # noqa: A002
        return entry(7) if id == "entry-7" else None

    @strawberry.field
    def echo(self, info: Info, text: str) -> str:
        info.context.world.seen_texts.append(text)
        return text

    @strawberry.field
    def find(self, ref: Reference) -> str:
        return "by id" if ref.id else "by code"

    @strawberry.field
    def matching(self, filter: Filter) -> int:  # noqa: A002
        return 1

    @strawberry.field
    def double(self, number: int = 1) -> int:
        return number * 2

    @strawberry.field
    def who(self, info: Info) -> str:
        return kind_of(info.context.viewer)

    @strawberry.field
    def asked(self, info: Info) -> str:
        return f"{info.field_name} {info.operation.operation.value} {sorted(info.variable_values)}"

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def must_not_boom(self) -> str:
        raise RuntimeError(SECRET)

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]  # the fault that is wanted

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def halves(self) -> list[Half | None]:
        return [Half(id=strawberry.ID("1"), name="whole"), Half(id=strawberry.ID("2"), name=None)]  # type: ignore[arg-type]

    @strawberry.field
    def signed_in_only(self) -> str | None:
        raise Unauthenticated

    @strawberry.field
    def owner_only(self) -> str | None:
        raise Forbidden("Owners only.")

    @strawberry.field
    def picky(self, after: str) -> str | None:
        raise BadUserInput("`after` is no cursor of this list.")

    @strawberry.field(permission_classes=[OnlyStaff])  # type: ignore[untyped-decorator]  # so with permissions
    def staff(self) -> str | None:
        return "hello"

    @strawberry.field
    async def slow(self, info: Info) -> str | None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            info.context.world.cancelled += 1
            raise
        return None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, info: Info, name: str) -> RenameResult:
        if not name.strip():
            return InvalidName(message="A name is not empty.")
        info.context.world.renamed.append(name)
        return Renamed(name=name)


@strawberry.type
class Seen:
    @strawberry.field
    def context(self, info: Info) -> int:
        return info.context.number


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def countdown(self, info: Info, start: int = 3) -> AsyncGenerator[int, None]:
        for number in range(start, 0, -1):
            yield number

    @strawberry.subscription
    async def waiting(self, info: Info) -> AsyncGenerator[str, None]:
        world = info.context.world
        world.open_streams += 1
        try:
            yield "open"
            await asyncio.Event().wait()
        finally:
            world.open_streams -= 1
            world.closed_streams += 1

    @strawberry.subscription
    async def ticking(self, info: Info) -> AsyncGenerator[int, None]:
        while True:
            yield 1
            await asyncio.sleep(0.01)

    @strawberry.subscription
    async def contexts(self, info: Info) -> AsyncGenerator[Seen, None]:
        for _ in range(3):
            yield Seen()

    @strawberry.subscription
    async def breaking(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError(SECRET)

    @strawberry.subscription
    async def private(self) -> AsyncGenerator[int, None]:
        raise Unauthenticated
        yield 1


SCHEMA = strawberry.Schema(Query, Mutation, Subscription, types=[Entry], config=StrawberryConfig(relay_max_results=100))
