"""What points and stamps buy, and whether this member can have it."""

import strawberry

from schema.context import Info
from schema.errors import UserError
from schema.field import described
from schema.ids import ProgramKey, RewardKey, encode
from schema.node import Node
from schema.phrases import PHRASES
from schema.program import point_names
from schema.translations import PointNames
from wallet import rewards
from wallet.values import Points, RewardKind

strawberry.enum(RewardKind)


@strawberry.type
class Reward(Node):
    name: str
    description: str | None
    kind: RewardKind
    cost_points: Points | None
    cost_stamps: int | None

    @classmethod
    def from_domain(cls, reward: rewards.Reward) -> "Reward":
        return cls(
            id=encode(RewardKey(reward.merchant_id, reward.reward_id)),
            name=reward.name,
            description=reward.description,
            kind=reward.kind,
            cost_points=reward.cost_points,
            cost_stamps=reward.cost_stamps,
        )


@strawberry.type
class RewardOffer:
    reward: Reward
    available: bool
    offer: strawberry.Private[rewards.RewardOffer]
    names: strawberry.Private[PointNames | None]

    @described("Why not, or how far it is; empty if available.")
    async def reasons(self, info: Info) -> list[str]:
        names, reward = self.names, self.offer.reward
        if names is None and any(PHRASES[reason.code].names_points for reason in self.offer.reasons):
            program = await info.context.loaders.program(ProgramKey(reward.merchant_id, reward.program_id))
            names = point_names(program)
        return [info.context.say.say(reason, names) for reason in self.offer.reasons]

    @classmethod
    def from_domain(cls, offer: rewards.RewardOffer, names: PointNames | None = None) -> "RewardOffer":
        """`names` are what the program calls its points, where that is known."""
        return cls(reward=Reward.from_domain(offer.reward), available=offer.available, offer=offer, names=names)


@strawberry.type
class RewardUnavailable(UserError):
    reasons: list[str]
