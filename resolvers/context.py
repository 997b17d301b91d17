"""What every resolver has: the pool, never a connection, and what the process was wired with."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import strawberry

from auth.cookies import KeptSession
from auth.keys import KeyRing
from auth.secrets import SecretBox
from resolvers.loaders import RequestLoaders
from resolvers.providers import Provider
from schema.context import Context
from wallet.database import Pool
from wallet.values import CardId, MerchantId


class KeyRings(Protocol):
    """Where the keys that sign and verify come from."""

    async def current(self, now: datetime) -> KeyRing: ...


class Changes(Protocol):
    """How those who watch a card learn that it changed, in whichever process they are."""

    def publish(self, merchant_id: MerchantId, card_id: CardId) -> None:
        """Called after the commit, never in the transaction."""

    def watch(self, merchant_id: MerchantId, card_id: CardId) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """Wakes once at the start, then after every change; several changes may be one wake-up."""


@dataclass(kw_only=True)
class RequestContext(Context):
    pool: Pool
    box: SecretBox
    rings: KeyRings
    changes: Changes
    client: bytes
    """Where the request comes from, for counting tries; empty if that is not known."""
    payments: Provider | None = None
    """Who takes the money for gifts of value; None where none are sent."""
    kept: KeptSession | None = None
    """What a page keeps in its cookie; None for everybody who keeps tokens themselves."""

    def __post_init__(self) -> None:
        self.loaders = RequestLoaders(self.pool, self.viewer, self.now, self.rings.current)


Info = strawberry.Info[RequestContext, None]
