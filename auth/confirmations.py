"""Links by which a customer who was enrolled at a counter proves to read the mailbox that was given there.

A link may be used again: mail programs open links for people, and people open them twice. The good answer is the same.
"""

from datetime import datetime, timedelta

from auth import links
from wallet.database import Conn
from wallet.values import CustomerId

LIFE = timedelta(days=30)
BATCH = 1000

INSERT_CONFIRMATION_SQL = """
    INSERT INTO email_confirmations (link_hash, customer_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4)
"""

CONFIRM_SQL = """
    UPDATE customers AS customer
    SET confirmed_at = COALESCE(customer.confirmed_at, $2)
    FROM email_confirmations AS confirmation
    WHERE confirmation.link_hash = $1 AND confirmation.expires_at > $2
      AND customer.customer_id = confirmation.customer_id
    RETURNING customer.customer_id
"""

SWEEP_CONFIRMATIONS_SQL = """
    DELETE FROM email_confirmations
    WHERE link_hash = ANY(ARRAY(
        SELECT link_hash
        FROM email_confirmations
        WHERE expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING link_hash
"""


async def new_link(conn: Conn, *, customer_id: CustomerId, now: datetime) -> str:
    """A token (43 characters) to mail to the customer, good for 30 days. Earlier ones stay good for theirs."""
    link = links.new_link()
    await conn.execute(INSERT_CONFIRMATION_SQL, link.hash, customer_id, now, now + LIFE)
    return link.token


async def confirm(conn: Conn, *, token: str, now: datetime) -> bool:
    """Whether the token is a live link; if so, its customer is confirmed, since the first time that they were."""
    link_hash = links.hash_of(token)
    if link_hash is None:
        return False
    return await conn.fetchval(CONFIRM_SQL, link_hash, now) is not None


async def sweep(conn: Conn, *, now: datetime) -> int:
    """Up to a thousand links that are past their date are gone; how many. Call again until it is 0."""
    return len(await conn.fetch(SWEEP_CONFIRMATIONS_SQL, now, BATCH))
