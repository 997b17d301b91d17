"""`regulars keys`."""

from datetime import timedelta
from typing import Annotated

from cyclopts import App, Parameter, validators

from auth import keys as signing
from infra.cli.app import answer, opened
from infra.wiring import opened_box

LEAD_HOURS_MAX = 24 * 30
LeadHours = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=LEAD_HOURS_MAX))]
"""At least as long as a verifier may keep the published keys; at most a month."""

keys = App(name="keys", help="The keys that sign access tokens, check-in codes and statements.")


@keys.command
async def rotate(*, lead_hours: LeadHours = 24, json: bool = False) -> None:
    """Publish the next keys now and sign with them after the lead, so that every verifier knows them by then.

    Nobody is signed out and no code dies: the old keys verify until the last thing they signed has ended.
    """
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with pool.acquire() as conn, conn.transaction():
            made = await signing.rotate(conn, box=box, lead=timedelta(hours=lead_hours), now=clock())
    answer({f"{key.purpose} key": f"{key.kid}, signs from {key.signs_from.isoformat()}" for key in made}, as_json=json)
