"""Who is calling: a closed union. Whoever adds a kind of caller is led by the type checker to every place to visit."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType, assert_never
from uuid import UUID

from wallet.values import CustomerId, MerchantId, TerminalId

SessionId = NewType("SessionId", UUID)
"""One signed-in device."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's device, by a valid access token that ends at expires_at."""

    customer_id: CustomerId
    session_id: SessionId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Terminal:
    """A till, by a valid access token that ends at expires_at. What its store says is wallet.values.Terminal."""

    merchant_id: MerchantId
    terminal_id: TerminalId
    session_id: SessionId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody said who they are."""


Viewer = Customer | Terminal | Anonymous


def as_customer(viewer: Viewer) -> Customer | None:
    """The viewer, if it is a customer."""
    match viewer:
        case Customer():
            return viewer
        case Terminal() | Anonymous():
            return None
        case _:
            assert_never(viewer)


def as_terminal(viewer: Viewer) -> Terminal | None:
    """The viewer, if it is a terminal."""
    match viewer:
        case Terminal():
            return viewer
        case Customer() | Anonymous():
            return None
        case _:
            assert_never(viewer)


def session_of(viewer: Viewer) -> SessionId | None:
    """The session that the viewer calls from; None when signed out."""
    match viewer:
        case Customer() | Terminal():
            return viewer.session_id
        case Anonymous():
            return None
        case _:
            assert_never(viewer)


def ends_at(viewer: Viewer) -> datetime | None:
    """When the viewer must have shown a newer token, e.g. on an open socket; None for those who never end."""
    match viewer:
        case Customer() | Terminal():
            return viewer.expires_at
        case Anonymous():
            return None
        case _:
            assert_never(viewer)
