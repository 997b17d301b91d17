"""Which refunds a till has been given: a refund that is sent again is answered again, whoever stands there now."""

from uuid import UUID

from wallet.database import Conn
from wallet.values import Terminal

REFUND_HAS_KEY_SQL = """
    SELECT EXISTS (SELECT FROM refunds WHERE merchant_id = $1 AND terminal_id = $2 AND idempotency_key = $3)
"""


async def is_recorded(conn: Conn, *, terminal: Terminal, idempotency_key: UUID) -> bool:
    """Whether the till's key stands on a refund, of whatever: `refunds.refund` answers that again, or refuses."""
    return bool(await conn.fetchval(REFUND_HAS_KEY_SQL, terminal.merchant_id, terminal.terminal_id, idempotency_key))
