"""`regulars migrate` and `regulars db`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from infra import migrate as migrations
from infra import settings as environment
from infra import snapshot as snapshots
from infra.cli.app import answer
from infra.postgres import client
from infra.wiring import database

db = App(name="db", help="The database by hand.")

HandedOn = Annotated[str, Parameter(allow_leading_hyphen=True)]


async def migrate(*, json: bool = False) -> None:
    """Bring the database up to this code. Safe to run from several places at once."""
    async with database(environment.load()) as found:
        applied = await migrations.apply(found.owner_dsn)
    answer({"applied": [migration.file for migration in applied]}, as_json=json)


@db.command
async def url(*, owner: bool = False) -> None:
    """Print the URL to connect with, as the application or as the owner of the tables.

    The embedded server runs as long as a command of Regulars does; beside a running demo or server, the URL is good.
    """
    async with database(environment.load()) as found:
        print(found.owner_dsn if owner else found.app_dsn)


@db.command
async def psql(*arguments: HandedOn, owner: bool = False) -> None:
    """Open psql, as the application's login or as the owner. What follows is handed on to psql."""
    await _run("psql", arguments, owner=owner)


@db.command
async def dump(*arguments: HandedOn) -> None:
    """Write the whole database to standard output with pg_dump. What follows is handed on to it."""
    await _run("pg_dump", arguments, owner=True)


@db.command
def snapshot(file: Path = snapshots.FILE) -> None:
    """Write what the migrations make of an empty database to infra/schema.sql, the file that reviews see."""
    snapshots.write(file)
    print(file)


async def _run(program: str, arguments: tuple[str, ...], *, owner: bool) -> None:
    async with database(environment.load()) as found:
        dsn = found.owner_dsn if owner else found.app_dsn
        code = await asyncio.to_thread(client.run_here, program, dsn, *arguments)
    if code:
        sys.exit(code)
