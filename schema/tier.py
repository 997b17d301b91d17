"""How far a member has come: the tier, and what is missing to the next."""

from datetime import datetime

import strawberry

from schema.context import Info
from schema.ids import ProgramKey
from schema.money import Money
from schema.scalars import CurrencyCode
from schema.translations import Translator
from wallet.standings import Member
from wallet.tiers import Progress, Standing
from wallet.values import CardId, Points


@strawberry.type
class TierProgress:
    name: str = strawberry.field(description="Below the first tier a word for a member, in the reader's language.")
    perks: list[str]
    next_name: str | None = strawberry.field(description="Null at the highest.")
    to_next: Points | None = strawberry.field(
        description="Points that are missing to the next tier; "
        "where the program counts what is spent, money in the minor unit, as in toNextMoney."
    )
    to_next_money: Money | None = strawberry.field(description="Null where the program counts points.")
    keep_until: datetime | None = strawberry.field(description="Before then the tier cannot be lost.")
    at_risk: bool = strawberry.field(
        description="It will be lost soon, unless more is earned: what counts on that day is not enough yet."
    )

    @classmethod
    def from_domain(cls, progress: Progress, *, money_in: str | None, say: Translator) -> "TierProgress":
        """`money_in`: the currency, where the program counts what is spent."""
        to_next = progress.to_next
        return cls(
            name=progress.name or say.gettext("Member"),
            perks=list(progress.perks),
            next_name=progress.next_name,
            to_next=None if to_next is None else Points(to_next),
            to_next_money=None
            if money_in is None or to_next is None
            else Money(amount_minor=to_next, currency=CurrencyCode(money_in)),
            keep_until=progress.keep_until,
            at_risk=progress.at_risk,
        )


async def tier_progress(info: Info, key: ProgramKey, card_id: CardId, standing: Standing) -> TierProgress | None:
    """What is told of the card's tier; None where the program has no tiers."""
    program = await info.context.loaders.program(key)
    tiers = program.rules.tiers
    if tiers is None:
        return None
    member = Member(key.merchant_id, card_id, standing, tiers, program.zone)
    progress = await info.context.loaders.tier(member)
    money_in = program.currency if tiers.basis == "spend" else None
    return TierProgress.from_domain(progress, money_in=money_in, say=info.context.say)
