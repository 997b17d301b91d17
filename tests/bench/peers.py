"""The processes that are compared: the API as it is, and the same work without GraphQL."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import Plan
from tests.bench.stage import Stage
from tests.faults.processes import Process, api, settings_of, spawn_command, stop

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that answers HTTP on a port of this machine."""

    port: int
    process: Process


@asynccontextmanager
async def the_api(stage: Stage, folder: Path) -> AsyncIterator[Peer]:
    """`regulars serve`, one process."""
    settings = settings_of(REGULARS_DATA_DIR=str(stage.data_dir))
    async with api(settings, folder) as served:
        yield Peer(served.port, served.running)


@asynccontextmanager
async def bare_routes(stage: Stage, folder: Path) -> AsyncIterator[Peer]:
    """The bare Starlette routes, one process."""
    till = (stage.shop.merchant_id, stage.shop.terminal_id, stage.terminal_session_id)
    process = spawn_command(
        [sys.executable, "-m", "tests.bench.bare", *map(str, till)],
        settings=settings_of(REGULARS_DATA_DIR=str(stage.data_dir)),
        output=folder / "bare.log",
    )
    try:
        yield Peer(int((await process.event("serving"))["port"]), process)
    finally:
        await stop(process)


async def load(plan: Plan) -> Figures:
    """What the load generator measured. Raises AssertionError for an answer that was not expected."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(plan.said())
        file.flush()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.load",
            file.name,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, trouble = await child.communicate()
    assert child.returncode == 0, trouble.decode()
    figures: Figures = json.loads(said)
    return figures
