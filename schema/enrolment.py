"""A customer who has no app yet gets a card at the counter."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.errors import IdempotencyKeyReused, InvalidInput
from schema.operator import OperatorUnknown
from schema.visit import Visit
from wallet import enrolments


@strawberry.input
class EnrolInput:
    email: str
    phone: str | None = strawberry.field(
        default=UNSET,
        description="With the country's code, or as the store's country writes its mobile numbers. "
        "A customer who was enrolled by it alone gets the email, and can sign in.",
    )
    name: str | None = UNSET
    locale: str | None = UNSET
    idempotency_key: UUID
    operator_pin: str | None = strawberry.field(default=UNSET, description="Who stands at the till.")


@strawberry.input
class EnrolByPhoneInput:
    phone: str = strawberry.field(
        description="With the country's code, or as the store's country writes its mobile numbers."
    )
    name: str | None = UNSET
    locale: str | None = UNSET
    idempotency_key: UUID
    operator_pin: str | None = strawberry.field(default=UNSET, description="Who stands at the till.")


@strawberry.type(description="The customer confirms by the emailed link; points can be earned at once.")
class CustomerEnrolled:
    visit: Visit
    already_member: bool

    @classmethod
    def from_domain(cls, enrolled: enrolments.Enrolled) -> "CustomerEnrolled":
        return cls(visit=Visit.from_domain(enrolled.visit), already_member=enrolled.already_member)


EnrolResult = Annotated[
    CustomerEnrolled | InvalidInput | IdempotencyKeyReused | OperatorUnknown, strawberry.union("EnrolResult")
]
