"""The two APIs as a test calls them: the whole application over HTTP, on a real database, as one kind of caller."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import strawberry
from starlette.applications import Starlette

from auth import access_tokens
from auth.key_ring_cache import KeyRingCache
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.viewers import Anonymous, Customer, SessionId, Terminal, Viewer
from infra import settings as environment
from infra.app import create_app
from infra.changes import CardChanges
from infra.edge.metrics import Metrics
from infra.pool import Pool
from infra.runtime import Runtime
from resolvers.context import RequestContext
from tests.factories import Shop
from wallet.database import Conn
from wallet.values import CardId, CustomerId, MerchantId

SIGN_IN_SQL = """
    INSERT INTO sessions (customer_id, device_name, created_at, last_seen_at)
    VALUES ($1, $2, $3, $3)
    RETURNING session_id
"""


class Noted(CardChanges):
    """Notes which cards were said to have changed, and tells nobody."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, _nowhere)
        self.published: list[tuple[MerchantId, CardId]] = []

    def publish(self, merchant_id: MerchantId, card_id: CardId) -> None:
        self.published.append((merchant_id, card_id))


async def _nowhere() -> object:
    raise AssertionError("nobody listens here")


class Clock:
    """Stands where the caller of the moment wants it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class House:
    """The application and what it is made of."""

    app: Starlette
    pool: Pool
    box: SecretBox
    ring: KeyRing
    changes: CardChanges
    clock: Clock


def make_house(pool: Pool, box: SecretBox, ring: KeyRing, changes: CardChanges, now: datetime) -> House:
    async def load(_now: datetime) -> KeyRing:
        return ring

    settings = environment.load(environment="development", database_url="postgresql://nowhere", port=0)
    clock = Clock(now)
    runtime = Runtime(settings, clock, pool, box, KeyRingCache(load), changes, Metrics())
    return House(create_app(runtime), pool, box, ring, changes, clock)


@dataclass(frozen=True, slots=True)
class Api:
    """Calls one of the two APIs. `at`, `speaking` and the like give the same API, called otherwise."""

    house: House
    path: str
    schema: strawberry.Schema
    now: datetime
    viewer: Viewer = field(default_factory=Anonymous)
    locale: str | None = "en-IN"

    def at(self, now: datetime) -> "Api":
        return replace(self, now=now)

    def speaking(self, locale: str | None) -> "Api":
        return replace(self, locale=locale)

    @property
    def published(self) -> list[tuple[MerchantId, CardId]]:
        """The cards that were said to have changed, in order."""
        assert isinstance(self.house.changes, Noted)
        return self.house.changes.published

    async def post(self, document: str, variables: dict[str, object]) -> httpx.Response:
        self.house.clock.now = self.now
        headers = {"Accept-Language": self.locale} if self.locale else {}
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app=self.house.app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://regulars.test") as http:
            return await http.post(self.path, json={"query": document, "variables": variables}, headers=headers)

    async def __call__(self, document: str, **variables: object) -> dict[str, Any]:
        """The data of an answer without errors."""
        response = await self.post(document, variables)
        answer: dict[str, Any] = response.json()
        assert "errors" not in answer, answer
        assert response.status_code == 200
        data: dict[str, Any] = answer["data"]
        return data

    async def do(self, document: str, **said: object) -> dict[str, Any]:
        """What a document with one mutation of one variable `$input` gives."""
        data = await self(document, input=said)
        (answer,) = data.values()
        assert isinstance(answer, dict)
        return answer

    async def failure(self, document: str, **variables: object) -> str:
        """The code of the only top-level error, which is nobody's fault but the caller's."""
        response = await self.post(document, variables)
        assert response.status_code < 500
        (error,) = response.json()["errors"]
        return str(error["extensions"]["code"])

    def context(self) -> RequestContext:
        """What a resolver of this caller's request would have."""
        return RequestContext(
            viewer=self.viewer,
            now=self.now,
            wished_locale=self.locale,
            pool=self.house.pool,
            box=self.house.box,
            rings=KeyRingCache(self._load),
            changes=self.house.changes,
            client=b"192.0.2.1",
        )

    async def _load(self, _now: datetime) -> KeyRing:
        return self.house.ring

    def _token(self) -> str | None:
        ring, now = self.house.ring, self.now
        match self.viewer:
            case Customer(customer_id=customer_id, session_id=session_id):
                return access_tokens.issue_to_customer(
                    ring, customer_id=customer_id, session_id=session_id, now=now
                ).text
            case Terminal(merchant_id=merchant_id, terminal_id=terminal_id, session_id=session_id):
                return access_tokens.issue_to_terminal(
                    ring, merchant_id=merchant_id, terminal_id=terminal_id, session_id=session_id, now=now
                ).text
            case Anonymous():
                return None


def as_customer(api: Api, customer_id: CustomerId, session_id: UUID) -> Api:
    viewer = Customer(customer_id, SessionId(session_id), api.now + timedelta(minutes=10))
    return replace(api, viewer=viewer)


def as_terminal(api: Api, shop: Shop) -> Api:
    viewer = Terminal(shop.merchant_id, shop.terminal_id, SessionId(shop.session_id), api.now + timedelta(minutes=10))
    return replace(api, viewer=viewer)


async def sign_in(conn: Conn, customer_id: CustomerId, *, now: datetime, device_name: str = "Phone") -> UUID:
    """The customer has one more live session, whose id this is."""
    session_id = await conn.fetchval(SIGN_IN_SQL, customer_id, device_name, now)
    assert isinstance(session_id, UUID)
    return session_id
