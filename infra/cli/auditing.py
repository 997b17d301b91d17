"""`regulars audit`."""

import sys
from dataclasses import asdict

from infra.cli.app import answer, opened
from wallet import audit as auditing
from wallet.audit import Verdict

ONE_MOMENT_SQL = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
NO_HURRY_SQL = "SET LOCAL statement_timeout = 0"


async def audit(*, json: bool = False) -> None:
    """Prove the ledger's laws on the live database, as it stands at one moment, without blocking anybody.

    Exit code 1 if a law is broken.
    """
    verdicts: list[Verdict] = []
    async with opened() as (_, pool, _clock), pool.acquire() as conn, conn.transaction():
        await conn.execute(ONE_MOMENT_SQL)
        await conn.execute(NO_HURRY_SQL)
        extent = await auditing.extent(conn)
        async for verdict in auditing.verdicts(conn):
            verdicts.append(verdict)
            if not json:
                print(f"{'broken' if verdict.count else 'holds '}  {verdict.law}")
                for line in verdict.broken:
                    print(f"        {line}")
    if json:
        answer({"laws": [asdict(verdict) for verdict in verdicts], "looked_at": asdict(extent)}, as_json=True)
    else:
        print()
        answer(asdict(extent), as_json=False)
    if any(verdict.count for verdict in verdicts):
        sys.exit(1)
