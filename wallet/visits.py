"""Visits: for fifteen minutes after a scan, or an enrolment, the store knows whom it serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet import scans
from wallet.check_ins import as_bigint
from wallet.database import Conn, Row
from wallet.errors import NotFound
from wallet.tiers import Standing
from wallet.values import (
    CardId,
    CheckInPurpose,
    MerchantId,
    OperatorId,
    Points,
    ProgramId,
    ScannedCode,
    Terminal,
    VisitId,
)

LIFE = timedelta(minutes=15)

# Using the code up and opening the visit is one statement: no visit without a used code, no used code without a visit,
# and a round trip less while the queue waits.
OPEN_BY_SCAN_SQL = """
    WITH used AS (
        INSERT INTO used_codes (merchant_id, jti, card_id, terminal_id, used_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        RETURNING merchant_id, card_id, terminal_id, used_at
    )
    INSERT INTO visits (merchant_id, store_id, terminal_id, card_id, purpose, opened_at, expires_at, operator_id)
    SELECT used.merchant_id, $6, used.terminal_id, used.card_id, $7, used.used_at, $8, $9
    FROM used
    RETURNING merchant_id, visit_id, card_id, purpose, opened_at, expires_at
"""

FIND_SQL = """
    SELECT merchant_id, visit_id, card_id, purpose, opened_at, expires_at
    FROM visits
    WHERE merchant_id = $1 AND visit_id = $2 AND store_id = $3 AND expires_at > $4
"""

# A name that another merchant's customer gave is not told to whoever types their address into a till: only once they
# have shown this merchant a code.
MEMBER_CARD_SQL = """
    SELECT c.merchant_id, c.card_id,
           CASE WHEN u.created_at < c.joined_at AND EXISTS (
                    SELECT FROM visits AS v
                    WHERE v.merchant_id = c.merchant_id AND v.card_id = c.card_id AND NOT v.already_member
                ) AND NOT EXISTS (
                    SELECT FROM visits AS v
                    WHERE v.merchant_id = c.merchant_id AND v.card_id = c.card_id AND v.idempotency_key IS NULL
                      AND NOT v.looked_up
                )
                THEN NULL ELSE u.name END AS display_name,
           right(c.number, 4) AS number_last4, p.point_name,
           p.point_name_plural, a.balance AS active, w.balance AS pending, c.revision, c.program_id, c.stamps,
           c.tier, c.tier_since, c.tier_until, c.tier_review_at
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS w ON w.merchant_id = c.merchant_id AND w.account_id = c.pending_account_id
    WHERE c.merchant_id = $1 AND c.card_id = $2
"""

# The same of many: what is told of one is told of each of them.
MEMBER_CARDS_SQL = """
    SELECT c.merchant_id, c.card_id,
           CASE WHEN u.created_at < c.joined_at AND EXISTS (
                    SELECT FROM visits AS v
                    WHERE v.merchant_id = c.merchant_id AND v.card_id = c.card_id AND NOT v.already_member
                ) AND NOT EXISTS (
                    SELECT FROM visits AS v
                    WHERE v.merchant_id = c.merchant_id AND v.card_id = c.card_id AND v.idempotency_key IS NULL
                      AND NOT v.looked_up
                )
                THEN NULL ELSE u.name END AS display_name,
           right(c.number, 4) AS number_last4, p.point_name,
           p.point_name_plural, a.balance AS active, w.balance AS pending, c.revision, c.program_id, c.stamps,
           c.tier, c.tier_since, c.tier_until, c.tier_review_at
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS w ON w.merchant_id = c.merchant_id AND w.account_id = c.pending_account_id
    WHERE c.merchant_id = $1 AND c.card_id = ANY($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Visit:
    merchant_id: MerchantId
    visit_id: VisitId
    card_id: CardId
    purpose: CheckInPurpose
    opened_at: datetime
    expires_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> "Visit":
        return cls(
            merchant_id=row["merchant_id"],
            visit_id=row["visit_id"],
            card_id=row["card_id"],
            purpose=CheckInPurpose(row["purpose"]),
            opened_at=row["opened_at"],
            expires_at=row["expires_at"],
        )


@dataclass(frozen=True, slots=True)
class MemberCard:
    """What a till may see of a card: the name if the customer gave one, never the email address."""

    merchant_id: MerchantId
    card_id: CardId
    display_name: str | None
    number_last4: str
    point_name: str
    point_name_plural: str
    active: Points
    pending: Points
    revision: int
    program_id: ProgramId
    stamps: int
    standing: Standing

    @classmethod
    def from_row(cls, row: Row) -> "MemberCard":
        return cls(
            merchant_id=row["merchant_id"],
            card_id=row["card_id"],
            display_name=row["display_name"],
            number_last4=row["number_last4"],
            point_name=row["point_name"],
            point_name_plural=row["point_name_plural"],
            active=row["active"],
            pending=row["pending"],
            revision=row["revision"],
            program_id=row["program_id"],
            stamps=row["stamps"],
            standing=Standing(row["tier"], row["tier_since"], row["tier_until"], row["tier_review_at"]),
        )


async def open_by_scan(
    conn: Conn, *, terminal: Terminal, code: ScannedCode, operator_id: OperatorId | None = None, now: datetime
) -> Visit:
    """The code is used up, and a visit of its card is open at the terminal's store. Two statements.

    Raises CodeInvalid, CodeExpired, CodeAlreadyUsed; of any number of scans of one code at once one opens a visit.
    """
    identified = await scans.identify(conn, terminal=terminal, code=code)
    scans.judge(identified, at=now)
    row = await conn.fetchrow(
        OPEN_BY_SCAN_SQL,
        terminal.merchant_id,
        as_bigint(identified.jti),
        identified.card_id,
        terminal.terminal_id,
        now,
        terminal.store_id,
        identified.purpose,
        now + LIFE,
        operator_id,
    )
    if row is None:
        raise await scans.already_used(conn, terminal=terminal, identified=identified)
    return Visit.from_row(row)


async def find(conn: Conn, *, terminal: Terminal, visit_id: VisitId, now: datetime) -> Visit:
    """The open visit of the terminal's own store. Raises NotFound for another store's, and once its time is over."""
    row = await conn.fetchrow(FIND_SQL, terminal.merchant_id, visit_id, terminal.store_id, now)
    if row is None:
        raise NotFound
    return Visit.from_row(row)


async def member_card(conn: Conn, *, merchant_id: MerchantId, card_id: CardId) -> MemberCard:
    """The card as the till shows it, as of its `revision`. Raises NotFound."""
    row = await conn.fetchrow(MEMBER_CARD_SQL, merchant_id, card_id)
    if row is None:
        raise NotFound
    return MemberCard.from_row(row)


async def member_cards(conn: Conn, *, merchant_id: MerchantId, card_ids: Sequence[CardId]) -> dict[CardId, MemberCard]:
    """Those of the cards that there are, as `member_card`, in one statement; none for no cards."""
    if not card_ids:
        return {}
    rows = await conn.fetch(MEMBER_CARDS_SQL, merchant_id, card_ids)
    return {card.card_id: card for card in map(MemberCard.from_row, rows)}
