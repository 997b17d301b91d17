"""How many of a reward are left. Taken by a conditional update, so never one too many.

Who takes or puts back holds the card already; the rewards come after it, in the order of their ids, so that nobody
waits for somebody who waits for them, and a reward that all want is held for an instant only.
"""

from collections import Counter
from collections.abc import Sequence

from wallet.database import Conn
from wallet.errors import RewardUnavailable
from wallet.rewards.reward import Reward
from wallet.values import MerchantId, Phrase, RewardId

NONE_LEFT = Phrase("reward_none_left")

TAKE_STOCK_SQL = """
    WITH held AS (
        SELECT r.reward_id, w.units
        FROM unnest($2::uuid[], $3::integer[]) AS w (reward_id, units)
        JOIN rewards AS r ON r.merchant_id = $1 AND r.reward_id = w.reward_id
        ORDER BY r.reward_id
        FOR NO KEY UPDATE OF r
    )
    UPDATE rewards AS r SET stock = r.stock - held.units
    FROM held
    WHERE r.merchant_id = $1 AND r.reward_id = held.reward_id AND r.stock >= held.units
    RETURNING r.reward_id
"""

PUT_BACK_STOCK_SQL = """
    WITH held AS (
        SELECT r.reward_id, w.units
        FROM unnest($2::uuid[], $3::integer[]) AS w (reward_id, units)
        JOIN rewards AS r ON r.merchant_id = $1 AND r.reward_id = w.reward_id
        ORDER BY r.reward_id
        FOR NO KEY UPDATE OF r
    )
    UPDATE rewards AS r SET stock = r.stock + held.units
    FROM held
    WHERE r.merchant_id = $1 AND r.reward_id = held.reward_id AND r.stock IS NOT NULL
"""


async def take_stock(conn: Conn, *, merchant_id: MerchantId, rewards: Sequence[Reward]) -> None:
    """There is one less of each (two less of one that is named twice); of a reward without end nothing is counted.

    Raises RewardUnavailable if there were not enough of one of them.
    """
    units = _units(rewards)
    if not units:
        return
    taken = await conn.fetch(TAKE_STOCK_SQL, merchant_id, list(units.keys()), list(units.values()))
    if len(taken) != len(units):
        raise RewardUnavailable([NONE_LEFT])


async def put_back_stock(conn: Conn, *, merchant_id: MerchantId, rewards: Sequence[Reward]) -> None:
    """There is one more of each: what was bought came back."""
    units = _units(rewards)
    if units:
        await conn.execute(PUT_BACK_STOCK_SQL, merchant_id, list(units.keys()), list(units.values()))


def _units(rewards: Sequence[Reward]) -> Counter[RewardId]:
    return Counter(reward.reward_id for reward in rewards if reward.stock is not None)
