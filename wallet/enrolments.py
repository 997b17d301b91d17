"""Enrolment at the counter: a customer who has no app yet gets a card, and a visit to earn on at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import cards, customers
from wallet.baskets import text_problems
from wallet.customers import Contact, Known
from wallet.database import Conn
from wallet.errors import IdempotencyKeyReused, InvalidInput, Problem
from wallet.stores import LOCALE, LOCALE_MAX
from wallet.values import CardId, CheckInPurpose, CustomerId, OperatorId, Phrase, Terminal
from wallet.visits import LIFE, Visit

NAME_MAX = 80

# The key must be judged before a customer or a card is made, and the visit that carries it needs the card first. So the
# enrolments of one terminal come one after the other: who holds the terminal's row sees all of its earlier keys.
LOCK_TERMINAL_SQL = """
    SELECT t.terminal_id
    FROM terminals AS t
    WHERE t.merchant_id = $1 AND t.terminal_id = $2
    FOR NO KEY UPDATE
"""

FIND_BY_KEY_SQL = """
    SELECT merchant_id, visit_id, card_id, purpose, opened_at, expires_at, already_member, input_hash
    FROM visits
    WHERE merchant_id = $1 AND terminal_id = $2 AND idempotency_key = $3
"""

OPEN_SQL = """
    INSERT INTO visits (merchant_id, store_id, terminal_id, card_id, purpose, opened_at, expires_at, already_member,
                        idempotency_key, input_hash, operator_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    RETURNING merchant_id, visit_id, card_id, purpose, opened_at, expires_at
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """A customer who has a mailbox. One who was enrolled by a telephone number alone has none, and gets no mail."""

    customer_id: CustomerId
    email: str
    email_key: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    visit: Visit
    already_member: bool
    replayed: bool
    """Whether an earlier enrolment did it all, and this one did nothing."""
    to_tell: Reader | None
    """Whom a mail should tell of the card: it is new, or its owner has not proved to read the mailbox."""


async def enrol(
    conn: Conn,
    *,
    terminal: Terminal,
    contact: Contact,
    name: str | None,
    locale: str | None,
    operator_id: OperatorId | None = None,
    idempotency_key: UUID,
    input_hash: bytes,
    now: datetime,
) -> Enrolled:
    """The mailbox or number has a customer, who has a card in the store's program, and a visit to earn on is open.

    Whose they are, and what a till may add to somebody who is there already, `customers.ensure` says.

    A new customer has this name and locale, the store's if none is given; one who is there already keeps theirs: a till
    has no say in them. No mail is written here: whether one is due, `to_tell` says. The same key with the same input
    gives the same visit again.
    Raises IdempotencyKeyReused, and InvalidInput for a name of more than 80 characters or one that cannot be printed,
    or a locale that is none.
    """
    name = (name or "").strip() or None
    locale = locale or terminal.locale
    problems = text_problems("name", name, most=NAME_MAX)
    if len(locale) > LOCALE_MAX or not LOCALE.fullmatch(locale):
        problems.append(Problem("locale", Phrase("not_a_locale")))
    if problems:
        raise InvalidInput(problems)
    await conn.execute(LOCK_TERMINAL_SQL, terminal.merchant_id, terminal.terminal_id)
    earlier = await conn.fetchrow(FIND_BY_KEY_SQL, terminal.merchant_id, terminal.terminal_id, idempotency_key)
    if earlier is not None:
        if earlier["input_hash"] != input_hash:
            raise IdempotencyKeyReused
        return Enrolled(Visit.from_row(earlier), earlier["already_member"], replayed=True, to_tell=None)
    known = await customers.ensure(
        conn, merchant_id=terminal.merchant_id, contact=contact, name=name, locale=locale, now=now
    )
    card_id, already_member = await cards.ensure_member(
        conn, merchant_id=terminal.merchant_id, program_id=terminal.program_id, customer_id=known.customer_id, now=now
    )
    visit = await _open(conn, terminal, card_id, already_member, operator_id, idempotency_key, input_hash, now=now)
    to_tell = None if known.confirmed and already_member else _reader(known)
    return Enrolled(visit, already_member, replayed=False, to_tell=to_tell)


async def is_recorded(conn: Conn, *, terminal: Terminal, idempotency_key: UUID) -> bool:
    """Whether the till's key stands on an enrolment, of whomever: `enrol` answers that again, or refuses."""
    place = (terminal.merchant_id, terminal.terminal_id)
    return await conn.fetchrow(FIND_BY_KEY_SQL, *place, idempotency_key) is not None


def _reader(known: Known) -> Reader | None:
    if known.email is None or known.email_key is None:
        return None
    return Reader(known.customer_id, known.email, known.email_key)


async def _open(
    conn: Conn,
    terminal: Terminal,
    card_id: CardId,
    already_member: bool,
    operator_id: OperatorId | None,
    idempotency_key: UUID,
    input_hash: bytes,
    *,
    now: datetime,
) -> Visit:
    row = await conn.fetchrow(
        OPEN_SQL,
        terminal.merchant_id,
        terminal.store_id,
        terminal.terminal_id,
        card_id,
        CheckInPurpose.EARN,
        now,
        now + LIFE,
        already_member,
        idempotency_key,
        input_hash,
        operator_id,
    )
    assert row is not None, "INSERT … RETURNING returns the row"
    return Visit.from_row(row)
