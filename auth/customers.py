"""The customer who calls, read together with the session: a device that was signed out reads nothing."""

from calendar import monthrange
from dataclasses import dataclass

from auth.errors import BirthdayAlreadySet
from auth.viewers import SessionId
from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, Problem
from wallet.stores import LOCALE, LOCALE_MAX
from wallet.values import CustomerId, Phrase

NAME_MAX = 80
A_LEAP_YEAR = 2000
"""In which every birthday is a day."""

FIND_CUSTOMER_SQL = """
    SELECT u.customer_id, s.session_id, u.email, u.name, u.locale, u.birth_month, u.birth_day
    FROM sessions AS s
    JOIN customers AS u ON u.customer_id = s.customer_id
    WHERE s.session_id = $1 AND s.customer_id = $2 AND s.ended_at IS NULL
"""

UPDATE_PROFILE_SQL = """
    UPDATE customers
    SET name = CASE WHEN $2 THEN $3 ELSE name END, locale = COALESCE($4, locale)
    WHERE customer_id = $1
    RETURNING customer_id, $5::uuid AS session_id, email, name, locale, birth_month, birth_day
"""

# Saying the same day again is no second day: an app that did not hear the first answer gets it.
SET_BIRTHDAY_SQL = """
    UPDATE customers SET birth_month = $2, birth_day = $3
    WHERE customer_id = $1 AND (birth_month IS NULL OR (birth_month = $2 AND birth_day = $3))
    RETURNING customer_id, $4::uuid AS session_id, email, name, locale, birth_month, birth_day
"""


@dataclass(frozen=True, slots=True)
class Birthday:
    """A day of any year. 29 February is one: in other years it is kept on the 28th."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Customer:
    """What the customer's own device, by this session, may know of them."""

    customer_id: CustomerId
    session_id: SessionId
    email: str
    name: str | None
    locale: str
    birthday: Birthday | None = None

    @classmethod
    def from_row(cls, row: Row) -> "Customer":
        return cls(
            customer_id=row["customer_id"],
            session_id=row["session_id"],
            email=row["email"],
            name=row["name"],
            locale=row["locale"],
            birthday=Birthday(row["birth_month"], row["birth_day"]) if row["birth_month"] else None,
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


async def set_birthday(conn: Conn, customer: Customer, *, month: int, day: int) -> Customer:
    """The customer's birthday is this day, from now on and for good: a day that could be moved would be moved to every
    program's birthday offer.

    Raises InvalidInput for a day that no year has, BirthdayAlreadySet where another one stands.
    """
    if not 1 <= month <= 12:
        raise InvalidInput.of("month", "out_of_range", least=1, most=12)
    last = monthrange(A_LEAP_YEAR, month)[1]
    if not 1 <= day <= last:
        raise InvalidInput.of("day", "out_of_range", least=1, most=last)
    row = await conn.fetchrow(SET_BIRTHDAY_SQL, customer.customer_id, month, day, customer.session_id)
    if row is None:
        raise BirthdayAlreadySet
    return Customer.from_row(row)
