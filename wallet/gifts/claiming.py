"""Claiming a gift: out of escrow, into the claimant's hands. One claim wins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import cards, fingerprint, ledger, programs, rewards
from wallet import value as stored
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, IdempotencyKeyReused
from wallet.gifts import events, funding
from wallet.gifts.gift import Gift
from wallet.gifts.locking import lock_by_link
from wallet.gifts.plain_text import sender_name
from wallet.ledger import Cause, value
from wallet.programs import Program
from wallet.values import (
    CardId,
    CustomerId,
    GiftCardId,
    GiftCardState,
    GiftId,
    GiftKind,
    MerchantId,
    Phrase,
    Points,
    VoucherId,
)

# Whether the link opens anything is judged here for the common refusals, alike in one statement, and again under the
# lock for the grant: what is closed, revoked or the claimant's own never opens again, so a refusal needs no lock.
LOOK_UP_LINK_SQL = """
    SELECT g.merchant_id, g.gift_id, e.input_hash,
           l.revoked_at IS NULL AND g.closed_at IS NULL AND g.claimable_until > $4
               AND g.sender_customer_id <> $2
               AND (NOT g.mailbox_only OR (c.email_key = g.recipient_email_key AND c.confirmed_at IS NOT NULL))
               AND (g.kind <> 'VALUE' OR v.state = 'ACTIVE') AS open
    FROM gift_links AS l
    JOIN gifts AS g ON g.merchant_id = l.merchant_id AND g.gift_id = l.gift_id
    JOIN customers AS c ON c.customer_id = $2
    LEFT JOIN gift_cards AS v ON v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id
    LEFT JOIN gift_events AS e ON e.merchant_id = g.merchant_id AND e.customer_id = $2 AND e.idempotency_key = $3
    WHERE l.link_hash = $1
"""

CLAIM_GIFT_SQL = """
    UPDATE gifts
    SET status = 'CLAIMED', closed_at = $3, claimed_by_customer_id = $4, claimed_card_id = $5, claimed_seq = $6,
        claimed_voucher_id = $7, delivery_problem = NULL
    WHERE merchant_id = $1 AND gift_id = $2 AND closed_at IS NULL
    RETURNING gift_id
"""

CLAIMED_SQL = """
    SELECT CASE WHEN g.kind = 'POINTS' THEN g.points ELSE 0 END AS points, g.sender_card_id, g.claimed_card_id,
           g.claimed_voucher_id, v.gift_card_id, s.name AS sender_name, s.email AS sender_email
    FROM gifts AS g
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    LEFT JOIN gift_cards AS v ON v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id
    WHERE g.merchant_id = $1 AND g.gift_id = $2 AND g.claimed_by_customer_id = $3
"""

SENDER_SQL = """
    SELECT name, email
    FROM customers
    WHERE customer_id = $1
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The points are on the claimant's card `card_id`, or the money on their gift card, or they have a voucher. Both
    cards changed, unless it is `replayed`.
    """

    merchant_id: MerchantId
    gift_id: GiftId
    card_id: CardId
    sender_card_id: CardId
    points: Points
    gift_card_id: GiftCardId | None
    voucher_id: VoucherId | None
    sender_name: str
    replayed: bool

    @property
    def changed(self) -> list[tuple[MerchantId, CardId]]:
        return [(self.merchant_id, self.card_id), (self.merchant_id, self.sender_card_id)]


async def claim(
    conn: Conn, *, customer_id: CustomerId, link_hash: bytes, idempotency_key: UUID, now: datetime
) -> Claimed:
    """The gift's points are the customer's, spendable now, as a new lot; or its gift card is theirs with the money on
    it; or they have a voucher for its reward. The customer has a card in the program.

    Points lapse as points that became spendable now do under the program's rules. The same key and link give the same
    answer again. Raises GiftNotClaimable, one answer for a link that is unknown, ended, claimed, cancelled or past its
    date, for money that is disputed or is for the recipient's mailbox alone, which is another than the customer's, and
    for the sender's own gift: cancelling gives it back with its dates, claiming would make them new.
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
        gift = await lock_by_link(conn, link_hash=link_hash, merchant_id=merchant_id, gift_id=gift_id, now=now)
        await _settle(conn, gift, customer_id, now=now)
    return await _claimed(conn, merchant_id, gift_id, customer_id, replayed=begun.replayed)


async def _settle(conn: Conn, gift: Gift, customer_id: CustomerId, *, now: datetime) -> None:
    program = await programs.get(conn, merchant_id=gift.merchant_id, program_id=gift.program_id, now=now)
    card_id, _ = await cards.ensure_member(
        conn, merchant_id=gift.merchant_id, program_id=gift.program_id, customer_id=customer_id, now=now
    )
    seq: int | None = None
    voucher_id: VoucherId | None = None
    match gift.kind:
        case GiftKind.POINTS:
            seq = await _settle_points(conn, gift, card_id, program, now=now)
        case GiftKind.VALUE:
            await _hand_over(conn, gift, customer_id, now=now)
        case GiftKind.REWARD:
            voucher_id = await _settle_reward(conn, gift, card_id, program, now=now)
    facts = (gift.merchant_id, gift.gift_id, now, customer_id, card_id, seq, voucher_id)
    done = await conn.fetchval(CLAIM_GIFT_SQL, *facts)
    assert done is not None, "the gift was open and held"


async def _settle_points(conn: Conn, gift: Gift, card_id: CardId, program: Program, *, now: datetime) -> int:
    sender = await conn.fetchrow(SENDER_SQL, gift.sender_customer_id)
    assert sender is not None, "a gift has a sender"
    locked = await ledger.lock_cards(conn, merchant_id=gift.merchant_id, card_ids=[gift.card_id, card_id], now=now)
    reason = Phrase("gift_received", {"sender": sender_name(sender["name"], sender["email"])})
    _, received = await ledger.settle_gift(
        conn,
        sender=locked[gift.card_id],
        recipient=locked[card_id],
        account_id=gift.escrow[0],
        points=gift.points,
        expires_at=program.rules.expires_at(now, program.zone),
        sliding_months=program.rules.inactivity_months,
        notice_days=program.rules.notice_days,
        sender_cause=Cause(occurred_at=now, gift_id=gift.gift_id),
        recipient_cause=Cause(occurred_at=now, reasons=(reason,), gift_id=gift.gift_id),
        now=now,
    )
    return received.seq


async def _hand_over(conn: Conn, gift: Gift, customer_id: CustomerId, *, now: datetime) -> None:
    """The gift's card is the claimant's, and its money lives from now on as long as money that is sold now. What is
    blocked, or was never paid, opens for nobody.
    """
    held = await funding.card_of(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, now=now)
    if held is None or held.state is not GiftCardState.ACTIVE:
        raise GiftNotClaimable
    until = await stored.expires_at(conn, merchant_id=gift.merchant_id, program_id=gift.program_id, now=now)
    await value.give(conn, held, owner_customer_id=customer_id, expires_at=until)


async def _settle_reward(conn: Conn, gift: Gift, card_id: CardId, program: Program, *, now: datetime) -> VoucherId:
    """What the reward cost is the program's again, and the claimant has a voucher that cost them nothing."""
    assert gift.reward_id is not None, "it is a gift of a reward"
    locked = await ledger.lock_cards(conn, merchant_id=gift.merchant_id, card_ids=[gift.card_id, card_id], now=now)
    await ledger.redeem(
        conn,
        locked[gift.card_id],
        spot=Points(0),
        used=[(gift.escrow[0], gift.points)],
        cause=Cause(occurred_at=now, gift_id=gift.gift_id),
        now=now,
    )
    reward = await rewards.find_reward_of_merchant(conn, merchant_id=gift.merchant_id, reward_id=gift.reward_id)
    assert reward is not None, "rewards are ended, never deleted"
    return await rewards.give(
        conn, merchant_id=gift.merchant_id, card_id=card_id, reward=reward, zone=program.zone, now=now
    )


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
        gift_card_id=row["gift_card_id"],
        voucher_id=row["claimed_voucher_id"],
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        replayed=replayed,
    )
