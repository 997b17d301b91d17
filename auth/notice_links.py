"""The link in a notice by which its customer stops such notices, without signing in.

A mail program may use it years later (RFC 8058), and every notice has it, so nothing is kept for it: the token names
the customer, under a MAC that only we can make. It is good for this one thing.
"""

import hmac
from datetime import datetime
from uuid import UUID

from auth import base64url
from auth.secrets import SecretBox
from wallet.database import Conn
from wallet.values import CustomerId

PURPOSE = "notice_link"
ID_BYTES = 16
MAC_BYTES = 16
"""128 bits: nobody guesses them, and each guess is a request."""

STOP_NOTICES_SQL = """
    UPDATE customers SET notices_stopped_at = $2
    WHERE customer_id = $1 AND notices_stopped_at IS NULL
"""


def token_of(box: SecretBox, customer_id: CustomerId) -> str:
    """The customer's token: 43 characters of base64url, always the same."""
    return base64url.encode(customer_id.bytes + _mac(box, customer_id))


def customer_of(box: SecretBox, token: str) -> CustomerId | None:
    """Whom the token names; None for any text that `token_of` did not make."""
    said = base64url.decode(token)
    if said is None or len(said) != ID_BYTES + MAC_BYTES:
        return None
    customer_id = CustomerId(UUID(bytes=said[:ID_BYTES]))
    return customer_id if hmac.compare_digest(said[ID_BYTES:], _mac(box, customer_id)) else None


async def stop_notices(conn: Conn, *, box: SecretBox, token: str, now: datetime) -> None:
    """The customer of the token gets no more notices. Nothing happens for a token that is none."""
    customer_id = customer_of(box, token)
    if customer_id is not None:
        await conn.execute(STOP_NOTICES_SQL, customer_id, now)


def _mac(box: SecretBox, customer_id: CustomerId) -> bytes:
    return box.keyed_hash(PURPOSE, customer_id.bytes)[:MAC_BYTES]
