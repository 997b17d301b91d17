import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

from infra import migrate
from infra.migrate import MigrationError
from infra.pool import Pool
from tests.database import Database, on
from wallet.database import Conn

ROLE = "GRANT SELECT ON schema_migrations TO regulars_app;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "0001_first.sql", f"{ROLE} CREATE TABLE first (n int); CREATE TABLE second (n int);")
    return tmp_path


def write(folder: Path, name: str, sql: str) -> None:
    (folder / name).write_text(sql, encoding="utf-8")


async def tables(database: Database) -> set[str]:
    conn = await asyncpg.connect(database.owner_dsn)
    try:
        rows = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await conn.close()


async def applied(database: Database) -> list[str]:
    conn = await asyncpg.connect(database.owner_dsn)
    try:
        rows = await conn.fetch("SELECT version, name FROM schema_migrations ORDER BY version")
        return [f"{row['version']}_{row['name']}" for row in rows]
    finally:
        await conn.close()


async def test_what_is_pending_is_applied_in_order_and_once(empty_database: Database, folder: Path) -> None:
    write(folder, "0002_then.sql", "ALTER TABLE first RENAME TO renamed; CREATE TABLE first (n int);")

    first = await migrate.apply(empty_database.owner_dsn, folder)
    again = await migrate.apply(empty_database.owner_dsn, folder)

    assert [migration.file for migration in first] == ["0001_first.sql", "0002_then.sql"]
    assert again == []
    assert await tables(empty_database) == {"first", "second", "renamed", "schema_migrations"}
    assert await applied(empty_database) == ["1_first", "2_then"]


async def test_a_later_file_is_applied_alone(empty_database: Database, folder: Path) -> None:
    await migrate.apply(empty_database.owner_dsn, folder)
    write(folder, "0002_then.sql", "CREATE TABLE third (n int);")

    assert [migration.file for migration in await migrate.apply(empty_database.owner_dsn, folder)] == ["0002_then.sql"]


async def test_a_file_that_fails_leaves_nothing_of_itself(empty_database: Database, folder: Path) -> None:
    write(folder, "0002_broken.sql", "CREATE TABLE half (n int); CREATE TABLE half (n int);")
    write(folder, "0003_never.sql", "CREATE TABLE never (n int);")

    with pytest.raises(MigrationError, match=r'^0002_broken\.sql failed: relation "half" already exists$'):
        await migrate.apply(empty_database.owner_dsn, folder)

    assert await tables(empty_database) == {"first", "second", "schema_migrations"}
    assert await applied(empty_database) == ["1_first"]


async def test_a_file_that_was_edited_after_it_was_applied_is_refused(empty_database: Database, folder: Path) -> None:
    await migrate.apply(empty_database.owner_dsn, folder)
    write(folder, "0001_first.sql", f"{ROLE} CREATE TABLE other (n int);")
    write(folder, "0002_then.sql", "CREATE TABLE third (n int);")

    with pytest.raises(MigrationError, match=r"^0001_first\.sql is not the file that was applied to this database"):
        await migrate.apply(empty_database.owner_dsn, folder)

    assert await tables(empty_database) == {"first", "second", "schema_migrations"}


async def test_newlines_of_another_system_are_no_edit(empty_database: Database, folder: Path) -> None:
    write(folder, "0001_first.sql", f"{ROLE}\nCREATE TABLE first (n int);\n")
    await migrate.apply(empty_database.owner_dsn, folder)

    (folder / "0001_first.sql").write_bytes(f"{ROLE}\r\nCREATE TABLE first (n int);\r\n".encode())

    assert await migrate.apply(empty_database.owner_dsn, folder) == []


async def test_a_database_that_is_newer_than_the_code_is_refused(empty_database: Database, folder: Path) -> None:
    write(folder, "0002_then.sql", "CREATE TABLE third (n int);")
    await migrate.apply(empty_database.owner_dsn, folder)
    (folder / "0002_then.sql").unlink()

    with pytest.raises(MigrationError) as refused:
        await migrate.apply(empty_database.owner_dsn, folder)

    assert str(refused.value) == (
        "The database is newer than this code: it has migration 0002_then, and the newest here is 0001_first.sql. "
        "Run the newer code, or restore a backup from before."
    )


async def test_an_index_is_built_outside_of_a_transaction(empty_database: Database, folder: Path) -> None:
    write(
        folder, "0002_index.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS first_n ON first (n);\n"
    )

    await migrate.apply(empty_database.owner_dsn, folder)

    assert await applied(empty_database) == ["1_first", "2_index"]


async def test_without_the_header_an_index_cannot_be_built_concurrently(empty_database: Database, folder: Path) -> None:
    write(folder, "0002_index.sql", "CREATE INDEX CONCURRENTLY first_n ON first (n);\n")

    with pytest.raises(MigrationError, match="cannot run inside a transaction block"):
        await migrate.apply(empty_database.owner_dsn, folder)

    assert await applied(empty_database) == ["1_first"]


async def test_instances_that_start_at_once_migrate_once(empty_database: Database, folder: Path) -> None:
    # given: an index that waits for every open snapshot, and three processes
    write(folder, "0002_rows.sql", "INSERT INTO first SELECT generate_series(1, 20000);")
    write(
        folder, "0003_index.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS first_n ON first (n);\n"
    )
    program = (
        "import asyncio, sys; from pathlib import Path; from infra import migrate;"
        "print(len(asyncio.run(migrate.apply(sys.argv[1], Path(sys.argv[2])))))"
    )
    command = [sys.executable, "-c", program, empty_database.owner_dsn, str(folder)]

    # when
    racers = [await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(3)]
    said = [(await racer.communicate())[0] for racer in racers]

    # then
    assert sorted(said) == [b"0\n", b"0\n", b"3\n"]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert await applied(empty_database) == ["1_first", "2_rows", "3_index"]


async def test_a_table_in_use_is_not_waited_for_long(
    empty_database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: somebody reads the table in a transaction that stays open
    await migrate.apply(empty_database.owner_dsn, folder)
    monkeypatch.setattr(migrate, "TABLE_LOCK_TIMEOUT", "50ms")
    write(folder, "0002_alter.sql", "ALTER TABLE first ADD COLUMN m int;")
    reader = await asyncpg.connect(empty_database.owner_dsn)
    reading = reader.transaction()
    await reading.start()
    await reader.execute("SELECT FROM first")

    # when
    with pytest.raises(MigrationError, match=r"0002_alter\.sql waited 50ms for a table that somebody is using"):
        await migrate.apply(empty_database.owner_dsn, folder)

    # then: it works as soon as they are gone
    await reading.rollback()
    await reader.close()
    assert len(await migrate.apply(empty_database.owner_dsn, folder)) == 1


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["0001_a.sql", "0003_b.sql"], r"0003_b\.sql should have the number 0002"),
        (["0001_a.sql", "0001_b.sql"], r"0001_b\.sql should have the number 0002"),
        (["0002_a.sql"], r"0002_a\.sql should have the number 0001"),
        (["1_a.sql"], r"1_a\.sql is no name for a migration"),
        (["0001-a.sql"], r"0001-a\.sql is no name for a migration"),
    ],
)
def test_files_are_numbered_without_gaps(tmp_path: Path, names: list[str], told: str) -> None:
    for name in names:
        write(tmp_path, name, "SELECT 1")

    with pytest.raises(MigrationError, match=told):
        migrate.load(tmp_path)


async def test_the_application_can_tell_whether_its_database_is_ready(conn: Conn) -> None:
    known = migrate.load()

    assert await migrate.pending(conn) == []
    assert await migrate.pending(conn, [*known, migrate.Migration(len(known) + 1, "more", "")]) == [
        migrate.Migration(len(known) + 1, "more", "")
    ]


async def test_an_empty_database_lacks_everything(empty_database: Database) -> None:
    conn = await asyncpg.connect(empty_database.owner_dsn)

    assert await migrate.pending(conn) == migrate.load()
    await conn.close()


async def test_the_application_cannot_say_that_it_was_migrated(conn: Conn) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("DELETE FROM schema_migrations")


async def test_a_database_that_cannot_be_reached_is_told(empty_database: Database) -> None:
    with pytest.raises(MigrationError, match='The database cannot be migrated: database "nowhere" does not exist'):
        await migrate.apply(on(empty_database.owner_dsn, "nowhere"))


async def test_an_append_only_table_refuses_the_application(pool: Pool) -> None:
    async with pool.acquire() as conn:
        for statement in ("UPDATE transfers SET points = 1", "DELETE FROM entries", "TRUNCATE transfers"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
