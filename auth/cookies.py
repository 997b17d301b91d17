"""The session of a page, in a cookie that no script can read (RFC 6265): its form, and what one request does to it.

    value = refresh token "." access token "." base64url(tag)
    tag   = HMAC-SHA256 under the subkey "session_cookie" of the audience and both tokens

The tag says that we put these two tokens into a cookie of this very API. So a token that was given to an app or to a
till's own program cannot be shown here, where a lost answer is waited for longer; and what somebody made up is seen
without a statement.
"""

import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from starlette.datastructures import Headers

from auth import base64url, refresh_tokens
from auth.access_tokens import TOKEN_CHARACTERS_MAX, Audience
from auth.secrets import SecretBox
from auth.sessions import INACTIVE_CUSTOMER, INACTIVE_TERMINAL, SessionTokens
from auth.viewers import SessionId

NAME = "regulars"
NAME_OVER_HTTPS = "__Secure-regulars"
"""Browsers take a cookie of this prefix over https alone, so no plain answer of the same host can plant one."""
TAG_CHARACTERS = 43
VALUE_CHARACTERS_MAX = refresh_tokens.TOKEN_CHARACTERS + TOKEN_CHARACTERS_MAX + TAG_CHARACTERS + 2


@dataclass(frozen=True, slots=True)
class Held:
    """What a cookie of ours holds: the tokens of one session."""

    session_id: SessionId
    access: str = field(repr=False)
    refresh: str = field(repr=False)


@dataclass(slots=True)
class KeptSession:
    """The session that a page keeps, for as long as one request takes: who carries it out changes it here."""

    held: Held | None
    """None: the page is signed out."""
    given: SessionTokens | None = field(default=None, repr=False)
    """The tokens that this request has brought, if it has: there are no newer ones to be had in it."""
    changed: bool = False
    """Whether the answer has to tell the browser."""

    def keep(self, tokens: SessionTokens) -> None:
        """The answer brings these tokens. Call it after the commit."""
        self.held = Held(tokens.session_id, tokens.access.text, tokens.refresh)
        self.given = tokens
        self.changed = True

    def forget(self) -> None:
        """The answer takes the cookie away. Call it after the commit."""
        self.held = self.given = None
        self.changed = True


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of one API: sent to that API's path alone, by requests of our own site alone, and not to scripts."""

    box: SecretBox = field(repr=False)
    audience: Audience
    path: str
    secure: bool
    """Whether people reach us over https."""

    @property
    def name(self) -> str:
        return NAME_OVER_HTTPS if self.secure else NAME

    def read(self, headers: Headers) -> KeptSession:
        """What the request's cookie holds. One that is not of our making holds nothing, and is taken away.

        So are two of the name: a neighbouring host can plant a second one, and nobody could say which is ours.
        """
        values = _values(headers, self.name)
        held = self._held(values[0]) if len(values) == 1 else None
        return KeptSession(held, changed=bool(values) and held is None)

    def said(self, kept: KeptSession) -> str | None:
        """The Set-Cookie header of the answer; None if there is nothing to say."""
        if not kept.changed:
            return None
        if kept.held is None:
            return f"{self.name}=; Max-Age=0; {self._attributes}"
        lasts = INACTIVE_CUSTOMER if self.audience is Audience.CUSTOMER else INACTIVE_TERMINAL
        return f"{self.name}={self.value_of(kept.held)}; Max-Age={lasts // timedelta(seconds=1)}; {self._attributes}"

    def value_of(self, held: Held) -> str:
        """The value of the cookie that holds these tokens."""
        return f"{held.refresh}.{held.access}.{base64url.encode(self._tag(held.refresh, held.access))}"

    @property
    def _attributes(self) -> str:
        return f"Path={self.path}; HttpOnly; SameSite=Strict" + ("; Secure" if self.secure else "")

    def _held(self, value: str) -> Held | None:
        if len(value) > VALUE_CHARACTERS_MAX:
            return None
        refresh, _, rest = value.partition(".")
        access, _, shown = rest.rpartition(".")
        tag = base64url.decode(shown)
        if tag is None or not hmac.compare_digest(tag, self._tag(refresh, access)):
            return None
        read = refresh_tokens.read(self.box, refresh)
        return None if read is None else Held(read.session_id, access, refresh)

    def _tag(self, refresh: str, access: str) -> bytes:
        parts = (self.audience.value, refresh, access)
        return self.box.keyed_hash("session_cookie", *(part.encode("utf-8", "surrogatepass") for part in parts))


def _values(headers: Headers, name: str) -> list[str]:
    """The values of all cookies of this name, as they were sent, in every Cookie header that there is."""
    pairs = (pair.partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return [value.strip(" \t") for found, _, value in pairs if found.strip(" \t") == name]
