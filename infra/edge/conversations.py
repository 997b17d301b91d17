"""One socket's conversation, from `connection_init` until somebody ends it."""

import asyncio
from contextlib import aclosing
from functools import partial

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError, OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from auth.errors import TokenRejected
from auth.viewers import Viewer, ends_at
from infra.edge.answers import present, present_error, present_errors, to_json
from infra.edge.endpoint import Api
from infra.edge.executor import NewContext
from infra.edge.facts import facts_of, kind_of, sharer_of
from infra.edge.logs import fault
from infra.edge.messages import (
    ID_TAKEN,
    INIT_TIMEOUT,
    INTERNAL_ERROR,
    INVALID_MESSAGE,
    NOT_ALLOWED,
    TOO_BIG,
    TOO_MANY,
    UNAUTHORIZED,
    Closing,
    Complete,
    ConnectionInit,
    Message,
    Ping,
    Pong,
    Subscribe,
    message_of,
)
from infra.edge.parameters import Parameters
from infra.edge.refusals import BAD_REQUEST, RequestRefused, error_of, refused
from infra.edge.sessions import BY_COOKIE
from schema.failures import Unauthenticated

FAREWELL_SECONDS = 5.0
"""How long generators may take to clean up after themselves."""

log = structlog.get_logger(__name__)


class Gone(Exception):
    """Nobody is there any more to send anything to."""


class Conversation:
    """Talks on an accepted socket. After `end`, nothing of it is left running."""

    def __init__(self, api: Api, socket: WebSocket) -> None:
        self._api = api
        self._socket = socket
        self._facts = facts_of(socket.scope)
        self._viewer: Viewer | None = None
        self._sharer: str | None = None
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def hold(self) -> Closing:
        """Talks until there is a reason to close the socket. Raises WebSocketDisconnect when the client goes first."""
        try:
            viewer = await self._begin()
            while True:
                message = await self._receive_while_valid(viewer)
                await self._obey(message, viewer)
        except Closing as closing:
            return closing
        except Gone as error:
            raise WebSocketDisconnect from error
        except WebSocketDisconnect:
            raise
        except Exception as error:
            log.error("edge.failed", **fault(error))
            return Closing(INTERNAL_ERROR, "Something went wrong on our side")

    async def end(self) -> None:
        """Every subscription is cancelled, and its generator closed."""
        tasks = [*self._subscriptions.values(), *self._ending]
        self._subscriptions.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=FAREWELL_SECONDS)
        if self._sharer is not None:
            self._api.sockets.leave(self._sharer)
            self._sharer = None

    async def _begin(self) -> Viewer:
        """Who calls, as the first message says. Raises Closing with 4401, 4403, 4408 or 4429."""
        try:
            async with asyncio.timeout(self._api.options.socket_init_seconds):
                while True:
                    match await self._receive():
                        case ConnectionInit(payload):
                            viewer = await self._admit(payload)
                            await self._send({"type": "connection_ack"})
                            return viewer
                        case Ping():
                            await self._send({"type": "pong"})
                        case Subscribe():
                            raise Closing(UNAUTHORIZED, "Unauthorized")
                        case Pong() | Complete():
                            pass
        except TimeoutError:
            raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _admit(self, payload: dict[str, object]) -> Viewer:
        try:
            viewer = await self._viewer_by(payload)
        except (Unauthenticated, TokenRejected) as error:
            raise Closing(NOT_ALLOWED, "Forbidden") from error
        self._facts.viewer = kind_of(viewer)
        sharer = sharer_of(viewer, self._socket)
        if not self._api.sockets.enter(sharer):
            raise Closing(TOO_MANY, "Too many sockets")
        self._sharer = sharer
        return viewer

    async def _viewer_by(self, payload: dict[str, object]) -> Viewer:
        api, token = self._api, token_of(payload)
        if api.cookies is not None and "session" in payload:
            if payload["session"] != BY_COOKIE:
                raise Closing(INVALID_MESSAGE, f"`session` is `{BY_COOKIE}`, or left out")
            if token is not None or "authorization" in self._socket.headers:
                raise Closing(INVALID_MESSAGE, "`session` or `Authorization`, and not both")
            return await api.cookies.viewer_of_socket(self._socket)
        return await (api.viewer_of(self._socket) if token is None else api.authenticate(token))

    async def _receive_while_valid(self, viewer: Viewer) -> Message:
        """The next message. Raises Closing when the access token is over.

        The clock is also looked at now and then, not only when its time should have come: it may have been moved.
        """
        expires_at = ends_at(viewer)
        if expires_at is None:
            return await self._receive()
        while (left := (expires_at - self._api.now()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(min(left, self._api.options.expiry_check_seconds)):
                    return await self._receive()
            except TimeoutError:
                continue
        raise Closing(NOT_ALLOWED, "Access token expired")

    async def _receive(self) -> Message:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text = event.get("text")
        if text is None:
            raise Closing(INVALID_MESSAGE, "Messages are text")
        most = self._api.options.socket_message_bytes
        if len(text) > most or (not text.isascii() and len(text.encode()) > most):
            raise Closing(TOO_BIG, f"A message has at most {most:,} bytes")
        return message_of(text)

    async def _obey(self, message: Message, viewer: Viewer) -> None:
        match message:
            case ConnectionInit():
                raise Closing(TOO_MANY, "Too many initialisation requests")
            case Ping():
                await self._send({"type": "pong"})
            case Pong():
                pass
            case Subscribe(subscription_id, wanted):
                await self._subscribe(subscription_id, wanted, viewer)
            case Complete(subscription_id):
                task = self._subscriptions.pop(subscription_id, None)
                if task is not None:
                    self._ending.add(task)
                    task.add_done_callback(self._ending.discard)
                    task.cancel()

    async def _subscribe(self, subscription_id: str, wanted: Parameters | RequestRefused, viewer: Viewer) -> None:
        if subscription_id in self._subscriptions:
            raise Closing(ID_TAKEN, f"Subscriber for {subscription_id} already exists")
        most = self._api.options.socket_subscriptions
        if len(self._subscriptions) + len(self._ending) >= most:
            error = error_of(BAD_REQUEST, f"A socket has at most {most} subscriptions.")
            await self._send({"type": "error", "id": subscription_id, "payload": [error]})
        elif isinstance(wanted, RequestRefused):
            await self._send({"type": "error", "id": subscription_id, "payload": wanted.errors})
        else:
            new_context = partial(self._api.get_context, self._socket, viewer)
            task = asyncio.create_task(self._run(subscription_id, wanted, new_context))
            self._subscriptions[subscription_id] = task

    async def _run(self, subscription_id: str, wanted: Parameters, new_context: NewContext) -> None:
        """Sends events until there are no more, then says so. The id is free again before the client hears of it."""
        try:
            try:
                errors = await self._stream(subscription_id, wanted, new_context)
            except RequestRefused as refusal:
                errors = list(refusal.errors)
            except Gone:
                raise
            except Exception as error:
                errors = [present_error(GraphQLError(str(error), original_error=error), self._facts.request_id)]
            self._subscriptions.pop(subscription_id, None)
            if errors:
                await self._send({"type": "error", "id": subscription_id, "payload": errors})
            else:
                await self._send({"type": "complete", "id": subscription_id})
        except Gone:
            return

    async def _stream(
        self, subscription_id: str, wanted: Parameters, new_context: NewContext
    ) -> list[GraphQLFormattedError]:
        """Sends every event. Returns the errors for which there was none, if so."""
        api, request_id = self._api, self._facts.request_id
        document = api.engine.documents.read(api.known.text_of(wanted), wanted.operation_name)
        if document.type is not OperationType.SUBSCRIPTION:
            raise refused(400, BAD_REQUEST, "Over WebSocket only subscriptions are served: POST this to the same path.")
        events = await api.engine.subscribe(document, wanted.variables, new_context)
        if isinstance(events, ExecutionResult):
            return present_errors(events.errors or [], request_id)
        log.info("graphql.subscribed", operation=document.name, field=document.root_field)
        api.metrics.subscription(api.name, document.root_field, +1)
        try:
            async with aclosing(events):
                async for result in events:
                    payload, _ = present(result, request_id)
                    await self._send({"type": "next", "id": subscription_id, "payload": payload})
        finally:
            api.metrics.subscription(api.name, document.root_field, -1)
        return []

    async def _send(self, message: dict[str, object]) -> None:
        try:
            await self._socket.send_text(to_json(message).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            raise Gone from error


def token_of(payload: dict[str, object]) -> str | None:
    """The access token that a `connection_init` shows, if it shows one. Raises Closing."""
    shown = payload.get("Authorization", payload.get("authorization"))
    if shown is None:
        return None
    if not isinstance(shown, str):
        raise Closing(INVALID_MESSAGE, "`Authorization` must be a string")
    scheme, _, token = shown.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Closing(NOT_ALLOWED, "Forbidden")
    return token.strip()
