"""Signing in by an emailed code."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.customer import Customer
from schema.errors import InvalidInput, TooManyAttempts, UserError
from schema.session import SessionTokens


@strawberry.input
class RequestSignInCodeInput:
    email: str
    locale: str | None = UNSET


@strawberry.type
class SignInCodeRequested:
    attempt_id: strawberry.ID
    expires_at: datetime


RequestSignInCodeResult = Annotated[
    SignInCodeRequested | InvalidInput | TooManyAttempts, strawberry.union("RequestSignInCodeResult")
]


@strawberry.input
class SignInInput:
    attempt_id: strawberry.ID
    code: str
    device_name: str


@strawberry.type
class SignedIn:
    customer: Customer
    tokens: SessionTokens


@strawberry.type
class SignInCodeRejected(UserError):
    attempts_left: int


SignInResult = Annotated[SignedIn | SignInCodeRejected | TooManyAttempts, strawberry.union("SignInResult")]
