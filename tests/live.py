"""The whole application on a loopback port, in this process: API, worker and a mailbox, over real HTTP and SMTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from infra import settings as environment
from infra.app import create_app
from infra.changes import COMPARE_SECONDS
from infra.mailbox import Mailbox, catch
from infra.pool import QueryLogger
from infra.runtime import Runtime, running
from infra.serving import Server, config_of, listening, working
from tests.database import Database

SECRET = "00" * 32  # the same for every test, and for nothing else


class MovableClock:
    """The real time, moved forward by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by


@dataclass(frozen=True, slots=True)
class Live:
    """A running application, and what a test may look at behind it."""

    base_url: str
    runtime: Runtime
    mailbox: Mailbox
    clock: MovableClock


@dataclass(slots=True)
class Caller:
    """An app or a till that talks to one API."""

    http: httpx.AsyncClient
    path: str
    token: str | None = None
    language: str = "en"

    async def post(self, document: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return await self.http.post(self.path, json={"query": document, "variables": variables or {}}, headers=headers)

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


class PromptServer(Server):
    """Ends as soon as it is told to. uvicorn looks ten times a second, which thousands of tests would wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def tell(self) -> None:
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), timeout=0.1)


@asynccontextmanager
async def live_application(
    database: Database,
    *,
    environment_name: str = "development",
    with_worker: bool = True,
    clock: MovableClock | None = None,
    on_query: QueryLogger | None = None,
    compare_seconds: float = COMPARE_SECONDS,
    **chosen: object,
) -> AsyncIterator[Live]:
    """The application on this database, listening, until the block is left. `on_query` sees all that its pool says."""
    async with AsyncExitStack() as stack:
        mailbox = await stack.enter_async_context(catch())
        settings = environment.load(
            **{
                "environment": environment_name,
                "database_url": database.dsn,
                "secret_key": SECRET,
                "smtp_host": "127.0.0.1",
                "smtp_port": mailbox.port,
                "smtp_starttls": False,
                "mail_from": "Regulars <regulars@example.com>",
                "port": 0,
                **chosen,
            }
        )
        clock = clock or MovableClock()
        sockets = stack.enter_context(listening(settings))
        base_url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        settings = settings.model_copy(update={"public_base_url": base_url})
        runtime = await stack.enter_async_context(
            running(settings, clock, name="regulars test", on_query=on_query, compare_seconds=compare_seconds)
        )
        if with_worker:
            await stack.enter_async_context(working(runtime))
        server = PromptServer(config_of(create_app(runtime), settings))
        serving = asyncio.create_task(server.serve(sockets=sockets))
        stack.push_async_callback(asyncio.wait, [serving])
        stack.callback(server.tell)
        while not server.started:
            await asyncio.sleep(0.005)
        yield Live(base_url, runtime, mailbox, clock)


def caller(live: Live, path: str, *, token: str | None = None, connections: int = 64) -> Caller:
    """Somebody who calls one of the APIs, over a client of their own."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return Caller(httpx.AsyncClient(base_url=live.base_url, timeout=30, limits=limits), path, token)
