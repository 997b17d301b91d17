"""What PostgreSQL's plans say: which tables a statement reads from end to end, and how many pages it touches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wallet.database import Conn

Node = Mapping[str, Any]

BY_INDEX = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}

PARAMETERS_SQL = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'planned'"


async def generic_plan(conn: Conn, sql: str) -> Node:
    """The plan for any parameters: what a statement gets that has been prepared and run often."""
    await conn.execute("SET plan_cache_mode = force_generic_plan")
    await conn.execute(f"PREPARE planned AS {sql}")
    try:
        nothing = ", ".join(["NULL"] * await conn.fetchval(PARAMETERS_SQL))
        return _read(await conn.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE planned {f'({nothing})' if nothing else ''}"))
    finally:
        await conn.execute("DEALLOCATE planned")
        await conn.execute("RESET plan_cache_mode")


async def plan_for(conn: Conn, sql: str, arguments: Sequence[object]) -> Node:
    """The plan that is made for these arguments."""
    return _read(await conn.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *arguments))


async def pages_touched(conn: Conn, sql: str, arguments: Sequence[object]) -> int:
    """Runs it, and counts the pages of tables and indexes that it looked at, each time that it did."""
    found = _read(await conn.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments))
    return int(found["Shared Hit Blocks"]) + int(found["Shared Read Blocks"])


def read_whole(plan: Node) -> set[str]:
    """The tables that the plan reads from end to end, in their own order or in that of an index.

    Reading along an index until there are enough rows is no reading of the whole.
    """
    found = set()
    for node, limited in _nodes(plan, limited=False):
        kind = node["Node Type"]
        if kind == "Seq Scan":
            found.add(str(node["Relation Name"]))
        elif kind in BY_INDEX and "Index Cond" not in node and not limited:
            found.add(str(node.get("Relation Name", node["Index Name"])))
    return found


def _nodes(node: Node, *, limited: bool) -> Iterator[tuple[Node, bool]]:
    yield node, limited
    for below in node.get("Plans", ()):
        yield from _nodes(below, limited=limited or node["Node Type"] == "Limit")


def _read(explained: Sequence[Mapping[str, Node]]) -> Node:
    return explained[0]["Plan"]
