"""What reports say, whoever brings them, kept in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.database import Conn, Pool
from wallet.mail import deliveries
from wallet.mail import reports as reporting
from wallet.mail.deliveries import Delivery
from wallet.mail.reports import Report
from wallet.values import CardId, MerchantId


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of a report. `changed`: the sender's card, if their gift says something else now."""

    known: bool
    """Whether it is about a mail that we sent, and remember."""
    changed: tuple[MerchantId, CardId] | None = None


async def ingest(
    pool: Pool,
    *,
    tokens: Sequence[str] = (),
    message_id: str | None = None,
    report: Report | None,
    now: datetime,
) -> Ingested:
    """What the report says is committed, of the first of the tokens that is one of ours, else of the mail with this id.

    Nothing changes without a `report`, or if no mail of ours is meant.
    """
    async with pool.acquire() as conn, conn.transaction():
        delivery = await _delivery(conn, tokens, message_id)
        if delivery is None:
            return Ingested(known=False)
        changed = None
        if report is not None:
            changed = await reporting.take_in(conn, delivery=delivery, report=report, now=now)
    return Ingested(True, changed)


async def _delivery(conn: Conn, tokens: Sequence[str], message_id: str | None) -> Delivery | None:
    for token in tokens:
        if found := await deliveries.by_token(conn, token=token):
            return found
    return await deliveries.by_message_id(conn, message_id=message_id) if message_id else None
