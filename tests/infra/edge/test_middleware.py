"""What every request passes through: ids, the access log, headers; and what is counted."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from infra.edge.metrics import metrics_app
from infra.edge.middleware.access_log import AccessLogMiddleware
from infra.edge.middleware.request_id import RequestIdMiddleware
from infra.edge.middleware.security_headers import SecurityHeadersMiddleware
from tests.infra.edge.shop import World
from tests.infra.edge.site import OPEN, api_of, app_of

TOKEN = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A"


async def gift(request: Request) -> Response:
    return PlainTextResponse(
        "a gift", headers={"Cache-Control": "private", "Content-Security-Policy": "default-src 'self'"}
    )


APP = Starlette(
    routes=[
        Route("/g/{token}", gift),
        Route("/healthz", gift),
        Route("/post", gift, methods=["POST"]),
    ],
    middleware=[
        Middleware(RequestIdMiddleware),
        Middleware(AccessLogMiddleware, quiet=frozenset({"/healthz"})),
        Middleware(SecurityHeadersMiddleware, https=True),
    ],
)


def client_of(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as found:
        yield found


@pytest.mark.parametrize("given", ["abcdefgh", "a.b-c_d.e-f", "0" * 64])
async def test_a_sane_request_id_is_kept(given: str, logs: list[Any]) -> None:
    async with client_of(APP) as client:
        response = await client.get("/post", headers={"X-Request-Id": given})
    assert response.headers["x-request-id"] == given
    assert [line["request_id"] for line in logs] == [given]


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "with space", "with\ttab", "<script>aaa", "läng-genug"])
async def test_another_request_id_is_replaced(given: str, logs: list[Any]) -> None:
    async with client_of(APP) as client:
        response = await client.get("/post", headers={b"X-Request-Id": given.encode()})
    made = response.headers["x-request-id"]
    assert (len(made), made != given) == (32, True)
    assert [line["request_id"] for line in logs] == [made]


async def test_the_access_log_says_what_and_how_but_no_secret(logs: list[Any]) -> None:
    # when
    async with client_of(APP) as client:
        await client.get(
            f"/g/{TOKEN}?email=maria@example.com", headers={"Authorization": f"Bearer {TOKEN}", "Cookie": TOKEN}
        )
        await client.get(f"/nowhere/{TOKEN}")
        await client.get("/g/short/more")
    # then
    assert [(line["method"], line["path"], line["status"]) for line in logs] == [
        ("GET", "/g/{token}", 200),
        ("GET", "/nowhere/…", 404),
        ("GET", "/g/…/more", 404),
    ]
    assert all(line["ms"] >= 0 for line in logs)
    written = json.dumps(logs, ensure_ascii=False)
    assert TOKEN not in written
    assert "maria" not in written


async def test_quiet_paths_are_not_logged_while_all_is_well(logs: list[Any]) -> None:
    async with client_of(APP) as client:
        await client.get("/healthz")
        await client.post("/healthz")
    assert [(line["method"], line["status"]) for line in logs] == [("POST", 405)]


async def test_the_access_log_names_the_operation_and_the_kind_of_caller(logs: list[Any]) -> None:
    body = {"query": "query Home($t: String!) { echo(text: $t) }", "variables": {"t": "private words"}}
    async with client_of(app_of(api_of(World()))) as client:
        await client.post("/graphql", json=body, headers={"Authorization": "Bearer customer-1"})
        await client.post("/graphql", json={"query": "{ signedInOnly }"})
    known = ("operation", "operation_type", "field", "viewer", "code")
    assert [{name: line[name] for name in known if name in line} for line in logs] == [
        {"operation": "Home", "operation_type": "query", "field": "echo", "viewer": "customer"},
        {"operation_type": "query", "field": "signedInOnly", "viewer": "anonymous", "code": "UNAUTHENTICATED"},
    ]
    assert "private words" not in json.dumps(logs)


async def test_a_masked_fault_is_logged_with_the_id_that_the_client_was_told(logs: list[Any]) -> None:
    async with client_of(app_of(api_of(World()))) as client:
        response = await client.post("/graphql", json={"query": "{ boom }"})
    told = response.json()["errors"][0]["extensions"]["requestId"]
    fault = logs[0]
    assert (fault["event"], fault["log_level"], fault["request_id"]) == ("graphql.failed", "error", told)
    assert (fault["exception"], fault["path"]) == ("builtins.RuntimeError", "boom")
    assert fault["message"] == "…@… has token …"
    assert fault["at"][-1].endswith("boom")


async def test_headers_are_added_but_not_replaced() -> None:
    async with client_of(APP) as client:
        page, posted = await client.get("/g/x"), await client.post("/post")
        missing = await client.post("/nowhere")
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert (page.headers["cache-control"], posted.headers["cache-control"]) == ("private", "private")
    assert missing.headers["cache-control"] == "no-store"
    assert missing.headers["content-security-policy"].startswith("default-src 'none'")
    for response in (page, posted, missing):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_requests_are_counted_by_names_of_the_schema() -> None:
    # given
    api = api_of(World(), OPEN)
    # when
    async with client_of(app_of(api)) as client:
        for number in range(3):
            await client.post("/graphql", json={"query": f"query Chosen{number} {{ who }}"})
        await client.post("/graphql", json={"query": "{ boom }"})
        await client.post("/graphql", content=b"null", headers={"Content-Type": "application/json"})
    async with client_of(metrics_app(api.metrics)) as client:
        text = (await client.get("/metrics")).text
    # then
    assert 'graphql_requests_total{api="shop",code="",field="who",status="200",type="query"} 3.0' in text
    assert 'graphql_requests_total{api="shop",code="INTERNAL",field="boom",status="200",type="query"} 1.0' in text
    assert 'graphql_requests_total{api="shop",code="BAD_REQUEST",field="",status="400",type=""} 1.0' in text
    assert 'graphql_request_seconds_count{api="shop",field="who",type="query"} 3.0' in text
    assert "Chosen" not in text
    assert generate_latest(api.metrics.registry).decode() == text
