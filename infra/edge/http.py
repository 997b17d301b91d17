"""GraphQL over HTTP: the draft of the GraphQL foundation, and its audit suite where the two differ.

Statuses: 400 for what is no request or no document (200 for old clients that accept application/json alone, as the
audits have it), 401 for a bad token, 405 for a mutation by GET, 406, 408, 413, 415, and 200 whenever there is a result.
"""

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import structlog
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from auth.errors import TokenRejected
from auth.viewers import Viewer
from infra.edge.answers import masked_error, present, to_json
from infra.edge.bodies import Disconnected, read_body
from infra.edge.endpoint import Api
from infra.edge.facts import Facts, facts_of, kind_of
from infra.edge.logs import fault
from infra.edge.negotiation import JSON, OFFERED, accepted, is_json
from infra.edge.parameters import Parameters, of_body, of_url
from infra.edge.refusals import AWAY, BAD_REQUEST, INTERNAL, UNAVAILABLE, RequestRefused, no_token, refused
from infra.edge.sessions import kept_of
from infra.pool import DatabaseUnavailable
from schema.failures import Unauthenticated

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    media_type: str
    headers: tuple[tuple[str, str], ...] = ()


class GraphQLOverHTTP:
    """Serves one API as an ASGI application."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        facts = facts_of(scope)
        headers = Headers(scope=scope)
        media_type = accepted(headers)
        try:
            answer = await self._answer(scope, receive, headers, media_type, facts)
        except Disconnected:
            return
        except RequestRefused as refusal:
            facts.code = refusal.code
            answer = answer_of(refusal, media_type)
        except DatabaseUnavailable:
            facts.code = UNAVAILABLE
            answer = answer_of(refused(503, UNAVAILABLE, AWAY), media_type)
        except Exception as error:
            log.error("edge.failed", **fault(error))
            facts.code = INTERNAL
            answer = answer_of(RequestRefused(500, [masked_error(facts.request_id)]), media_type)
        if self._api.cookies is not None and kept_of(scope) is not None:
            # Whatever became of the request: what was renewed for it is all that its page can go on with.
            answer = replace(answer, headers=(*answer.headers, *self._api.cookies.headers(scope)))
        await send_answer(send, answer)
        self._api.metrics.request(self._api.name, facts, answer.status, perf_counter() - started)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, media_type: str | None, facts: Facts
    ) -> Answer:
        api, method = self._api, scope["method"]
        if method not in {"GET", "POST"}:
            raise refused(405, BAD_REQUEST, "GraphQL is served to GET and POST.", {"Allow": "GET, POST"})
        if media_type is None:
            raise refused(406, BAD_REQUEST, "Answers are written in " + " or ".join(OFFERED) + ".")
        connection = HTTPConnection(scope)
        try:
            viewer = await self._viewer(connection)
        except (Unauthenticated, TokenRejected) as error:
            raise no_token() from error
        facts.viewer = kind_of(viewer)
        said = await self._read(method, scope, receive, headers)
        document = api.engine.documents.read(api.known.text_of(said), said.operation_name)
        facts.operation, facts.operation_type = document.name, document.type.value
        facts.root_field = document.root_field
        if document.type is OperationType.SUBSCRIPTION:
            raise refused(400, BAD_REQUEST, "Subscriptions are served over WebSocket, as graphql-transport-ws.")
        if method == "GET" and document.type is not OperationType.QUERY:
            raise refused(405, BAD_REQUEST, "A GET changes nothing: use POST for mutations.", {"Allow": "POST"})
        new_context = partial(api.get_context, connection, viewer)
        result = await api.engine.execute(document, said.variables, new_context)
        response, facts.code = present(result, facts.request_id)
        return Answer(200, to_json(response), media_type)

    async def _viewer(self, connection: HTTPConnection) -> Viewer:
        cookies = self._api.cookies
        kept = None if cookies is None else cookies.begin(connection)
        if cookies is None or kept is None:
            return await self._api.viewer_of(connection)
        return await cookies.viewer(kept)

    async def _read(self, method: str, scope: Scope, receive: Receive, headers: Headers) -> Parameters:
        options = self._api.options
        if method == "GET":
            query_string: bytes = scope["query_string"]
            if len(query_string) > options.body_bytes:
                raise refused(414, BAD_REQUEST, f"The URL is longer than {options.body_bytes:,} bytes.")
            return of_url(query_string)
        if not is_json(headers):
            raise refused(415, BAD_REQUEST, f"A request is written in {JSON}, in UTF-8, and not compressed.")
        body = await read_body(receive, headers, bytes_max=options.body_bytes, seconds_max=options.body_seconds)
        return of_body(body)


def answer_of(refusal: RequestRefused, media_type: str | None) -> Answer:
    status = refusal.status if media_type != JSON else refusal.status_as_json
    body = to_json({"errors": refusal.errors})
    return Answer(status, body, media_type or JSON, tuple(refusal.headers.items()))


async def send_answer(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", f"{answer.media_type}; charset=utf-8".encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode("ascii")),
        (b"cache-control", b"no-store"),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
