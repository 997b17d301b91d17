"""Sends a gift of money as the API does, in a process that may be killed: `python -m tests.faults.sender`."""

import asyncio
import sys
from uuid import UUID

from auth.viewers import Anonymous
from infra import settings as environment
from infra.clock import system_clock
from infra.runtime import Runtime, running
from resolvers import payments as paying
from resolvers.context import RequestContext
from tests.wallet.payments.scenes import gift_of
from wallet.values import CardId, CustomerId, MerchantId, ProgramId


async def send(runtime: Runtime, sender: tuple[MerchantId, ProgramId, CustomerId, CardId]) -> None:
    """One gift: begun in a transaction, then made known to the provider."""
    now = runtime.clock()
    async with runtime.pool.acquire() as conn, conn.transaction():
        payment = await gift_of(conn, *sender, provider="builtin", now=now)
    context = RequestContext(
        viewer=Anonymous(),
        now=now,
        wished_locale="en",
        pool=runtime.pool,
        box=runtime.box,
        rings=runtime.rings,
        changes=runtime.changes,
        client=b"",
        payments=runtime.providers["builtin"],
    )
    started = await paying.start(context, payment)
    assert started.url is not None


async def main() -> None:
    settings = environment.load()
    merchant, program, customer, card = (UUID(said) for said in sys.argv[1:5])
    async with running(settings, system_clock, name="regulars sender") as runtime:
        sys.stdout.write('{"event": "working"}\n')
        sys.stdout.flush()
        sys.stdin.readline()
        await send(runtime, (MerchantId(merchant), ProgramId(program), CustomerId(customer), CardId(card)))


if __name__ == "__main__":
    asyncio.run(main())
