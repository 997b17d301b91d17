"""Merchants, their stores, and the terminals that stand in them."""

import re
import zoneinfo
from datetime import datetime
from uuid import UUID

from wallet.baskets import text_problems
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, NotFound, Problem
from wallet.values import MerchantId, Phrase, ProgramId, StoreId, Terminal, TerminalId

NAME_MAX = 80
CURRENCY = re.compile(r"[A-Z]{3}")
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""The outer form of a BCP 47 tag, e.g. ml-IN."""
LOCALE_MAX = 35
COUNTRY = re.compile(r"[A-Z]{2}")
CONTACT = re.compile(r"[^@\s]+@[^@\s]+")
CONTACT_MAX = 254

INSERT_MERCHANT_SQL = """
    INSERT INTO merchants (name, currency, locale, timezone, country, contact_email, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING merchant_id
"""

INSERT_STORE_SQL = """
    INSERT INTO stores (merchant_id, program_id, name, locale, timezone, created_at)
    SELECT p.merchant_id, p.program_id, $3, COALESCE($4, m.locale), COALESCE($5, m.timezone), $6
    FROM programs AS p
    JOIN merchants AS m ON m.merchant_id = p.merchant_id
    WHERE p.merchant_id = $1 AND p.program_id = $2
    RETURNING store_id
"""

INSERT_TERMINAL_SQL = """
    INSERT INTO terminals (merchant_id, store_id, name, created_at)
    SELECT merchant_id, store_id, $3, $4
    FROM stores
    WHERE merchant_id = $1 AND store_id = $2
    RETURNING terminal_id
"""

LOAD_TERMINAL_SQL = """
    SELECT t.merchant_id, t.terminal_id, t.store_id, s.program_id, t.name, s.name AS store_name,
           m.name AS merchant_name, m.currency, s.locale, s.timezone, m.timezone AS merchant_timezone,
           m.operators_required
    FROM sessions AS n
    JOIN terminals AS t ON t.merchant_id = n.merchant_id AND t.terminal_id = n.terminal_id
    JOIN stores AS s ON s.merchant_id = t.merchant_id AND s.store_id = t.store_id
    JOIN merchants AS m ON m.merchant_id = t.merchant_id
    WHERE n.session_id = $3 AND n.merchant_id = $1 AND n.terminal_id = $2 AND n.ended_at IS NULL
      AND (t.revoked_at IS NULL OR t.revoked_at > $4)
"""


def from_row(row: Row) -> Terminal:
    return Terminal(
        merchant_id=row["merchant_id"],
        terminal_id=row["terminal_id"],
        store_id=row["store_id"],
        program_id=row["program_id"],
        name=row["name"],
        store_name=row["store_name"],
        merchant_name=row["merchant_name"],
        currency=row["currency"],
        locale=row["locale"],
        timezone=row["timezone"],
        merchant_timezone=row["merchant_timezone"],
        operators_required=row["operators_required"],
    )


def country_of(locale: str) -> str | None:
    """The country (ISO 3166-1) in a BCP 47 tag: `ml-IN` and `ml-Mlym-IN` are India's. None where it names none."""
    parts = locale.split("-")[1:]
    return next((part.upper() for part in parts if len(part) == 2 and part.isalpha()), None)


async def create_merchant(
    conn: Conn,
    *,
    name: str,
    currency: str,
    locale: str,
    timezone: str,
    country: str | None = None,
    contact_email: str | None = None,
    now: datetime,
) -> MerchantId:
    """There is a new merchant, with no program yet, in the locale's country unless another is given.

    Raises InvalidInput, also where neither names a country.
    """
    problems = [*text_problems("name", name, most=NAME_MAX), *_place_problems(locale, timezone)]
    if not CURRENCY.fullmatch(currency):
        problems.append(Problem("currency", Phrase("not_a_currency")))
    country = country_of(locale) if country is None else country
    if country is None:
        if LOCALE.fullmatch(locale):
            problems.append(Problem("country", Phrase("country_needed")))
    elif not COUNTRY.fullmatch(country):
        problems.append(Problem("country", Phrase("not_a_country")))
    if contact_email is not None and (len(contact_email) > CONTACT_MAX or not CONTACT.fullmatch(contact_email)):
        problems.append(Problem("contact", Phrase("email_invalid")))
    if problems:
        raise InvalidInput(problems)
    said = (name, currency, locale, timezone, country, contact_email)
    return MerchantId(await conn.fetchval(INSERT_MERCHANT_SQL, *said, now))


async def create_store(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    name: str,
    locale: str | None = None,
    timezone: str | None = None,
    now: datetime,
) -> StoreId:
    """The merchant has a new store, whose counter enrols into the program; in the merchant's language and time zone
    unless others are given. Raises InvalidInput, NotFound for a program that is not the merchant's.
    """
    problems = [*text_problems("name", name, most=NAME_MAX), *_place_problems(locale, timezone)]
    if problems:
        raise InvalidInput(problems)
    store_id = await conn.fetchval(INSERT_STORE_SQL, merchant_id, program_id, name, locale, timezone, now)
    if store_id is None:
        raise NotFound
    return StoreId(store_id)


async def create_terminal(
    conn: Conn, *, merchant_id: MerchantId, store_id: StoreId, name: str, now: datetime
) -> TerminalId:
    """The store has a new terminal, not yet activated. Raises InvalidInput, NotFound for another merchant's store."""
    problems = text_problems("name", name, most=NAME_MAX)
    if problems:
        raise InvalidInput(problems)
    terminal_id = await conn.fetchval(INSERT_TERMINAL_SQL, merchant_id, store_id, name, now)
    if terminal_id is None:
        raise NotFound
    return TerminalId(terminal_id)


async def load_terminal(
    conn: Conn, *, merchant_id: MerchantId, terminal_id: TerminalId, session_id: UUID, now: datetime
) -> Terminal:
    """The terminal that calls, in one statement. Raises NotFound if it is revoked by `now` or its session has ended."""
    row = await conn.fetchrow(LOAD_TERMINAL_SQL, merchant_id, terminal_id, session_id, now)
    if row is None:
        raise NotFound
    return from_row(row)


def _place_problems(locale: str | None, timezone: str | None) -> list[Problem]:
    problems = []
    if locale is not None and (len(locale) > LOCALE_MAX or not LOCALE.fullmatch(locale)):
        problems.append(Problem("locale", Phrase("not_a_locale")))
    if timezone is not None and timezone not in zoneinfo.available_timezones():
        problems.append(Problem("timezone", Phrase("not_a_timezone")))
    return problems
