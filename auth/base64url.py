"""base64url without padding (RFC 4648 §5), read strictly: one text stands for one value."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z", re.ASCII)


def encode(data: bytes) -> str:
    """The bytes as text, without `=`."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes | None:
    """The bytes that `encode` made this very text of; None for any other text, spare bits and padding included."""
    if not ALPHABET.match(text) or len(text) % 4 == 1:
        return None
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if encode(data) == text else None
