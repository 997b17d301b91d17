"""How much may be sent, how often, to how many. Counted under the lock of the sender's card.

What is counted are the events that made a mail leave, and not the gifts: a gift knows only its latest recipient, and a
mailbox that was written to stays one when the address is corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wallet.database import Conn
from wallet.errors import GiftLimitReached, InvalidInput, TooManyAttempts
from wallet.ledger import LockedCard
from wallet.rules import GiftRules
from wallet.values import Phrase, Points

DAY = timedelta(hours=24)

# The event of the operation that asks was written before it asks, and is told by its key: it does not count.
MAILED_SINCE_SQL = """
    SELECT e.at, e.recipient_email_key, e.kind = 'CREATED' AS made
    FROM gift_events AS e
    JOIN gifts AS g ON g.merchant_id = e.merchant_id AND g.gift_id = e.gift_id
    WHERE e.merchant_id = $1 AND e.customer_id = $2 AND e.at > $3 AND e.recipient_email_key IS NOT NULL
      AND g.sender_card_id = $4 AND e.idempotency_key <> $5
    ORDER BY e.at, e.event_id
"""


@dataclass(frozen=True, slots=True)
class SentLately:
    """A mail on its way to `recipient`: that of a gift that was `made` then, or sent again."""

    at: datetime
    recipient: str
    made: bool = True


async def check(
    conn: Conn,
    card: LockedCard,
    *,
    rules: GiftRules,
    points: Points,
    recipient_email_key: str,
    idempotency_key: UUID,
    now: datetime,
) -> None:
    """The program lets one more gift of these points go from the card to this recipient now.

    Raises InvalidInput for too few points, and GiftLimitReached for too many at once, or in the last 24 hours too many
    gifts or too many recipients; then it says when the next would pass. A gift counts whatever became of it, and so
    does every mailbox that it was sent to.
    """
    if points < rules.min_points:
        raise InvalidInput.of("points", "gift_too_small", least_points=rules.min_points)
    if not (rules.per_day and rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gifts_not_offered"), None)
    if points > rules.max_points:
        raise GiftLimitReached(Phrase("gift_too_large", {"most_points": rules.max_points}), None)
    sent = await _sent_lately(conn, card, idempotency_key, now=now)
    if retry_at := next_gift_at([gift for gift in sent if gift.made], rules.per_day):
        raise GiftLimitReached(Phrase("gifts_per_day", {"gifts": rules.per_day}), retry_at)
    if retry_at := next_recipient_at(sent, recipient_email_key, rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gift_recipients_per_day", {"recipients": rules.recipients_per_day}), retry_at)


async def check_resend(
    conn: Conn,
    card: LockedCard,
    *,
    rules: GiftRules,
    recipient_email_key: str,
    idempotency_key: UUID,
    now: datetime,
) -> None:
    """A mail to this recipient makes no more recipients in 24 hours than the program lets the card have.

    One a day always passes: a program that offers gifts no more lets those that are open be mended. Raises
    TooManyAttempts, which says when it would pass.
    """
    sent = await _sent_lately(conn, card, idempotency_key, now=now)
    if retry_at := next_recipient_at(sent, recipient_email_key, max(rules.recipients_per_day, 1)):
        raise TooManyAttempts(retry_at)


async def _sent_lately(conn: Conn, card: LockedCard, idempotency_key: UUID, *, now: datetime) -> list[SentLately]:
    rows = await conn.fetch(
        MAILED_SINCE_SQL, card.merchant_id, card.customer_id, now - DAY, card.card_id, idempotency_key
    )
    return [SentLately(row["at"], row["recipient_email_key"], row["made"]) for row in rows]


def next_gift_at(sent: Sequence[SentLately], limit: int) -> datetime | None:
    """When fewer than `limit` of them (oldest first) are younger than a day; None if that is so already."""
    return sent[-limit].at + DAY if len(sent) >= limit else None


def next_recipient_at(sent: Sequence[SentLately], recipient: str, limit: int) -> datetime | None:
    """When a gift to `recipient` makes no more than `limit` recipients in a day; None if that is so already."""
    last = {gift.recipient: gift.at for gift in sent}
    if recipient in last or len(last) < limit:
        return None
    return sorted(last.values())[-limit] + DAY
