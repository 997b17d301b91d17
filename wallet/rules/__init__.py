"""A program's rules: what earns how much, from when, for how long, and what else a member can have.

Immutable once published, read from JSON and written as JSON, said to members as sentences (`terms`).
"""

from wallet.rules.carries import Carry, Rate, carries_from_json, carries_to_json
from wallet.rules.expiry import MonthDay
from wallet.rules.limits import Bonuses, Caps, GiftRules, ReviewRules
from wallet.rules.multipliers import PLAIN, Multiplier
from wallet.rules.ruleset import Rules
from wallet.rules.stamps import StampRules
from wallet.rules.terms import terms
from wallet.rules.tiers import TierLevel, TierRules
from wallet.rules.value_terms import value_terms

__all__ = [
    "PLAIN",
    "Bonuses",
    "Caps",
    "Carry",
    "GiftRules",
    "MonthDay",
    "Multiplier",
    "Rate",
    "ReviewRules",
    "Rules",
    "StampRules",
    "TierLevel",
    "TierRules",
    "carries_from_json",
    "carries_to_json",
    "terms",
    "value_terms",
]
