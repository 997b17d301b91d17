"""Messages between servers, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com).

What is signed is `id.timestamp.body`, with HMAC-SHA256 under a secret that both sides have. The id stays the same when
a message is sent again, so that a receiver can tell; the timestamp is new each time, so that none can be played back.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the two clocks may be apart, the time on the way included."""

SECRET_PREFIX = "whsec_"  # noqa: S105 -- what a secret that was written down begins with


class SignatureInvalid(Exception):
    """Nobody who has the secret signed this, or not lately. One answer for every reason."""


def secret_of(written: str) -> bytes:
    """The secret as it is written down: base64, with or without the prefix. Raises ValueError."""
    try:
        secret = base64.b64decode(written.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not 24 <= len(secret) <= 64:
        raise ValueError(f"should be {SECRET_PREFIX} and the base64 of 24 to 64 bytes")
    return secret


def secrets_of(written: str) -> tuple[bytes, ...]:
    """Several secrets, with commas between them: one takes another's place in time. Raises ValueError."""
    return tuple(secret_of(part.strip()) for part in written.split(",") if part.strip())


def signed(secret: bytes, body: bytes, *, message_id: str, now: datetime) -> dict[str, str]:
    """The headers that go with the body."""
    seconds = str(int(now.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{_signature(secret, message_id, seconds, body)}",
    }


def verified(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, now: datetime) -> str:
    """The id of the message, if one of the secrets signed it and it is no older than TOLERANCE.

    Header names are in small letters. Several signatures may stand side by side while a secret is being changed.
    Raises SignatureInvalid.
    """
    message_id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or len(message_id) > 255 or not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise SignatureInvalid
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise SignatureInvalid
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part[:3] == "v1,"]
    wanted = [_signature(secret, message_id, seconds, body) for secret in secrets]
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted]
    if not any(matches):
        raise SignatureInvalid
    return message_id


def _signature(secret: bytes, message_id: str, seconds: str, body: bytes) -> str:
    what = f"{message_id}.{seconds}.".encode() + body
    return binascii.b2a_base64(hmac.digest(secret, what, hashlib.sha256), newline=False).decode()
