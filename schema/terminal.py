"""The till that calls, and how it gets its own credential."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import TooManyAttempts, UserError
from schema.field import described
from schema.ids import ProgramKey, TerminalKey, encode
from schema.node import Node
from schema.program import COLOR_SAID, LOGO_SAID, ON_COLOR_SAID, logo_url
from schema.scalars import CurrencyCode
from schema.session import SessionEnded, SessionRefreshed, SessionTokens
from wallet import programs, values
from wallet.stores import country_of


@strawberry.type
class Terminal(Node):
    name: str
    store_name: str
    merchant_name: str
    currency: CurrencyCode
    locale: str = strawberry.field(description="The store's, e.g. ml-IN: of its receipts, and of who stands here.")
    country: str | None = strawberry.field(
        description="The locale's, in ISO 3166, e.g. IN; null where it names none. "
        "Telephone numbers without a country's code are read as its."
    )
    operators_needed: bool = strawberry.field(
        description="Whether whoever sells or takes back here has to say their PIN."
    )
    server_time: datetime = strawberry.field(description="By which codes end and sales are dated, wherever a till is.")
    program_key: strawberry.Private[ProgramKey]

    @described("Of the program that this counter enrols into.")
    async def program_name(self, info: Info) -> str:
        return (await self._program(info)).name

    @strawberry.field
    async def program_slug(self, info: Info) -> str:
        return (await self._program(info)).slug

    @described("Check-in codes with another one in them are another merchant's; the first 100.")
    async def program_numbers(self, info: Info) -> list[str]:
        return [str(number) for number in await info.context.loaders.program_numbers(self.program_key)]

    @strawberry.field
    async def point_name(self, info: Info) -> str:
        return (await self._program(info)).point_name

    @strawberry.field
    async def point_name_plural(self, info: Info) -> str:
        return (await self._program(info)).point_name_plural

    @described(COLOR_SAID)
    async def color(self, info: Info) -> str:
        return (await self._program(info)).color

    @described(ON_COLOR_SAID)
    async def on_color(self, info: Info) -> str:
        return (await self._program(info)).on_color

    @described(LOGO_SAID)
    async def logo_url(self, info: Info) -> str | None:
        return logo_url(await self._program(info))

    async def _program(self, info: Info) -> programs.Program:
        return await info.context.loaders.program(self.program_key)

    @classmethod
    def from_domain(cls, terminal: values.Terminal, *, now: datetime) -> "Terminal":
        return cls(
            id=encode(TerminalKey(terminal.merchant_id, terminal.terminal_id)),
            name=terminal.name,
            store_name=terminal.store_name,
            merchant_name=terminal.merchant_name,
            currency=CurrencyCode(terminal.currency),
            locale=terminal.locale,
            country=country_of(terminal.locale),
            operators_needed=terminal.operators_required,
            server_time=now,
            program_key=ProgramKey(terminal.merchant_id, terminal.program_id),
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
