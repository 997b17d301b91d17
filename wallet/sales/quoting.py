"""What a checkout with the same input would do. Writes nothing, locks nothing."""

from dataclasses import dataclass
from datetime import datetime

from wallet import baskets, earning, fingerprint, programs
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.earning import LineEarning
from wallet.errors import NotFound
from wallet.rules import carries_from_json
from wallet.sales import serving
from wallet.sales.serving import CustomerRef
from wallet.values import Minor, Points, Terminal

# The active balance as the ledger would find it under lock: what is due by now to activate or to expire is counted.
QUOTED_CARD_SQL = """
    SELECT c.revision, c.carries, (a.balance + d.activating - d.expiring)::bigint AS active
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(l.remaining) FILTER (
                   WHERE l.activated_at IS NULL AND l.activates_at <= $3 AND (l.expires_at IS NULL OR l.expires_at > $3)
               ), 0) AS activating,
               COALESCE(SUM(l.remaining) FILTER (
                   WHERE l.activated_at IS NOT NULL AND l.expires_at <= $3
               ), 0) AS expiring
        FROM lots AS l
        WHERE l.merchant_id = c.merchant_id AND l.card_id = c.card_id AND l.remaining > 0
    ) AS d
    WHERE c.merchant_id = $1 AND c.card_id = $2
"""


@dataclass(frozen=True, slots=True)
class Quote:
    """`balance_after` is the active balance after such a checkout: points that would wait are not in it.

    `quote_id` is the same for as long as the same input would have the same outcome on an unchanged card.
    """

    quote_id: str
    earns: Points
    lines: tuple[LineEarning, ...]
    balance_after: Points


async def quote(conn: Conn, *, terminal: Terminal, customer: CustomerRef, basket: Basket, now: datetime) -> Quote:
    """What a checkout of this basket would earn now.

    Raises what that checkout would raise: InvalidInput, NotFound, CodeInvalid, CodeExpired, CodeAlreadyUsed.
    """
    baskets.check(basket, currency=terminal.currency, now=now)
    served = await serving.whom(conn, terminal=terminal, customer=customer)
    serving.judge(served, at=now)
    occurred_at = min(basket.occurred_at or now, now)
    revision = await programs.revision_at(
        conn, merchant_id=terminal.merchant_id, program_id=served.program_id, at=occurred_at
    )
    card = await conn.fetchrow(QUOTED_CARD_SQL, terminal.merchant_id, served.card_id, now)
    if card is None:
        raise NotFound
    rules = revision.rules
    carry_minor = carries_from_json(card["carries"]).get(rules.rate, Minor(0))
    earned = earning.judge(rules, basket.lines, carry_minor=carry_minor, currency=basket.currency)
    at_once = earned.points if rules.activates_at(occurred_at) <= now else 0
    outcome = {
        "customer": serving.facts(customer),
        "basket": baskets.facts(basket),
        "card": str(served.card_id),
        "cardRevision": card["revision"],
        "carryMinor": carry_minor,
        "ruleRevision": revision.revision,
        "points": [line.points for line in earned.lines],
    }
    return Quote(
        quote_id=fingerprint.of("quote", outcome).hex(),
        earns=earned.points,
        lines=earned.lines,
        balance_after=Points(card["active"] + at_once),
    )
