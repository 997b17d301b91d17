"""The devices that are signed in, and how they stay so."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth import sessions
from auth.viewers import SessionId
from schema.errors import NotFound, UserError
from schema.ids import SessionKey, encode
from schema.node import Node


@strawberry.type(description="One device that is signed in.")
class Session(Node):
    device_name: str
    last_seen_at: datetime
    current: bool

    @classmethod
    def from_domain(cls, session: sessions.Session, *, current: SessionId | None) -> "Session":
        return cls(
            id=encode(SessionKey(session.session_id)),
            device_name=session.device_name,
            last_seen_at=session.last_seen_at,
            current=session.session_id == current,
        )


@strawberry.type(
    description="What a device keeps to stay signed in. A page that sends `Regulars-Session: cookie` gets both tokens "
    "in a cookie that scripts cannot read, and here both are empty."
)
class SessionTokens:
    access_token: str
    access_token_expires_at: datetime
    refresh_token: str

    @classmethod
    def from_domain(cls, tokens: sessions.SessionTokens) -> "SessionTokens":
        return cls(
            access_token=tokens.access.text,
            access_token_expires_at=tokens.access.expires_at,
            refresh_token=tokens.refresh,
        )

    @classmethod
    def in_cookie(cls, tokens: sessions.SessionTokens) -> "SessionTokens":
        """Says until when, and neither token: they travel in the answer's cookie."""
        return cls(access_token="", access_token_expires_at=tokens.access.expires_at, refresh_token="")


@strawberry.input
class RefreshSessionInput:
    refresh_token: str


@strawberry.type
class SessionRefreshed:
    tokens: SessionTokens


@strawberry.type(description="Sign in again. Using an old refresh token ends the whole session.")
class SessionEnded(UserError):
    pass


RefreshSessionResult = Annotated[SessionRefreshed | SessionEnded, strawberry.union("RefreshSessionResult")]


@strawberry.type
class SignedOut:
    session_id: strawberry.ID


SignOutResult = Annotated[SignedOut | NotFound, strawberry.union("SignOutResult")]
