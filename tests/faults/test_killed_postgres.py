"""kill -9 of PostgreSQL in the middle of its work. It runs as in production: every commit is on the disk."""

import os
import random
import signal
from pathlib import Path

import pytest

from infra.postgres import postmaster
from infra.postgres.cluster import Layout
from infra.postgres.server import running
from tests.database import Database
from tests.faults.history import History
from tests.faults.processes import api, settings_of, until
from tests.faults.proof import Tally, prove
from tests.faults.shop import Crowd, crowd, faults_of_each_crowd, scene_of
from tests.journeys import Scene

DURABLE_SQL = "SELECT bool_and(setting = 'on') FROM pg_settings WHERE name IN ('fsync', 'full_page_writes')"


@pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.soak)])
async def test_killed_postgresql_comes_back_with_all_that_was_acknowledged(
    place: Path, tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = place / "data"
    settings = settings_of(REGULARS_DATA_DIR=str(data_dir))
    history = History()
    tally = Tally("kill -9 of PostgreSQL")
    async with running(data_dir) as server, api(settings, tmp_path, "--with-worker") as served:
        database = Database("regulars", server.app_dsn, server.owner_dsn, server.superuser_dsn)
        async with scene_of(database, served.base_url) as scene:
            assert await is_durable(scene)
            for faults in faults_of_each_crowd(kills):
                everybody = await crowd(scene, history)
                for _ in range(faults):
                    await kill_under_load(scene, data_dir, everybody, tally)

            await prove(scene, history, settings)
        assert served.starts == 1
        assert served.running.child.poll() is None
    assert tally.faults == kills
    tally.print(capsys, history)


async def kill_under_load(scene: Scene, data_dir: Path, everybody: Crowd, tally: Tally) -> None:
    # given clients in the middle of their work
    history = everybody.history
    everybody.begin()
    await history.reaches(history.acknowledged + random.randint(20, 120))

    # when the server is gone from one moment to the next
    killed = server_in(data_dir)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    # then another one is there soon, the API goes on with it, and what nobody knew of is done once
    await until(lambda: server_in(data_dir) not in {None, killed})
    await everybody.leave()
    await tally.look(scene, history)
    await history.ask_again()


def server_in(data_dir: Path) -> int | None:
    """The pid of the server that accepts connections there."""
    found = postmaster.find(Layout.of(data_dir).data)
    return found.pid if found is not None and found.ready else None


async def is_durable(scene: Scene) -> bool:
    async with scene.live.runtime.pool.acquire() as conn:
        return bool(await conn.fetchval(DURABLE_SQL))
