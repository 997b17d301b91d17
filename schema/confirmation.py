"""Confirming the address of a customer who was enrolled at a counter."""

from typing import Annotated

import strawberry

from schema.errors import UserError


@strawberry.input
class ConfirmEmailInput:
    token: str = strawberry.field(description="The last part of the emailed link.")


@strawberry.type(description="The customer reads this mailbox. Confirming again gives the same answer.")
class EmailConfirmed:
    message: str = strawberry.field(description="One sentence in the language of Accept-Language, safe to show.")


@strawberry.type(description="Unknown or past its date: one answer for both.")
class ConfirmationNotUsable(UserError):
    pass


ConfirmEmailResult = Annotated[EmailConfirmed | ConfirmationNotUsable, strawberry.union("ConfirmEmailResult")]
