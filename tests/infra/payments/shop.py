"""A gift of money that is paid for at the built-in provider, over HTTP, in a whole application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from infra.payments.builtin import BuiltinProvider
from infra.payments.keeping import Keeping, settle
from infra.pool import Pool
from tests.database import Database
from tests.infra.working import until
from tests.live import Live, live_application
from tests.wallet.payments.scenes import Paying, make_paying, now_is
from wallet.database import Conn
from wallet.gifts.paying import Heard
from wallet.payments import PaymentState


@dataclass(frozen=True, slots=True)
class Scene:
    """A running application with the built-in provider, and somebody's browser."""

    live: Live
    http: httpx.AsyncClient

    @property
    def bank(self) -> BuiltinProvider:
        found = self.live.runtime.providers["builtin"]
        assert isinstance(found, BuiltinProvider)
        return found

    @property
    def keeping(self) -> Keeping:
        return self.live.runtime.keeping

    @property
    def pool(self) -> Pool:
        return self.live.runtime.pool

    async def make_paying(self, conn: Conn) -> Paying:
        return await make_paying(conn, provider="builtin", now=self.live.clock())

    async def settled(self, paying: Paying) -> Heard:
        """Looked at, as the worker would."""
        found = await settle(self.keeping, paying.shop.merchant_id, paying.payment.payment_id)
        assert found is not None
        return found

    async def started(self, conn: Conn) -> tuple[Paying, str]:
        """A payment that waits for its payer, and its ref."""
        paying = await self.make_paying(conn)
        ref = (await self.settled(paying)).after.ref
        assert ref is not None
        return paying, ref

    async def press(self, path: str, choice: str) -> httpx.Response:
        return await self.http.post(path, data={"choice": choice})

    async def until_state(self, conn: Conn, paying: Paying, state: PaymentState) -> None:
        async def there() -> bool:
            return (await now_is(conn, paying)).state is state

        await until(there)


@asynccontextmanager
async def paying_scene(database: Database, *, with_worker: bool = True, **chosen: Any) -> AsyncIterator[Scene]:
    async with (
        live_application(database, with_worker=with_worker, **{"payments": "builtin", **chosen}) as live,
        httpx.AsyncClient(base_url=live.base_url, trust_env=False) as http,
    ):
        yield Scene(live, http)
