"""The payment of a gift of money, as the gift's sender sees it."""

import strawberry

from wallet.payments import Payment, PaymentState


@strawberry.type(description="What a gift of value costs its sender, and what an app needs to have it paid.")
class GiftPayment:
    provider: str
    client_secret: str | None = strawberry.field(
        default=None,
        description="What the provider's library in the app pays with, if it has one. Only sendGift answers with it.",
    )
    url: str | None = strawberry.field(
        default=None,
        description="The page to open and pay on, where the provider has one. Only sendGift answers with it; with "
        "neither this nor a secret the provider did not answer: send the gift again with the same key.",
    )
    paid: bool
    refunded: bool

    @classmethod
    def from_domain(
        cls, payment: Payment, *, client_secret: str | None = None, url: str | None = None
    ) -> "GiftPayment":
        return cls(
            provider=payment.provider,
            client_secret=client_secret,
            url=url,
            paid=payment.paid,
            refunded=payment.state is PaymentState.REFUNDED,
        )
