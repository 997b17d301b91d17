"""Whom a counter knows by a mailbox or a telephone number: the customer behind the cards, of whatever merchant."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import UniqueViolationError

from wallet.database import Conn, Row
from wallet.values import CustomerId, MerchantId

INSERT_CUSTOMER_SQL = """
    INSERT INTO customers (email, email_key, phone, phone_key, name, locale, created_at)
    VALUES ($1, $2, $3, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
    RETURNING customer_id, email, email_key, phone_key, FALSE AS confirmed
"""

FIND_CUSTOMERS_SQL = """
    SELECT customer_id, email, email_key, phone_key, confirmed_at IS NOT NULL AS confirmed
    FROM customers
    WHERE email_key = $1 OR phone_key = $2
"""

# What is missing is filled in, and nothing is replaced. Who has a card of another merchant's is left as they are: a
# till must not open one merchant's cards to a mailbox that another merchant's counter was told of.
COMPLETE_CUSTOMER_SQL = """
    UPDATE customers AS u
    SET email = COALESCE(u.email, $3), email_key = COALESCE(u.email_key, $4),
        phone = COALESCE(u.phone, $5), phone_key = COALESCE(u.phone_key, $5)
    WHERE u.customer_id = $1 AND (u.email_key IS NULL OR u.phone_key IS NULL)
      AND NOT EXISTS (
          SELECT FROM card_directory AS d WHERE d.customer_id = u.customer_id AND d.merchant_id <> $2
      )
    RETURNING u.customer_id, u.email, u.email_key, u.phone_key, u.confirmed_at IS NOT NULL AS confirmed
"""

TRIES = 3
"""Somebody else may enrol the same person at the same moment, and once more; not for ever."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a customer said at a counter: a mailbox, a telephone number (E.164), or both. At least one.

    `email` is written to and shown; two addresses with one `email_key` are one mailbox.
    """

    email: str | None
    email_key: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as a counter finds them. `confirmed`: they have proved to read the mailbox, if they have one."""

    customer_id: CustomerId
    email: str | None
    email_key: str | None
    phone: str | None
    confirmed: bool

    @classmethod
    def from_row(cls, row: Row) -> "Known":
        return cls(
            customer_id=row["customer_id"],
            email=row["email"],
            email_key=row["email_key"],
            phone=row["phone_key"],
            confirmed=row["confirmed"],
        )


async def ensure(
    conn: Conn, *, merchant_id: MerchantId, contact: Contact, name: str | None, locale: str, now: datetime
) -> Known:
    """The customer of this mailbox, else of this number, made if need be: a new one has this name and locale.

    With both given the mailbox decides, since its owner can prove it: a customer who has it keeps what they have, and
    one who has the number alone gets the mailbox, so that they can sign in. What is missing of a customer is filled in
    by the counter of a merchant whose cards are all that they have, and by no other. Two customers are never made one.
    """
    for _ in range(TRIES):
        if known := await _found_or_made(conn, merchant_id, contact, name, locale, now=now):
            return known
    raise RuntimeError("the customer was there and was not, again and again")


async def _found_or_made(
    conn: Conn, merchant_id: MerchantId, contact: Contact, name: str | None, locale: str, *, now: datetime
) -> Known | None:
    """None where somebody else was faster, and it is to be tried again."""
    said = (contact.email, contact.email_key, contact.phone)
    if made := await conn.fetchrow(INSERT_CUSTOMER_SQL, *said, name, locale, now):
        return Known.from_row(made)
    found = [Known.from_row(row) for row in await conn.fetch(FIND_CUSTOMERS_SQL, contact.email_key, contact.phone)]
    by_email = next((known for known in found if contact.email_key and known.email_key == contact.email_key), None)
    by_phone = next((known for known in found if contact.phone and known.phone == contact.phone), None)
    if contact.email_key is None or contact.phone is None:
        return by_email or by_phone
    if by_email is not None:
        complete = by_phone is not None or by_email.phone is not None
        return by_email if complete else await _completed(conn, merchant_id, by_email, contact) or by_email
    if by_phone is None:
        return None
    if by_phone.email_key is None and (known := await _completed(conn, merchant_id, by_phone, contact)):
        return known
    # The number is somebody's who is not to be given this mailbox: the mailbox has a customer of its own.
    made = await conn.fetchrow(INSERT_CUSTOMER_SQL, contact.email, contact.email_key, None, name, locale, now)
    return Known.from_row(made) if made else None


async def _completed(conn: Conn, merchant_id: MerchantId, known: Known, contact: Contact) -> Known | None:
    """The customer with what was missing; None if it is not this merchant's to fill in, or somebody else has it now."""
    try:
        async with conn.transaction():  # a savepoint
            row = await conn.fetchrow(
                COMPLETE_CUSTOMER_SQL, known.customer_id, merchant_id, contact.email, contact.email_key, contact.phone
            )
    except UniqueViolationError:
        return None
    return Known.from_row(row) if row else None
