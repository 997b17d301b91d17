import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres import postmaster
from infra.postgres.cluster import Layout
from infra.postgres.server import running
from tests.infra.postgres.processes import server_of


def pid_file(pid: int) -> str:
    return f"{pid}\n/nowhere\n1763802000\n5432\n/nowhere\n\n  123 456\nready   \n"


@pytest.fixture
def unreaped() -> Iterator[int]:
    """The pid of a process that was killed and that its parent does not reap, as in a container without an init."""
    process = subprocess.Popen(["sleep", "600"])
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


@pytest.mark.parametrize("written", ["", "not a number\n", "0\n", "1\n", pid_file(2**22 + 1)])
def test_a_pid_file_of_nobody_is_no_server(tmp_path: Path, written: str) -> None:
    (tmp_path / "postmaster.pid").write_text(written)

    assert postmaster.find(tmp_path) is None


def test_a_number_that_is_somebody_elses_by_now_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(pid_file(os.getpid()))

    assert postmaster.find(tmp_path) is None


def test_a_killed_server_that_was_not_reaped_is_no_server(tmp_path: Path, unreaped: int) -> None:
    (tmp_path / "postmaster.pid").write_text(pid_file(unreaped))

    assert postmaster.described_by_proc(unreaped)[0] == "Z"
    assert postmaster.find(tmp_path) is None


async def test_the_server_of_another_folder_is_not_ours(data_dir: Path, tmp_path: Path) -> None:
    async with running(data_dir):
        (tmp_path / "postmaster.pid").write_bytes((Layout.of(data_dir).data / "postmaster.pid").read_bytes())

        assert server_of(data_dir) is not None
        assert postmaster.find(tmp_path) is None


async def test_ps_says_of_a_server_what_proc_says(data_dir: Path, unreaped: int) -> None:
    async with running(data_dir):
        pid = server_of(data_dir)
        assert pid is not None
        by_ps, by_proc = postmaster.described_by_ps(pid), postmaster.described_by_proc(pid)

    assert by_ps[0][0] == by_proc[0] == "S"
    assert by_ps[1].strip() == by_proc[1].strip()
    assert postmaster.described_by_ps(unreaped)[0][0] == "Z"
    assert postmaster.described_by_ps(2**22 + 1) == postmaster.described_by_proc(2**22 + 1) == ("", "")


async def test_a_server_starts_over_what_an_unreaped_one_left(data_dir: Path, unreaped: int) -> None:
    # given
    layout = Layout.of(data_dir)
    (layout.data / "postmaster.pid").write_text(pid_file(unreaped))
    (layout.sockets / ".s.PGSQL.5432.lock").write_text(pid_file(unreaped))
    (layout.sockets / ".s.PGSQL.5432").touch()

    # when
    async with running(data_dir):
        # then
        assert server_of(data_dir) not in {None, unreaped}


async def test_a_server_starts_although_the_old_ones_number_is_taken(data_dir: Path) -> None:
    (Layout.of(data_dir).data / "postmaster.pid").write_text(pid_file(os.getpid()))

    async with running(data_dir):
        assert server_of(data_dir) not in {None, os.getpid()}
