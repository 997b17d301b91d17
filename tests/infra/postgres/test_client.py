from pathlib import Path

from infra.postgres import client
from tests.database import Database


def test_psql_reaches_the_database_of_the_dsn(database: Database) -> None:
    said = client.run("psql", database.dsn, "--tuples-only", "--no-align", "--command", "SELECT current_database()")

    assert said.stdout == f"{database.name}\n"


def test_what_it_prints_can_go_to_a_file(database: Database, tmp_path: Path) -> None:
    with (tmp_path / "dump").open("wb") as output:
        code = client.run_here("pg_dump", database.owner_dsn, "--format=custom", output=output)

    assert code == 0
    assert (tmp_path / "dump").read_bytes().startswith(b"PGDMP")


def test_a_failure_is_its_exit_code(database: Database) -> None:
    said = client.run("psql", database.dsn, "--command", "SELECT 1/0")

    assert said.returncode == 1
    assert "division by zero" in said.stderr


def test_the_password_is_not_on_the_command_line() -> None:
    command, environment = client.prepare("psql", "postgresql://asha:p%40ss@db.example:5433/regulars?sslmode=require")

    assert command[1:] == ["--dbname=postgresql://asha@db.example:5433/regulars?sslmode=require"]
    assert environment["PGPASSWORD"] == "p@ss"
