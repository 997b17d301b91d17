"""The numbers and PINs of gift cards: made at random, shown once, kept as keyed hashes, and read as people type them.

A number of ours has 16 digits: a 9, which no payment card in use begins with (ISO/IEC 7812-1 keeps it for national
use), 14 random ones, and the check digit of wallet/damm.py. Whoever guesses finds one of a million cards of a merchant
once in a hundred million tries, and a till has ten in ten minutes. Numbers that come from other systems have the form
that they had there.
"""

import hmac
import itertools
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from auth import rate_limits
from auth.secrets import SecretBox
from wallet import damm
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InvalidInput, Problem, Refusal
from wallet.ledger.value import Mint
from wallet.values import GiftCardId, MerchantId, MintedGiftCard, Phrase, TerminalId

FIRST_DIGIT = "9"
RANDOM_DIGITS = 14
NUMBER_DIGITS = 16
PIN_DIGITS = 6

ANY_NUMBER = re.compile(r"[0-9]{8,19}")
"""19 is the most that ISO/IEC 7812-1 allows."""
ANY_PIN = re.compile(r"[0-9]{4,8}")
OURS_AND_PIN = re.compile(rf"[0-9]{{{NUMBER_DIGITS + PIN_DIGITS}}}")
TYPED = re.compile(r"(?P<number>[0-9]{8,19})(?:[/#*,;:](?P<pin>[0-9]{4,8}))?")
TYPED_MAX = 60
LEFT_OUT = re.compile(r"[\s.\-\u2010-\u2015\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]+")
"""Blanks, dots, dashes, and the invisible signs of direction that come along when a number is copied."""

WRONG_AT_MAX, WRONG_AT_WINDOW, WRONG_AT = 10, timedelta(minutes=10), "gift_card.wrong_at"
"""Of one who types."""
WRONG_ON_MAX, WRONG_ON_WINDOW, WRONG_ON = 5, timedelta(hours=1), "gift_card.wrong_on"
"""Of one number, whoever types it: all PINs of it take 22 years."""

FIND_BY_NUMBER_SQL = """
    SELECT gift_card_id, pin_hash
    FROM gift_cards
    WHERE merchant_id = $1 AND number_hash = $2
"""


@dataclass(frozen=True, slots=True)
class TypedGiftCard:
    """What was typed or scanned: a number, perhaps with the PIN."""

    number: str = field(repr=False)
    pin: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Presented:
    """The card of the number, and whether its PIN came along."""

    gift_card_id: GiftCardId
    with_pin: bool


def mint(box: SecretBox, *, merchant_id: MerchantId) -> MintedGiftCard:
    """A random number and a random PIN. Whether the merchant has such a number already is for its caller to see."""
    digits = f"{FIRST_DIGIT}{secrets.randbelow(10**RANDOM_DIGITS):0{RANDOM_DIGITS}d}"
    number = f"{digits}{damm.check_digit(digits)}"
    pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
    return _kept(box, merchant_id, number, pin)


def minter(box: SecretBox, *, merchant_id: MerchantId) -> Mint:
    """What wallet.ledger.value.open asks for numbers."""
    return lambda: mint(box, merchant_id=merchant_id)


def repeatable(box: SecretBox, *, merchant_id: MerchantId, terminal_id: TerminalId, key: UUID) -> Mint:
    """As `minter`, but that the numbers and PINs follow from the key that a till has chosen for its sale: whoever makes
    them for it again makes the same ones, in the same order. Without the master key nobody can.
    """
    made = itertools.count()

    def again() -> MintedGiftCard:
        parts = terminal_id.bytes, key.bytes, next(made).to_bytes(4, "big")
        drawn = int.from_bytes(box.keyed_hash("gift_card.sold_number", *parts)) % 10**RANDOM_DIGITS
        digits = f"{FIRST_DIGIT}{drawn:0{RANDOM_DIGITS}d}"
        pin = int.from_bytes(box.keyed_hash("gift_card.sold_pin", *parts)) % 10**PIN_DIGITS
        return _kept(box, merchant_id, f"{digits}{damm.check_digit(digits)}", f"{pin:0{PIN_DIGITS}d}")

    return again


def brought(box: SecretBox, *, merchant_id: MerchantId, number: str, pin: str | None) -> MintedGiftCard:
    """A number from another system as it is kept here. One without a PIN has none that anybody could type.

    Raises InvalidInput naming `number` (8 to 19 digits), `pin` (4 to 8 digits).
    """
    number, said = _digits(number), None if pin is None else _digits(pin)
    problems = []
    if ANY_NUMBER.fullmatch(number) is None:
        problems.append(Problem("number", Phrase("gift_card_number_form", {"least": 8, "most": 19})))
    if said is not None and ANY_PIN.fullmatch(said) is None:
        problems.append(Problem("pin", Phrase("pin_form", {"least": 4, "most": 8})))
    if problems:
        raise InvalidInput(problems)
    return _kept(box, merchant_id, number, secrets.token_hex(32) if said is None else said)


def number_hash(box: SecretBox, *, merchant_id: MerchantId, number: str) -> bytes:
    """The keyed hash (32 bytes) by which a number is found; another one with every merchant."""
    return box.keyed_hash("gift_card.number", merchant_id.bytes, number.encode())


def pin_hash(box: SecretBox, *, merchant_id: MerchantId, number: str, pin: str) -> bytes:
    """The keyed hash (32 bytes) of the PIN of this number; another one with every number."""
    return box.keyed_hash("gift_card.pin", merchant_id.bytes, number.encode(), pin.encode())


def read(typed: str) -> TypedGiftCard | None:
    """What a till scanned or somebody typed, in digits of any script, however it is spaced; None for no number.

    The PIN stands behind the number: directly behind one of ours, behind any other with one of / # * , ; : between.
    """
    if len(typed) > TYPED_MAX:
        return None
    text = _digits(typed)
    if OURS_AND_PIN.fullmatch(text) and damm.is_valid(text[:NUMBER_DIGITS]):
        return TypedGiftCard(text[:NUMBER_DIGITS], text[NUMBER_DIGITS:])
    found = TYPED.fullmatch(text)
    return TypedGiftCard(found["number"], found["pin"]) if found else None


async def find(conn: Conn, *, box: SecretBox, merchant_id: MerchantId, typed: TypedGiftCard) -> Presented:
    """The merchant's card of this number. In one statement, whatever comes of it.

    The block that this is called in stands in `counted`, or nothing keeps anybody from trying all numbers. Raises
    GiftCardNotUsable, without an id, where there is none, and where a PIN was typed that is not its own.
    """
    wanted = number_hash(box, merchant_id=merchant_id, number=typed.number)
    said = pin_hash(box, merchant_id=merchant_id, number=typed.number, pin=typed.pin or "")
    row = await conn.fetchrow(FIND_BY_NUMBER_SQL, merchant_id, wanted)
    right = hmac.compare_digest(row["pin_hash"] if row else bytes(32), said)
    if row is None or (typed.pin is not None and not right):
        raise GiftCardNotUsable(Phrase("gift_card_unknown"))
    return Presented(row["gift_card_id"], with_pin=right)


async def claimed(conn: Conn, *, box: SecretBox, merchant_id: MerchantId, typed: TypedGiftCard) -> Presented | None:
    """The merchant's card of this number, its PIN unread: `with_pin` is only that one was typed. None for no card. In
    one statement.

    Good for one thing: to compare a request with what the same till has recorded under the same key. Whoever is told
    that there is a card, or none, tries numbers uncounted.
    """
    wanted = number_hash(box, merchant_id=merchant_id, number=typed.number)
    row = await conn.fetchrow(FIND_BY_NUMBER_SQL, merchant_id, wanted)
    return Presented(row["gift_card_id"], with_pin=typed.pin is not None) if row else None


@asynccontextmanager
async def counted(
    conn: Conn, *, box: SecretBox, merchant_id: MerchantId, caller: bytes, typed: TypedGiftCard, now: datetime
) -> AsyncIterator[None]:
    """Goes around the transaction in which `find` is asked, on a connection that is in none yet.

    A number or a PIN that proves wrong stays counted, against who typed it (`caller`, e.g. the terminal's id) and
    against the number, whatever is rolled back; any other is not. Raises TooManyAttempts before anything is tried, for
    a right one too.
    """
    at = box.keyed_hash("rate_limit", b"gift card at", caller)
    on = box.keyed_hash("rate_limit", b"gift card on", merchant_id.bytes, typed.number.encode())
    # Counted before it is tried, so that many at once are no more tries than one after the other.
    await rate_limits.hit(conn, scope=WRONG_AT, subject=at, limit=WRONG_AT_MAX, window=WRONG_AT_WINDOW, now=now)
    await rate_limits.hit(conn, scope=WRONG_ON, subject=on, limit=WRONG_ON_MAX, window=WRONG_ON_WINDOW, now=now)
    try:
        yield
    except GiftCardNotUsable as refusal:
        if refusal.gift_card_id is not None:
            await _forgive(conn, at, on, now)
        raise
    except Refusal:
        await _forgive(conn, at, on, now)
        raise
    await _forgive(conn, at, on, now)


async def _forgive(conn: Conn, at: bytes, on: bytes, now: datetime) -> None:
    await rate_limits.give_back(conn, scope=WRONG_AT, subject=at, now=now)
    await rate_limits.give_back(conn, scope=WRONG_ON, subject=on, now=now)


def _kept(box: SecretBox, merchant_id: MerchantId, number: str, pin: str) -> MintedGiftCard:
    return MintedGiftCard(
        number=number,
        pin=pin,
        number_hash=number_hash(box, merchant_id=merchant_id, number=number),
        pin_hash=pin_hash(box, merchant_id=merchant_id, number=number, pin=pin),
    )


def _digits(typed: str) -> str:
    """What was typed without blanks and dashes, digits of every script, full-width ones too, as 0 to 9."""
    return "".join(str(unicodedata.decimal(char, char)) for char in LEFT_OUT.sub("", typed))
