"""One GraphQL API: its schema, who may call it, and what it allows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import strawberry
from starlette.requests import HTTPConnection

from auth.viewers import Viewer
from infra.clock import Clock
from infra.edge.bodies import BODY_BYTES_MAX, BODY_SECONDS_MAX
from infra.edge.calls import Calls
from infra.edge.documents import Documents
from infra.edge.execution import Engine
from infra.edge.known import KnownDocuments
from infra.edge.limits import Limits
from infra.edge.lists import LIST_SIZES
from infra.edge.metrics import Metrics
from infra.edge.sessions import Authenticate, CookieSessions

ViewerOf = Callable[[HTTPConnection], Awaitable[Viewer]]
"""Who calls, from what the connection showed. Raises Unauthenticated or TokenRejected for a token that is no good."""

GetContext = Callable[[HTTPConnection, Viewer], object]
"""The context of one operation, or of one event of a subscription."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an API allows. The defaults are those of production."""

    limits: Limits = field(default_factory=lambda: Limits(lists=LIST_SIZES))
    introspection: bool = False
    """Whether clients may ask what the schema is, and are helped with names that they mistype."""
    short_ways: bool = True
    """Whether plain objects, inputs and calls may go ways of our own, beside those of graphql-core and strawberry."""
    operation_seconds: float = 10.0
    body_bytes: int = BODY_BYTES_MAX
    body_seconds: float = BODY_SECONDS_MAX
    allowed_origins: frozenset[str] = frozenset()
    """From which web pages a socket may be opened, e.g. https://shop.example; apps send no origin and are let in."""
    socket_init_seconds: float = 8.0
    socket_message_bytes: int = 64 * 1024
    socket_subscriptions: int = 10
    sockets_a_viewer: int = 10
    expiry_check_seconds: float = 5.0
    """How often a socket looks at the clock at least, should the clock be moved."""


class Sockets:
    """How many sockets each viewer has open in this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, int] = {}

    def enter(self, sharer: str) -> bool:
        """Whether there was room for one more, which is counted now."""
        if self._open.get(sharer, 0) >= self._most:
            return False
        self._open[sharer] = self._open.get(sharer, 0) + 1
        return True

    def leave(self, sharer: str) -> None:
        self._open[sharer] -= 1
        if not self._open[sharer]:
            del self._open[sharer]

    def __len__(self) -> int:
        return sum(self._open.values())


@dataclass(frozen=True, slots=True)
class Api:
    """Everything that HTTP and WebSocket need to serve one schema. Made by `build_api`."""

    name: str
    engine: Engine
    viewer_of: ViewerOf
    authenticate: Authenticate
    get_context: GetContext
    now: Clock
    metrics: Metrics
    options: Options
    sockets: Sockets
    known: KnownDocuments
    cookies: CookieSessions | None
    """How the sessions of our pages are kept. None: cookies mean nothing here."""


def build_api(
    schema: strawberry.Schema,
    *,
    name: str,
    viewer_of: ViewerOf,
    authenticate: Authenticate,
    get_context: GetContext,
    now: Clock,
    metrics: Metrics,
    options: Options,
    known: KnownDocuments | None = None,
    cookies: CookieSessions | None = None,
) -> Api:
    """The API of a schema. Without `known`, no document has an id and any may be executed.

    Raises ValueError for a schema with strawberry extensions: nothing here would run them.
    """
    if schema.extensions or schema.directives:
        raise ValueError("The edge runs neither strawberry extensions nor operation directives.")
    core = schema._schema  # noqa: SLF001 -- strawberry has no public name for the schema of graphql-core
    documents = Documents(core, limits=options.limits, introspection=options.introspection)
    calls = Calls(schema) if options.short_ways else None
    engine = Engine(core, documents, options.operation_seconds, suggestions=options.introspection, calls=calls)
    sockets = Sockets(options.sockets_a_viewer)
    known = KnownDocuments() if known is None else known
    return Api(name, engine, viewer_of, authenticate, get_context, now, metrics, options, sockets, known, cookies)
