"""A replay of the rules that were in force, beside what they gave."""

from dataclasses import replace
from datetime import timedelta

from tests.baskets.counter import Counter
from wallet import programs, replaying
from wallet.database import Conn
from wallet.midnights import midnight

DAYS = (400, 180, 90, 30)

NEWEST_SQL = """
    SELECT merchant_id, program_id, MAX(posted_at) AS at
    FROM sales
    WHERE merchant_id = $1
    GROUP BY merchant_id, program_id
"""


async def assert_replayed(conn: Conn, till: Counter) -> None:
    """Wherever the replay begins, it gives what was given: points, bonuses, caps, stamps, tiers.

    Full punch cards may be others, where goods came back after the voucher had been used: a replay takes it that it was
    not.
    """
    row = await conn.fetchrow(NEWEST_SQL, till.place.merchant_id)
    assert row is not None
    program = await programs.get(conn, merchant_id=row["merchant_id"], program_id=row["program_id"], now=row["at"])
    for days in DAYS:
        since = midnight(row["at"].astimezone(program.zone).date() - timedelta(days=days), program.zone)
        found = await replaying.replay(conn, program=program, draft=program.rules, since=since, now=row["at"])
        assert found.sales > 0
        assert replace(found.draft, full_cards=found.given.full_cards) == found.given, (days, found.draft, found.given)
        assert (found.gaining, found.losing) == (0, 0)
