"""Runs `regulars` as a person does: a process, its output and its exit code."""

import asyncio
import os
import sys
from dataclasses import dataclass

from tests.database import Database
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
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from infra.cli import main; main()",
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(given)
    return Done(process.returncode or 0, out.decode(), err.decode())
