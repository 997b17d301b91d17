import strawberry

from schema.scalars import CurrencyCode
from wallet import values


@strawberry.type
class Money:
    amount_minor: int = strawberry.field(description="In the currency's minor unit (paise, cents). Never a fraction.")
    currency: CurrencyCode

    @classmethod
    def from_domain(cls, money: values.Money) -> "Money":
        return cls(amount_minor=money.amount_minor, currency=CurrencyCode(money.currency))
