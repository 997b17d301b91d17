"""From an HTTP request to a viewer. Verifying costs no statement: the key ring is at hand."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import HTTPConnection

from auth import access_tokens
from auth.errors import TokenRejected
from auth.keys import KeyRing
from auth.verified_tokens import VerifiedTokens
from auth.viewers import Anonymous, Customer, Terminal, Viewer

RingKnowing = Callable[[str, datetime], Awaitable[KeyRing]]
"""The key ring, fresh enough to know the key of this name if there is one: KeyRingCache.knowing."""

CREDENTIALS = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+)", re.ASCII | re.IGNORECASE)
"""RFC 6750 §2.1."""


async def viewer_of(connection: HTTPConnection, *, tokens: VerifiedTokens, rings: RingKnowing, now: datetime) -> Viewer:
    """Who makes this request of the API whose `tokens` these are; Anonymous if it has no Authorization header.

    Raises TokenRejected for whatever else stands in that header, and for two of them.
    """
    values = connection.headers.getlist("authorization")
    if not values:
        return Anonymous()
    credentials = CREDENTIALS.fullmatch(values[0].strip())
    if len(values) != 1 or credentials is None:
        raise TokenRejected
    return await viewer_with(credentials[1], tokens=tokens, rings=rings, now=now)


async def viewer_with(token: str, *, tokens: VerifiedTokens, rings: RingKnowing, now: datetime) -> Customer | Terminal:
    """Who holds this access token, wherever it was shown (the first message of a socket, say). Raises TokenRejected."""
    known = tokens.recall(token)
    if known is not None:
        return known.viewer_at(await rings(known.kid, now), now)
    return tokens.verify(await rings(access_tokens.kid_of(token), now), token=token, now=now)
