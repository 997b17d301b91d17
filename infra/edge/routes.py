"""Where the edge meets Starlette: the routes of an API, and the answer to a token that is no good."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from infra.edge.endpoint import Api
from infra.edge.http import GraphQLOverHTTP
from infra.edge.websocket import GraphQLOverWebSocket


def graphql_routes(path: str, api: Api) -> list[BaseRoute]:
    """The API over HTTP and, if it has subscriptions, over WebSocket, on one path."""
    routes: list[BaseRoute] = [Route(path, GraphQLOverHTTP(api), name=f"{api.name}-graphql")]
    if api.engine.schema.subscription_type is not None:
        routes.append(WebSocketRoute(path, GraphQLOverWebSocket(api), name=f"{api.name}-subscriptions"))
    return routes
