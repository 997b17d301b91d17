"""The programs that come with the server: psql, pg_dump and so on, pointed at one database."""

import os
import subprocess
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from infra.postgres import binaries
from infra.postgres.os_user import OsUser


def run(program: str, dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end and gives what it said. To be called off the event loop."""
    command, environment = prepare(program, dsn, *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def run_here(program: str, dsn: str, *arguments: str, output: IO[bytes] | None = None) -> int:
    """Runs it with our terminal to its end, what it prints into `output` if given. Its exit code."""
    command, environment = prepare(program, dsn, *arguments)
    return subprocess.run(command, env=environment, stdout=output, check=False).returncode  # noqa: S603


def prepare(program: str, dsn: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment that point `program` at `dsn`.

    The password goes by the environment: a command line can be read by everybody on the machine.
    """
    us = OsUser(os.geteuid(), os.getegid())
    parts = urlsplit(dsn)
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    public = urlunsplit(parts._replace(netloc=f"{user}@{place}"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password:
        environment["PGPASSWORD"] = unquote(password)
    return [binaries.find(us).path(program), f"--dbname={public}", *arguments], environment
