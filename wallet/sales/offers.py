"""The vouchers that a customer wants to use with a sale, and the rewards to buy on the spot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet import rewards
from wallet.database import Conn, Row
from wallet.discounts import Discount, Offer
from wallet.errors import (
    InsufficientPoints,
    InvalidInput,
    NotFound,
    Problem,
    RedeemCodeNeeded,
    RewardUnavailable,
    VoucherNotUsable,
)
from wallet.fingerprint import Json
from wallet.rewards import Membership, Reward, Voucher
from wallet.values import (
    CardId,
    CheckInPurpose,
    Phrase,
    Points,
    ProgramId,
    RewardId,
    RewardKind,
    Terminal,
    VoucherId,
)

OFFERS_MAX = 20

# A voucher's row has its reward beside it, a reward on the spot an id for the voucher that it will be.
OFFERS_SQL = """
    SELECT w.merchant_id, w.reward_id, w.program_id, w.slug, w.name, w.description, w.kind, w.amount_minor, w.percent,
           w.ceiling_minor, w.categories, w.skus, w.cost_points, w.cost_stamps, w.stock, w.per_member, w.tiers,
           w.store_ids, w.claimable_from, w.claimable_until, w.voucher_days,
           k.voucher_id, v.card_id, v.origin, v.points, v.stamps, v.account_id, v.redeemed_seq,
           v.created_at AS voucher_made_at, v.usable_until, v.used_at, v.used_sale_id, NULL::text AS store_name,
           CASE WHEN v.state = 'USABLE' AND v.usable_until <= $6 THEN 'LAPSED' ELSE v.state END AS state,
           uuidv7() AS new_voucher_id,
           (SELECT COUNT(*) FROM vouchers AS h
            WHERE h.merchant_id = $1 AND h.card_id = $2 AND h.reward_id = w.reward_id
              AND (h.state = 'USED' OR (h.state = 'USABLE' AND (h.usable_until IS NULL OR h.usable_until > $6)))
           ) AS had
    FROM (
        SELECT u.reward_id, u.voucher_id
        FROM vouchers AS u
        WHERE u.merchant_id = $1 AND u.card_id = $2 AND u.voucher_id = ANY($4::uuid[])
        UNION ALL
        SELECT s.reward_id, NULL
        FROM unnest($5::uuid[]) AS s (reward_id)
    ) AS k
    JOIN rewards AS w ON w.merchant_id = $1 AND w.program_id = $3 AND w.reward_id = k.reward_id
    LEFT JOIN vouchers AS v ON v.merchant_id = $1 AND v.voucher_id = k.voucher_id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the till names: vouchers of the card, and rewards to buy and use in one go."""

    voucher_ids: tuple[VoucherId, ...] = ()
    reward_ids: tuple[RewardId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.voucher_ids or self.reward_ids)

    def facts(self) -> dict[str, Json]:
        """What the till said, for the fingerprint of its request: nothing where it named none."""
        if not self:
            return {}
        return {
            "voucherIds": [str(voucher_id) for voucher_id in self.voucher_ids],
            "rewardIds": [str(reward_id) for reward_id in self.reward_ids],
        }


NOTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer, with the voucher that it uses, or the id of the one that it will be."""

    offer: Offer
    voucher: Voucher | None
    new_voucher_id: VoucherId


def check(wanted: Wanted) -> None:
    """Nothing is named twice, and not too much. Raises InvalidInput."""
    problems = [*_list_problems("voucherIds", wanted.voucher_ids), *_list_problems("rewardIds", wanted.reward_ids)]
    if problems:
        raise InvalidInput(problems)


async def load(
    conn: Conn,
    wanted: Wanted,
    *,
    terminal: Terminal,
    card_id: CardId,
    program_id: ProgramId,
    purpose: CheckInPurpose,
    active: Points,
    stamps: int,
    tier: str | None,
    now: datetime,
) -> tuple[Taken, ...]:
    """What is wanted, each of it to be had by this member here and now; vouchers first, the oldest of them first, and
    then the rewards as they were named. No statement for nothing.

    Raises RedeemCodeNeeded, NotFound, VoucherNotUsable, RewardUnavailable, InsufficientPoints.
    """
    if not wanted:
        return ()
    if purpose is not CheckInPurpose.REDEEM:
        raise RedeemCodeNeeded
    rows = await conn.fetch(
        OFFERS_SQL,
        terminal.merchant_id,
        card_id,
        program_id,
        list(wanted.voucher_ids),
        list(wanted.reward_ids),
        now,
    )
    by_voucher = {row["voucher_id"]: row for row in rows if row["voucher_id"]}
    by_reward = {row["reward_id"]: row for row in rows if not row["voucher_id"]}
    if by_voucher.keys() != set(wanted.voucher_ids) or by_reward.keys() != set(wanted.reward_ids):
        raise NotFound
    used = [_voucher(by_voucher[voucher_id], terminal) for voucher_id in sorted(wanted.voucher_ids)]
    bought = [by_reward[reward_id] for reward_id in wanted.reward_ids]
    return (*used, *_bought(bought, terminal, active=active, stamps=stamps, tier=tier, now=now))


def check_use(taken: Sequence[Taken], discounts: Sequence[Discount]) -> None:
    """Nothing, if each of them takes something off the basket; a PERK is something that no line stands for.

    A basket that it does not fit, or of which earlier ones left nothing to pay, would use it up for nothing.
    Raises VoucherNotUsable, RewardUnavailable.
    """
    of_use = {part.offer_index for part in discounts}
    for index, each in enumerate(taken):
        if index in of_use or each.offer.reward.kind is RewardKind.PERK:
            continue
        if each.voucher is None:
            raise RewardUnavailable([Phrase("reward_takes_nothing_off", {"reward": each.offer.reward.name})])
        raise VoucherNotUsable(each.voucher.merchant_id, each.voucher.voucher_id, takes_nothing_off=True)


def _voucher(row: Row, terminal: Terminal) -> Taken:
    voucher = rewards.voucher_from_row(row)
    if not voucher.is_usable_at(terminal.store_id):
        raise VoucherNotUsable(voucher.merchant_id, voucher.voucher_id)
    return Taken(Offer(voucher.reward, voucher.voucher_id), voucher, voucher.voucher_id)


def _bought(
    rows: Sequence[Row], terminal: Terminal, *, active: Points, stamps: int, tier: str | None, now: datetime
) -> list[Taken]:
    chosen = [rewards.reward_from_row(row) for row in rows]
    had = {row["reward_id"]: row["had"] for row in rows}
    member = Membership(active, stamps, tier, had)
    reasons = [
        reason
        for reward in chosen
        for reason in rewards.other_reasons(reward, member, store_id=terminal.store_id, now=now)
    ]
    if reasons:
        raise RewardUnavailable(reasons)
    _check_price(chosen, active=active, stamps=stamps)
    new_ids = sorted(row["new_voucher_id"] for row in rows)
    return [Taken(Offer(reward), None, new_id) for reward, new_id in zip(chosen, new_ids, strict=True)]


def _check_price(chosen: Sequence[Reward], *, active: Points, stamps: int) -> None:
    points = sum(reward.cost_points or 0 for reward in chosen)
    if points > active:
        raise InsufficientPoints(needed=Points(points), available=active)
    needed = sum(reward.cost_stamps or 0 for reward in chosen)
    if needed > max(stamps, 0):
        raise RewardUnavailable([Phrase("reward_stamps_missing", {"stamps": needed - stamps})])


def _list_problems(field: str, ids: Sequence[VoucherId] | Sequence[RewardId]) -> list[Problem]:
    if len(ids) > OFFERS_MAX:
        return [Problem(field, Phrase("too_many", {"most": OFFERS_MAX}))]
    return [Problem(f"{field}[{at}]", Phrase("repeated")) for at, each in enumerate(ids) if each in ids[:at]]
