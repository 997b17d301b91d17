"""The punch card: how full it is, and what a full one gives."""

import strawberry

from schema.context import Info, RewardWanted
from schema.ids import ProgramKey
from schema.reward import Reward


@strawberry.type
class StampProgress:
    collected: int = strawberry.field(
        description="Of those on the card that is being filled. "
        "Below zero where goods came back whose stamps had filled an earlier one."
    )
    needed: int
    reward: Reward = strawberry.field(description="What a full card gives, as a voucher.")


async def stamp_progress(info: Info, key: ProgramKey, stamps: int) -> StampProgress | None:
    """How full the punch card is; None where the program has none."""
    program = await info.context.loaders.program(key)
    rules = program.rules.stamps
    if rules is None:
        return None
    reward = await info.context.loaders.reward_of(RewardWanted(key, rules.reward))
    if reward is None:
        return None
    return StampProgress(collected=stamps, needed=rules.needed, reward=Reward.from_domain(reward))
