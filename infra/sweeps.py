"""What time alone brings about: points that unlock or lapse, gifts that go back, secrets that are over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog

from auth import confirmations, sweeping
from infra.worker import Sweep
from wallet import check_ins, ledger
from wallet.database import Conn
from wallet.gifts import return_due
from wallet.values import CardId, MerchantId

TIDY_EVERY = timedelta(minutes=10)
TIDY_LIMIT = 1000

NO_WAITING_SQL = "SET LOCAL lock_timeout = '100ms'"

log = structlog.get_logger(__name__)

Changed = Sequence[tuple[MerchantId, CardId]]


async def settle_points(conn: Conn, *, limit: int, now: datetime) -> Changed:
    """Some cards on which something was due are settled: to lock a card is to settle it.

    Each by itself: one that somebody holds, or that cannot be settled, is left for the next time, and nobody waits.
    """
    due = await ledger.cards_due(conn, limit=limit, now=now)
    await conn.execute(NO_WAITING_SQL)
    changed = []
    for card in sorted(due, key=lambda card: (card.merchant_id, card.card_id)):
        try:
            async with conn.transaction():
                await ledger.lock_cards(conn, merchant_id=card.merchant_id, card_ids=[card.card_id], now=now)
        except (asyncpg.PostgresError, AssertionError) as trouble:
            log.warning("sweep.card_left", card_id=str(card.card_id), trouble=type(trouble).__name__)
        else:
            changed.append((card.merchant_id, card.card_id))
    return changed


class Tidying:
    """Forgets, every ten minutes, what is over: used codes, old attempts, counted tries. No card changes by it.

    Where there is more than it forgets at once, it goes on the next time it is called.
    """

    def __init__(self) -> None:
        self._next: datetime | None = None

    async def __call__(self, conn: Conn, *, limit: int, now: datetime) -> Changed:
        if self._next is not None and now < self._next:
            return []
        forgotten = await check_ins.forget(conn, limit=max(limit, TIDY_LIMIT), now=now)
        forgotten += await sweeping.sweep(conn, now=now)
        forgotten += await confirmations.sweep(conn, now=now)
        if not forgotten:
            self._next = now + TIDY_EVERY
        return []


def sweeps() -> tuple[Sweep, ...]:
    """All of them, in the order in which a worker goes through them."""
    return Sweep("points", settle_points), Sweep("gifts", return_due), Sweep("tidying", Tidying())
