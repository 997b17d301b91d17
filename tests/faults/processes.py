"""Regulars as processes of their own, which a test may kill."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.database import Database
from tests.live import SECRET

REGULARS = Path(sys.executable).with_name("regulars")
LOOK_SECONDS = 0.01
START_SECONDS = 60.0
STOP_SECONDS = 30.0

Settings = Mapping[str, str]


@dataclass(slots=True, eq=False)
class Process:
    """A command that runs. Both of its outputs go to one file."""

    child: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """What it logged under this name, as JSON objects."""
        for line in self.said().splitlines():
            if name in line and line.startswith("{") and (said := json.loads(line)).get("event") == name:
                yield said

    async def event(self, name: str) -> dict[str, Any]:
        """The first of them, as soon as it is there."""
        await until(lambda: any(self.events(name)) or self.child.poll() is not None, lambda: self.said())
        found = next(self.events(name), None)
        assert found is not None, f"it ended with {self.child.returncode}:\n{self.said()}"
        return found

    def kill(self) -> None:
        """kill -9. It is gone afterwards."""
        self.child.kill()
        self.child.wait(STOP_SECONDS)

    async def ended(self) -> int:
        """Its exit code, once it has one."""
        return await asyncio.to_thread(self.child.wait, STOP_SECONDS)


@dataclass(slots=True, eq=False)
class Api:
    """`regulars serve` on one port, across restarts."""

    settings: Settings
    folder: Path
    arguments: tuple[str, ...]
    port: int = 0
    starts: int = 0
    process: Process | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> Process:
        assert self.process is not None, "it was not started"
        return self.process

    async def start(self) -> None:
        """It answers requests afterwards, where it did before."""
        self.starts += 1
        command = ("serve", "--port", str(self.port), *self.arguments)
        self.process = spawn(*command, settings=self.settings, output=self.folder / f"api-{self.starts}.log")
        self.port = int((await self.process.event("serving"))["port"])
        async with httpx.AsyncClient(base_url=self.base_url, trust_env=False) as http:
            await until_ready(http)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def api(settings: Settings, folder: Path, *arguments: str) -> AsyncIterator[Api]:
    """The API serves while the block runs, unless the block ends it."""
    found = Api(settings, folder, arguments)
    try:
        await found.start()
        yield found
    finally:
        if found.process is not None:
            await stop(found.process)


@asynccontextmanager
async def worker(settings: Settings, output: Path) -> AsyncIterator[Process]:
    """A worker works while the block runs, unless the block ends it."""
    process = spawn("worker", settings=settings, output=output)
    try:
        await process.event("working")
        yield process
    finally:
        await stop(process)


def settings_of(database: Database | None = None, *, smtp_port: int = 1, **chosen: str) -> Settings:
    """The environment of a process: our test settings, and nothing that the suite's own environment may say.

    Without a database the process runs its own, in the folder that REGULARS_DATA_DIR names.
    """
    ours = ("REGULARS_", "DATABASE_URL", "PG")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **inherited,
        **({"DATABASE_URL": database.dsn} if database else {}),
        "REGULARS_ENVIRONMENT": "development",
        "REGULARS_SECRET_KEY": SECRET,
        "REGULARS_SMTP_HOST": "127.0.0.1",
        "REGULARS_SMTP_PORT": str(smtp_port),
        "REGULARS_SMTP_STARTTLS": "false",
        "REGULARS_MAIL_FROM": "Regulars <regulars@shop.invalid>",
        "REGULARS_LOG_FORMAT": "json",
        **chosen,
    }


def spawn(*arguments: str, settings: Settings, output: Path) -> Process:
    """The command line of Regulars, with these arguments."""
    return spawn_command([str(REGULARS), *arguments], settings=settings, output=output)


def spawn_command(command: Sequence[str], *, settings: Settings, output: Path) -> Process:
    with output.open("wb") as written:
        child = subprocess.Popen(
            command, env=dict(settings), stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT
        )
    return Process(child, output)


async def stop(process: Process) -> None:
    if process.child.poll() is None:
        process.child.terminate()
        try:
            await process.ended()
        except subprocess.TimeoutExpired:
            process.kill()
            raise


async def audit(settings: Settings) -> dict[str, int]:
    """What `regulars audit` looked at. Every law holds."""
    child = await asyncio.create_subprocess_exec(
        REGULARS,
        "audit",
        "--json",
        env=dict(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, trouble = await child.communicate()
    assert output, trouble.decode()
    told = json.loads(output)
    assert [law for law in told["laws"] if law["count"]] == []
    assert len(told["laws"]) >= 10
    assert child.returncode == 0, trouble.decode()
    looked_at: dict[str, int] = told["looked_at"]
    return looked_at


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not await is_ready(http):
            await asyncio.sleep(LOOK_SECONDS)


async def is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def until(what: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Returns when it is true; another process decides when that is."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not what():
        assert asyncio.get_running_loop().time() < deadline, why()
        await asyncio.sleep(LOOK_SECONDS)
