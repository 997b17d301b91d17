"""Other processes that use a server, and what becomes of processes. `python -m` this to be one."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.postgres import postmaster
from infra.postgres.cluster import Layout
from infra.postgres.server import ephemeral, running

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 30.0


@contextmanager
def other_process(kind: str, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in whose hands the server is when this block begins. It lets go at the end of its standard input."""
    command = [sys.executable, "-m", "tests.infra.postgres.processes", kind, str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            if process.poll() is None:
                process.stdin.close()
            process.wait(PATIENCE_SECONDS)


def server_of(data_dir: Path) -> int | None:
    """The pid of the server that accepts connections there."""
    found = postmaster.find(Layout.of(data_dir).data)
    return found.pid if found is not None and found.ready else None


def keeper_of(data_dir: Path) -> int:
    return int(Layout.of(data_dir).keeper.read_text())


def eventually(what: Callable[[], bool]) -> None:
    """Returns when it is true; a process of its own decides when that is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


async def use(data_dir: Path) -> None:
    async with running(data_dir):
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


def use_throwaway(note: Path) -> None:
    with ephemeral() as server:
        note.write_text(str(server.data_dir))
        print("ready", flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "throwaway":
        use_throwaway(Path(sys.argv[2]))
    else:
        asyncio.run(use(Path(sys.argv[2])))
