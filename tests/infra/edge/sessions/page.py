"""Our own pages as a browser runs them: they hold no token, and the browser holds one cookie for each API."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from infra.edge.messages import PROTOCOL
from tests.infra.edge import talk
from tests.journeys import Scene

BY_COOKIE = {"Regulars-Session": "cookie"}
NAME = "regulars="
INIT = {**talk.INIT, "payload": {"session": "cookie"}}
WHO = "{ viewer { email sessions { deviceName current } } }"


@dataclass(slots=True)
class Page:
    """One window. What it was told to keep is `cookie`: the name and the value, as the browser sends them back."""

    scene: Scene
    path: str = "/graphql"
    cookie: str | None = None

    @property
    def url(self) -> str:
        return self.scene.live.base_url + self.path

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        held = {"Cookie": self.cookie} if self.cookie else {}
        origin = {"Origin": self.scene.live.base_url, "Sec-Fetch-Site": "same-origin"}
        return {**BY_COOKIE, **origin, **held, **(more or {})}

    async def post(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        more: dict[str, str] | None = None,
        lost: bool = False,
        body: bytes | None = None,
    ) -> httpx.Response:
        """The answer. One that is `lost` the browser never sees, so it keeps the cookie that it has."""
        content = json.dumps({"query": document, "variables": variables or {}}).encode() if body is None else body
        headers = {"Content-Type": "application/json", **self.headers(more)}
        request = httpx.Request("POST", self.url, headers=headers, content=content)
        response = await self.send(request)
        if not lost and (told := response.headers.get("set-cookie")) is not None:
            pair = told.partition(";")[0]
            self.cookie = None if "Max-Age=0" in told else pair
        return response

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The answer to this very request. The client keeps no cookies: windows share it, and browsers they are not."""
        response = await self.scene.http.send(request)
        self.scene.http.cookies.clear()
        return response

    async def ask(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer without top-level errors."""
        response = await self.post(document, variables)
        body = response.json()
        assert response.status_code == 200, body
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def do(self, document: str, given: dict[str, Any]) -> dict[str, Any]:
        """The result of the document's one mutation, whatever its type."""
        [result] = (await self.ask(document, {"input": given})).values()
        found: dict[str, Any] = result
        return found

    async def who(self) -> str | None:
        """The address of the customer who is signed in here; None if nobody is."""
        viewer = (await self.ask(WHO))["viewer"]
        return None if viewer is None else str(viewer["email"])

    @asynccontextmanager
    async def socket(self, **headers: str | None) -> AsyncIterator[ClientConnection]:
        """A socket that the browser opened, and on which nothing has been said yet. `headers` None are left out."""
        held = {"Cookie": self.cookie, "Origin": self.scene.live.base_url, **headers}
        async with connect(
            self.url.replace("http:", "ws:", 1),
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers={name: value for name, value in held.items() if value is not None},
            proxy=None,
        ) as found:
            yield found


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]
