"""Links that are worth something to whoever holds them: 256 random bits, of which only the SHA-256 is kept.

A plain hash is enough: nobody guesses 256 bits, so there is nothing to slow down and nothing to key.
"""

import hashlib
from dataclasses import dataclass, field

from auth import base64url
from auth.secrets import random_token

TOKEN_CHARACTERS = 43


@dataclass(frozen=True, slots=True)
class Link:
    """A new link's token, to be mailed and forgotten, and its hash, to be kept."""

    token: str = field(repr=False)
    hash: bytes


def new_link() -> Link:
    """A link that nobody has seen."""
    token = random_token()
    hashed = hash_of(token)
    assert hashed is not None
    return Link(token=token, hash=hashed)


def hash_of(token: str) -> bytes | None:
    """The hash (32 bytes) to look a link up by; None for a text that `new_link` cannot have made."""
    if len(token) != TOKEN_CHARACTERS:
        return None
    secret = base64url.decode(token)
    return None if secret is None else hashlib.sha256(secret).digest()
