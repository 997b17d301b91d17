"""What of a result is sent: the data, and errors that tell a client what it may know and nothing more."""

import json
from collections.abc import Sequence

import orjson
import structlog
from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLFormattedError
from strawberry.exceptions import StrawberryGraphQLError, StrawberryInputCoercionError

from infra.edge.logs import fault
from infra.edge.refusals import AWAY, BAD_USER_INPUT, FORBIDDEN, INTERNAL, UNAVAILABLE, error_of, with_code
from infra.pool import DatabaseUnavailable

MASK = "Something went wrong on our side. Nothing more can be said here; please report it with the request id."

log = structlog.get_logger(__name__)


def present(result: ExecutionResult, request_id: str) -> tuple[dict[str, object], str | None]:
    """The response as GraphQL has it, and the code of its first error.

    What nobody planned for is logged with the request id, and masked.
    """
    if not result.errors:
        return {"data": result.data}, None
    errors = present_errors(result.errors, request_id)
    return {"data": result.data, "errors": errors}, str(errors[0]["extensions"]["code"])


def present_errors(errors: Sequence[GraphQLError], request_id: str) -> list[GraphQLFormattedError]:
    return [present_error(error, request_id) for error in errors]


def present_error(error: GraphQLError, request_id: str) -> GraphQLFormattedError:
    code = code_of(error)
    if code is not None:
        return with_code(error, code)
    path = ".".join(str(key) for key in error.path or ())
    cause = cause_of(error)
    if isinstance(cause, DatabaseUnavailable):
        log.warning("graphql.unavailable", path=path)
        masked = error_of(UNAVAILABLE, AWAY)
    else:
        log.error("graphql.failed", path=path, **fault(cause))
        masked = masked_error(request_id)
    formatted = error.formatted
    return {**formatted, "message": masked["message"], "extensions": masked["extensions"]}


def masked_error(request_id: str) -> GraphQLFormattedError:
    """The error that stands for whatever nobody planned for."""
    formatted = error_of(INTERNAL, MASK)
    formatted["extensions"]["requestId"] = request_id
    return formatted


def code_of(error: GraphQLError) -> str | None:
    """The code of an error that is meant for the client; None for all others.

    Meant are those with a code of their own, a refused permission, and an argument that no resolver was asked with
    because it cannot be what it should: graphql-core places that error at the argument, and all its others at a field.
    """
    cause = cause_of(error)
    code = (error.extensions or {}).get("code")
    if isinstance(code, str) and isinstance(cause, GraphQLError):
        return code
    if isinstance(cause, StrawberryInputCoercionError):
        return BAD_USER_INPUT
    if isinstance(cause, StrawberryGraphQLError):
        return FORBIDDEN
    if isinstance(cause, GraphQLError) and cause.nodes and not isinstance(cause.nodes[0], FieldNode):
        return BAD_USER_INPUT
    return None


def cause_of(error: GraphQLError) -> Exception:
    """What was raised in the first place."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def to_json(response: object) -> bytes:
    """UTF-8 JSON. Numbers past 64 bits and half surrogate pairs take the slow way, and get there."""
    try:
        return orjson.dumps(response)
    except TypeError:
        return json.dumps(response, separators=(",", ":"), allow_nan=False).encode("ascii")
