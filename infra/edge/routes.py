"""Where the edge meets Starlette: the routes of an API, and the answer to a token that is no good."""

from starlette.authentication import AuthenticationError
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from infra.edge.endpoint import Api
from infra.edge.facts import facts_of
from infra.edge.http import GraphQLOverHTTP, answer_of
from infra.edge.negotiation import accepted
from infra.edge.refusals import no_token
from infra.edge.websocket import GraphQLOverWebSocket


def graphql_routes(path: str, api: Api) -> list[BaseRoute]:
    """The API over HTTP and, if it has subscriptions, over WebSocket, on one path."""
    routes: list[BaseRoute] = [Route(path, GraphQLOverHTTP(api), name=f"{api.name}-graphql")]
    if api.engine.schema.subscription_type is not None:
        routes.append(WebSocketRoute(path, GraphQLOverWebSocket(api), name=f"{api.name}-subscriptions"))
    return routes


def on_authentication_error(connection: HTTPConnection, _error: AuthenticationError) -> Response:
    """For Starlette's AuthenticationMiddleware: 401, as a GraphQL error."""
    refusal = no_token()
    facts_of(connection.scope).code = refusal.code
    answer = answer_of(refusal, accepted(connection.headers))
    headers = {"Cache-Control": "no-store", **dict(answer.headers)}
    return Response(answer.body, answer.status, headers, f"{answer.media_type}; charset=utf-8")
