"""How much may be sent, how often, to how many. Counted under the lock of the sender's card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.database import Conn
from wallet.errors import GiftLimitReached, InvalidInput
from wallet.ledger import LockedCard
from wallet.rules import GiftRules
from wallet.values import Phrase, Points

DAY = timedelta(hours=24)

SENT_SINCE_SQL = """
    SELECT created_at, recipient_email_key
    FROM gifts
    WHERE merchant_id = $1 AND sender_card_id = $2 AND created_at > $3
    ORDER BY created_at
"""


@dataclass(frozen=True, slots=True)
class SentLately:
    at: datetime
    recipient: str


async def check(
    conn: Conn, card: LockedCard, *, rules: GiftRules, points: Points, recipient_email_key: str, now: datetime
) -> None:
    """The program lets one more gift of these points go from the card to this recipient now.

    Raises InvalidInput for too few points, and GiftLimitReached for too many at once, or in the last 24 hours too many
    gifts or too many recipients; then it says when the next would pass. A gift counts whatever became of it.
    """
    if points < rules.min_points:
        raise InvalidInput.of("points", "gift_too_small", least_points=rules.min_points)
    if not (rules.per_day and rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gifts_not_offered"), None)
    if points > rules.max_points:
        raise GiftLimitReached(Phrase("gift_too_large", {"most_points": rules.max_points}), None)
    rows = await conn.fetch(SENT_SINCE_SQL, card.merchant_id, card.card_id, now - DAY)
    sent = [SentLately(row["created_at"], row["recipient_email_key"]) for row in rows]
    if retry_at := next_gift_at(sent, rules.per_day):
        raise GiftLimitReached(Phrase("gifts_per_day", {"gifts": rules.per_day}), retry_at)
    if retry_at := next_recipient_at(sent, recipient_email_key, rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gift_recipients_per_day", {"recipients": rules.recipients_per_day}), retry_at)


def next_gift_at(sent: Sequence[SentLately], limit: int) -> datetime | None:
    """When fewer than `limit` of them (oldest first) are younger than a day; None if that is so already."""
    return sent[-limit].at + DAY if len(sent) >= limit else None


def next_recipient_at(sent: Sequence[SentLately], recipient: str, limit: int) -> datetime | None:
    """When a gift to `recipient` makes no more than `limit` recipients in a day; None if that is so already."""
    last = {gift.recipient: gift.at for gift in sent}
    if recipient in last or len(last) < limit:
        return None
    return sorted(last.values())[-limit] + DAY
