"""The messages of graphql-transport-ws, as clients may send them.

The protocol is that of the graphql-ws project (PROTOCOL.md of version 6). Whatever is none of its messages closes the
socket with 4400.
"""

from dataclasses import dataclass

import orjson

from infra.edge.parameters import Parameters, of_json
from infra.edge.refusals import BAD_REQUEST, RequestRefused

PROTOCOL = "graphql-transport-ws"

INTERNAL_ERROR = 1011
TOO_BIG = 1009
INVALID_MESSAGE = 4400
UNAUTHORIZED = 4401
NOT_ALLOWED = 4403
BAD_PROTOCOL = 4406
INIT_TIMEOUT = 4408
ID_TAKEN = 4409
TOO_MANY = 4429

ID_LENGTH_MAX = 100
REASON_BYTES_MAX = 123
"""What fits into a close frame beside the code (RFC 6455 §5.5)."""


class Closing(Exception):
    """The socket is to be closed, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    wanted: Parameters | RequestRefused


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Message = ConnectionInit | Ping | Pong | Subscribe | Complete


def message_of(text: str) -> Message:
    """The message that the text is. Raises Closing with 4400."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Closing(INVALID_MESSAGE, f"Not valid JSON: {error.msg}") from error
    if not isinstance(said, dict):
        raise Closing(INVALID_MESSAGE, "A message is a JSON object")
    match said.get("type"):
        case "connection_init":
            return ConnectionInit(payload_of(said))
        case "ping":
            payload_of(said)
            return Ping()
        case "pong":
            payload_of(said)
            return Pong()
        case "subscribe":
            return Subscribe(id_of(said), parameters_of(said, escapes="\\u" in text))
        case "complete":
            return Complete(id_of(said))
        case str() as other:
            raise Closing(INVALID_MESSAGE, f"No message that a client sends: {other[:40]}")
        case _:
            raise Closing(INVALID_MESSAGE, "`type` must be a string")


def payload_of(said: dict[str, object]) -> dict[str, object]:
    payload = said.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Closing(INVALID_MESSAGE, "`payload` must be an object")
    return payload


def id_of(said: dict[str, object]) -> str:
    found = said.get("id")
    if not isinstance(found, str) or not 1 <= len(found) <= ID_LENGTH_MAX:
        raise Closing(INVALID_MESSAGE, f"`id` must be a string of 1 to {ID_LENGTH_MAX} characters")
    return found


def parameters_of(said: dict[str, object], *, escapes: bool) -> Parameters | RequestRefused:
    """What is to be subscribed to, or why not. A payload that is no request at all raises Closing."""
    payload = said.get("payload")
    if not isinstance(payload, dict):
        raise Closing(INVALID_MESSAGE, "`payload` must be an object")
    try:
        return of_json(payload, escapes=escapes)
    except RequestRefused as refusal:
        if refusal.code == BAD_REQUEST:
            raise Closing(INVALID_MESSAGE, str(refusal.errors[0]["message"])) from refusal
        return refusal
