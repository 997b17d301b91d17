"""The key ring that a process verifies with, kept fresh without a statement per request."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from auth.keys import KeyRing

FRESH_FOR = timedelta(seconds=60)
UNKNOWN_KID_EVERY = timedelta(seconds=10)
"""How often at most an unknown key name, which anybody can send, makes us look."""

LoadKeyRing = Callable[[datetime], Awaitable[KeyRing]]


class KeyRingCache:
    """Holds one ring. Loads at most once at a time: who comes meanwhile waits for the same ring."""

    def __init__(self, load: LoadKeyRing) -> None:
        self._load = load
        self._loading = asyncio.Lock()
        self._held: tuple[KeyRing, datetime] | None = None

    async def current(self, now: datetime) -> KeyRing:
        """The ring, loaded no more than 60 s ago. Raises what the loader raises."""
        return await self._younger_than(FRESH_FOR, now)

    async def knowing(self, kid: str, now: datetime) -> KeyRing:
        """The ring, looked up anew if it does not know this key, at most every 10 s. It may still not know it."""
        ring = await self.current(now)
        return ring if ring.knows(kid) else await self._younger_than(UNKNOWN_KID_EVERY, now)

    async def _younger_than(self, age: timedelta, now: datetime) -> KeyRing:
        ring = self._held_younger_than(age, now)
        if ring is not None:
            return ring
        async with self._loading:
            ring = self._held_younger_than(age, now)  # somebody may have loaded it while this one waited
            if ring is None:
                ring = await self._load(now)
                self._held = (ring, now)
            return ring

    def _held_younger_than(self, age: timedelta, now: datetime) -> KeyRing | None:
        if self._held is None:
            return None
        ring, loaded_at = self._held
        return ring if abs(now - loaded_at) < age else None
