"""The one ASGI application: both APIs, the pages, the keys that others verify with, and whether we are well."""

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from auth import keys
from auth.access_tokens import Audience
from auth.backend import viewer_of, viewer_with
from auth.errors import TokenRejected
from auth.viewers import Viewer
from infra import migrate
from infra.edge.endpoint import Authenticate, GetContext, Options, build_api
from infra.edge.middleware.access_log import AccessLogMiddleware
from infra.edge.middleware.request_id import RequestIdMiddleware
from infra.edge.middleware.security_headers import SecurityHeadersMiddleware
from infra.edge.routes import graphql_routes
from infra.migrate import MigrationError
from infra.pool import DatabaseUnavailable
from infra.runtime import Runtime
from resolvers.context import RequestContext
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from schema.translations import negotiate
from web.pages.facts import PageFacts
from web.routes import page_routes

CUSTOMER_PATH = "/graphql"
POS_PATH = "/pos/graphql"
QUIET = frozenset({"/healthz", "/readyz"})


def create_app(runtime: Runtime, *, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The application of these parts. `more` are routes of the demo."""
    settings = runtime.settings
    open_house = settings.environment != "production"
    options = Options(
        introspection=open_house,
        explorer=open_house,
        operation_seconds=settings.operation_timeout_seconds,
        body_bytes=settings.max_body_bytes,
        allowed_origins=frozenset({settings.public_base_url, *settings.cors_origins}),
    )
    apis = (
        (CUSTOMER_PATH, "customer", customer_schema, Audience.CUSTOMER),
        (POS_PATH, "pos", pos_schema, Audience.POS),
    )
    routes = list(more)
    for path, name, schema, audience in apis:
        api = build_api(
            schema,
            name=name,
            viewer_of=_viewer_found,
            authenticate=_authenticator(runtime, audience),
            get_context=_contexts(runtime),
            now=runtime.clock,
            metrics=runtime.metrics,
            options=options,
        )
        routes += graphql_routes(path, api)
    facts = PageFacts(pool=lambda: runtime.pool, clock=runtime.clock, demo=settings.environment == "demo")
    routes += [*_well_known(runtime), *_health(runtime), *page_routes(facts)]
    return Starlette(routes=routes, middleware=_middleware(runtime, {path: audience for path, _, _, audience in apis}))


def _middleware(runtime: Runtime, audiences: dict[str, Audience]) -> list[Middleware]:
    settings = runtime.settings
    stack = [
        Middleware(RequestIdMiddleware),
        Middleware(AccessLogMiddleware, quiet=QUIET),
        Middleware(SecurityHeadersMiddleware, https=settings.public_base_url.startswith("https:")),
    ]
    if settings.allowed_hosts:
        stack.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts), www_redirect=False))
    if settings.cors_origins:
        cors: dict[str, Any] = {
            "allow_origins": settings.cors_origins,
            "allow_methods": ["GET", "POST"],
            "allow_headers": ["authorization", "content-type"],
            "max_age": 600,
        }
        stack.append(Middleware(CORSMiddleware, **cors))
    stack.append(Middleware(ViewerMiddleware, runtime=runtime, audiences=audiences))
    return stack


class ViewerMiddleware:
    """Finds out who calls an API before it is reached. Verifying a token costs no statement."""

    def __init__(self, app: ASGIApp, *, runtime: Runtime, audiences: dict[str, Audience]) -> None:
        self._app = app
        self._runtime = runtime
        self._audiences = audiences

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        audience = self._audiences.get(scope["path"]) if scope["type"] in {"http", "websocket"} else None
        if audience is not None:
            runtime = self._runtime
            try:
                scope["viewer"] = await viewer_of(
                    HTTPConnection(scope), audience=audience, rings=runtime.rings.knowing, now=runtime.clock()
                )
            except TokenRejected:
                scope["viewer"] = None
        await self._app(scope, receive, send)


def _viewer_found(connection: HTTPConnection) -> Viewer:
    viewer: Viewer | None = connection.scope["viewer"]
    if viewer is None:
        raise TokenRejected
    return viewer


def _authenticator(runtime: Runtime, audience: Audience) -> Authenticate:
    async def authenticate(token: str) -> Viewer:
        return await viewer_with(token, audience=audience, rings=runtime.rings.knowing, now=runtime.clock())

    return authenticate


def _contexts(runtime: Runtime) -> GetContext:
    def context(connection: HTTPConnection, viewer: Viewer) -> RequestContext:
        return RequestContext(
            viewer=viewer,
            now=runtime.clock(),
            wished_locale=negotiate(Headers(scope=connection.scope).get("accept-language")),
            pool=runtime.pool,
            box=runtime.box,
            rings=runtime.rings,
            changes=runtime.changes,
            client=connection.client.host.encode() if connection.client else b"",
        )

    return context


def _well_known(runtime: Runtime) -> list[BaseRoute]:
    async def jwks(_request: Request) -> Response:
        now = runtime.clock()
        ring = await runtime.rings.current(now)
        return JSONResponse(keys.jwks(ring, now), headers={"Cache-Control": "public, max-age=300"})

    return [Route("/.well-known/jwks.json", jwks, methods=["GET"])]


def _health(runtime: Runtime) -> list[BaseRoute]:
    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    async def ready(_request: Request) -> Response:
        """Whether a request could be served: the database answers and is as this code wants it."""
        try:
            async with runtime.pool.acquire() as conn:
                missing = await migrate.pending(conn)
            await runtime.rings.current(runtime.clock())
            trouble = f"the database lacks {missing[0].file}" if missing else None
        except MigrationError:
            trouble = "the database is of another version"
        except (DatabaseUnavailable, OSError):
            trouble = "the database does not answer"
        if trouble is None:
            return JSONResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})
        return JSONResponse({"status": "not ready", "because": trouble}, 503, headers={"Cache-Control": "no-store"})

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
