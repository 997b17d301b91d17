"""Requests for the paths of an API go straight to it, and all others where they always went."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infra.edge.middleware.straight import StraightMiddleware


class Api:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{scope['method']} {scope['route'].path}")(scope, receive, send)


async def page(_request: Request) -> Response:
    return PlainTextResponse("page")


def app() -> Starlette:
    api = Route("/graphql", Api())
    return Starlette(
        routes=[Route("/page", page), api],
        middleware=[Middleware(StraightMiddleware, routes={"/graphql": api})],
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/graphql", 200, "GET /graphql"),
        ("POST", "/graphql?query=x", 200, "POST /graphql"),
        ("DELETE", "/graphql", 200, "DELETE /graphql"),
        ("GET", "/page", 200, "page"),
        ("POST", "/page", 405, "Method Not Allowed"),
        ("GET", "/graphql/x", 404, "Not Found"),
        ("GET", "/graphql/", 307, ""),
        ("GET", "/Graphql", 404, "Not Found"),
        ("GET", "//graphql", 404, "Not Found"),
    ],
)
async def test_a_request_is_answered_as_by_its_route(method: str, path: str, status: int, text: str) -> None:
    async with httpx.AsyncClient(base_url="http://regulars.test", transport=httpx.ASGITransport(app())) as http:
        answer = await http.request(method, path)
    assert (answer.status_code, answer.text) == (status, text)


async def test_under_a_root_path_the_router_decides() -> None:
    transport = httpx.ASGITransport(app(), root_path="/shop")
    async with httpx.AsyncClient(base_url="http://regulars.test", transport=transport) as http:
        answer = await http.get("/shop/graphql")
    assert answer.status_code == 200
