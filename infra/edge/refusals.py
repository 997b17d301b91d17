"""What the edge says to a request that it does not carry out, and how every error is written down."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError, GraphQLFormattedError

BAD_REQUEST = "BAD_REQUEST"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
TOO_COMPLEX = "QUERY_TOO_COMPLEX"
DOCUMENT_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
"""Of an id. Apollo's and other clients know this code: they send the text, if they may."""
DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
"""Of a text, where only known documents are executed."""
BAD_USER_INPUT = "BAD_USER_INPUT"
UNAUTHENTICATED = "UNAUTHENTICATED"
FORBIDDEN = "FORBIDDEN"
TIMEOUT = "TIMEOUT"
INTERNAL = "INTERNAL"
UNAVAILABLE = "UNAVAILABLE"

AWAY = "Not available right now. Try again in a moment, with the same idempotency key."

ERRORS_MAX = 20
"""As many errors as a person reads; more only make the answer long."""


class RequestRefused(Exception):
    """The request is not carried out. Nothing was done.

    `status_as_json` is the status for those who accept application/json alone, where it differs.
    """

    def __init__(
        self,
        status: int,
        errors: Sequence[GraphQLFormattedError],
        *,
        status_as_json: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, errors)
        self.status = status
        self.status_as_json = status if status_as_json is None else status_as_json
        self.errors = errors
        self.headers = headers or {}

    @property
    def code(self) -> str:
        """The code of the first error: for logs and metrics."""
        return str(self.errors[0].get("extensions", {}).get("code", ""))


def error_of(code: str, message: str) -> GraphQLFormattedError:
    return {"message": message, "extensions": {"code": code}}


def refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> RequestRefused:
    """A refusal for one reason, of the whole request."""
    return RequestRefused(status, [error_of(code, message)], headers=headers)


def bad_request(message: str) -> RequestRefused:
    """The request is not a GraphQL request."""
    return refused(400, BAD_REQUEST, message)


def bad_document(code: str, errors: Sequence[GraphQLError]) -> RequestRefused:
    """The document or its variables cannot be used. Old clients, of application/json, are told so with a 200."""
    formatted = [with_code(error, code) for error in errors[:ERRORS_MAX]]
    return RequestRefused(400, formatted, status_as_json=200)


def with_code(error: GraphQLError, code: str) -> GraphQLFormattedError:
    """The error as it is sent: what it says, where, and its code."""
    formatted = error.formatted
    formatted["extensions"] = {**(error.extensions or {}), "code": code}
    return formatted


def no_token(message: str = "The access token is not valid any more. Sign in again.") -> RequestRefused:
    """Whoever calls showed a token, and it is no good. (Nobody has to show one; resolvers say what needs it.)"""
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return refused(401, UNAUTHENTICATED, message, challenge)
