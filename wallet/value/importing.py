"""Gift cards brought from another system: all of them, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from wallet.database import Conn
from wallet.errors import InvalidInput, Problem
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.value.expiring import expires_at
from wallet.values import MerchantId, Minor, MintedGiftCard, Phrase, ProgramId

KNOWN_NUMBERS_SQL = """
    SELECT number_hash
    FROM gift_cards
    WHERE merchant_id = $1 AND number_hash = ANY($2::bytea[])
"""


@dataclass(frozen=True, slots=True)
class Brought:
    """A card of another system's. `place` names it in a problem, e.g. line 3 of a file."""

    place: str
    minted: MintedGiftCard
    balance_minor: Minor
    expires_at: datetime | None


async def import_cards(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    cards: Sequence[Brought],
    reason: str,
    now: datetime,
) -> int:
    """The program has the cards, each with its balance, ACTIVE; how many. A date that is sooner than the law allows for
    money of today is taken as it is said: that money was sold elsewhere, and earlier.

    Raises InvalidInput with a problem for each card whose number the merchant has already, or that stands here twice,
    and NotFound for a program that is not the merchant's.
    """
    await expires_at(conn, merchant_id=merchant_id, program_id=program_id, now=now)
    await _check_numbers(conn, merchant_id, cards)
    for brought in cards:
        mint = partial(_minted, brought)
        opened = await value.open(conn, merchant_id=merchant_id, program_id=program_id, mint=mint, now=now)
        await value.import_value(
            conn,
            opened.card,
            amount=brought.balance_minor,
            expires_at=brought.expires_at,
            cause=ValueCause(now, reason),
            now=now,
        )
    return len(cards)


def _minted(brought: Brought) -> MintedGiftCard:
    return brought.minted


async def _check_numbers(conn: Conn, merchant_id: MerchantId, cards: Sequence[Brought]) -> None:
    hashes = [brought.minted.number_hash for brought in cards]
    known = {row["number_hash"] for row in await conn.fetch(KNOWN_NUMBERS_SQL, merchant_id, hashes)}
    problems = list[Problem]()
    for brought in cards:
        if brought.minted.number_hash in known:
            problems.append(Problem(f"{brought.place}.number", Phrase("gift_card_number_taken")))
        known.add(brought.minted.number_hash)
    if problems:
        raise InvalidInput(problems)
