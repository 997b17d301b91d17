"""The parts of one running process, opened together and closed together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

import asyncpg

from auth import keys
from auth.key_ring_cache import KeyRingCache
from auth.keys import KeyRing
from auth.secrets import SecretBox
from infra.changes import COMPARE_SECONDS, CardChanges, Listen
from infra.clock import Clock
from infra.edge.metrics import Metrics
from infra.jobs.handlers import handlers
from infra.jobs.payments import payment_handlers
from infra.jobs.post import Post
from infra.mail.message import Sender
from infra.mail.smtp import Relay
from infra.payments.keeping import Keeping
from infra.payments.opening import opened_providers
from infra.pool import Pool, QueryLogger, connect
from infra.settings import Settings, SettingsError
from infra.sweeps import sweeps
from infra.wiring import Database, connected, opened_box
from infra.worker import Worker
from resolvers.providers import Provider
from wallet.mail.pacing import Pace
from web.mail import templates


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the API and the worker are made of."""

    settings: Settings
    clock: Clock
    pool: Pool
    box: SecretBox
    rings: KeyRingCache
    changes: CardChanges
    metrics: Metrics
    providers: Mapping[str, Provider] = field(default_factory=dict)

    @property
    def keeping(self) -> Keeping:
        """What keeps payments in step with their providers."""
        return Keeping(self.pool, self.clock, self.providers, self.box, self.changes.publish)


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Clock,
    *,
    name: str,
    on_query: QueryLogger | None = None,
    compare_seconds: float = COMPARE_SECONDS,
) -> AsyncIterator[Runtime]:
    """Everything is open and migrated, and changes of cards are said and heard.

    `on_query` is told of every statement of the pool; what was not heard of is found within `compare_seconds`.

    Raises SettingsError, PostgresError, MigrationError, DatabaseUnavailable, KeysUnreadable.
    """
    async with connected(settings, application_name=name, on_query=on_query) as (database, pool):
        box = await opened_box(settings, pool, clock)
        changes = CardChanges(pool, _listener(database), compare_seconds=compare_seconds)
        saying = asyncio.create_task(changes.run())
        try:
            async with opened_providers(settings, pool, box, clock) as providers:
                yield Runtime(
                    settings, clock, pool, box, KeyRingCache(_loader(pool, box)), changes, Metrics(), providers
                )
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)


def worker_of(runtime: Runtime) -> Worker:
    """A worker that carries out everything there is to do. Raises SettingsError if it could not mail."""
    settings = runtime.settings
    name, address = parseaddr(settings.mail_from)
    post = Post(
        pool=runtime.pool,
        clock=runtime.clock,
        relay=relay_of(settings),
        sender=Sender(address, name, return_path=settings.mail_return_path, bounce_address=settings.bounce_address),
        templates=templates.load(),
        public_url=settings.public_base_url,
        pace=Pace(settings.mail_per_minute),
        publish=runtime.changes.publish,
    )
    return Worker(
        runtime.pool,
        clock=runtime.clock,
        handlers={**handlers(post, runtime.box), **payment_handlers(runtime.keeping)},
        sweeps=sweeps(),
        publish=runtime.changes.publish,
    )


def relay_of(settings: Settings) -> Relay:
    """Where mail goes out. Raises SettingsError."""
    if settings.smtp_host is None:
        raise SettingsError("REGULARS_SMTP_HOST is not set, and without a mail server nobody can sign in.")
    password = settings.smtp_password
    return Relay(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
    )


def _listener(database: Database) -> Listen:
    async def listening() -> "asyncpg.Connection":
        return await connect(database.app_dsn, application_name="regulars listen")

    return listening


def _loader(pool: Pool, box: SecretBox) -> Callable[[datetime], Awaitable[KeyRing]]:
    async def load(now: datetime) -> KeyRing:
        async with pool.acquire() as conn:
            return await keys.load(conn, box=box, now=now)

    return load
