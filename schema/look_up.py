"""A card is asked for by an address or a number."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.errors import NotFound, TooManyAttempts
from schema.operator import OperatorUnknown
from schema.visit import Visit


@strawberry.input(one_of=True)
class LookUpInput:
    email: str | None = UNSET
    phone: str | None = UNSET


LookUpResult = Annotated[Visit | NotFound | TooManyAttempts | OperatorUnknown, strawberry.union("LookUpResult")]
