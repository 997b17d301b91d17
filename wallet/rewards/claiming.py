"""Buying a reward in the app, with points or stamps, to use it at a till later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from wallet import fingerprint, ledger
from wallet.database import Conn
from wallet.errors import InsufficientPoints, NotFound, RewardUnavailable
from wallet.ledger import Cause, LockedCard, StampMove
from wallet.rewards import requests, reward
from wallet.rewards.availability import Membership, other_reasons, price_reasons
from wallet.rewards.reading import find_voucher
from wallet.rewards.reward import Reward
from wallet.rewards.stock import take_stock
from wallet.rewards.voucher import Voucher, usable_until
from wallet.values import AccountId, CardId, CustomerId, MerchantId, Phrase, Points, RewardId, VoucherId

OWN_CARD_SQL = """
    SELECT program_id
    FROM cards
    WHERE merchant_id = $1 AND card_id = $2 AND customer_id = $3
"""

# Read once the card is held: nobody else can then have one for it.
REWARD_TO_CLAIM_SQL = """
    SELECT r.merchant_id, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days,
           (SELECT m.timezone FROM merchants AS m WHERE m.merchant_id = r.merchant_id) AS timezone,
           (SELECT COUNT(*) FROM vouchers AS v
            WHERE v.merchant_id = r.merchant_id AND v.card_id = $4 AND v.reward_id = r.reward_id
              AND (v.state = 'USED' OR (v.state = 'USABLE' AND (v.usable_until IS NULL OR v.usable_until > $5)))
           ) AS had
    FROM rewards AS r
    WHERE r.merchant_id = $1 AND r.program_id = $2 AND r.reward_id = $3
"""

INSERT_VOUCHER_SQL = """
    INSERT INTO vouchers (merchant_id, voucher_id, card_id, reward_id, origin, state, points, stamps, account_id,
                          redeemed_seq, created_at, usable_until)
    VALUES ($1, $2, $3, $4, 'CLAIMED', 'USABLE', $5, $6, $7, $8, $9, $10)
"""


INSERT_GIVEN_VOUCHER_SQL = """
    INSERT INTO vouchers (merchant_id, card_id, reward_id, origin, state, created_at, usable_until)
    VALUES ($1, $2, $3, 'GIFT', 'USABLE', $4, $5)
    RETURNING voucher_id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The voucher as it is now. The card changed unless it is `replayed`."""

    voucher: Voucher
    replayed: bool


async def claim(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    reward_id: RewardId,
    idempotency_key: UUID,
    now: datetime,
) -> Claimed:
    """The card has a voucher for the reward, whose price in points stands in the voucher's account, or in stamps is off
    the punch card. The same key and input give the same voucher again, whatever became of it.

    Raises NotFound for a card that is not the customer's or a reward that is not of its program, InsufficientPoints
    where nothing but points is wanting, RewardUnavailable with all reasons otherwise, IdempotencyKeyReused.
    """
    begun = await requests.begin(
        conn,
        kind="CLAIMED",
        merchant_id=merchant_id,
        customer_id=customer_id,
        voucher_id=None,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("claimReward", {"cardId": str(card_id), "rewardId": str(reward_id)}),
        now=now,
    )
    if not begun.replayed:
        if await conn.fetchval(OWN_CARD_SQL, merchant_id, card_id, customer_id) is None:
            raise NotFound
        await _buy(conn, merchant_id, card_id, reward_id, begun.voucher_id, now=now)
    voucher = await find_voucher(
        conn, customer_id=customer_id, merchant_id=merchant_id, voucher_id=begun.voucher_id, now=now
    )
    assert voucher is not None, "a voucher that was begun was made"
    return Claimed(voucher, begun.replayed)


async def _buy(
    conn: Conn,
    merchant_id: MerchantId,
    card_id: CardId,
    reward_id: RewardId,
    voucher_id: VoucherId,
    *,
    now: datetime,
) -> None:
    card = (await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now))[card_id]
    bought, zone = await _wanted(conn, card, reward_id, now=now)
    await _pay(conn, card, bought, voucher_id, zone=zone, now=now)
    await take_stock(conn, merchant_id=merchant_id, rewards=[bought])


async def to_give(conn: Conn, card: LockedCard, *, reward_id: RewardId, now: datetime) -> Reward:
    """The reward, which the card's owner can have now and may as well give away. Nothing has been paid or taken.

    Raises as `claim` does, and RewardUnavailable for one that costs stamps: a punch card is its owner's alone.
    """
    wanted, _ = await _wanted(conn, card, reward_id, now=now, to_give=True)
    return wanted


async def give(
    conn: Conn, *, merchant_id: MerchantId, card_id: CardId, reward: Reward, zone: ZoneInfo, now: datetime
) -> VoucherId:
    """The card has a voucher for the reward, which somebody else has paid for and of which one was taken already."""
    days = usable_until(reward.voucher_days, issued_at=now, zone=zone)
    facts = (merchant_id, card_id, reward.reward_id, now, days)
    return VoucherId(await conn.fetchval(INSERT_GIVEN_VOUCHER_SQL, *facts))


async def _wanted(
    conn: Conn, card: LockedCard, reward_id: RewardId, *, to_give: bool = False, now: datetime
) -> tuple[Reward, ZoneInfo]:
    """The reward that the member can have, and where its days end."""
    row = await conn.fetchrow(REWARD_TO_CLAIM_SQL, card.merchant_id, card.program_id, reward_id, card.card_id, now)
    if row is None:
        raise NotFound
    bought = reward.from_row(row)
    if to_give and bought.cost_points is None:
        raise RewardUnavailable([Phrase("reward_not_given")])
    member = Membership(active=card.active, stamps=card.stamps, tier=card.tier, had={reward_id: row["had"]})
    _check(bought, member, now=now)
    return bought, ZoneInfo(row["timezone"])


def _check(bought: Reward, member: Membership, *, now: datetime) -> None:
    """The member can have the reward, in the app. Raises InsufficientPoints, RewardUnavailable."""
    missing, others = price_reasons(bought, member), other_reasons(bought, member, store_id=None, now=now)
    if missing and not others and bought.cost_points is not None:
        raise InsufficientPoints(needed=bought.cost_points, available=member.active)
    if missing or others:
        raise RewardUnavailable([*missing, *others])


async def _pay(
    conn: Conn, card: LockedCard, bought: Reward, voucher_id: VoucherId, *, zone: ZoneInfo, now: datetime
) -> None:
    """The price has left the card, and the voucher is there."""
    account_id: AccountId | None = None
    redeemed_seq: int | None = None
    cause = Cause(
        occurred_at=now,
        reasons=(Phrase("reward_claimed", {"reward": bought.name}),),
        voucher_id=voucher_id,
    )
    if bought.cost_points is not None:
        reserved = await ledger.reserve_for_voucher(
            conn, card, points=bought.cost_points, voucher_id=voucher_id, cause=cause, now=now
        )
        card, account_id, redeemed_seq = reserved.posted.card, reserved.account_id, reserved.posted.seq
    await conn.execute(
        INSERT_VOUCHER_SQL,
        card.merchant_id,
        voucher_id,
        card.card_id,
        bought.reward_id,
        bought.cost_points or Points(0),
        bought.cost_stamps or 0,
        account_id,
        redeemed_seq,
        now,
        usable_until(bought.voucher_days, issued_at=now, zone=zone),
    )
    if bought.cost_stamps is not None:
        moves = [StampMove("SPENT", -bought.cost_stamps, voucher_id)]
        await ledger.move_stamps(conn, card, moves=moves, cause=cause, now=now)
