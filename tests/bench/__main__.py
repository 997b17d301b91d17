"""Measures Regulars, the same work without GraphQL, and the bare statements, side by side in one run.

Three rounds, in each of which everybody has a turn at everything; what is printed are medians. Numbers of different
runs are not comparable: machines drift. The ratios inside one table are.
"""

import asyncio
import logging
import os
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter

import psutil

from infra.edge.logs import configure_logging
from tests.bench import opening, pgbench, report, single
from tests.bench.load import Plan
from tests.bench.operations import Operation, operations
from tests.bench.peers import Figures, Peer, bare_routes, load, the_api
from tests.bench.report import API, BARE, STATEMENTS, Measured
from tests.bench.stage import Stage, stage
from tests.bench.statements import scripts

ROUNDS = 3
SECONDS = 2.5
WARM_UP_SECONDS = 0.5
"""Long enough for every connection to have prepared its statements."""


async def main() -> None:
    began = perf_counter()
    configure_logging(style="console", level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="regulars-bench-logs-") as name:
        folder = Path(name)
        async with stage() as place:
            measured = await compared(place, folder)
    report.write(measured, rounds=ROUNDS, seconds=SECONDS, whole_seconds=perf_counter() - began, machine=machine())


async def compared(place: Stage, folder: Path) -> Measured:
    chosen = operations()
    said = await scripts(place, chosen)
    qr_code_ms, access_token_us = single.qr_code_ms(place), single.access_token_us(place)
    start = await single.start(place, folder, {operation.name: operation for operation in chosen})
    rounds = defaultdict[tuple[str, str], list[Figures]](list)
    async with the_api(place, folder) as api, bare_routes(place, folder) as bare:
        for _ in range(ROUNDS):
            for operation in chosen:
                rounds[operation.name, API].append(await load(plan_of(place, operation, api)))
                rounds[operation.name, BARE].append(await load(bare_plan_of(place, operation, bare)))
                rounds[operation.name, STATEMENTS].append(
                    await asyncio.to_thread(
                        pgbench.run,
                        place.dsn,
                        said[operation.name],
                        seconds=SECONDS,
                        warm_up_seconds=WARM_UP_SECONDS,
                    )
                )
        bombs_ms = await single.bombs_ms(api.port)
        pages = await opening.pages(place, folder)
        return Measured(
            rounds=rounds,
            qr_code_ms=qr_code_ms,
            access_token_us=access_token_us,
            bombs_ms=bombs_ms,
            start=start,
            pages=pages,
            api_memory_mb=single.memory_mb(api.process),
            worker_memory_mb=await single.worker_memory_mb(place, folder, api.port),
        )


def plan_of(place: Stage, operation: Operation, peer: Peer) -> Plan:
    return Plan(
        port=peer.port,
        requests=operation.ask(place, needed(operation)),
        expects=operation.expects,
        seconds=SECONDS,
        warm_up_seconds=WARM_UP_SECONDS,
        once=operation.once is not None,
    )


def bare_plan_of(place: Stage, operation: Operation, peer: Peer) -> Plan:
    return Plan(
        port=peer.port,
        requests=operation.ask_bare(place, needed(operation)),
        expects=operation.expects_bare,
        seconds=SECONDS,
        warm_up_seconds=WARM_UP_SECONDS,
        once=operation.once is not None,
    )


def needed(operation: Operation) -> int:
    return int((operation.once or 0) * (SECONDS + WARM_UP_SECONDS))


def machine() -> str:
    return f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB of memory"


if __name__ == "__main__":
    asyncio.run(main())
