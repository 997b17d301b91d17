"""Expected failures that several operations share. Each is a type of its own, so that an app can switch on it."""

from datetime import datetime

import strawberry


@strawberry.interface(
    description="Something the customer can be told. Every expected failure is a type of its own that implements this."
)
class UserError:
    message: str = strawberry.field(description="One sentence in the language of Accept-Language, safe to show.")


@strawberry.type
class FieldProblem:
    field: str
    message: str


@strawberry.type
class InvalidInput(UserError):
    problems: list[FieldProblem]


@strawberry.type(description="Does not exist, or is not yours: the two are never told apart.")
class NotFound(UserError):
    pass


@strawberry.type(description="This key was used before with other input. Nothing was done.")
class IdempotencyKeyReused(UserError):
    pass


@strawberry.type
class TooManyAttempts(UserError):
    retry_at: datetime
