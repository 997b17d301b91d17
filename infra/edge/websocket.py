"""GraphQL over WebSocket: subscriptions only, by graphql-transport-ws only, for as long as the access token is good.

Queries and mutations are answered with an `error` message, so that every control over HTTP holds for all of them.
"""

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.edge.conversations import Conversation
from infra.edge.endpoint import Api
from infra.edge.messages import BAD_PROTOCOL, NOT_ALLOWED, PROTOCOL


class GraphQLOverWebSocket:
    """Serves one API as an ASGI application."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api, socket = self._api, WebSocket(scope, receive, send)
        origin = socket.headers.get("origin")
        if origin is not None and origin not in api.options.allowed_origins:
            await socket.close(NOT_ALLOWED)  # Before it is accepted: the client sees HTTP 403.
            return
        if PROTOCOL not in scope["subprotocols"]:
            await socket.accept()
            await socket.close(BAD_PROTOCOL, "Subprotocol not acceptable")
            return
        await socket.accept(subprotocol=PROTOCOL)
        api.metrics.socket(api.name, +1)
        try:
            await self._serve(socket)
        finally:
            api.metrics.socket(api.name, -1)

    async def _serve(self, socket: WebSocket) -> None:
        conversation = Conversation(self._api, socket)
        try:
            closing = await conversation.hold()
        except WebSocketDisconnect:
            return
        finally:
            await conversation.end()
        self._api.metrics.socket_closed(self._api.name, closing.code)
        await socket.close(closing.code, closing.reason)
