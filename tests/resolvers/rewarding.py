"""What a phone sends in the tests of rewards and vouchers."""

from typing import Any
from uuid import uuid4

from schema.ids import RewardKey, encode
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_REWARD
from tests.resolvers.world import Person
from wallet.rewards import Reward


def reward_id(reward: Reward) -> str:
    return encode(RewardKey(reward.merchant_id, reward.reward_id))


def claim_of(person: Person, reward: Reward, *, key: str | None = None) -> dict[str, object]:
    """What claimReward is told."""
    return {"cardId": person.card, "rewardId": reward_id(reward), "idempotencyKey": key or str(uuid4())}


async def claimed(phone: Api, person: Person, reward: Reward) -> dict[str, Any]:
    """The voucher of a reward that the phone claimed now."""
    answer = await phone.do(CLAIM_REWARD, **claim_of(person, reward))
    assert answer["__typename"] == "RewardClaimed", answer
    voucher: dict[str, Any] = answer["voucher"]
    return voucher
