"""The till that calls, and how it gets its own credential."""

from typing import Annotated

import strawberry

from schema.errors import TooManyAttempts, UserError
from schema.ids import TerminalKey, encode
from schema.node import Node
from schema.scalars import CurrencyCode
from schema.session import SessionEnded, SessionRefreshed, SessionTokens
from wallet import values


@strawberry.type
class Terminal(Node):
    name: str
    store_name: str
    merchant_name: str
    currency: CurrencyCode

    @classmethod
    def from_domain(cls, terminal: values.Terminal) -> "Terminal":
        return cls(
            id=encode(TerminalKey(terminal.merchant_id, terminal.terminal_id)),
            name=terminal.name,
            store_name=terminal.store_name,
            merchant_name=terminal.merchant_name,
            currency=CurrencyCode(terminal.currency),
        )


@strawberry.input
class ActivateTerminalInput:
    activation_code: str
    device_name: str


@strawberry.type
class TerminalActivated:
    terminal: Terminal
    tokens: SessionTokens


@strawberry.type
class ActivationCodeRejected(UserError):
    pass


ActivateTerminalResult = Annotated[
    TerminalActivated | ActivationCodeRejected | TooManyAttempts, strawberry.union("ActivateTerminalResult")
]


@strawberry.input
class RefreshTerminalSessionInput:
    refresh_token: str


RefreshTerminalSessionResult = Annotated[
    SessionRefreshed | SessionEnded, strawberry.union("RefreshTerminalSessionResult")
]
