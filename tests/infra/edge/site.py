"""The edge behind a real server, on a port of this machine."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from auth.viewers import Anonymous, Customer, SessionId, Terminal, Viewer
from infra.edge.endpoint import Api, Options, build_api
from infra.edge.known import KnownDocuments
from infra.edge.messages import PROTOCOL
from infra.edge.metrics import Metrics
from infra.edge.middleware.access_log import AccessLogMiddleware
from infra.edge.middleware.request_id import RequestIdMiddleware
from infra.edge.middleware.security_headers import SecurityHeadersMiddleware
from infra.edge.routes import graphql_routes
from schema.failures import Unauthenticated
from tests.infra.edge.shop import SCHEMA, Context, World
from wallet.values import CustomerId, MerchantId, TerminalId

TOKEN_LIFE = timedelta(minutes=10)
SESSION = SessionId(UUID(int=9))
OPEN = Options(introspection=True, allowed_origins=frozenset({"https://app.example"}))
PRODUCTION = replace(OPEN, introspection=False)


def customer(world: World, number: int = 1) -> Customer:
    return Customer(CustomerId(UUID(int=number)), SESSION, world.now() + TOKEN_LIFE)


def viewer_by(token: str, world: World) -> Viewer:
    """The tokens of these tests: `customer-<n>`, `till`, and no other."""
    kind, _, number = token.partition("-")
    if kind == "customer" and number.isdigit():
        return customer(world, int(number))
    if kind == "till":
        return Terminal(MerchantId(UUID(int=1)), TerminalId(UUID(int=2)), SESSION, world.now() + TOKEN_LIFE)
    raise Unauthenticated


def api_of(world: World, options: Options = OPEN, known: KnownDocuments | None = None) -> Api:
    async def viewer_of(connection: HTTPConnection) -> Viewer:
        await asyncio.sleep(0)
        shown = connection.headers.get("authorization")
        return Anonymous() if shown is None else viewer_by(shown.removeprefix("Bearer "), world)

    async def authenticate(token: str) -> Viewer:
        await asyncio.sleep(0)
        return viewer_by(token, world)

    def get_context(_connection: HTTPConnection, viewer: Viewer) -> Context:
        world.contexts += 1
        return Context(world, viewer, world.contexts)

    return build_api(
        SCHEMA,
        name="shop",
        viewer_of=viewer_of,
        authenticate=authenticate,
        get_context=get_context,
        now=world.now,
        metrics=Metrics(),
        options=options,
        known=known,
    )


def app_of(api: Api) -> Starlette:
    middleware = [
        Middleware(RequestIdMiddleware),
        Middleware(AccessLogMiddleware),
        Middleware(SecurityHeadersMiddleware, https=False),
    ]
    return Starlette(routes=graphql_routes("/graphql", api), middleware=middleware)


@dataclass(frozen=True)
class Site:
    port: int
    api: Api
    world: World

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    def raw(self) -> socket.socket:
        """A connection, to say on it whatever a client could."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    @asynccontextmanager
    async def socket(self, token: str | None = "customer-1") -> AsyncIterator[ClientConnection]:
        """A socket on which nothing has been said yet."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with connect(
            self.socket_url,
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers=headers,
            proxy=None,
        ) as found:
            yield found


@contextmanager
def served(options: Options = OPEN, known: KnownDocuments | None = None) -> Iterator[Site]:
    """The edge, served by uvicorn in a thread of its own, as it would be in production."""
    world = World()
    api = api_of(world, options, known)
    # asyncio sets TCP_NODELAY on what it accepts only where the protocol is named.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(
        app_of(api), loop="asyncio", http="httptools", ws="websockets-sansio", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Site(listening.getsockname()[1], api, world)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
