"""What a restart of the server means to those who use the pool."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from infra.pool import create_pool
from infra.postgres import postmaster
from infra.postgres.server import Share
from tests.infra.postgres.processes import eventually, server_of

CONNECTIONS = 5

Runner = Callable[[Coroutine[Any, Any, None]], None]


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_no_caller_meets_a_connection_from_before_the_restart(data_dir: Path, runner: Runner) -> None:
    share = Share.take(data_dir)

    async def callers() -> None:
        # given: a pool of idle connections, and a server that is killed and back before the event loop hears of it
        pool = await create_pool(share.server.app_dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
        before = server_of(data_dir)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        eventually(lambda: server_of(data_dir) not in {None, before})

        # when: as many callers as there were connections, at once
        async def call(number: int) -> int:
            async with pool.acquire() as conn, conn.transaction():
                return int(await conn.fetchval("SELECT $1::int", number))

        answers = await asyncio.gather(*(call(number) for number in range(CONNECTIONS)))

        # then
        assert answers == list(range(CONNECTIONS))
        await pool.close()

    try:
        runner(callers())
    finally:
        share.leave()


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_a_caller_who_comes_during_the_restart_waits(data_dir: Path, runner: Runner) -> None:
    share = Share.take(data_dir)

    async def callers() -> None:
        pool = await create_pool(share.server.app_dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
        before = server_of(data_dir)
        assert before is not None

        # when: it is gone, and nobody waits for it to be back
        os.kill(before, signal.SIGINT)
        eventually(lambda: postmaster.described_by_proc(before)[0] in {"", "Z"})
        async with pool.acquire() as conn:
            answer = await conn.fetchval("SELECT 1")

        # then
        assert answer == 1
        assert server_of(data_dir) != before
        await pool.close()

    try:
        runner(callers())
    finally:
        share.leave()
