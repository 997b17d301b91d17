"""What fields and their arguments need of strawberry that it does not say in types."""

from collections.abc import Callable
from typing import TypeVar

import strawberry
from strawberry import UNSET

T = TypeVar("T")
Resolver = TypeVar("Resolver", bound=Callable[..., object])
"""Keeps the resolver's own type, which `strawberry.field` with arguments loses."""


def described(description: str) -> Callable[[Resolver], Resolver]:
    """The method is a field with this description."""
    decorate: Callable[[Resolver], Resolver] = strawberry.field(description=description)
    return decorate


def given(value: T | None) -> T | None:
    """None for what was left out as well as for null."""
    return None if value is UNSET else value
