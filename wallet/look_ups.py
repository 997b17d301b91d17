"""A customer who left the phone at home: the till asks for the card by the whole address or number, and is watched.

Whoever can ask can find out who is a member, so it is asked for in full, it shows what a scan shows but for the gift
cards, each time is written down, and it opens a visit to earn on: what a card can spend needs the customer's own code.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import OperatorId, Terminal
from wallet.visits import LIFE, Visit

Kind = Literal["EMAIL", "PHONE"]

# One statement for those who are found, who are not, and who are members of something else: nobody can tell the last
# two apart by how long it took.
LOOK_UP_SQL = """
    WITH member AS (
        SELECT c.card_id
        FROM customers AS u
        JOIN cards AS c ON c.customer_id = u.customer_id AND c.merchant_id = $1 AND c.program_id = $4
        WHERE u.email_key = $6 OR u.phone_key = $7
    ), noted AS (
        INSERT INTO look_ups (merchant_id, terminal_id, operator_id, kind, subject_hash, found, looked_up_at)
        SELECT $1, $2, $11, $5, $8, EXISTS (SELECT FROM member), $9
    )
    INSERT INTO visits (merchant_id, store_id, terminal_id, card_id, purpose, opened_at, expires_at, looked_up,
                        operator_id)
    SELECT $1, $3, $2, m.card_id, 'EARN', $9, $10, TRUE, $11
    FROM member AS m
    RETURNING merchant_id, visit_id, card_id, purpose, opened_at, expires_at
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was typed. `key` is what customers are known by (as in customers.email_key, phone_key); None where it is no
    address and no number, and so nobody's. `hash` is the keyed hash (32 bytes) that is written down.
    """

    kind: Kind
    key: str | None
    hash: bytes


async def look_up(
    conn: Conn, *, terminal: Terminal, subject: Subject, operator_id: OperatorId | None = None, now: datetime
) -> Visit | NotFound:
    """A visit to earn on, of the card that the customer has in the store's own program. One statement.

    NotFound is returned, not raised, so that it is committed that somebody asked: for nobody, for a customer who has
    no such card, and for what is no address and no number. Never told apart.
    """
    row = await conn.fetchrow(
        LOOK_UP_SQL,
        terminal.merchant_id,
        terminal.terminal_id,
        terminal.store_id,
        terminal.program_id,
        subject.kind,
        subject.key if subject.kind == "EMAIL" else None,
        subject.key if subject.kind == "PHONE" else None,
        subject.hash,
        now,
        now + LIFE,
        operator_id,
    )
    return Visit.from_row(row) if row else NotFound()
