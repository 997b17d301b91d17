"""Runs `regulars` as a person does: a process, its output and its exit code."""

import asyncio
import atexit
import os
import sys
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile

from tests.database import Database
from tests.infra.launcher import Launcher
from tests.live import SECRET


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


def environment_of(database: Database, **more: str) -> dict[str, str]:
    """The settings of a process on this database, and none of this process's own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {
        **own,
        "DATABASE_URL": database.dsn,
        "REGULARS_MIGRATION_DATABASE_URL": database.owner_dsn,
        "REGULARS_SECRET_KEY": SECRET,
        **more,
    }


async def regulars(*arguments: str, environment: dict[str, str], given: bytes = b"") -> Done:
    """The command has ended. `given` is what it could read from standard input."""
    with TemporaryFile() as said, TemporaryFile() as out, TemporaryFile() as err:
        said.write(given)
        said.seek(0)
        code = await asyncio.to_thread(_launcher().run, arguments, environment, [said, out, err])
        out.seek(0)
        err.seek(0)
        return Done(code, out.read().decode(), err.read().decode())


async def regulars_anew(*arguments: str, environment: dict[str, str]) -> Done:
    """The same by a new Python, which has loaded nothing yet."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from infra.cli import main; main()",
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


@cache
def _launcher() -> Launcher:
    launcher = Launcher()
    atexit.register(launcher.close)
    return launcher
