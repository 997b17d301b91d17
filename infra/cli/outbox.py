"""`regulars outbox`: what the worker could not carry out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import App, Parameter, validators

from infra.cli.app import answer, note, opened
from infra.jobs import dead_letters as meaning
from wallet import dead_letters
from wallet.dead_letters import Letter, ids_of
from wallet.errors import NotFound

Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=10_000))]

outbox = App(name="outbox", help="Work that failed too often and waits for you to decide.")


@outbox.command(name="list")
async def list_letters(*, failing: bool = False, most: Most = 100, json: bool = False) -> None:
    """List the jobs that were given up, the latest first: what they are about, why they failed, since when.

    Parameters
    ----------
    failing
        Also those that failed and are still tried.
    """
    async with opened() as (_, pool, _clock), pool.acquire() as conn:
        found = await dead_letters.failing(conn, limit=most) if failing else []
        found += await dead_letters.listed(conn, limit=most)
    if json:
        answer({"jobs": [_facts(each) for each in found]}, as_json=True)
        return
    for each in found:
        print(_line(each))


@outbox.command(name="retry")
async def retry_letter(job: int, *, json: bool = False) -> None:
    """Try a job that failed again from now on, as often and with the same pauses as a new one."""
    with said_if_missing():
        async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
            now = clock()
            revived = await dead_letters.revive(conn, outbox_id=job, now=now)
            await meaning.revived(conn, revived, now)
    answer({"retried": job, "topic": revived.topic, **ids_of(revived.payload)}, as_json=json)


@outbox.command(name="drop")
async def drop_letter(job: int, *, json: bool = False) -> None:
    """Let a job that failed go for good, and say what is given up with it."""
    with said_if_missing():
        async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
            now = clock()
            dropped = await dead_letters.drop(conn, outbox_id=job, now=now)
            given_up = await meaning.dropped(conn, dropped, now)
    answer({"dropped": job, "topic": dropped.topic, **ids_of(dropped.payload), "givenUp": given_up}, as_json=json)


def _facts(each: Letter) -> dict[str, object]:
    return {
        "job": each.outbox_id,
        "topic": each.topic,
        **each.ids,
        "tries": each.tries,
        "lastError": each.last_error,
        "createdAt": each.created_at.isoformat(),
        "nextAt": each.run_at.isoformat() if each.dead_at is None else None,
        "deadAt": each.dead_at.isoformat() if each.dead_at else None,
    }


def _line(each: Letter) -> str:
    ids = ", ".join(f"{name} {value}" for name, value in each.ids.items())
    state = f"given up {each.dead_at:%Y-%m-%d %H:%M}" if each.dead_at else f"tried again {each.run_at:%Y-%m-%d %H:%M}"
    error = each.last_error or "no worker lived to say"
    since = f"{each.created_at:%Y-%m-%d %H:%M}"
    return f"{each.outbox_id}  {each.topic}  {ids}: {error}, {each.tries} tries since {since} UTC, {state} UTC"


@contextmanager
def said_if_missing() -> Iterator[None]:
    """That there is no such job is said in a sentence; exit code 2."""
    try:
        yield
    except NotFound:
        note("No such job has failed, or a worker has it in its hands.")
        sys.exit(2)
