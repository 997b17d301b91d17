import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from infra.postgres import binaries, cluster, os_user
from infra.postgres.cluster import Layout
from infra.postgres.errors import PostgresError
from infra.postgres.os_user import OsUser
from infra.postgres.server import Server, running
from tests.database import on

ELSE = OsUser(uid=os.geteuid() + 1, gid=os.getegid() + 1)
"""A user who is not us, and whom no folder of these tests belongs to."""


def tree(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.fixture
async def asked(data_dir: Path) -> AsyncIterator[Server]:
    """The server of `data_dir`, running."""
    async with running(data_dir) as server:
        yield server


async def test_the_cluster_is_the_same_on_every_machine(asked: Server) -> None:
    conn = await asyncpg.connect(asked.app_dsn)

    settings = {
        name: await conn.fetchval("SELECT current_setting($1)", name)
        for name in ("data_checksums", "server_encoding", "listen_addresses", "TimeZone", "password_encryption")
    }
    locale = await conn.fetchrow(
        "SELECT datlocprovider::text AS provider, datlocale FROM pg_database WHERE datname = current_database()"
    )

    assert settings == {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "password_encryption": "scram-sha-256",
    }
    assert dict(locale) == {"provider": "b", "datlocale": "C.UTF-8"}
    await conn.close()


async def test_the_login_of_the_application_owns_nothing_and_can_make_nothing(asked: Server) -> None:
    conn = await asyncpg.connect(asked.app_dsn)

    owned = await conn.fetchval(
        "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'regulars'::regrole AND deptype = 'o'"
    )
    can = await conn.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls "
        "FROM pg_roles WHERE rolname = 'regulars'"
    )
    for statement in (
        "CREATE TABLE t ()",
        "CREATE SCHEMA s",
        "CREATE DATABASE d",
        "CREATE ROLE r",
        "CREATE TEMP TABLE t ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)

    assert owned == 0
    assert not any(can)
    await conn.close()


async def test_the_owner_of_the_tables_is_no_superuser(asked: Server) -> None:
    conn = await asyncpg.connect(asked.owner_dsn)

    assert await conn.fetchval("SELECT current_setting('is_superuser')") == "off"
    await conn.execute("CREATE TABLE t ()")
    await conn.close()


@pytest.mark.parametrize("login", ["postgres", "regulars_owner", "regulars"])
async def test_the_socket_asks_for_a_password(asked: Server, login: str) -> None:
    place = asked.app_dsn.partition("@")[2]

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://{login}:wrong@{place}")


async def test_the_application_reaches_no_other_database(asked: Server) -> None:
    for other in ("postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(on(asked.app_dsn, other))


async def test_only_we_can_read_the_passwords_and_only_the_server_its_data(asked: Server, data_dir: Path) -> None:
    layout = Layout.of(data_dir)

    assert stat.S_IMODE(asked.passfile.stat().st_mode) == 0o600
    assert asked.passfile.stat().st_uid == os.geteuid()
    assert stat.S_IMODE(layout.data.stat().st_mode) == 0o700
    assert layout.data.stat().st_uid == os_user.for_new_data().uid
    assert stat.S_IMODE(layout.sockets.stat().st_mode) == 0o700


async def test_the_log_quotes_no_rows(asked: Server, data_dir: Path) -> None:
    conn = await asyncpg.connect(asked.owner_dsn)
    await conn.execute("CREATE TABLE people (email text UNIQUE)")
    await conn.execute("INSERT INTO people VALUES ($1)", "asha@example.com")

    with pytest.raises(asyncpg.UniqueViolationError):
        await conn.execute("INSERT INTO people VALUES ($1)", "asha@example.com")

    written = Layout.of(data_dir).log.read_text()
    assert "duplicate key value" in written
    assert "asha@example.com" not in written
    await conn.close()


async def test_the_surroundings_of_the_person_do_not_lead_the_server_astray(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGHOST": "nowhere",
        "PGUSER": "root",
        "LC_ALL": "xx",
    }.items():
        monkeypatch.setenv(name, value)

    async with running(data_dir) as server:
        conn = await asyncpg.connect(server.app_dsn)
        assert await conn.fetchval("SELECT current_user") == "regulars"
        await conn.close()


def test_a_strict_umask_does_not_lock_the_server_out(place: Path) -> None:
    user = os_user.for_new_data()
    layout = Layout.of(place / "deep" / "data")
    before = os.umask(0o077)
    try:
        cluster.prepare_folders(layout, user)
        cluster.create(layout, binaries.find(user), user, durable=False)
    finally:
        os.umask(before)

    assert user.can_enter(layout.data)
    assert (layout.data / "PG_VERSION").read_text() == "18\n"


def test_an_interrupted_first_start_leaves_no_cluster_and_is_swept_up_by_the_next(place: Path) -> None:
    # given: what a kill -9 in the middle of initdb leaves
    user = os_user.for_new_data()
    layout = Layout.of(place)
    cluster.prepare_folders(layout, user)
    (layout.folder / "new-half" / "data" / "base").mkdir(parents=True)

    # when
    assert not layout.cluster.exists()
    cluster.create(layout, binaries.find(user), user, durable=False)

    # then
    assert not (layout.folder / "new-half").exists()
    assert sorted(path.name for path in layout.cluster.iterdir()) == ["data", "pgpass"]


def test_a_first_start_that_fails_leaves_nothing(place: Path) -> None:
    user = os_user.for_new_data()
    layout = Layout.of(place)
    cluster.prepare_folders(layout, user)
    broken = binaries.Binaries(Path("/bin/false").parent, 18)
    before = tree(layout.folder)

    with pytest.raises(FileNotFoundError):
        cluster.create(layout, broken, user)

    assert tree(layout.folder) == before


@pytest.mark.parametrize("version", ["17", "19"])
async def test_data_of_another_major_version_is_refused_and_left_alone(data_dir: Path, version: str) -> None:
    # given
    layout = Layout.of(data_dir)
    (layout.data / "PG_VERSION").write_text(f"{version}\n")
    before = {path: path.lstat().st_mtime_ns for path in tree(layout.cluster)}

    # when
    with pytest.raises(PostgresError) as refused:
        async with running(data_dir):
            pass

    # then
    assert str(refused.value).startswith(
        f"The data in {layout.data} is of PostgreSQL {version}, and this is PostgreSQL 18"
    )
    assert {path: path.lstat().st_mtime_ns for path in tree(layout.cluster)} == before


def test_a_data_folder_that_the_server_cannot_enter_is_refused_before_anything_is_made(place: Path) -> None:
    locked = place / "locked"
    locked.mkdir(mode=0o700)

    with pytest.raises(PostgresError, match=r"cannot enter .*/locked/data: set REGULARS_DATA_DIR"):
        cluster.prepare_folders(Layout.of(locked / "data"), ELSE)

    assert tree(locked) == set()


def test_data_of_another_user_is_refused(data_dir: Path) -> None:
    with pytest.raises(PostgresError, match="belongs to uid"):
        cluster.check(Layout.of(data_dir), binaries.Binaries(Path("/"), 18), ELSE)


async def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    # given
    long = place / ("x" * 100)
    sockets = Layout.of(long).sockets

    # when
    async with running(long) as server:
        conn = await asyncpg.connect(server.app_dsn)
        await conn.close()

        # then
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= 103
        assert sockets.parent == Path("/tmp")
    sockets.rmdir()


def test_the_longest_path_that_fits_is_used_and_one_more_byte_is_not() -> None:
    fits = Layout(Path("/") / ("x" * (103 - len("//run/.s.PGSQL.5432"))))
    longer = Layout(Path(f"{fits.folder}x"))

    assert len(os.fsencode(fits.sockets / ".s.PGSQL.5432")) == 103
    assert fits.sockets == fits.folder / "run"
    assert longer.sockets.parent == Path("/tmp")


def test_a_socket_folder_that_is_a_link_is_refused(place: Path) -> None:
    (place / "theirs").mkdir()
    (place / "run").symlink_to(place / "theirs")

    with pytest.raises(PostgresError, match="belongs to somebody else"):
        cluster.own_folder(place / "run", os_user.for_new_data())


def test_a_socket_folder_of_somebody_else_is_refused(place: Path) -> None:
    # given: neither the server's user nor we own it
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        cluster.own_folder(Path("/etc") if os.geteuid() else _of(place / "run", 12345), os_user.for_new_data())


def _of(folder: Path, uid: int) -> Path:
    folder.mkdir()
    os.chown(folder, uid, uid)
    return folder
