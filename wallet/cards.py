"""Cards: a customer's membership in one program."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import damm, fingerprint, ledger, programs
from wallet.database import Conn, Row
from wallet.errors import IdempotencyKeyReused, NotFound
from wallet.ledger import Cause
from wallet.programs import Program
from wallet.tiers import Standing
from wallet.values import CardId, CustomerId, EntryKind, MerchantId, Phrase, Points, ProgramId

FIND_CARD_SQL = """
    SELECT c.merchant_id, c.card_id, c.program_id, c.customer_id, c.number, c.revision, c.lifetime_earned, c.joined_at,
           c.stamps, c.tier, c.tier_since, c.tier_until, c.tier_review_at,
           COALESCE(b.active, 0)::bigint AS active, COALESCE(b.pending, 0)::bigint AS pending,
           COALESCE(b.reserved, 0)::bigint AS reserved, p.point_name, p.point_name_plural
    FROM cards AS c
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    LEFT JOIN LATERAL (
        SELECT SUM(a.balance) FILTER (WHERE a.kind = 'active') AS active,
               SUM(a.balance) FILTER (WHERE a.kind = 'pending') AS pending,
               SUM(a.balance) FILTER (WHERE a.kind IN ('gift', 'voucher')) AS reserved
        FROM accounts AS a
        WHERE a.merchant_id = c.merchant_id AND a.card_id = c.card_id AND a.balance > 0
    ) AS b ON TRUE
    WHERE c.merchant_id = $1 AND c.card_id = $2 AND c.customer_id = $3
      AND ($4::uuid IS NULL OR EXISTS (
          SELECT FROM sessions AS s WHERE s.session_id = $4 AND s.customer_id = c.customer_id AND s.ended_at IS NULL
      ))
"""

CARDS_OF_CUSTOMER_SQL = """
    SELECT c.merchant_id, c.card_id, c.program_id, c.customer_id, c.number, c.revision, c.lifetime_earned, c.joined_at,
           c.stamps, c.tier, c.tier_since, c.tier_until, c.tier_review_at,
           COALESCE(b.active, 0)::bigint AS active, COALESCE(b.pending, 0)::bigint AS pending,
           COALESCE(b.reserved, 0)::bigint AS reserved, p.point_name, p.point_name_plural
    FROM card_directory AS d
    JOIN cards AS c ON c.merchant_id = d.merchant_id AND c.card_id = d.card_id
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    LEFT JOIN LATERAL (
        SELECT SUM(a.balance) FILTER (WHERE a.kind = 'active') AS active,
               SUM(a.balance) FILTER (WHERE a.kind = 'pending') AS pending,
               SUM(a.balance) FILTER (WHERE a.kind IN ('gift', 'voucher')) AS reserved
        FROM accounts AS a
        WHERE a.merchant_id = c.merchant_id AND a.card_id = c.card_id AND a.balance > 0
    ) AS b ON TRUE
    WHERE d.customer_id = $1
    ORDER BY d.joined_at, d.card_id
"""

EXPIRING_SQL = """
    SELECT l.card_id, MIN(l.expires_at) AS expires_at, SUM(l.remaining)::bigint AS points
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    JOIN merchants AS m ON m.merchant_id = k.merchant_id
    JOIN lots AS l ON l.merchant_id = k.merchant_id AND l.card_id = k.card_id
    WHERE l.remaining > 0 AND l.activated_at IS NOT NULL AND l.expires_at IS NOT NULL
    GROUP BY l.card_id, (l.expires_at AT TIME ZONE m.timezone)::date
    ORDER BY l.card_id, MIN(l.expires_at)
"""

LIST_IN_DIRECTORY_SQL = """
    INSERT INTO card_directory (customer_id, merchant_id, program_id, card_id, joined_at, idempotency_key, input_hash)
    VALUES ($1, $2, $3, uuidv7(), $4, $5, $6)
    ON CONFLICT DO NOTHING
    RETURNING card_id
"""

FIND_IN_DIRECTORY_SQL = """
    SELECT card_id, merchant_id, input_hash, idempotency_key
    FROM card_directory
    WHERE customer_id = $1 AND (idempotency_key = $4 OR (merchant_id = $2 AND program_id = $3))
    ORDER BY idempotency_key = $4 DESC NULLS LAST
    LIMIT 1
"""

INSERT_CARD_SQL = """
    INSERT INTO cards (merchant_id, card_id, program_id, customer_id, number, reference,
                       active_account_id, pending_account_id, joined_at, chain)
    VALUES ($1, $2, $3, $4, $5, $6, uuidv7(), uuidv7(), $7, $8)
    ON CONFLICT DO NOTHING
    RETURNING active_account_id, pending_account_id
"""

NUMBERS_TRIED_MAX = 5
"""Two random cards of a merchant with a million cards share a number once in a thousand million tries."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card with what stands on it, as its owner sees it."""

    merchant_id: MerchantId
    card_id: CardId
    program_id: ProgramId
    customer_id: CustomerId
    number: str
    active: Points
    pending: Points
    reserved: Points
    lifetime_earned: Points
    revision: int
    joined_at: datetime
    stamps: int
    standing: Standing
    point_name: str
    point_name_plural: str


@dataclass(frozen=True, slots=True)
class Joined:
    card: Card
    already_member: bool


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points of a card that expire on one day of the merchant's, the first of them at `expires_at`."""

    points: Points
    expires_at: datetime


def from_row(row: Row) -> Card:
    return Card(
        merchant_id=row["merchant_id"],
        card_id=row["card_id"],
        program_id=row["program_id"],
        customer_id=row["customer_id"],
        number=row["number"],
        active=row["active"],
        pending=row["pending"],
        reserved=row["reserved"],
        lifetime_earned=row["lifetime_earned"],
        revision=row["revision"],
        joined_at=row["joined_at"],
        stamps=row["stamps"],
        standing=Standing(row["tier"], row["tier_since"], row["tier_until"], row["tier_review_at"]),
        point_name=row["point_name"],
        point_name_plural=row["point_name_plural"],
    )


async def find(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    session_id: UUID | None = None,
) -> Card | None:
    """The customer's own card; None for anybody else's, and where `session_id` is given and has ended."""
    row = await conn.fetchrow(FIND_CARD_SQL, merchant_id, card_id, customer_id, session_id)
    return from_row(row) if row else None


async def get(conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, card_id: CardId) -> Card:
    """The customer's own card. Raises NotFound for anybody else's."""
    card = await find(conn, customer_id=customer_id, merchant_id=merchant_id, card_id=card_id)
    if card is None:
        raise NotFound
    return card


async def of_customer(conn: Conn, *, customer_id: CustomerId) -> list[Card]:
    """All cards of the customer, the first joined first."""
    return [from_row(row) for row in await conn.fetch(CARDS_OF_CUSTOMER_SQL, customer_id)]


async def expiring(conn: Conn, *, cards: Sequence[tuple[MerchantId, CardId]]) -> dict[CardId, list[Expiring]]:
    """For each card what of its active balance expires when, soonest first; one statement for all cards."""
    due: dict[CardId, list[Expiring]] = {card_id: [] for _, card_id in cards}
    for row in await conn.fetch(EXPIRING_SQL, [m for m, _ in cards], [c for _, c in cards]):
        due[row["card_id"]].append(Expiring(row["points"], row["expires_at"]))
    return due


async def join(
    conn: Conn, *, customer_id: CustomerId, program_slug: str, idempotency_key: UUID, now: datetime
) -> Joined:
    """The customer has a card in the program: a new one, with what the rules give for joining, or the one they had.

    Raises NotFound for an unknown program, IdempotencyKeyReused.
    """
    program = await programs.find_by_slug(conn, slug=program_slug, now=now)
    if program is None:
        raise NotFound
    said = fingerprint.of("joinProgram", {"programSlug": program_slug})
    place = (customer_id, program.merchant_id, program.program_id)
    card_id = await conn.fetchval(LIST_IN_DIRECTORY_SQL, *place, now, idempotency_key, said)
    already_member = False
    if card_id:
        await _make(conn, program.merchant_id, program.program_id, customer_id, card_id, now=now)
        await _welcome(conn, program, card_id, now=now)
    else:
        earlier = await conn.fetchrow(FIND_IN_DIRECTORY_SQL, *place, idempotency_key)
        assert earlier is not None, "the row that was in the way is there"
        card_id, already_member = earlier["card_id"], earlier["idempotency_key"] != idempotency_key
        if not already_member and earlier["input_hash"] != said:
            raise IdempotencyKeyReused
    card = await get(conn, customer_id=customer_id, merchant_id=program.merchant_id, card_id=card_id)
    return Joined(card, already_member)


async def ensure_member(
    conn: Conn, *, merchant_id: MerchantId, program_id: ProgramId, customer_id: CustomerId, now: datetime
) -> tuple[CardId, bool]:
    """The customer has a card in the program, a new one with what the rules give for joining.

    Returns it, and whether it was there before.
    """
    card_id = await conn.fetchval(LIST_IN_DIRECTORY_SQL, customer_id, merchant_id, program_id, now, None, None)
    if card_id:
        await _make(conn, merchant_id, program_id, customer_id, card_id, now=now)
        program = await programs.get(conn, merchant_id=merchant_id, program_id=program_id, now=now)
        await _welcome(conn, program, card_id, now=now)
        return CardId(card_id), False
    earlier = await conn.fetchrow(FIND_IN_DIRECTORY_SQL, customer_id, merchant_id, program_id, None)
    assert earlier is not None, "the row that was in the way is there"
    return CardId(earlier["card_id"]), True


async def _make(
    conn: Conn,
    merchant_id: MerchantId,
    program_id: ProgramId,
    customer_id: CustomerId,
    card_id: CardId,
    *,
    now: datetime,
) -> None:
    chain = ledger.start(merchant_id=merchant_id, card_id=card_id)
    for _ in range(NUMBERS_TRIED_MAX):
        digits = f"{secrets.randbelow(10**15):015d}"
        number = f"{digits}{damm.check_digit(digits)}"
        reference = secrets.randbits(64) - 2**63
        accounts = await conn.fetchrow(
            INSERT_CARD_SQL, merchant_id, card_id, program_id, customer_id, number, reference, now, chain
        )
        if accounts:
            break
    else:
        raise RuntimeError("no free card number was found")
    await ledger.open_card_accounts(
        conn,
        merchant_id=merchant_id,
        program_id=program_id,
        card_id=card_id,
        active=accounts["active_account_id"],
        pending=accounts["pending_account_id"],
    )


async def _welcome(conn: Conn, program: Program, card_id: CardId, *, now: datetime) -> None:
    """What the program gives for joining is on the new card, to be spent at once."""
    rules = program.rules
    points = rules.bonuses.joining
    if not points:
        return
    locked = await ledger.lock_cards(conn, merchant_id=program.merchant_id, card_ids=[card_id], now=now)
    await ledger.earn(
        conn,
        locked[card_id],
        kind=EntryKind.BONUS,
        points=points,
        activates_at=now,
        expires_at=rules.expires_at(now, program.zone),
        sliding_months=rules.inactivity_months,
        notice_days=rules.notice_days,
        cause=Cause(occurred_at=now, reasons=(Phrase("bonus_joining", {"points": points}),)),
        now=now,
    )
