"""The rules of the house that a program can check."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.database import Database

ROOT = Path(__file__).resolve().parent.parent

WITH_SQL = ("wallet", "auth", "resolvers", "web", "infra")
WITHOUT_A_CLOCK = ("wallet", "auth", "schema", "resolvers")

BY_THE_OWNER = {"infra.migrate"}
"""Modules whose statements run as the owner of the tables, not as the application."""

PLANNED = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|VALUES)\b", re.IGNORECASE)

CLOCKS = {"now", "utcnow", "today", "time", "time_ns"}
OWNERS_OF_CLOCKS = {"datetime", "date", "time"}
SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(CURRENT_(TIMESTAMP|DATE|TIME)|LOCALTIME(STAMP)?)\b",
    re.IGNORECASE,
)
STATE_OF_A_SESSION = re.compile(
    r"\bSELECT\s+\*|\A\s*SET\s+(?!LOCAL\b|TRANSACTION\b)|\bpg_(try_)?advisory_lock|\A\s*(LISTEN|PREPARE|DECLARE)\b",
    re.IGNORECASE,
)


def statements(*packages: str) -> dict[str, str]:
    """Every `NAME_SQL` of these packages by its full name, where it is defined."""
    found: dict[str, str] = {}
    for package in packages:
        root = importlib.import_module(package)
        for module in (package, *(m.name for m in pkgutil.walk_packages(root.__path__, f"{package}."))):
            for name, value in vars(importlib.import_module(module)).items():
                if name.endswith("_SQL") and isinstance(value, str) and name in defined_in(module):
                    found[f"{module}.{name}"] = value
    return found


def defined_in(module: str) -> set[str]:
    tree = ast.parse(Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8"))
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


async def refusals(dsn: str, chosen: dict[str, str], role: str | None) -> dict[str, str]:
    """What PostgreSQL says against each statement: preparing finds wrong names and types, planning missing rights."""
    conn = await asyncpg.connect(dsn, server_settings={"role": role} if role else None)
    said = {}
    for name, sql in chosen.items():
        try:
            prepared = await conn.prepare(sql)
            if PLANNED.match(sql.strip()):
                nothing = ", ".join("NULL" for _ in prepared.get_parameters())
                await conn.execute(f'EXPLAIN EXECUTE "{prepared.get_name()}" {f"({nothing})" if nothing else ""}')
        except asyncpg.PostgresError as error:
            said[name] = str(error)
    await conn.close()
    return said


async def test_every_statement_prepares_and_is_allowed_to_the_role_that_runs_it(database: Database) -> None:
    found = statements(*WITH_SQL)
    by_the_owner = {name: sql for name, sql in found.items() if name.rpartition(".")[0] in BY_THE_OWNER}
    by_the_application = {name: sql for name, sql in found.items() if name not in by_the_owner}

    assert len(by_the_application) > 20
    assert await refusals(database.dsn, by_the_application, "regulars_app") == {}
    assert await refusals(database.owner_dsn, by_the_owner, None) == {}


async def test_a_statement_that_would_fail_is_found(database: Database) -> None:
    said = await refusals(
        database.dsn,
        {
            "misspelt": "SELECT nmae FROM merchants",
            "forbidden": "DELETE FROM transfers WHERE merchant_id = $1",
            "wrong type": "SELECT name FROM merchants WHERE merchant_id = 1",
            "fine": "SELECT name FROM merchants WHERE merchant_id = $1",
        },
        "regulars_app",
    )

    assert set(said) == {"misspelt", "forbidden", "wrong type"}
    assert said["forbidden"] == "permission denied for table transfers"


def test_statements_list_their_columns_and_leave_nothing_on_the_connection() -> None:
    found = {
        name: sql for name, sql in statements("wallet", "auth", "resolvers").items() if STATE_OF_A_SESSION.search(sql)
    }

    assert found == {}


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("SELECT * FROM cards", True),
        ("SET statement_timeout = 0", True),
        ("SELECT pg_advisory_lock(1)", True),
        ("LISTEN card_changed", True),
        ("\nUPDATE cards\nSET revision = 1", False),
        ("SELECT count(*) FROM cards", False),
        ("SET LOCAL lock_timeout = 1", False),
        ("SELECT pg_advisory_xact_lock(1)", False),
    ],
)
def test_what_stays_on_a_connection_is_recognised(sql: str, refused: bool) -> None:
    assert bool(STATE_OF_A_SESSION.search(sql)) is refused


def test_no_clock_is_read_where_time_is_an_argument() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in WITHOUT_A_CLOCK
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in clocks(path.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import datetime\nx = datetime.datetime.now(datetime.UTC)", [2]),
        ("from datetime import datetime as d\nx = d.now()", [2]),
        ("import time as t\nx = t.time()", [2]),
        ("from time import time\nx = time()", [2]),
        ("from datetime import date\nx = date.today()", [2]),
        ("A_SQL = 'SELECT 1 WHERE at < NOW()'", [1]),
        ("A_SQL = 'INSERT INTO t VALUES (current_timestamp)'", [1]),
        ("async def f(conn: C, *, now: datetime) -> None:\n    '''As of now().'''\n    await g(conn, now=now)", []),
        ("import time\nx = time.monotonic()", []),
        ("x = clock.now()", []),
    ],
)
def test_a_clock_is_recognised(source: str, lines: list[int]) -> None:
    assert list(clocks(source)) == lines


def clocks(source: str) -> Iterator[int]:
    """The lines that read a clock, in Python or in SQL."""
    tree = ast.parse(source)
    known = imported(tree)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=read)) if read in CLOCKS:
                if known.get(ast.unparse(owner).split(".")[0]) in OWNERS_OF_CLOCKS:
                    yield node.lineno
            case ast.Call(func=ast.Name(id=read)) if known.get(read) in {"time.time", "time.time_ns"}:
                yield node.lineno
            case ast.Constant(value=str(text)) if id(node) not in prose and SQL_CLOCK.search(text):
                yield node.lineno


def imported(tree: ast.Module) -> dict[str, str]:
    """What the names of `datetime` and `time` are called in this module."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(module="datetime", names=names):
                found |= {alias.asname or alias.name: alias.name for alias in names}
            case ast.ImportFrom(module="time", names=names):
                found |= {alias.asname or alias.name: f"time.{alias.name}" for alias in names}
    return found


def test_folders_import_only_from_the_folders_below_them() -> None:
    program = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
