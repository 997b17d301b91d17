"""One line in the log for every request and every socket: what was asked and how it went, and no secrets."""

from time import perf_counter

import structlog
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.edge.facts import Facts, facts_of
from infra.edge.logs import loggable_path

NAME_MAX = 64

log = structlog.get_logger("access")


class AccessLogMiddleware:
    """Logs method, route, status, time, operation and kind of caller; nothing that the caller wrote but names."""

    def __init__(self, app: ASGIApp, *, quiet: frozenset[str] = frozenset()) -> None:
        """`quiet` are the paths that are logged only when they fail, e.g. health checks."""
        self._app = app
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        status: int | None = None

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        async def receive_and_see() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "websocket.disconnect" and status is None:
                status = message.get("code", 1005)
            return message

        try:
            await self._app(scope, receive if scope["type"] == "http" else receive_and_see, send_and_see)
        finally:
            milliseconds = round((perf_counter() - started) * 1000, 1)
            self._write(scope, facts_of(scope), status, milliseconds)

    def _write(self, scope: Scope, facts: Facts, status: int | None, milliseconds: float) -> None:
        if scope["path"] in self._quiet and status is not None and status < 400:
            return
        told: dict[str, object] = {
            "method": scope.get("method", "WEBSOCKET")[:NAME_MAX],
            "path": path_of(scope),
            "status": status,
            "ms": milliseconds,
            "viewer": facts.viewer,
            "operation": None if facts.operation is None else facts.operation[:NAME_MAX],
            "operation_type": facts.operation_type,
            "field": facts.root_field,
            "code": facts.code,
        }
        log.info("request", **{name: value for name, value in told.items() if value is not None})


def path_of(scope: Scope) -> str:
    """The route's own path where one was found, e.g. /g/{token}; else the path without what could be a secret."""
    route = scope.get("route")
    if isinstance(route, Route | WebSocketRoute):
        return route.path
    return loggable_path(scope["path"])
