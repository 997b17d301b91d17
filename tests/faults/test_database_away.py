"""The database goes away for a while: closed ports, or a network that swallows everything."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.pool import DEFAULT_LIMITS
from tests import journeys
from tests.database import Database
from tests.faults.history import History, Unknown
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.shop import POINTS_AT_FIRST, RULES, Client, client
from wallet.database import Conn

BUYERS = 6
ANSWERED_SECONDS = DEFAULT_LIMITS.acquire_seconds + 5.0
"""The pool's patience, and a second's operation or a machine that is busy."""


@pytest.mark.parametrize(
    ("trouble", "operation_seconds", "code"),
    [(Proxy.go_away, 10.0, "UNAVAILABLE"), (Proxy.fall_silent, 1.0, "TIMEOUT")],
)
async def test_database_that_is_away_is_said_to_be_and_is_found_again(
    database: Database, conn: Conn, trouble: Callable[[Proxy], None], operation_seconds: float, code: str
) -> None:
    async with proxy_to(database.dsn) as proxy:
        through = replace(database, dsn=proxy.dsn)
        chosen = {"operation_timeout_seconds": operation_seconds, "pool_min": 2, "pool_max": 4}
        async with journeys.opened(through, **chosen) as scene:
            shop = await journeys.open_shop(scene, rules=RULES)
            history = History()
            members = [await journeys.member(scene, shop, points=POINTS_AT_FIRST) for _ in range(BUYERS)]
            buyers = [await client(scene, shop, member, history) for member in members]

            # when nobody can reach the database any more, more ask than there are connections
            trouble(proxy)
            async with asyncio.timeout(ANSWERED_SECONDS):
                codes, alive, ready = await asyncio.gather(
                    asyncio.gather(*(failure(buyer) for buyer in buyers)),
                    scene.http.get("/healthz"),
                    scene.http.get("/readyz"),
                )

            # then the process lives, says what it lacks, and every client knows that it does not know
            assert codes == [code] * BUYERS
            assert alive.json() == {"status": "ok"}
            assert ready.status_code == 503
            assert ready.json() == {"status": "not ready", "because": "the database does not answer"}
            assert (await history.look(conn))[False] == BUYERS

            # and when the database can be reached again, all is as before
            proxy.come_back()
            async with asyncio.timeout(ANSWERED_SECONDS):
                assert (await scene.http.get("/readyz")).status_code == 200
                assert await history.ask_again() == BUYERS
    await history.prove(conn, points_at_first=POINTS_AT_FIRST)


async def failure(buyer: Client) -> str | None:
    """What the buyer is told instead of what became of the sale."""
    with pytest.raises(Unknown) as trouble:
        await buyer.sell()
    return trouble.value.code
