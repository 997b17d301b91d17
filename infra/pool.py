"""Connections to PostgreSQL, all alike: they act as a role that owns nothing, in UTC, and never wait for ever."""

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from wallet.database import Conn

ROLE = "regulars_app"
RETRY_SECONDS = 0.05
STATEMENTS_MAX = 256
"""How many prepared statements a connection keeps, for as long as it lives: all of ours. There are more than asyncpg's
own 100, and of statements that take turns a cache that is too small has thrown out just the one that is next. Nor need
they be prepared anew every few minutes: PostgreSQL itself plans again when tables or their statistics change.
"""
JSONB_VERSION = b"\x01"
"""What jsonb's binary form begins with: jsonb_recv in src/backend/utils/adt/jsonb.c."""

GOES_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)
"""What connecting to a server can end in while it restarts."""

QueryLogger = Callable[[Any], None]
"""Called with asyncpg's LoggedQuery after every statement."""


class DatabaseUnavailable(Exception):
    """No connection could be had. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Limits:
    """After these, PostgreSQL or the pool gives up, and what was begun is rolled back."""

    acquire_seconds: float = 5.0
    statement_ms: int = 5_000
    lock_ms: int = 3_000
    idle_in_transaction_ms: int = 10_000


DEFAULT_LIMITS = Limits()


class Pool:
    """Hands out live connections. A server that restarts costs its callers a wait, not an error, before they begin."""

    def __init__(self, pool: asyncpg.Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Conn]:
        """A connection for this block. Raises DatabaseUnavailable if there is none in time."""
        conn = await self._live_connection()
        try:
            yield conn
        except asyncio.CancelledError:
            # Perhaps between Parse and Bind, and then asyncpg sends no Sync: to the server the statement goes on, and
            # its timeout would hit whoever has the connection next, or swallow the goodbye when the pool closes.
            conn.terminate()
            raise
        finally:
            await self._release(conn)

    async def close(self) -> None:
        """Waits for the connections that are out, then closes all."""
        await self._pool.close()

    def terminate(self) -> None:
        """Closes all at once, whatever they are doing."""
        self._pool.terminate()

    @property
    def size(self) -> int:
        """How many connections are open."""
        return int(self._pool.get_size())

    @property
    def idle(self) -> int:
        """How many of them nobody has."""
        return int(self._pool.get_idle_size())

    async def _live_connection(self) -> Any:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.acquire_seconds
        while True:
            try:
                conn = await self._pool.acquire(timeout=max(0.001, deadline - loop.time()))
            except TimeoutError as error:
                raise DatabaseUnavailable("every connection is in use") from error
            except GOES_AWAY as error:
                if loop.time() + RETRY_SECONDS > deadline:
                    raise DatabaseUnavailable(f"PostgreSQL does not answer: {error}") from error
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if await self._is_live(conn):
                return conn

    async def _is_live(self, conn: Any) -> bool:
        """If not, or if we are cancelled in between, the connection is back in the pool, which replaces it."""
        if not _is_suspect(conn):
            return True
        try:
            await conn.execute("")
        except (*GOES_AWAY, asyncpg.InterfaceError):
            with contextlib.suppress(asyncpg.InterfaceError):  # the pool may have noticed by itself
                conn.terminate()
            await self._release(conn)
            return False
        except BaseException:
            await self._release(conn)
            raise
        return True

    async def _release(self, conn: Any) -> None:
        """Back into the pool. One that breaks on the way is replaced; what was done on it was over before."""
        with contextlib.suppress(*GOES_AWAY, asyncpg.InterfaceError):
            await self._pool.release(conn)


async def create_pool(
    dsn: str,
    *,
    application_name: str = "regulars",
    min_size: int = 1,
    max_size: int = 10,
    limits: Limits = DEFAULT_LIMITS,
    on_query: QueryLogger | None = None,
) -> Pool:
    """A pool on `dsn` with `min_size` connections open. Whatever its login may do, it acts as the role regulars_app.

    Raises DatabaseUnavailable if the server does not answer, refuses the login, or has not been migrated.
    """

    async def init(conn: Any) -> None:
        await _set_codecs(conn)
        if on_query is not None:
            conn.add_query_logger(on_query)

    with _told():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            init=init,
            reset=_leave_as_is,
            statement_cache_size=STATEMENTS_MAX,
            max_cached_statement_lifetime=0,
            server_settings=_session(application_name, limits),
        )
    return Pool(pool, limits)


async def connect(dsn: str, *, application_name: str, limits: Limits = DEFAULT_LIMITS) -> asyncpg.Connection:
    """One connection outside of any pool, the same in all else: for LISTEN, which keeps it for ever."""
    with _told():
        conn = await asyncpg.connect(dsn, server_settings=_session(application_name, limits))
        await _set_codecs(conn)
    return conn


def _session(application_name: str, limits: Limits) -> dict[str, str]:
    return {
        "application_name": application_name,
        "role": ROLE,
        "timezone": "UTC",
        "statement_timeout": str(limits.statement_ms),
        "lock_timeout": str(limits.lock_ms),
        "idle_in_transaction_session_timeout": str(limits.idle_in_transaction_ms),
    }


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except GOES_AWAY as error:
        raise DatabaseUnavailable(f"PostgreSQL does not answer: {error}") from error
    except asyncpg.InvalidParameterValueError as error:
        raise DatabaseUnavailable(f"The database has not been migrated yet: {error}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnavailable(f"The login of the application needs `GRANT {ROLE} TO` it: {error}") from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(f"PostgreSQL turns us away: {error}") from error


async def _set_codecs(conn: Any) -> None:
    await conn.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb)
    await conn.set_type_codec("json", schema="pg_catalog", format="binary", encoder=orjson.dumps, decoder=orjson.loads)


async def _leave_as_is(conn: Any) -> None:
    """Between two users asyncpg rolls back what is open and no more: nothing of ours outlives its transaction.

    Its own reset would be one more round trip for every transaction.
    """


def _is_suspect(conn: Any) -> bool:
    """True if the server has said something on an idle connection: goodbye, most likely. Costs one poll, no round trip.

    asyncpg learns of a closed connection only when the event loop next reads its socket, which after a restart of the
    server can be after the connection was handed out.
    """
    if conn.is_closed():
        return True
    transport = conn._con._transport  # noqa: SLF001  (asyncpg has no public way to its socket)
    waiting = select.poll()
    waiting.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _to_jsonb(value: object) -> bytes:
    return JSONB_VERSION + orjson.dumps(value)


def _from_jsonb(value: bytes) -> Any:
    return orjson.loads(value[1:])
