"""Rewards and vouchers as they are read: by the member, and by the till that serves them."""

from collections.abc import Sequence
from datetime import datetime

from wallet.database import Conn
from wallet.rewards import reward, voucher
from wallet.rewards.availability import Membership, RewardOffer, offer_to
from wallet.rewards.reward import Reward
from wallet.rewards.voucher import Voucher
from wallet.values import CardId, CustomerId, MerchantId, RewardId, StoreId, VoucherId, VoucherState

VOUCHERS_MAX = 100
"""So many of a card are shown, the newest."""

# What is over is no part of the catalogue; what is still to come is.
OFFERS_SQL = """
    SELECT k.card_id, c.stamps, c.tier, a.balance AS active,
           r.merchant_id, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days,
           CASE WHEN r.per_member IS NULL THEN 0 ELSE (
               SELECT COUNT(*) FROM vouchers AS v
               WHERE v.merchant_id = r.merchant_id AND v.card_id = k.card_id AND v.reward_id = r.reward_id
                 AND (v.state = 'USED' OR (v.state = 'USABLE' AND (v.usable_until IS NULL OR v.usable_until > $3)))
           ) END AS had
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    JOIN cards AS c ON c.merchant_id = k.merchant_id AND c.card_id = k.card_id
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN rewards AS r ON r.merchant_id = c.merchant_id AND r.program_id = c.program_id
    WHERE r.claimable_until IS NULL OR r.claimable_until > $3
"""

# One index range a card, newest first. Past its date a voucher is LAPSED, whether or not the sweep has been there.
VOUCHERS_SQL = """
    SELECT k.card_id AS asked, v.merchant_id, v.voucher_id, v.card_id, v.origin, v.state, v.points, v.stamps,
           v.account_id, v.redeemed_seq, v.created_at AS voucher_made_at, v.usable_until, v.used_at, v.used_sale_id,
           st.name AS store_name, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor,
           r.percent, r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member,
           r.tiers, r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, card_id)
    CROSS JOIN LATERAL (
        SELECT w.merchant_id, w.voucher_id, w.card_id, w.reward_id, w.origin, w.points, w.stamps, w.account_id,
               w.redeemed_seq, w.created_at, w.usable_until, w.used_at, w.used_sale_id,
               CASE WHEN w.state = 'USABLE' AND w.usable_until <= $4 THEN 'LAPSED' ELSE w.state END AS state
        FROM vouchers AS w
        WHERE w.merchant_id = k.merchant_id AND w.card_id = k.card_id
          AND CASE WHEN w.state = 'USABLE' AND w.usable_until <= $4 THEN 'LAPSED' ELSE w.state END = ANY($3::text[])
        ORDER BY w.created_at DESC, w.voucher_id DESC
        LIMIT $5
    ) AS v
    JOIN rewards AS r ON r.merchant_id = v.merchant_id AND r.reward_id = v.reward_id
    LEFT JOIN sales AS sa ON sa.merchant_id = v.merchant_id AND sa.sale_id = v.used_sale_id
    LEFT JOIN stores AS st ON st.merchant_id = sa.merchant_id AND st.store_id = sa.store_id
    ORDER BY k.card_id, v.created_at DESC, v.voucher_id DESC
"""

# Of the customer, or of the merchant where no customer is named.
FIND_VOUCHER_SQL = """
    SELECT v.merchant_id, v.voucher_id, v.card_id, v.origin, v.points, v.stamps,
           CASE WHEN v.state = 'USABLE' AND v.usable_until <= $4 THEN 'LAPSED' ELSE v.state END AS state,
           v.account_id, v.redeemed_seq, v.created_at AS voucher_made_at, v.usable_until, v.used_at, v.used_sale_id,
           st.name AS store_name, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor,
           r.percent, r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member,
           r.tiers, r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM vouchers AS v
    JOIN cards AS c ON c.merchant_id = v.merchant_id AND c.card_id = v.card_id
    JOIN rewards AS r ON r.merchant_id = v.merchant_id AND r.reward_id = v.reward_id
    LEFT JOIN sales AS sa ON sa.merchant_id = v.merchant_id AND sa.sale_id = v.used_sale_id
    LEFT JOIN stores AS st ON st.merchant_id = sa.merchant_id AND st.store_id = sa.store_id
    WHERE v.merchant_id = $1 AND v.voucher_id = $2 AND ($3::uuid IS NULL OR c.customer_id = $3)
"""

FIND_REWARD_SQL = """
    SELECT r.merchant_id, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM rewards AS r
    JOIN cards AS c ON c.merchant_id = r.merchant_id AND c.program_id = r.program_id
    WHERE r.merchant_id = $1 AND r.reward_id = $2 AND c.customer_id = $3
"""

FIND_REWARD_OF_MERCHANT_SQL = """
    SELECT r.merchant_id, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM rewards AS r
    WHERE r.merchant_id = $1 AND r.reward_id = $2
"""


REWARDS_SQL = """
    SELECT r.merchant_id, r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM unnest($1::uuid[], $2::uuid[]) AS k (merchant_id, reward_id)
    JOIN rewards AS r ON r.merchant_id = k.merchant_id AND r.reward_id = k.reward_id
"""


async def rewards_by_keys(
    conn: Conn, *, keys: Sequence[tuple[MerchantId, RewardId]]
) -> dict[tuple[MerchantId, RewardId], Reward]:
    """Those of them that there are, over or not, in one statement."""
    rows = await conn.fetch(REWARDS_SQL, [m for m, _ in keys], [r for _, r in keys])
    return {(row["merchant_id"], row["reward_id"]): reward.from_row(row) for row in rows}


async def offers(
    conn: Conn, *, cards: Sequence[tuple[MerchantId, CardId]], store_id: StoreId | None = None, now: datetime
) -> dict[CardId, list[RewardOffer]]:
    """For each card its program's rewards, what this member can have first, then by price; one statement for all cards.

    At a store only those that are had there; in the app, where none is named, all.
    """
    found: dict[CardId, list[RewardOffer]] = {card_id: [] for _, card_id in cards}
    for row in await conn.fetch(OFFERS_SQL, [m for m, _ in cards], [c for _, c in cards], now):
        offered = reward.from_row(row)
        if store_id is None or offered.is_had_at(store_id):
            had = {offered.reward_id: row["had"]}
            member = Membership(active=row["active"], stamps=row["stamps"], tier=row["tier"], had=had)
            found[row["card_id"]].append(offer_to(offered, member, store_id=store_id, now=now))
    return {card_id: sorted(offers, key=RewardOffer.rank) for card_id, offers in found.items()}


async def vouchers(
    conn: Conn, *, cards: Sequence[tuple[MerchantId, CardId]], states: Sequence[VoucherState], now: datetime
) -> dict[CardId, list[Voucher]]:
    """For each card its vouchers in one of the states, newest first, VOUCHERS_MAX at most; one statement for all."""
    found: dict[CardId, list[Voucher]] = {card_id: [] for _, card_id in cards}
    wanted = [state.value for state in states]
    keys = [m for m, _ in cards], [c for _, c in cards]
    for row in await conn.fetch(VOUCHERS_SQL, *keys, wanted, now, VOUCHERS_MAX):
        found[row["asked"]].append(voucher.from_row(row))
    return found


async def find_voucher(
    conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, voucher_id: VoucherId, now: datetime
) -> Voucher | None:
    """The customer's own voucher; None for anybody else's."""
    row = await conn.fetchrow(FIND_VOUCHER_SQL, merchant_id, voucher_id, customer_id, now)
    return voucher.from_row(row) if row else None


async def find_voucher_of_merchant(
    conn: Conn, *, merchant_id: MerchantId, voucher_id: VoucherId, now: datetime
) -> Voucher | None:
    """The voucher of one of the merchant's members. Whether a till that asks serves them is for the caller to know."""
    row = await conn.fetchrow(FIND_VOUCHER_SQL, merchant_id, voucher_id, None, now)
    return voucher.from_row(row) if row else None


async def find_reward(
    conn: Conn, *, customer_id: CustomerId, merchant_id: MerchantId, reward_id: RewardId
) -> Reward | None:
    """The reward of a program that the customer is a member of; None otherwise."""
    row = await conn.fetchrow(FIND_REWARD_SQL, merchant_id, reward_id, customer_id)
    return reward.from_row(row) if row else None


async def find_reward_of_merchant(conn: Conn, *, merchant_id: MerchantId, reward_id: RewardId) -> Reward | None:
    """The merchant's reward, over or not; None for another's."""
    row = await conn.fetchrow(FIND_REWARD_OF_MERCHANT_SQL, merchant_id, reward_id)
    return reward.from_row(row) if row else None
