"""The page to try queries on: in development alone, and by itself."""

import re
from dataclasses import replace

import httpx

from tests.infra.edge.shop import World
from tests.infra.edge.site import OPEN, PRODUCTION, api_of, app_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def client_of(explorer: bool) -> httpx.AsyncClient:
    options = replace(OPEN if explorer else PRODUCTION, explorer=explorer)
    transport = httpx.ASGITransport(app=app_of(api_of(World(), options)))
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


async def test_a_browser_gets_a_page_that_loads_nothing_and_runs_only_its_own_code() -> None:
    async with client_of(explorer=True) as client:
        first, second = await client.get("/graphql", headers=BROWSER), await client.get("/graphql", headers=BROWSER)
    policy = first.headers["content-security-policy"]
    nonces = set(re.findall(r"nonce-([\w-]+)", policy))
    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert len(nonces) == 1
    assert first.text.count(f'nonce="{nonces.pop()}"') == 2
    assert re.findall(r"https?://|src=|href=|\son\w+=|\sstyle=", first.text) == []
    assert policy != second.headers["content-security-policy"]


async def test_others_get_json_there() -> None:
    async with client_of(explorer=True) as client:
        asked = await client.get("/graphql", params={"query": "{ who }"}, headers=BROWSER)
        bare = await client.get("/graphql", headers={"Accept": "*/*"})
    assert (asked.status_code, asked.json()) == (200, {"data": {"who": "anonymous"}})
    assert (bare.status_code, bare.headers["content-type"]) == (400, "application/json; charset=utf-8")


async def test_there_is_no_page_in_production() -> None:
    async with client_of(explorer=False) as client:
        response = await client.get("/graphql", headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json; charset=utf-8")
