"""Who is signed in, and what they may change of themselves."""

from strawberry import UNSET

from auth import customers
from resolvers import callers
from resolvers.arguments import Input
from resolvers.context import Info
from schema.customer import (
    BirthdaySet,
    Customer,
    ProfileUpdated,
    SetBirthdayInput,
    SetBirthdayResult,
    UpdateProfileInput,
    UpdateProfileResult,
)
from schema.field import given


async def viewer(info: Info) -> Customer | None:
    async with info.context.pool.acquire() as conn:
        customer = await callers.find_customer(conn, info.context)
    return Customer.from_domain(customer) if customer else None


async def update_profile(info: Info, said: Input[UpdateProfileInput]) -> UpdateProfileResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        updated = await customers.update_profile(
            conn,
            customer,
            rename=said.name is not UNSET,
            name=given(said.name),
            locale=given(said.locale),
        )
    context.own_locale = updated.locale
    return ProfileUpdated(customer=Customer.from_domain(updated))


async def set_birthday(info: Info, said: Input[SetBirthdayInput]) -> SetBirthdayResult:
    context = info.context
    async with context.pool.acquire() as conn, conn.transaction():
        customer = await callers.signed_in(conn, context)
        updated = await customers.set_birthday(conn, customer, month=said.month, day=said.day)
    return BirthdaySet(customer=Customer.from_domain(updated))
