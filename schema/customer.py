"""The person who signs in."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from auth import customers
from auth.viewers import SessionId
from schema.card import Card
from schema.connection import page_size, read_gift_cursor
from schema.context import GiftsWanted, Info
from schema.errors import InvalidInput, UserError
from schema.field import described, given
from schema.gift import GiftConnection
from schema.gift_card import GiftCard
from schema.ids import CustomerKey, encode
from schema.node import Node
from schema.session import Session


@strawberry.type
class Birthday:
    month: int
    day: int


@strawberry.type
class Customer(Node):
    email: str
    name: str | None
    locale: str = strawberry.field(description="BCP 47, e.g. ml-IN.")
    birthday: Birthday | None
    key: strawberry.Private[CustomerKey]
    session_id: strawberry.Private[SessionId]

    @strawberry.field
    async def cards(self, info: Info) -> list[Card]:
        return [Card.from_domain(card) for card in await info.context.loaders.cards(self.key)]

    @strawberry.field
    async def sent_gifts(self, info: Info, first: int = 20, after: str | None = UNSET) -> GiftConnection:
        wanted = GiftsWanted(self.key, page_size(first), read_gift_cursor(given(after)))
        page = await info.context.loaders.sent_gifts(wanted)
        return GiftConnection.from_domain(page, after=wanted.after is not None)

    @described("The gifts that the viewer claimed, the newest claim first.")
    async def received_gifts(self, info: Info, first: int = 20, after: str | None = UNSET) -> GiftConnection:
        wanted = GiftsWanted(self.key, page_size(first), read_gift_cursor(given(after)))
        page = await info.context.loaders.received_gifts(wanted)
        return GiftConnection.from_domain(page, after=wanted.after is not None)

    @described("Of all shops, those with money first, and of them the newest.")
    async def gift_cards(self, info: Info) -> list[GiftCard]:
        return [GiftCard.from_domain(card) for card in await info.context.loaders.gift_cards(self.key)]

    @strawberry.field
    async def sessions(self, info: Info) -> list[Session]:
        found = await info.context.loaders.sessions(self.key)
        return [Session.from_domain(session, current=self.session_id) for session in found]

    @classmethod
    def from_domain(cls, customer: customers.Customer) -> "Customer":
        key = CustomerKey(customer.customer_id)
        return cls(
            id=encode(key),
            email=customer.email,
            name=customer.name,
            locale=customer.locale,
            birthday=Birthday(month=customer.birthday.month, day=customer.birthday.day) if customer.birthday else None,
            key=key,
            session_id=customer.session_id,
        )


@strawberry.input(description="What is left out stays as it is.")
class UpdateProfileInput:
    name: str | None = strawberry.field(default=UNSET, description="Null takes the name away.")
    locale: str | None = strawberry.field(default=UNSET, description="BCP 47, e.g. ml-IN.")


@strawberry.type
class ProfileUpdated:
    customer: Customer


UpdateProfileResult = Annotated[ProfileUpdated | InvalidInput, strawberry.union("UpdateProfileResult")]


@strawberry.input(description="29 February is a birthday too.")
class SetBirthdayInput:
    month: int
    day: int


@strawberry.type
class BirthdaySet:
    customer: Customer


@strawberry.type(description="Another day was said before. The same day again is no error.")
class BirthdayAlreadySet(UserError):
    pass


SetBirthdayResult = Annotated[BirthdaySet | BirthdayAlreadySet | InvalidInput, strawberry.union("SetBirthdayResult")]
