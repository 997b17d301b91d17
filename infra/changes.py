"""How a committed change of a card reaches the phone that shows it, from whichever process made it.

After the commit, never in it (NOTIFY in a counter's transaction halves what the database can do), the process that
changed a card says so on one PostgreSQL channel, many cards in one breath. Every process listens and wakes those who
watch. A message can be lost with the process that owed it, so revisions are also compared every few seconds: the
message makes it quick, the comparison makes it certain.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import asyncpg
import structlog

from infra.pool import DatabaseUnavailable
from wallet.database import Pool
from wallet.values import CardId, MerchantId

CHANNEL = "card_changed"
GATHER_SECONDS = 0.02
COMPARE_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
CARDS_A_MESSAGE = 100
"""Two UUIDs are 65 characters; a notification holds 8,000 bytes."""

NOTIFY_SQL = "SELECT pg_notify($1, $2)"

REVISIONS_SQL = """
    SELECT c.merchant_id, c.card_id, c.revision
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
"""

TROUBLES = (
    OSError,
    TimeoutError,
    DatabaseUnavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""How a database that is away, or goes away, shows. It comes back; this goes on until then."""

Key = tuple[MerchantId, CardId]
Listen = Callable[[], Awaitable["asyncpg.Connection"]]

log = structlog.get_logger(__name__)


class CardChanges:
    """Says and hears which cards changed. `run` must be running for anything to be said or heard."""

    def __init__(self, pool: Pool, listen: Listen, *, compare_seconds: float = COMPARE_SECONDS) -> None:
        self._pool = pool
        self._listen = listen
        self._compare_seconds = compare_seconds
        self._changed: set[Key] = set()
        self._to_say = asyncio.Event()
        self._watchers: dict[Key, set[asyncio.Event]] = {}
        self._revisions: dict[Key, int] = {}

    def publish(self, merchant_id: MerchantId, card_id: CardId) -> None:
        """Those who watch the card, in any process, are woken soon. Call it after the commit."""
        self._changed.add((merchant_id, card_id))
        self._to_say.set()

    @asynccontextmanager
    async def watch(self, merchant_id: MerchantId, card_id: CardId) -> AsyncIterator[AsyncIterator[None]]:
        """Gives something to iterate: once at the start, then after every change, several changes in one."""
        key, woken = (merchant_id, card_id), asyncio.Event()
        woken.set()
        self._watchers.setdefault(key, set()).add(woken)
        try:
            yield _each(woken)
        finally:
            self._watchers[key].discard(woken)
            if not self._watchers[key]:
                del self._watchers[key]
                self._revisions.pop(key, None)

    async def run(self) -> None:
        """Says, hears and compares until it is cancelled; what is still to be said is said first."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._say_for_ever())
            tasks.create_task(self._hear_for_ever())
            tasks.create_task(self._compare_for_ever())

    async def _say_for_ever(self) -> None:
        try:
            while True:
                await self._to_say.wait()
                await asyncio.sleep(GATHER_SECONDS)
                await self._say()
        finally:
            await self._say()

    async def _say(self) -> None:
        self._to_say.clear()
        changed, self._changed = sorted(self._changed), set()
        for start in range(0, len(changed), CARDS_A_MESSAGE):
            try:
                await say(self._pool, changed[start : start + CARDS_A_MESSAGE])
            except TROUBLES as problem:
                log.warning("changes.not_said", cards=len(changed), problem=type(problem).__name__)

    async def _hear_for_ever(self) -> None:
        while True:
            try:
                conn = await self._listen()
            except TROUBLES as problem:
                log.warning("changes.not_heard", problem=type(problem).__name__)
            else:
                await self._hear(conn)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _hear(self, conn: "asyncpg.Connection") -> None:
        lost = asyncio.Event()
        conn.add_termination_listener(lambda _: lost.set())
        try:
            await conn.add_listener(CHANNEL, lambda _conn, _pid, _channel, message: self._heard(message))
            for key in list(self._watchers):
                self._wake(key)
            await lost.wait()
        except TROUBLES as problem:
            log.warning("changes.not_heard", problem=type(problem).__name__)
        finally:
            with suppress(*TROUBLES):
                await asyncio.shield(conn.close(timeout=1))

    def _heard(self, message: str) -> None:
        for pair in message.split(","):
            self._wake((MerchantId(UUID(hex=pair[:32])), CardId(UUID(hex=pair[32:]))))

    def _wake(self, key: Key) -> None:
        for woken in self._watchers.get(key, ()):
            woken.set()

    async def _compare_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._compare_seconds)
            if not self._watchers:
                continue
            watched = list(self._watchers)
            try:
                async with self._pool.acquire() as conn:
                    rows = await conn.fetch(REVISIONS_SQL, [m for m, _ in watched], [c for _, c in watched])
            except TROUBLES as problem:
                log.warning("changes.not_compared", problem=type(problem).__name__)
                continue
            for row in rows:
                key = (row["merchant_id"], row["card_id"])
                if self._revisions.get(key) != row["revision"] and key in self._watchers:
                    self._revisions[key] = row["revision"]
                    self._wake(key)


async def say(pool: Pool, changed: Sequence[Key]) -> None:
    """Those who watch these cards, in any process, are woken. At most so many as fit a message; after the commit."""
    message = ",".join(f"{merchant_id.hex}{card_id.hex}" for merchant_id, card_id in changed)
    async with pool.acquire() as conn:
        await conn.execute(NOTIFY_SQL, CHANNEL, message)


async def _each(woken: asyncio.Event) -> AsyncIterator[None]:
    while True:
        await woken.wait()
        woken.clear()
        yield
