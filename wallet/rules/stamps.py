"""The punch card: what a stamp is given for, and what a full card brings."""

from dataclasses import dataclass
from typing import Literal

from wallet.fingerprint import Json
from wallet.rules.multipliers import fits
from wallet.rules.reading import Reading

NEEDED_MAX = 100
COOLDOWN_MAX = 30 * 24

STAMPS_PER_SALE_MAX = 100
"""A slip of the till (a million coffees) is not to give away the shop."""

StampBasis = Literal["item", "visit"]


@dataclass(frozen=True, slots=True)
class StampRules:
    """A stamp for each item (or for each visit with one) of the categories or SKUs, of all goods where none is named.

    `cooldown_hours`: after a visit's stamp so long there is no other; says nothing of items.
    `needed` stamps are one voucher of `reward`, which is the slug of one of the program's rewards.
    """

    per: StampBasis
    needed: int
    reward: str
    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    cooldown_hours: int = 12

    def covers(self, *, sku: str | None, category: str | None) -> bool:
        """Whether such goods are stamped."""
        return fits(sku=sku, category=category, skus=self.skus, categories=self.categories)

    def to_json(self) -> dict[str, Json]:
        return {
            "per": self.per,
            "categories": list(self.categories),
            "skus": list(self.skus),
            "cooldown_hours": self.cooldown_hours,
            "needed": self.needed,
            "reward": self.reward,
        }


def read_stamps(read: Reading) -> StampRules | None:
    """The punch card of the rules, if they have one."""
    if not read.given("stamps"):
        return None
    part = read.part("stamps", known=StampRules.__slots__)
    return StampRules(
        per="visit" if part.choice("per", "item", "visit") == "visit" else "item",
        categories=part.categories(),
        skus=part.skus(),
        cooldown_hours=part.number("cooldown_hours", 0, COOLDOWN_MAX, default=12),
        needed=part.number("needed", 1, NEEDED_MAX),
        reward=part.slug("reward"),
    )
