import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from auth import keys
from auth.key_ring_cache import KeyRingCache
from auth.keys import KeyRing
from auth.secrets import SecretBox
from infra.pool import Pool
from tests.auth.rings import make_ring

SECOND = timedelta(seconds=1)


@dataclass
class Loads:
    """Gives a new ring each time, and remembers when it was asked."""

    at: list[datetime] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def __call__(self, now: datetime) -> KeyRing:
        self.at.append(now)
        if self.hold is not None:
            await self.hold.wait()
        return make_ring(now)


async def test_a_ring_is_loaded_once_a_minute(now: datetime) -> None:
    loads = Loads()
    cache = KeyRingCache(loads)

    first = await cache.current(now)
    assert await cache.current(now + 59 * SECOND) is first
    assert await cache.current(now + 60 * SECOND) is not first

    assert loads.at == [now, now + 60 * SECOND]


async def test_a_known_key_costs_no_load(now: datetime) -> None:
    loads = Loads()
    cache = KeyRingCache(loads)

    for second in range(60):
        assert (await cache.knowing("a00000001", now + second * SECOND)).knows("a00000001")

    assert loads.at == [now]


async def test_an_unknown_key_loads_at_most_every_ten_seconds(now: datetime) -> None:
    loads = Loads()
    cache = KeyRingCache(loads)
    await cache.current(now)

    for second in range(1, 25):
        assert not (await cache.knowing(f"a{second:08x}f", now + second * SECOND)).knows("zz")

    assert loads.at == [now, now + 10 * SECOND, now + 20 * SECOND]


async def test_a_clock_that_was_set_back_loads_again(now: datetime) -> None:
    loads = Loads()
    cache = KeyRingCache(loads)
    await cache.current(now)

    await cache.current(now - timedelta(days=1))

    assert loads.at == [now, now - timedelta(days=1)]


async def test_many_who_come_at_once_share_one_load(now: datetime) -> None:
    loads = Loads(hold=asyncio.Event())
    cache = KeyRingCache(loads)
    waiting = [asyncio.create_task(cache.current(now)) for _ in range(50)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert loads.hold is not None
    loads.hold.set()

    rings = await asyncio.gather(*waiting)

    assert loads.at == [now]
    assert all(ring is rings[0] for ring in rings)


async def test_a_failed_load_is_told_and_tried_again(now: datetime) -> None:
    outcomes: list[Exception | KeyRing] = [OSError("the database is away"), make_ring(now)]

    async def load(now: datetime) -> KeyRing:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    cache = KeyRingCache(load)
    with pytest.raises(OSError, match="away"):
        await cache.current(now)
    assert (await cache.current(now)).knows("01")


async def test_another_instances_rotation_is_found_by_its_first_signature(
    pool: Pool, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    # given an instance that loaded before the rotation
    async def load(now: datetime) -> KeyRing:
        async with pool.acquire() as conn:
            return await keys.load(conn, box=box, now=now)

    cache = KeyRingCache(load)
    assert [key.kid for key in (await cache.current(now)).keys] == [key.kid for key in ring.keys]
    async with pool.acquire() as conn, conn.transaction():
        await keys.rotate(conn, box=box, lead=timedelta(0), now=now + SECOND)

    # when it meets the new key
    found = await cache.knowing("a00000002", now + 11 * SECOND)

    # then
    assert found.verifier("a00000002", "access", now + 11 * SECOND) is not None
    assert found.verifier("a00000001", "access", now + 11 * SECOND) is not None
