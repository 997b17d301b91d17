"""The two APIs as a test calls them: the real schemas, on a real database, as one kind of caller."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.viewers import Anonymous, Customer, SessionId, Terminal, Viewer
from infra.pool import Pool
from resolvers.context import Changes, RequestContext
from tests.factories import Shop
from wallet.database import Conn
from wallet.values import CardId, CustomerId, MerchantId

SIGN_IN_SQL = """
    INSERT INTO sessions (customer_id, device_name, created_at, last_seen_at)
    VALUES ($1, $2, $3, $3)
    RETURNING session_id
"""


class Noted:
    """Notes which cards were said to have changed."""

    def __init__(self) -> None:
        self.published: list[tuple[MerchantId, CardId]] = []

    def publish(self, merchant_id: MerchantId, card_id: CardId) -> None:
        self.published.append((merchant_id, card_id))

    def watch(self, merchant_id: MerchantId, card_id: CardId) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        raise AssertionError("nobody watches here")


@dataclass(frozen=True, slots=True)
class Rings:
    """The keys of the test's database."""

    ring: KeyRing

    async def current(self, now: datetime) -> KeyRing:
        return self.ring


@dataclass(frozen=True, slots=True)
class Api:
    """Calls one of the two APIs. `as_customer` and the like give the same API called by somebody else."""

    schema: strawberry.Schema
    pool: Pool
    box: SecretBox
    rings: Rings
    now: datetime
    viewer: Viewer = field(default_factory=Anonymous)
    locale: str | None = "en-IN"
    client: bytes = b"192.0.2.1"
    changes: Changes = field(default_factory=Noted)

    def context(self) -> RequestContext:
        return RequestContext(
            viewer=self.viewer,
            now=self.now,
            wished_locale=self.locale,
            pool=self.pool,
            box=self.box,
            rings=self.rings,
            changes=self.changes,
            client=self.client,
        )

    @property
    def published(self) -> list[tuple[MerchantId, CardId]]:
        """The cards that were said to have changed, in order."""
        assert isinstance(self.changes, Noted)
        return self.changes.published

    def at(self, now: datetime) -> "Api":
        return replace(self, now=now)

    def speaking(self, locale: str | None) -> "Api":
        return replace(self, locale=locale)

    async def __call__(self, document: str, **variables: object) -> dict[str, Any]:
        """The data of an answer without errors."""
        result = await self.schema.execute(document, variables, self.context())
        assert not result.errors, result.errors
        assert result.data is not None
        return result.data

    async def do(self, document: str, **said: object) -> dict[str, Any]:
        """What a document with one mutation of one variable `$input` gives."""
        data = await self(document, input=said)
        (answer,) = data.values()
        assert isinstance(answer, dict)
        return answer

    async def failure(self, document: str, **variables: object) -> str:
        """The code of the only top-level error."""
        result = await self.schema.execute(document, variables, self.context())
        (error,) = result.errors or []
        assert isinstance(error, GraphQLError)
        return str((error.extensions or {}).get("code"))


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
