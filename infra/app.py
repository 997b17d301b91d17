"""The one ASGI application: both APIs, the pages, the keys that others verify with, and whether we are well."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth import keys, sessions
from auth.access_tokens import Audience
from auth.backend import viewer_of, viewer_with
from auth.cookies import SessionCookie
from auth.errors import granted
from auth.sessions import SessionTokens
from auth.verified_tokens import VerifiedTokens
from auth.viewers import Viewer
from infra import documents, migrate
from infra.edge.endpoint import GetContext, Options, ViewerOf, build_api
from infra.edge.middleware.access_log import AccessLogMiddleware
from infra.edge.middleware.request_id import RequestIdMiddleware
from infra.edge.middleware.security_headers import SecurityHeadersMiddleware
from infra.edge.middleware.straight import StraightMiddleware
from infra.edge.routes import graphql_routes
from infra.edge.sessions import Authenticate, CookieSessions, Renew, kept_of
from infra.mail.events import mail_webhook_routes
from infra.migrate import Migration, MigrationError
from infra.payments import builtin
from infra.payments.builtin import BuiltinProvider
from infra.payments.webhooks import webhook_routes
from infra.pool import DatabaseUnavailable
from infra.runtime import Runtime
from infra.settings import Settings
from resolvers.context import RequestContext
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from schema.translations import negotiate
from wallet.database import Conn
from web.pages.facts import PageFacts
from web.pages.pay import PayFacts
from web.routes import development_routes, page_routes, pay_routes

CUSTOMER_PATH = "/graphql"
POS_PATH = "/pos/graphql"
QUIET = frozenset({"/healthz", "/readyz"})


def create_app(runtime: Runtime, *, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The application of these parts. `more` are routes of the demo.

    Raises SettingsError if the documents that it should know cannot be read.
    """
    settings = runtime.settings
    open_house = settings.environment != "production"
    options = Options(
        introspection=open_house,
        short_ways=settings.fast_path,
        operation_seconds=settings.operation_timeout_seconds,
        body_bytes=settings.max_body_bytes,
        allowed_origins=_origins(settings),
        expiry_check_seconds=1.0 if settings.environment == "demo" else 5.0,
    )
    apis = (
        (CUSTOMER_PATH, "customer", customer_schema, Audience.CUSTOMER),
        (POS_PATH, "pos", pos_schema, Audience.POS),
    )
    routes = [*more, *(development_routes() if settings.environment == "development" else ())]
    registered = documents.of_settings(settings)
    for path, name, schema, audience in apis:
        tokens = VerifiedTokens(audience)
        authenticate = _authenticator(runtime, tokens)
        api = build_api(
            schema,
            name=name,
            viewer_of=_viewer_finder(runtime, tokens),
            authenticate=authenticate,
            get_context=_contexts(runtime),
            now=runtime.clock,
            metrics=runtime.metrics,
            options=options,
            known=documents.known(registered[name], trusted_only=settings.only_trusted_documents),
            cookies=_cookie_sessions(runtime, audience, path, authenticate),
        )
        routes += graphql_routes(path, api)
    facts = PageFacts(
        pool=lambda: runtime.pool,
        clock=runtime.clock,
        box=lambda: runtime.box,
        demo=settings.environment == "demo",
        explorer=open_house,
        publish=lambda merchant_id, card_id: runtime.changes.publish(merchant_id, card_id),
    )
    routes += [*_well_known(runtime), *_health(runtime), *page_routes(facts), *_payment_routes(runtime)]
    routes += mail_webhook_routes(runtime)
    straight = {
        route.path: route for route in routes if isinstance(route, Route) and route.path in {path for path, *_ in apis}
    }
    return Starlette(
        routes=routes, middleware=[*_middleware(settings), Middleware(StraightMiddleware, routes=straight)]
    )


def _origins(settings: Settings) -> frozenset[str]:
    """The web pages that may open a socket: our own, by whichever name a developer calls this machine, and friends."""
    return frozenset({settings.public_base_url, *_aliases(settings), *settings.cors_origins})


def _aliases(settings: Settings) -> frozenset[str]:
    if settings.environment == "production":
        return frozenset()
    return frozenset({settings.public_base_url.replace("//127.0.0.1", "//localhost")})


def _middleware(settings: Settings) -> list[Middleware]:
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
    return stack


def _viewer_finder(runtime: Runtime, tokens: VerifiedTokens) -> ViewerOf:
    async def find(connection: HTTPConnection) -> Viewer:
        return await viewer_of(connection, tokens=tokens, rings=runtime.rings.knowing, now=runtime.clock())

    return find


def _authenticator(runtime: Runtime, tokens: VerifiedTokens) -> Authenticate:
    async def authenticate(token: str) -> Viewer:
        return await viewer_with(token, tokens=tokens, rings=runtime.rings.knowing, now=runtime.clock())

    return authenticate


def _cookie_sessions(runtime: Runtime, audience: Audience, path: str, authenticate: Authenticate) -> CookieSessions:
    own = runtime.settings.public_base_url
    cookie = SessionCookie(runtime.box, audience, path, secure=own.startswith("https:"))
    return CookieSessions(cookie, own, _aliases(runtime.settings), authenticate, _renewer(runtime, audience))


def _renewer(runtime: Runtime, audience: Audience) -> Renew:
    async def renew(refresh_token: str) -> SessionTokens:
        now = runtime.clock()
        ring = await runtime.rings.current(now)
        async with runtime.pool.acquire() as conn, conn.transaction():
            answer = await sessions.refresh(
                conn,
                box=runtime.box,
                ring=ring,
                refresh_token=refresh_token,
                audience=audience,
                lost_within=None,
                now=now,
            )
        return granted(answer)

    return renew


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
            client=_client(connection),
            payments=runtime.providers.get(runtime.settings.payments),
            public_url=runtime.settings.public_base_url,
            kept=kept_of(connection.scope),
        )

    return context


def _client(connection: HTTPConnection) -> bytes:
    """Where tries are counted for: the address, or of IPv6 the /64, which one subscriber has whole (RFC 6177)."""
    client = connection.scope.get("client")
    return _subscriber(client[0]) if client else b""


@lru_cache(maxsize=4096)
def _subscriber(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return b""
    return address.packed if address.version == 4 else address.packed[:8]


def _well_known(runtime: Runtime) -> list[BaseRoute]:
    async def jwks(_request: Request) -> Response:
        now = runtime.clock()
        ring = await runtime.rings.current(now)
        return JSONResponse(keys.jwks(ring, now), headers={"Cache-Control": "public, max-age=300"})

    return [Route("/.well-known/jwks.json", jwks, methods=["GET"])]


def _payment_routes(runtime: Runtime) -> list[BaseRoute]:
    """Where providers tell us what happened, and the page of the one that is built in."""
    routes = webhook_routes(runtime.keeping)
    bank = runtime.providers.get(builtin.NAME)
    if isinstance(bank, BuiltinProvider):
        routes += pay_routes(PayFacts(show=bank.show, approve=bank.approve, decline=bank.decline, ask=bank.ask))
    return routes


async def _lacking(conn: Conn, known: list[Migration]) -> list[Migration]:
    """What the database lacks of what this code knows. A database that has more is as good: new code is on its way."""
    try:
        return await migrate.pending(conn, known)
    except MigrationError:
        return []


def _health(runtime: Runtime) -> list[BaseRoute]:
    known = migrate.load()

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    async def ready(_request: Request) -> Response:
        """Whether a request could be served: the database answers and is as this code wants it."""
        try:
            async with runtime.pool.acquire() as conn:
                missing = await _lacking(conn, known)
            await runtime.rings.current(runtime.clock())
            trouble = f"the database lacks {missing[0].file}" if missing else None
        except (DatabaseUnavailable, OSError):
            trouble = "the database does not answer"
        if trouble is None:
            return JSONResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})
        return JSONResponse({"status": "not ready", "because": trouble}, 503, headers={"Cache-Control": "no-store"})

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
