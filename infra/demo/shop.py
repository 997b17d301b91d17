"""The demo's shop: a café with a program, a store, and customers who have been there before."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files

from auth import operator_pins
from auth.secrets import SecretBox
from infra.demo.program import BAKERY, COFFEE, COLOR, DESIGNS, LOGO, REWARDS, RULES
from wallet import cards, check_ins, looks, operators, programs, rewards, sales, stores
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.gifts import designs
from wallet.programs import Program
from wallet.values import (
    CheckInPurpose,
    CustomerId,
    MerchantId,
    Minor,
    SignedCode,
    StoreId,
    Terminal,
    TerminalId,
)

SLUG = "monsoon-coffee"
CURRENCY = "INR"
TIMEZONE = "Asia/Kolkata"

OPERATOR, OPERATOR_PIN = "Anu", "2468"
"""Who stands at the tills. Nobody has to say so in the demo, but whoever does is named with what they write."""

REFUSED_EMAIL = "bounce@example.com"
"""The demo's mailbox takes every mail but those to here, so that a gift can be seen to bounce."""

INSERT_CUSTOMER_SQL = """
    INSERT INTO customers (email, email_key, name, locale, confirmed_at, created_at)
    VALUES ($1, $1, $2, $3, $4, $4)
    ON CONFLICT (email_key) DO UPDATE SET email = EXCLUDED.email
    RETURNING customer_id
"""

STORE_OF_PROGRAM_SQL = """
    SELECT s.merchant_id, s.store_id
    FROM stores AS s
    JOIN program_directory AS d ON d.merchant_id = s.merchant_id AND d.program_id = s.program_id
    WHERE d.slug = $1
    ORDER BY s.created_at
    LIMIT 1
"""

COUNT_TERMINALS_SQL = "SELECT COUNT(*) FROM terminals WHERE merchant_id = $1 AND store_id = $2"


@dataclass(frozen=True, slots=True)
class Bought:
    """So many days ago, what, and for how much altogether (paise)."""

    days_ago: int
    what: str
    minor: int
    category: str | None = None
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    locale: str
    bought: tuple[Bought, ...]


PEOPLE = (
    Person(
        "asha@example.com",
        "Asha",
        "en-IN",
        (
            Bought(41, "Filter coffee beans, 500 g", 64_000),
            Bought(17, "Filter coffee", 18_000, COFFEE, 2),
            Bought(3, "Banana bread", 14_500, BAKERY),
        ),
    ),
    Person("ravi@example.com", "Ravi", "ml-IN", (Bought(26, "Masala chai", 9_000), Bought(8, "Lunch for two", 78_000))),
    Person("meera@example.com", "Meera", "hi-IN", (Bought(12, "Cold brew", 22_000, COFFEE),)),
    Person("somchai@example.com", "Somchai", "th-TH", ()),
)


@dataclass(frozen=True, slots=True)
class Place:
    merchant_id: MerchantId
    store_id: StoreId


async def open_shop(conn: Conn, *, box: SecretBox, now: datetime) -> Place:
    """The café is there, with its customers and their history; made now if this is the first start."""
    row = await conn.fetchrow(STORE_OF_PROGRAM_SQL, SLUG)
    if row is not None:
        return Place(row["merchant_id"], row["store_id"])
    opened_at = now - timedelta(days=60)
    merchant_id = await stores.create_merchant(
        conn,
        name="Monsoon Coffee",
        currency=CURRENCY,
        locale="en-IN",
        timezone=TIMEZONE,
        contact_email="shop@example.com",
        now=opened_at,
    )
    program = await _begin_program(conn, merchant_id, now=opened_at)
    store_id = await stores.create_store(
        conn, merchant_id=merchant_id, program_id=program.program_id, name="Fort Kochi", now=opened_at
    )
    pin_hash = operator_pins.hash_of(box, merchant_id=merchant_id, pin=OPERATOR_PIN)
    await operators.add(conn, merchant_id=merchant_id, name=OPERATOR, pin_hash=pin_hash, now=opened_at)
    place = Place(merchant_id, store_id)
    terminal_id = await new_terminal(conn, place, now=opened_at)
    terminal = Terminal(
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        store_id=store_id,
        program_id=program.program_id,
        name="Till 1",
        store_name="Fort Kochi",
        merchant_name="Monsoon Coffee",
        currency=CURRENCY,
        locale="en-IN",
        timezone=TIMEZONE,
        merchant_timezone=TIMEZONE,
    )
    for person in PEOPLE:
        customer_id = await conn.fetchval(INSERT_CUSTOMER_SQL, person.email, person.name, person.locale, opened_at)
        await _join_and_buy(conn, terminal, person, customer_id, now=now)
    return place


async def _begin_program(conn: Conn, merchant_id: MerchantId, *, now: datetime) -> Program:
    program = await programs.create(
        conn,
        merchant_id=merchant_id,
        slug=SLUG,
        name="Monsoon Regulars",
        point_name="bean",
        point_name_plural="beans",
        rules=RULES,
        now=now,
    )
    await _dress(conn, program, now=now)
    for new in REWARDS:
        await rewards.create(conn, merchant_id=merchant_id, program_id=program.program_id, new=new, now=now)
    for name, file, alt_text in DESIGNS:
        await designs.add(
            conn,
            merchant_id=merchant_id,
            program_id=program.program_id,
            name=name,
            alt_text=alt_text,
            content=_picture(file),
            now=now,
        )
    return program


async def _dress(conn: Conn, program: Program, *, now: datetime) -> None:
    merchant_id, program_id = program.merchant_id, program.program_id
    await looks.set_color(conn, merchant_id=merchant_id, program_id=program_id, color=COLOR)
    await looks.set_logo(conn, merchant_id=merchant_id, program_id=program_id, content=_picture(LOGO), now=now)


def _picture(file: str) -> bytes:
    return (files("infra.demo") / "designs" / file).read_bytes()


async def new_terminal(conn: Conn, place: Place, *, now: datetime) -> TerminalId:
    """One more till at the counter, so that several can be tried side by side."""
    count = await conn.fetchval(COUNT_TERMINALS_SQL, place.merchant_id, place.store_id)
    return await stores.create_terminal(
        conn, merchant_id=place.merchant_id, store_id=place.store_id, name=f"Till {count + 1}", now=now
    )


async def _join_and_buy(
    conn: Conn, terminal: Terminal, person: Person, customer_id: CustomerId, *, now: datetime
) -> None:
    joined_at = now - timedelta(days=50)
    card_id, _ = await cards.ensure_member(
        conn,
        merchant_id=terminal.merchant_id,
        program_id=terminal.program_id,
        customer_id=customer_id,
        now=joined_at,
    )
    for number, bought in enumerate(person.bought, start=1):
        then = now - timedelta(days=bought.days_ago)
        code = await check_ins.mint(
            conn,
            customer_id=customer_id,
            merchant_id=terminal.merchant_id,
            card_id=card_id,
            purpose=CheckInPurpose.EARN,
            now=then,
        )
        await sales.checkout(
            conn,
            terminal=terminal,
            customer=SignedCode(
                purpose=code.purpose,
                program_number=code.program_number,
                card_reference=code.card_reference,
                expires_at=code.expires_at,
                jti=code.jti,
            ),
            basket=_basket(f"{person.name[:1]}{number:03}", bought),
            idempotency_key=uuid.uuid4(),
            now=then,
        )


def _basket(receipt_number: str, bought: Bought) -> Basket:
    line = Line(
        line_id="1",
        description=bought.what,
        category=bought.category,
        quantity=bought.quantity,
        amount_minor=Minor(bought.minor),
    )
    return Basket(receipt_number=receipt_number, currency=CURRENCY, lines=(line,))
