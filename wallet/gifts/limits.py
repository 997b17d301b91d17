"""How much may be sent, how often, to how many. Counted under the lock of the sender's card.

What is counted are the events that made a mail leave, and not the gifts: a gift knows only its latest recipient, and a
mailbox that was written to stays one when the address is corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wallet.database import Conn
from wallet.errors import GiftLimitReached, InvalidInput, Problem, TooManyAttempts
from wallet.ledger import LockedCard
from wallet.rules import GiftRules
from wallet.values import Money, Phrase, Points

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


# What was never paid for is no value that was sent; it counts as a gift all the same, so that cards are not tried here.
VALUE_SINCE_SQL = """
    SELECT g.created_at, g.value_minor
    FROM gifts AS g
    LEFT JOIN payments AS p ON p.merchant_id = g.merchant_id AND p.gift_id = g.gift_id
    WHERE g.merchant_id = $1 AND g.sender_card_id = $2 AND g.kind = 'VALUE' AND g.created_at > $3
      AND (p.payment_id IS NULL OR p.state NOT IN ('FAILED', 'CANCELLED'))
    ORDER BY g.created_at, g.gift_id
"""

# One that was paid for long enough ago, and whose money nobody has asked back.
SENT_LARGE_SQL = """
    SELECT EXISTS (
        SELECT FROM gifts AS g
        JOIN payments AS p ON p.merchant_id = g.merchant_id AND p.gift_id = g.gift_id
        WHERE g.merchant_id = $1 AND g.sender_card_id = $2 AND g.kind = 'VALUE' AND g.value_minor > $3
          AND p.state = 'PAID' AND p.disputed_at IS NULL AND p.paid_at <= $4
    )
"""

# Of all senders. Under the lock of the sender's card alone: two who send at the same moment may be counted one by one.
MAILBOX_SINCE_SQL = """
    SELECT e.at
    FROM gift_events AS e
    WHERE e.merchant_id = $1 AND e.recipient_email_key = $2 AND e.at > $3 AND e.kind = 'CREATED'
      AND e.idempotency_key <> $4
    ORDER BY e.at, e.event_id
"""

HOLD = timedelta(hours=24)
"""So long a first large gift waits before its mail leaves, counted from its payment."""


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
    points: Points | None = None,
    value: Money | None = None,
    recipient_email_key: str,
    idempotency_key: UUID,
    now: datetime,
) -> None:
    """The program lets one more gift, of these points, of this value, or of a reward, go from the card to this
    recipient now.

    Raises InvalidInput for too little, and GiftLimitReached for too much at once, or in the last 24 hours too much
    money, too many gifts, too many recipients or, of this recipient, too many gifts from anybody; then it says when the
    next would pass. A gift counts whatever became
    of it, and so does every mailbox that it was sent to; of unpaid ones no money counts.
    """
    if points is not None and points < rules.min_points:
        raise InvalidInput.of("points", "gift_too_small", least_points=rules.min_points)
    if value is not None and value.amount_minor < rules.value_min_minor:
        facts: dict[str, str | int] = {"least_minor": rules.value_min_minor, "currency": value.currency}
        raise InvalidInput([Problem("valueMinor", Phrase("gift_value_too_small", facts))])
    if not (rules.per_day and rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gifts_not_offered"), None)
    if points is not None:
        check_most(points, rules=rules)
    if value is not None:
        await _check_value(conn, card, rules, value, now=now)
    sent = await _sent_lately(conn, card, idempotency_key, now=now)
    if retry_at := next_gift_at([gift for gift in sent if gift.made], rules.per_day):
        raise GiftLimitReached(Phrase("gifts_per_day", {"gifts": rules.per_day}), retry_at)
    if retry_at := next_recipient_at(sent, recipient_email_key, rules.recipients_per_day):
        raise GiftLimitReached(Phrase("gift_recipients_per_day", {"recipients": rules.recipients_per_day}), retry_at)
    if most := rules.per_recipient_per_day:
        rows = await conn.fetch(MAILBOX_SINCE_SQL, card.merchant_id, recipient_email_key, now - DAY, idempotency_key)
        if len(rows) >= most:
            raise GiftLimitReached(Phrase("gift_mailbox_full"), rows[-most]["at"] + DAY)


def check_most(points: Points, *, rules: GiftRules) -> None:
    """So many points may be given at once, as points or as a reward that costs them. Raises GiftLimitReached."""
    if points > rules.max_points:
        raise GiftLimitReached(Phrase("gift_too_large", {"most_points": rules.max_points}), None)


async def _check_value(conn: Conn, card: LockedCard, rules: GiftRules, value: Money, *, now: datetime) -> None:
    if not rules.sends_value:
        raise GiftLimitReached(Phrase("value_gifts_not_offered"), None)
    most = min(rules.value_max_minor, rules.value_per_day_minor)
    if value.amount_minor > most:
        raise GiftLimitReached(Phrase("gift_value_too_large", {"most_minor": most, "currency": value.currency}), None)
    rows = await conn.fetch(VALUE_SINCE_SQL, card.merchant_id, card.card_id, now - DAY)
    lately = [(row["created_at"], row["value_minor"]) for row in rows]
    if retry_at := next_value_at(lately, value.amount_minor, rules.value_per_day_minor):
        facts: dict[str, str | int] = {"day_minor": rules.value_per_day_minor, "currency": value.currency}
        raise GiftLimitReached(Phrase("gift_value_per_day", facts), retry_at)


async def is_held(conn: Conn, card: LockedCard, *, rules: GiftRules, value: Money, now: datetime) -> bool:
    """Whether the card sends so much for the first time: what it sent lately may yet turn out not to be its own."""
    if value.amount_minor <= rules.value_hold_minor:
        return False
    return not await conn.fetchval(SENT_LARGE_SQL, card.merchant_id, card.card_id, rules.value_hold_minor, now - HOLD)


def next_value_at(lately: Sequence[tuple[datetime, int]], amount: int, limit: int) -> datetime | None:
    """When `amount` more makes no more than `limit` in a day, of what was sent (oldest first); None if it does now."""
    total = amount + sum(each for _, each in lately)
    for at, each in lately:
        if total <= limit:
            break
        total, last = total - each, at
        if total <= limit:
            return last + DAY
    return None


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
