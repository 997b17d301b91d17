"""Refresh tokens: the session, the token's place in it, and 256 bits that only the holder of the master key can make.

    token  = base64url(session id ‖ u32 seq ‖ secret)          16 + 4 + 32 bytes, 70 characters
    secret = HMAC-SHA256 under the subkey "refresh_token" of session id and seq

Made again from the same session and seq it is the same token: that is how a lost answer is repeated, though the
database holds no more than its SHA-256. Whether a token is genuine is seen without a statement.
"""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from auth import base64url
from auth.secrets import SecretBox
from auth.viewers import SessionId

TOKEN_CHARACTERS = 70
SEQ_AT, SECRET_AT = 16, 20


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A genuine token: it was made here. Whether it is still good, the session says."""

    session_id: SessionId
    seq: int
    hash: bytes


def make(box: SecretBox, *, session_id: SessionId, seq: int) -> str:
    """The token with this place in this session, always the same one."""
    place = session_id.bytes + seq.to_bytes(4, "big")
    return base64url.encode(place + box.keyed_hash("refresh_token", place))


def hash_of(token: str) -> bytes:
    """SHA-256 (32 bytes) of the token's text: what is kept."""
    return hashlib.sha256(token.encode()).digest()


def read(box: SecretBox, token: str) -> RefreshToken | None:
    """The place that a genuine token names; None for any text that `make` would not give for that place."""
    if len(token) != TOKEN_CHARACTERS:
        return None
    data = base64url.decode(token)
    if data is None:
        return None
    session_id = SessionId(UUID(bytes=data[:SEQ_AT]))
    seq = int.from_bytes(data[SEQ_AT:SECRET_AT], "big")
    if not hmac.compare_digest(token, make(box, session_id=session_id, seq=seq)):
        return None
    return RefreshToken(session_id=session_id, seq=seq, hash=hash_of(token))
