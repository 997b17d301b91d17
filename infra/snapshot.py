"""The database as the migrations leave it, as text: a change of it is a visible diff of infra/schema.sql."""

import asyncio
import re
from pathlib import Path

from infra import migrate
from infra.postgres import client
from infra.postgres.server import ephemeral

FILE = Path(__file__).resolve().parent / "schema.sql"
HEAD = "-- What the migrations make of an empty database, as pg_dump says it. Written by `regulars db snapshot`.\n"
TITLE = re.compile(r"^--\n-- .*\n--\n", re.MULTILINE)
CHANGES_WITH_THE_PROGRAM = re.compile(
    r"^(--.*|\\(?:un)?restrict .*|SET .*|SELECT pg_catalog\.set_config\(.*)\n", re.MULTILINE
)
GAP = re.compile(r"\n{3,}")


class SnapshotError(Exception):
    """pg_dump could not do it; it has said why."""


def of(dsn: str) -> str:
    """The schema behind `dsn`, the same text for the same schema whichever minor version of PostgreSQL writes it."""
    done = client.run("pg_dump", dsn, "--schema-only", "--no-owner")
    if done.returncode:
        raise SnapshotError(f"pg_dump failed: {done.stderr}")
    return normalised(done.stdout)


def normalised(dump: str) -> str:
    """Without banners, session settings and the random token that pg_dump puts around its output."""
    body = CHANGES_WITH_THE_PROGRAM.sub("", TITLE.sub("", dump))
    return f"{HEAD}\n{GAP.sub(chr(10) * 2, body).strip()}\n"


def write(file: Path = FILE) -> None:
    """Afterwards the file says what the migrations make of an empty database."""
    with ephemeral() as server:
        asyncio.run(migrate.apply(server.owner_dsn))
        file.write_text(of(server.owner_dsn), encoding="utf-8")
