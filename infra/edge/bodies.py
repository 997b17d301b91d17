"""Reads the body of a request: as it comes, never more than allowed, and never for long."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

from infra.edge.refusals import BAD_REQUEST, bad_request, refused

BODY_BYTES_MAX = 64 * 1024
BODY_SECONDS_MAX = 10.0
CLOSE = {"Connection": "close"}
"""After an answer that does not wait for the rest of the body."""


class Disconnected(Exception):
    """The client went away; nobody waits for an answer."""


async def read_body(
    receive: Receive, headers: Headers, *, bytes_max: int = BODY_BYTES_MAX, seconds_max: float = BODY_SECONDS_MAX
) -> bytes:
    """The whole body. Raises RequestRefused (413, 408, 400) and Disconnected."""
    announced = headers.get("content-length")
    if announced is not None:
        if not (announced.isascii() and announced.isdigit()):
            raise bad_request("`Content-Length` is no number.")
        if len(announced) > 18 or int(announced) > bytes_max:
            raise too_large(bytes_max)
    chunks: list[bytes] = []
    size = 0
    limit = asyncio.timeout(seconds_max)
    try:
        async with limit:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > bytes_max:
                    raise too_large(bytes_max)
                chunks.append(chunk)
                more = message.get("more_body", False)
    except TimeoutError:
        raise refused(408, BAD_REQUEST, f"The body did not arrive within {seconds_max:g} s.", CLOSE) from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(bytes_max: int) -> Exception:
    return refused(413, BAD_REQUEST, f"The body is larger than {bytes_max:,} bytes.", CLOSE)
