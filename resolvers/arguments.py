"""How the arguments of root fields are named."""

from typing import Annotated, TypeVar

import strawberry

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(name="input")]
"""The argument that every mutation calls `input`."""

NodeId = Annotated[strawberry.ID, strawberry.argument(name="id")]
