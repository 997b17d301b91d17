"""The root of the command line, and how its commands answer."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NoReturn

from cyclopts import App

from infra import settings as environment
from infra.clock import DEMO_CLOCK, Clock, DemoClock, system_clock
from infra.pool import Pool
from infra.settings import Settings
from infra.wiring import connected

app = App(name="regulars", help="Regulars: turns a shop's customers into regulars.", version="0.1.0")


def answer(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Prints the facts: one JSON object for a script, or a line each for a person."""
    if as_json:
        print(json.dumps(facts, default=str))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Settings, Pool, Clock]]:
    """The settings, a pool on the migrated database, and its time: a demo's may have been moved forward."""
    settings = environment.load()
    async with connected(settings, application_name="regulars cli") as (_, pool):
        yield (
            settings,
            pool,
            DemoClock(settings.data_dir / DEMO_CLOCK) if settings.database_url is None else system_clock,
        )


def note(sentence: str) -> None:
    """Says something to the person at the terminal that no script reads."""
    print(sentence, file=sys.stderr)


def fail(sentence: str) -> NoReturn:
    """Says what to mend, without a traceback; exit code 2."""
    print(sentence, file=sys.stderr)
    sys.exit(2)
