"""The statements that the API sends for an operation, as a script for pgbench that sends the same ones.

They are read from the application while it serves one request. What belongs to the member is drawn anew in every
transaction, keys and codes are fresh, and what one statement returned is what the next one is told.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import httpx

from tests.bench.operations import Operation
from tests.bench.single import asked_ms
from tests.bench.stage import Member, Stage
from tests.database import Database
from tests.live import live_application
from wallet.check_ins import as_bigint
from wallet.ledger.locking import READ_CARDS_SQL
from wallet.ledger.posting import POST_SQL
from wallet.sales.recording import INSERT_SALE_SQL
from wallet.sales.writing import FINISH_SALE_SQL
from wallet.scans import IDENTIFY_SIGNED_SQL
from wallet.visits import OPEN_BY_SCAN_SQL

PARAMETER = re.compile(r"\$(\d+)")
NOT_OURS = re.compile(r"typeinfo_tree|current_setting\('jit'\)|pg_notify|FROM signing_keys")
"""What asyncpg asks once a connection, what is said after the answer, and what is asked once a minute."""

OBJECTS = re.compile(r"jsonb_to_record(?:set)?\(\$(\d+)\)")
"""A parameter that is JSON, which an empty list does not say of itself."""

AS_IT_WAS = "{as it was}"
"""Stands in place of a parameter for what the API was heard to send."""

FRESH: Mapping[str, Mapping[int, str]] = {
    INSERT_SALE_SQL: {13: "gen_random_uuid()"},
    IDENTIFY_SIGNED_SQL: {4: ":jti::bigint"},
    OPEN_BY_SCAN_SQL: {2: ":jti::bigint"},
    POST_SQL: {
        4: ":seq::bigint",
        9: ":active_after::bigint",
        12: ":lifetime_after::bigint",
        16: ":sale_sale_id::uuid",
        22: "ARRAY[:card_active_account_id::uuid]",
    },
    FINISH_SALE_SQL: {
        2: ":sale_sale_id::uuid",
        10: f"jsonb_set({AS_IT_WAS}, '{{entry_seq}}', to_jsonb(:seq::bigint))",
    },
}
"""What stands in place of a parameter of these statements."""

REMEMBERED: Mapping[str, str] = {
    INSERT_SALE_SQL: "\\gset sale_",
    READ_CARDS_SQL: """\\gset card_
\\set seq :card_revision + 1
\\set active_after :card_active + 32
\\set lifetime_after :card_lifetime_earned + 32""",
}
"""What is done with the row that these return; anything else is read and dropped."""

BEGINNING = """\\set n random(1, {members})
\\set jti random(1, 4611686018427387904)
"""


@dataclass(frozen=True, slots=True)
class Statement:
    query: str
    arguments: Sequence[Any]


async def scripts(stage: Stage, chosen: Sequence[Operation]) -> dict[str, str]:
    """A script for each operation, by its name."""
    heard: list[Statement] = []
    database = Database("regulars", stage.dsn, stage.dsn, stage.dsn)

    def hear(logged: Any) -> None:
        if not NOT_OURS.search(logged.query):
            heard.append(Statement(logged.query, logged.args))

    found = {}
    async with (
        live_application(database, with_worker=False, on_query=hear) as live,
        httpx.AsyncClient(base_url=live.base_url, trust_env=False) as http,
    ):
        for operation in chosen:
            heard.clear()
            await asked_ms(http, operation.ask(stage, 1)[0], operation.expects)
            # asyncpg tells its loggers in a later turn of the loop.
            await asyncio.sleep(0.01)
            members = stage.readers if operation.name in {"history", "home screen"} else stage.buyers
            found[operation.name] = script(heard, members)
    return found


def script(statements: Sequence[Statement], members: Sequence[Member]) -> str:
    """The statements of one transaction of pgbench, for a member that is drawn."""
    drawn = {
        **array_of([member.card_id for member in members], "uuid"),
        **array_of([member.customer_id for member in members], "uuid"),
        **array_of([member.session_id for member in members], "uuid"),
        **array_of([member.visit_id for member in members], "uuid"),
        **array_of([as_bigint(member.reference) for member in members], "bigint"),
    }
    said = [
        filled(each, drawn) + (f" {REMEMBERED[each.query]}\n" if each.query in REMEMBERED else ";\n")
        for each in statements
    ]
    return "".join([BEGINNING.format(members=len(members)), *said])


def filled(statement: Statement, drawn: Mapping[Any, str]) -> str:
    """The statement with what stands for its parameters."""
    fresh, objects = FRESH.get(statement.query, {}), set(map(int, OBJECTS.findall(statement.query)))

    def argument(found: re.Match[str]) -> str:
        number = int(found[1])
        value = statement.arguments[number - 1]
        heard = json_literal(value) if number in objects and value is not None else literal(value, drawn)
        return fresh.get(number, AS_IT_WAS).replace(AS_IT_WAS, heard)

    return PARAMETER.sub(argument, " ".join(statement.query.split()).removesuffix(";"))


def array_of(values: Sequence[UUID | int], kind: str) -> dict[UUID | int, str]:
    """For the first of the values, as it stands in the captured statements: the one that was drawn."""
    listed = ",".join(str(value) for value in values)
    return {values[0]: f"('{{{listed}}}'::{kind}[])[:n::int]"}


def literal(value: Any, drawn: Mapping[Any, str]) -> str:
    """The value as SQL. A list is an array whose type its statement states, or JSON if there are objects in it."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case UUID() | int() if value in drawn:
            return drawn[value]
        case int():
            return str(value)
        case UUID():
            return f"'{value}'::uuid"
        case datetime():
            return f"'{value.isoformat()}'::timestamptz"
        case date():
            return f"'{value.isoformat()}'::date"
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case dict() | [dict(), *_]:
            return json_literal(value)
        case list():
            return "ARRAY[" + ", ".join(literal(each, drawn) for each in value) + "]"
    raise TypeError(type(value).__name__)


def json_literal(value: Any) -> str:
    return "'" + json.dumps(value).replace("'", "''") + "'::jsonb"
