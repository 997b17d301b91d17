"""The customer who calls, read together with the session: a device that was signed out reads nothing."""

from dataclasses import dataclass

from auth.viewers import SessionId
from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, Problem
from wallet.stores import LOCALE, LOCALE_MAX
from wallet.values import CustomerId, Phrase

NAME_MAX = 80

FIND_CUSTOMER_SQL = """
    SELECT u.customer_id, s.session_id, u.email, u.name, u.locale
    FROM sessions AS s
    JOIN customers AS u ON u.customer_id = s.customer_id
    WHERE s.session_id = $1 AND s.customer_id = $2 AND s.ended_at IS NULL
"""

UPDATE_PROFILE_SQL = """
    UPDATE customers
    SET name = CASE WHEN $2 THEN $3 ELSE name END, locale = COALESCE($4, locale)
    WHERE customer_id = $1
    RETURNING customer_id, $5::uuid AS session_id, email, name, locale
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """What the customer's own device, by this session, may know of them."""

    customer_id: CustomerId
    session_id: SessionId
    email: str
    name: str | None
    locale: str

    @classmethod
    def from_row(cls, row: Row) -> "Customer":
        return cls(
            customer_id=row["customer_id"],
            session_id=row["session_id"],
            email=row["email"],
            name=row["name"],
            locale=row["locale"],
        )


async def find(conn: Conn, *, customer_id: CustomerId, session_id: SessionId) -> Customer | None:
    """The customer, as long as the session is theirs and live. One statement."""
    row = await conn.fetchrow(FIND_CUSTOMER_SQL, session_id, customer_id)
    return Customer.from_row(row) if row else None


async def update_profile(
    conn: Conn, customer: Customer, *, rename: bool, name: str | None, locale: str | None
) -> Customer:
    """With `rename` the name is what was given, or gone if that is None; the locale, unless None, is the one given.

    Raises InvalidInput for a name of more than 80 characters or with control characters in it, and for a locale that is
    not BCP 47.
    """
    name = name.strip() if name is not None else None
    problems = text_problems("name", name, most=NAME_MAX)
    if locale is not None and (len(locale) > LOCALE_MAX or LOCALE.fullmatch(locale) is None):
        problems.append(Problem("locale", Phrase("not_a_locale")))
    if problems:
        raise InvalidInput(problems)
    row = await conn.fetchrow(UPDATE_PROFILE_SQL, customer.customer_id, rename, name, locale, customer.session_id)
    assert row is not None, "customers are never deleted"
    return Customer.from_row(row)
