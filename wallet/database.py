"""The connection that every function of the domain takes first: the parts of asyncpg that we use, typed."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Row(Protocol):
    """One row: values by column name or position, already Python objects."""

    def __getitem__(self, key: str | int) -> Any: ...


class Conn(Protocol):
    """One PostgreSQL connection. json and jsonb columns are Python objects on it."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def fetch(self, query: str, *args: object) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    def transaction(self) -> AbstractAsyncContextManager[object]: ...


class Pool(Protocol):
    """Where connections come from. The context of a request holds this, never a connection."""

    def acquire(self) -> AbstractAsyncContextManager[Conn]: ...
