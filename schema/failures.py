"""What a resolver raises when there is no result to give: top-level errors that a program can tell apart by their code.

Failure (graphql.GraphQLError)
├── Unauthenticated   UNAUTHENTICATED   nobody is signed in, or the token is no good any more
├── Forbidden         FORBIDDEN         signed in, and still not allowed
└── BadUserInput      BAD_USER_INPUT    an argument that no correct program sends, e.g. a home-made cursor

Expected outcomes that a person is told about are no failures: they are members of a result union.
"""

from typing import ClassVar

from graphql import GraphQLError


class Failure(GraphQLError):
    """Its message is written for whoever programs the client, and is sent to them."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class Unauthenticated(Failure):
    """Sign in first, or again."""

    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(message)


class Forbidden(Failure):
    """This kind of caller may not do this."""

    code = "FORBIDDEN"

    def __init__(self, message: str = "Not allowed.") -> None:
        super().__init__(message)


class BadUserInput(Failure):
    """The argument cannot be used; the message says which one and why."""

    code = "BAD_USER_INPUT"
