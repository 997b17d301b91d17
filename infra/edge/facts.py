"""What becomes known of a request on its way: for the access log, the metrics and whoever reports a fault."""

import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, assert_never

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from auth.viewers import Anonymous, Customer, Terminal, Viewer

KEY = "regulars.facts"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(slots=True)
class Facts:
    request_id: str
    viewer: str | None = None
    operation: str | None = None
    """The name that the client gave the operation."""
    operation_type: str | None = None
    root_field: str | None = None
    """A name of the schema's: one of few, unlike the operation's."""
    code: str | None = None
    """The code of the first error, if there was one."""


def facts_of(scope: MutableMapping[str, Any]) -> Facts:
    """The one record of this request, made when it is first asked for."""
    facts = scope.get(KEY)
    if isinstance(facts, Facts):
        return facts
    facts = Facts(request_id_of(Headers(scope=scope)))
    scope[KEY] = facts
    return facts


def request_id_of(headers: Headers) -> str:
    """The id that the request came with, if it is a sane one; else a new one."""
    given = headers.get("x-request-id")
    return given if given is not None and SANE_ID.fullmatch(given) else os.urandom(16).hex()


def kind_of(viewer: Viewer) -> str:
    """What kind of caller it is, in one word."""
    match viewer:
        case Customer():
            return "customer"
        case Terminal():
            return "terminal"
        case Anonymous():
            return "anonymous"
        case _:
            assert_never(viewer)


def sharer_of(viewer: Viewer, connection: HTTPConnection) -> str:
    """Whose sockets are counted together: a customer's on all devices, a terminal's, or those of one address."""
    match viewer:
        case Customer():
            return f"customer {viewer.customer_id}"
        case Terminal():
            return f"terminal {viewer.terminal_id}"
        case Anonymous():
            return f"address {connection.client.host if connection.client else 'unknown'}"
        case _:
            assert_never(viewer)
