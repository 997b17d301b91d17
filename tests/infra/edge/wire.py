"""HTTP by hand: whatever a client could put on the wire, and what came back."""

import io
import json
import socket
from dataclasses import dataclass
from http.client import HTTPResponse

GOOD = b'{"query":"{ __typename }"}'
RESPONSE_JSON = "application/graphql-response+json"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in json.loads(self.body)["errors"]]


def request(
    body: bytes = b"",
    *,
    method: str = "POST",
    target: str = "/graphql",
    headers: dict[str, str] | None = None,
    length: str | None = None,
) -> bytes:
    """The bytes of a request. Header values go out as they are."""
    lines = {"Host": "127.0.0.1", "Content-Type": "application/json", "Accept": RESPONSE_JSON, **(headers or {})}
    if method == "POST" and "Transfer-Encoding" not in lines:
        lines["Content-Length"] = str(len(body)) if length is None else length
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return head.encode("latin-1") + b"\r\n" + body


def say(connection: socket.socket, sent: bytes, method: str = "POST") -> Reply:
    connection.sendall(sent)
    return hear(connection, method)


def hear(connection: socket.socket, method: str = "POST") -> Reply:
    response = HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class _SharedReader(io.BufferedReader):
    """Is not closed with the first response that was read from it, but with its connection."""

    def close(self) -> None:
        pass


class _Shared:
    """Gives every response the same reader: what one of them reads ahead belongs to the next."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._reader = _SharedReader(raw)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self._reader


def hear_several(connection: socket.socket, count: int) -> list[int]:
    """The statuses of the next answers, several of which may come in one packet."""
    statuses = []
    with connection.makefile("rb", buffering=0) as raw:
        shared = _Shared(raw)
        for _ in range(count):
            response = HTTPResponse(shared, method="POST")  # type: ignore[arg-type]  # it asks for a reader alone
            response.begin()
            response.read()
            statuses.append(response.status)
    return statuses
