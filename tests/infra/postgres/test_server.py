import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from infra.postgres.cluster import Layout
from infra.postgres.errors import PostgresError
from infra.postgres.server import Share, ephemeral, running
from tests.infra.postgres.processes import eventually, keeper_of, other_process, server_of


async def fetch(dsn: str, sql: str) -> object:
    conn = await asyncpg.connect(dsn)
    try:
        return await conn.fetchval(sql)
    finally:
        await conn.close()


async def test_data_and_logins_survive_a_restart(place: Path) -> None:
    # given: a folder that does not exist yet
    async with running(place / "new") as first:
        await fetch(first.owner_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert server_of(place / "new") is None

    # when
    async with running(place / "new") as second:
        answer = await fetch(second.owner_dsn, "SELECT answer FROM kept")

    # then
    assert answer == 42
    assert second == first


async def test_the_server_stops_with_the_last_of_its_users(data_dir: Path) -> None:
    first, second = Share.take(data_dir), Share.take(data_dir)
    pid = server_of(data_dir)
    assert pid is not None

    first.leave()
    assert server_of(data_dir) == pid

    second.leave()
    assert server_of(data_dir) is None
    assert not (Layout.of(data_dir).data / "postmaster.pid").exists()


async def test_processes_that_start_at_once_share_one_server(place: Path) -> None:
    # given: three processes, an empty folder, and nothing between them but the folder
    with other_process("use", place) as one, other_process("use", place), other_process("use", place) as three:
        pid, keeper = server_of(place), keeper_of(place)

        # when: the one that started it is killed and another leaves
        one.kill()
        one.wait()
        assert three.stdin is not None
        three.stdin.close()
        three.wait()

        # then
        assert (server_of(place), keeper_of(place)) == (pid, keeper)
    assert server_of(place) is None


def test_a_race_of_first_starts_makes_one_cluster(place: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from infra.postgres.server import running

async def main():
    async with running(Path(sys.argv[1])) as server:
        print(server.app_dsn)

asyncio.run(main())
"""
    command = [sys.executable, "-c", program, str(place)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    said = [racer.communicate()[0] for racer in racers]

    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert len(set(said)) == 1
    assert said[0].startswith("postgresql://regulars:")
    assert sorted(path.name for path in (place / "postgres").glob("*cluster*")) == ["cluster"]
    assert server_of(place) is None


async def test_the_server_stops_when_its_only_user_is_killed(data_dir: Path) -> None:
    with other_process("use", data_dir) as user:
        user.kill()
        user.wait()

    eventually(lambda: server_of(data_dir) is None)
    async with running(data_dir) as server:
        assert await fetch(server.app_dsn, "SELECT 1") == 1


async def test_ctrl_c_reaches_neither_the_server_nor_its_keeper(data_dir: Path) -> None:
    async with running(data_dir) as server:
        pid = server_of(data_dir)
        assert pid is not None
        keeper = keeper_of(data_dir)

        # then: a terminal signals the processes of its own session
        assert os.getsid(pid) == os.getsid(keeper) == keeper != os.getsid(0)

        # and: what a service manager sends to all its processes is left to those that use the server
        for unheard in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(keeper, unheard)
        assert await fetch(server.app_dsn, "SELECT 1") == 1
        assert (keeper_of(data_dir), server_of(data_dir)) == (keeper, pid)


async def test_a_killed_server_comes_back_with_what_was_committed(data_dir: Path) -> None:
    async with running(data_dir) as server:
        # given
        conn = await asyncpg.connect(server.owner_dsn)
        await conn.execute("CREATE TABLE kept (n int)")
        await conn.execute("INSERT INTO kept VALUES (1)")
        unfinished = conn.transaction()
        await unfinished.start()
        await conn.execute("INSERT INTO kept VALUES (2)")
        pid = server_of(data_dir)
        assert pid is not None

        # when
        os.kill(pid, signal.SIGKILL)

        # then
        eventually(lambda: server_of(data_dir) not in {None, pid})
        assert await fetch(server.owner_dsn, "SELECT array_agg(n) FROM kept") == [1]
        conn.terminate()


async def test_a_killed_keeper_is_replaced(data_dir: Path) -> None:
    async with running(data_dir) as server:
        keeper, pid = keeper_of(data_dir), server_of(data_dir)

        os.kill(keeper, signal.SIGKILL)

        await _replaced(data_dir, keeper, pid)
        assert await fetch(server.app_dsn, "SELECT 1") == 1
    assert server_of(data_dir) is None


async def test_keeper_and_server_killed_together_are_replaced(data_dir: Path) -> None:
    async with running(data_dir) as server:
        keeper, pid = keeper_of(data_dir), server_of(data_dir)
        assert pid is not None

        os.kill(keeper, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)

        await _replaced(data_dir, keeper, pid)
        assert await fetch(server.app_dsn, "SELECT 1") == 1


async def test_a_server_that_cannot_start_is_told_in_its_own_words(data_dir: Path) -> None:
    data = Layout.of(data_dir).data
    (data / "global" / "pg_control").rename(data / "global" / "pg_control.lost")

    with pytest.raises(PostgresError, match=r"PostgreSQL does not start: .*pg_control"):
        async with running(data_dir):
            pass

    # then: nothing holds on to the folder
    (data / "global" / "pg_control.lost").rename(data / "global" / "pg_control")
    async with running(data_dir) as server:
        assert await fetch(server.app_dsn, "SELECT 1") == 1


def test_a_throwaway_server_is_gone_at_the_end() -> None:
    with ephemeral() as server:
        assert server_of(server.data_dir) is not None

    assert not server.data_dir.exists()


def test_a_throwaway_server_is_gone_when_its_user_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "where"
    with other_process("throwaway", note) as user:
        folder = Path(note.read_text())
        pid = server_of(folder)
        assert pid is not None

        user.kill()
        user.wait()

    eventually(lambda: not folder.exists())
    assert not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


async def _replaced(data_dir: Path, keeper: int, pid: int | None) -> None:
    deadline = asyncio.get_running_loop().time() + 30
    while server_of(data_dir) in {None, pid} or keeper_of(data_dir) == keeper:
        assert asyncio.get_running_loop().time() < deadline, "nobody replaced it"
        await asyncio.sleep(0.01)
