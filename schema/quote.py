"""What a checkout would do."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import InvalidInput, NotFound, UserError
from schema.field import described
from schema.gift import InsufficientPoints
from schema.gift_card import GiftCardNotUsable, InsufficientValue
from schema.ids import ProgramKey
from schema.money import Money
from schema.operator import OperatorUnknown
from schema.program import point_names
from schema.reward import RewardUnavailable
from schema.sale import Discount, EarnedLine, Tender, beside_points, earned_of, paid_by_cards
from schema.translations import Translator, translator
from schema.visit import CodeAlreadyUsed, CodeExpired, CodeInvalid
from schema.voucher import VoucherNotUsable
from wallet import sales
from wallet.sales import receipts
from wallet.values import Money as Amount
from wallet.values import Points


@strawberry.type
class Quote:
    id: strawberry.ID
    earns: Points
    lines: list[EarnedLine]
    balance_after: Points
    total: Money
    discounts: list[Discount]
    due: Money
    stamps: int
    tier_after: str | None = strawberry.field(description="The tier that the sale brings; null where it brings none.")
    expires_at: datetime = strawberry.field(description="Until then a checkout can be told to do exactly this.")
    tenders: list[Tender]
    quote: strawberry.Private[sales.Quote]

    @described("One line for the paper receipt, in the store's language.")
    async def receipt_text(self, info: Info) -> str:
        terminal = info.context.terminal
        assert terminal is not None, "only a till asks for quotes"
        program = await info.context.loaders.program(ProgramKey(terminal.merchant_id, terminal.program_id))
        names, plan = point_names(program), self.quote.plan
        active_at = plan.activates_at if plan.activates_at > self.quote.quoted_at else None
        said = [*beside_points(plan.earning.stamps, [offer.reward for offer in plan.offers], self.tier_after)]
        if plan.points or not plan.earning.stamps:
            said.insert(0, earned_of(plan.points, names, active_at=active_at, in_review=plan.held is not None))
        said += paid_by_cards(receipts.tenders_paid(self.quote.tenders, self.quote.basket.currency))
        say = translator(terminal.locale, terminal.timezone)
        return " ".join(say.say(phrase, names) for phrase in said)

    @classmethod
    def from_domain(cls, quote: sales.Quote, say: Translator) -> "Quote":
        plan, basket = quote.plan, quote.basket
        return cls(
            id=strawberry.ID(quote.quote_id),
            earns=plan.points,
            lines=[EarnedLine.from_domain(line, say) for line in plan.earning.lines],
            balance_after=quote.balance_after,
            total=Money.from_domain(Amount(basket.total_minor, basket.currency)),
            discounts=[Discount.from_domain(part) for part in receipts.discounts_of(basket, plan)],
            due=Money.from_domain(Amount(quote.due_minor, basket.currency)),
            stamps=plan.earning.stamps,
            tier_after=plan.standing.tier if plan.standing else None,
            expires_at=quote.expires_at,
            tenders=[Tender.from_domain(each) for each in receipts.tenders_paid(quote.tenders, basket.currency)],
            quote=quote,
        )


@strawberry.type(description="The customer has shown a code for earning alone; ask for one to redeem.")
class RedeemCodeNeeded(UserError):
    pass


@strawberry.type(description="Nothing was done: the sale would not do what the quote had said.")
class QuoteChanged(UserError):
    quote: Quote


QuoteResult = Annotated[
    Quote
    | InvalidInput
    | NotFound
    | CodeInvalid
    | CodeExpired
    | CodeAlreadyUsed
    | RewardUnavailable
    | VoucherNotUsable
    | InsufficientPoints
    | RedeemCodeNeeded
    | OperatorUnknown
    | GiftCardNotUsable
    | InsufficientValue,
    strawberry.union("QuoteResult"),
]
