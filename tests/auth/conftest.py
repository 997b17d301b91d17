"""The secrets that identity needs: a master key, and the signing keys that a first start makes."""

from datetime import datetime

import pytest

from auth import keys
from auth.keys import KeyRing
from auth.secrets import SecretBox
from infra.pool import Pool


@pytest.fixture
def box() -> SecretBox:
    return SecretBox(bytes(range(32)))


@pytest.fixture
async def ring(pool: Pool, box: SecretBox, now: datetime) -> KeyRing:
    """The keys of a database that was started for the first time."""
    async with pool.acquire() as conn, conn.transaction():
        await keys.ensure(conn, box=box, now=now)
        return await keys.load(conn, box=box, now=now)
