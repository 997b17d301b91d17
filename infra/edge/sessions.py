"""Calls of our own pages, which hold no token: a header says that the session is the one in the cookie.

Cookies travel by themselves, so whoever makes a browser call us calls as its owner. Therefore a cookie counts only
beside `Regulars-Session: cookie`, which no form can send and no page of another origin may; and what the browser says
of where the call comes from has to be ourselves, whoever else may call the API with tokens.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from auth.cookies import KeptSession, SessionCookie
from auth.errors import SessionEnded, TokenRejected
from auth.sessions import SessionTokens
from auth.viewers import Anonymous, Viewer
from infra.edge.refusals import FORBIDDEN, bad_request, no_token, refused
from schema.failures import Unauthenticated

HEADER = "Regulars-Session"
BY_COOKIE = "cookie"
KEY = "regulars.kept"

Authenticate = Callable[[str], Awaitable[Viewer]]
"""Who calls, from an access token. Raises schema.failures.Unauthenticated or auth.errors.TokenRejected."""

Renew = Callable[[str], Awaitable[SessionTokens]]
"""The next pair of tokens for a refresh token, committed. Raises auth.errors.SessionEnded."""


@dataclass(frozen=True, slots=True)
class CookieSessions:
    """How one API keeps the sessions of our pages."""

    cookie: SessionCookie
    own_origin: str
    aliases: frozenset[str]
    """Other names of the same origin."""
    authenticate: Authenticate
    renew: Renew

    def begin(self, connection: HTTPConnection) -> KeptSession | None:
        """What the request's cookie holds, if the request says that it counts; from then on `kept_of` has it.

        Raises RequestRefused for a request of another origin, and for one that shows a token as well.
        """
        headers = connection.headers
        said = headers.getlist(HEADER)
        if not said:
            return None
        if said != [BY_COOKIE]:
            raise bad_request(f"`{HEADER}` is `{BY_COOKIE}`, or left out.")
        if "authorization" in headers:
            raise bad_request(f"A request has `{HEADER}` or `Authorization`, and not both.")
        if not self._is_own(headers):
            raise refused(403, FORBIDDEN, f"Sessions in cookies are for our own pages, at {self.own_origin}.")
        kept = self.cookie.read(headers)
        connection.scope[KEY] = kept
        return kept

    async def viewer(self, kept: KeptSession) -> Viewer:
        """Who calls. An access token that is over is renewed, whatever else comes of the request.

        Raises RequestRefused, and has the cookie taken away, if the session is over.
        """
        if kept.held is None:
            return Anonymous()
        try:
            return await self.authenticate(kept.held.access)
        except (Unauthenticated, TokenRejected):
            pass
        try:
            tokens = await self.renew(kept.held.refresh)
        except SessionEnded:
            kept.forget()
            raise no_token("The session is over. Sign in again.") from None
        kept.keep(tokens)
        return await self.authenticate(tokens.access.text)

    async def viewer_of_socket(self, connection: HTTPConnection) -> Viewer:
        """Who opened the socket. Nothing is renewed: an answer to a handshake that is over can bring no cookie.

        Raises TokenRejected for another origin, for none, for a cookie that is not of our making and for an access
        token that is over: the page makes any call over HTTP, and comes again.
        """
        # Every browser says the origin of a socket; of what else they say, no two say the same.
        origins = connection.headers.getlist("origin")
        if not origins or not self._are_own(origins):
            raise TokenRejected
        kept = self.cookie.read(connection.headers)
        if kept.changed:
            raise TokenRejected
        return Anonymous() if kept.held is None else await self.authenticate(kept.held.access)

    def headers(self, scope: MutableMapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """What the answer says of the cookie, if there is anything to say."""
        kept = kept_of(scope)
        said = None if kept is None else self.cookie.said(kept)
        return () if said is None else (("Set-Cookie", said),)

    def _is_own(self, headers: Headers) -> bool:
        """Whether the browser says that the page is ours. Who says nothing of it is no browser of these years."""
        sites = headers.getlist("sec-fetch-site")
        return self._are_own(headers.getlist("origin")) and all(site == "same-origin" for site in sites)

    def _are_own(self, origins: Iterable[str]) -> bool:
        return all(origin == self.own_origin or origin in self.aliases for origin in origins)


def kept_of(scope: MutableMapping[str, Any]) -> KeptSession | None:
    """What the page that makes this request keeps; None for everybody who keeps tokens themselves."""
    kept = scope.get(KEY)
    return kept if isinstance(kept, KeptSession) else None
