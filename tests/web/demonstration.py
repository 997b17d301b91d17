"""A demo's pages without the rest of the demo."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from infra.clock import DemoClock
from web.assets import asset
from web.pages.demo import DemoFacts
from web.routes import demo_routes


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    text: str
    html: str


@dataclass(slots=True)
class Demo:
    """A demo's pages, and what stands behind them."""

    client: httpx.AsyncClient
    clock: DemoClock
    mails: list[Mail] = field(default_factory=list)
    swept_at: list[datetime] = field(default_factory=list)
    sought: list[str] = field(default_factory=list)

    async def move(self, body: bytes, **headers: str) -> httpx.Response:
        return await self.client.post("/demo/clock", content=body, headers=headers)


@asynccontextmanager
async def demo_pages(folder: Path) -> AsyncIterator[Demo]:
    """The pages at http://127.0.0.1:8000, with a clock of their own."""
    clock = DemoClock(folder / "ahead")
    codes: Iterator[int] = count(1)
    mails: list[Mail] = []
    swept_at: list[datetime] = []

    async def new_activation_code() -> str:
        return f"CODE{next(codes):04}"

    async def sweep() -> None:
        swept_at.append(clock())

    facts = DemoFacts(
        program_slug="coffee",
        currency="INR",
        customer_emails=("asha@example.com", "ravi@example.com"),
        refused_email="bounce@example.com",
        mails=lambda: mails,
        new_activation_code=new_activation_code,
        clock=clock,
        advance=clock.advance,
        sweep=sweep,
        walk_through="regulars demo --walkthrough",
    )
    app = Starlette(routes=[*demo_routes(facts), Route("/static/{name:path}", asset)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield Demo(client, clock, mails, swept_at)
