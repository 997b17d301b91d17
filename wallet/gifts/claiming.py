"""Claiming a gift: out of escrow, onto the claimant's card. One claim wins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import cards, fingerprint, ledger, programs
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, IdempotencyKeyReused
from wallet.gifts import events
from wallet.gifts.gift import Gift
from wallet.gifts.locking import lock
from wallet.gifts.plain_text import sender_name
from wallet.ledger import Cause
from wallet.values import CardId, CustomerId, GiftId, MerchantId, Phrase, Points

# Whether the link opens anything is judged here for the common refusals, alike in one statement, and again under the
# lock for the grant: what is closed, revoked or the claimant's own never opens again, so a refusal needs no lock.
LOOK_UP_LINK_SQL = """
    SELECT g.merchant_id, g.gift_id, e.input_hash,
           l.revoked_at IS NULL AND g.closed_at IS NULL AND g.claimable_until > $4
               AND g.sender_customer_id <> $2 AS open
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    LEFT JOIN gift_events AS e ON e.merchant_id = g.merchant_id AND e.customer_id = $2 AND e.idempotency_key = $3
    WHERE l.link_hash = $1
"""

LINK_STANDS_SQL = """
    SELECT EXISTS (
        SELECT FROM gift_links
        WHERE link_hash = $1 AND merchant_id = $2 AND gift_id = $3 AND revoked_at IS NULL
    )
"""

CLAIM_GIFT_SQL = """
    UPDATE gifts
    SET status = 'CLAIMED', closed_at = $3, claimed_by_customer_id = $4, claimed_card_id = $5, claimed_seq = $6,
        delivery_problem = NULL
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
    RETURNING gift_id
"""

CLAIMED_SQL = """
    SELECT g.points, g.sender_card_id, g.claimed_card_id, s.name AS sender_name, s.email AS sender_email
    FROM gifts AS g
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    WHERE g.merchant_id = $1 AND g.gift_id = $2 AND g.claimed_by_customer_id = $3
"""

SENDER_SQL = """
    SELECT name, email
    FROM customers
    WHERE customer_id = $1
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The points are on the claimant's card `card_id`. Both cards changed, unless it is `replayed`."""

    merchant_id: MerchantId
    gift_id: GiftId
    card_id: CardId
    sender_card_id: CardId
    points: Points
    sender_name: str
    replayed: bool

    @property
    def changed(self) -> list[tuple[MerchantId, CardId]]:
        return [(self.merchant_id, self.card_id), (self.merchant_id, self.sender_card_id)]


async def claim(
    conn: Conn, *, customer_id: CustomerId, link_hash: bytes, idempotency_key: UUID, now: datetime
) -> Claimed:
    """The gift's points are the customer's, spendable now, as a new lot; the customer has a card in the program.

    They lapse as points that became spendable now do under the program's rules. The same key and link give the same
    answer again. Raises GiftNotClaimable, one answer for a link that is unknown, ended, claimed, cancelled or past its
    date, and for the sender's own gift: cancelling gives it back with its dates, claiming would make them new.
    Raises IdempotencyKeyReused.
    """
    said = fingerprint.of("claimGift", {"link": link_hash.hex()})
    link = await conn.fetchrow(LOOK_UP_LINK_SQL, link_hash, customer_id, idempotency_key, now)
    if link is None:
        raise GiftNotClaimable
    merchant_id, gift_id = MerchantId(link["merchant_id"]), GiftId(link["gift_id"])
    if link["input_hash"] is None and not link["open"]:
        raise GiftNotClaimable
    if link["input_hash"] not in (None, said):
        raise IdempotencyKeyReused
    begun = await events.begin(
        conn,
        kind="CLAIMED",
        merchant_id=merchant_id,
        gift_id=gift_id,
        customer_id=customer_id,
        idempotency_key=idempotency_key,
        input_hash=said,
        now=now,
    )
    if not begun.replayed:
        gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
        if gift is None or gift.closed_at is not None or gift.claimable_until <= now:
            raise GiftNotClaimable
        if not await conn.fetchval(LINK_STANDS_SQL, link_hash, merchant_id, gift_id):
            raise GiftNotClaimable
        await _settle(conn, gift, customer_id, now=now)
    return await _claimed(conn, merchant_id, gift_id, customer_id, replayed=begun.replayed)


async def _settle(conn: Conn, gift: Gift, customer_id: CustomerId, *, now: datetime) -> None:
    program = await programs.get(conn, merchant_id=gift.merchant_id, program_id=gift.program_id, now=now)
    card_id, _ = await cards.ensure_member(
        conn, merchant_id=gift.merchant_id, program_id=gift.program_id, customer_id=customer_id, now=now
    )
    sender = await conn.fetchrow(SENDER_SQL, gift.sender_customer_id)
    assert sender is not None, "a gift has a sender"
    locked = await ledger.lock_cards(conn, merchant_id=gift.merchant_id, card_ids=[gift.card_id, card_id], now=now)
    reason = Phrase("gift_received", {"sender": sender_name(sender["name"], sender["email"])})
    _, received = await ledger.settle_gift(
        conn,
        sender=locked[gift.card_id],
        recipient=locked[card_id],
        account_id=gift.account_id,
        points=gift.points,
        expires_at=program.rules.expires_at(now, program.zone),
        sliding_months=program.rules.inactivity_months,
        notice_days=program.rules.notice_days,
        sender_cause=Cause(occurred_at=now, gift_id=gift.gift_id),
        recipient_cause=Cause(occurred_at=now, reasons=(reason,), gift_id=gift.gift_id),
        now=now,
    )
    done = await conn.fetchval(CLAIM_GIFT_SQL, gift.merchant_id, gift.gift_id, now, customer_id, card_id, received.seq)
    assert done is not None, "the gift was open and held"


async def _claimed(
    conn: Conn, merchant_id: MerchantId, gift_id: GiftId, customer_id: CustomerId, *, replayed: bool
) -> Claimed:
    row = await conn.fetchrow(CLAIMED_SQL, merchant_id, gift_id, customer_id)
    assert row is not None, "the gift was claimed by this customer"
    return Claimed(
        merchant_id=merchant_id,
        gift_id=gift_id,
        card_id=row["claimed_card_id"],
        sender_card_id=row["sender_card_id"],
        points=row["points"],
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        replayed=replayed,
    )
