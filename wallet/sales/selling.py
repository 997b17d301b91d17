"""Stored value that is sold at the till: a line makes gift cards, or loads one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import InvalidInput, Problem
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, Mint, ValueCause
from wallet.ledger.value.opening import NUMBERS_TRIED_MAX
from wallet.sales.tenders import Tender
from wallet.values import GiftCardId, MerchantId, Minor, MintedGiftCard, Money, Phrase, ProgramId, SaleId

SOLD_MAX = 20
"""So many gift cards one sale makes at most."""
REPEATED_FOR = timedelta(hours=1)
"""So long the numbers of new cards are said again to a till that asks with the key of their sale."""

INSERT_SOLD_SQL = """
    INSERT INTO gift_cards_sold (merchant_id, sale_id, position, gift_card_id, seq)
    SELECT $1, $2, s.position, s.gift_card_id, s.seq
    FROM unnest($3::integer[], $4::uuid[], $5::bigint[]) AS s (position, gift_card_id, seq)
"""

MADE_SQL = """
    SELECT s.position, g.number_hash, g.currency, e.balance_after_minor, t.posted_at
    FROM gift_cards_sold AS s
    JOIN sales AS t ON t.merchant_id = s.merchant_id AND t.sale_id = s.sale_id
    JOIN gift_cards AS g ON g.merchant_id = s.merchant_id AND g.gift_card_id = s.gift_card_id
    JOIN gift_card_activities AS e
      ON e.merchant_id = s.merchant_id AND e.gift_card_id = s.gift_card_id AND e.seq = s.seq
    WHERE s.merchant_id = $1 AND s.sale_id = $2 AND e.kind = 'ACTIVATE'
    ORDER BY s.position, s.gift_card_id
"""


@dataclass(frozen=True, slots=True)
class SoldGiftCard:
    """A card that a line has made, with the number and the PIN that nobody can read later."""

    line_id: str
    minted: MintedGiftCard
    balance: Money


def sells(basket: Basket) -> bool:
    return any(line.is_gift_card for line in basket.lines)


def loaded(basket: Basket) -> list[GiftCardId]:
    """The cards that the lines name."""
    return [line.loads.gift_card_id for line in basket.lines if line.loads is not None]


def check(basket: Basket, tenders: tuple[Tender, ...] = ()) -> None:
    """Every card that is to be made can be, each with the same share of its line; none is loaded twice, nor loaded and
    spent in one sale. Raises InvalidInput.
    """
    paying = {tender.card.gift_card_id for tender in tenders}
    named = loaded(basket)
    problems = list[Problem]()
    for at, line in enumerate(basket.lines):
        problems.extend(_problems(f"lines[{at}]", line))
        if line.loads and (line.loads.gift_card_id in paying or named.count(line.loads.gift_card_id) > 1):
            problems.append(Problem(f"lines[{at}].loads", Phrase("repeated")))
    if not problems and sum(line.quantity for line in basket.lines if line.is_gift_card) > SOLD_MAX:
        problems.append(Problem("lines", Phrase("too_many", {"most": SOLD_MAX})))
    if problems:
        raise InvalidInput(problems)


def check_most(basket: Basket, cards: Mapping[GiftCardId, LockedGiftCard], *, most: Minor) -> None:
    """No card that a line makes or loads has more on it then. Raises InvalidInput."""
    problems = list[Problem]()
    for at, line in enumerate(basket.lines):
        stands = cards[line.loads.gift_card_id].balance if line.loads is not None else 0
        if line.is_gift_card and stands + line.amount_minor // line.quantity > most:
            facts: dict[str, str | int] = {"most_minor": most, "currency": basket.currency}
            problems.append(Problem(f"lines[{at}].amountMinor", Phrase("gift_card_too_much", facts)))
    if problems:
        raise InvalidInput(problems)


def _problems(path: str, line: Line) -> list[Problem]:
    if not line.is_gift_card:
        return [Problem(f"{path}.loads", Phrase("loads_no_gift_card"))] if line.loads else []
    if line.amount_minor < 1:
        return [Problem(f"{path}.amountMinor", Phrase("gift_card_needs_value"))]
    if line.loads and line.quantity != 1:
        return [Problem(f"{path}.quantity", Phrase("out_of_range", {"least": 1, "most": 1}))]
    if line.amount_minor % line.quantity:
        return [Problem(f"{path}.amountMinor", Phrase("gift_cards_unequal", {"quantity": line.quantity}))]
    return []


async def sell(
    conn: Conn,
    basket: Basket,
    cards: Mapping[GiftCardId, LockedGiftCard],
    *,
    merchant_id: MerchantId,
    program_id: ProgramId,
    sale_id: SaleId,
    mint: Mint,
    expires_at: datetime | None,
    cause: ValueCause,
    now: datetime,
) -> tuple[SoldGiftCard, ...]:
    """The lines' cards are made and loaded, and the sale says by which line. The cards to load are held; nobody owns
    those that are new.

    Raises GiftCardNotUsable.
    """
    made, rows = list[SoldGiftCard](), list[tuple[int, GiftCardId, int]]()
    for position, line in enumerate(basket.lines, start=1):
        if line.loads is not None:
            card = cards[line.loads.gift_card_id]
            posted = await value.load(conn, card, amount=line.amount_minor, expires_at=expires_at, cause=cause, now=now)
            rows.append((position, card.gift_card_id, posted.seq))
            continue
        for _ in range(line.quantity if line.is_gift_card else 0):
            opened = await value.open(conn, merchant_id=merchant_id, program_id=program_id, mint=mint, now=now)
            amount = Minor(line.amount_minor // line.quantity)
            posted = await value.activate(conn, opened.card, amount=amount, expires_at=expires_at, cause=cause, now=now)
            rows.append((position, opened.card.gift_card_id, posted.seq))
            made.append(SoldGiftCard(line.line_id, opened.minted, opened.card.money(amount)))
    positions, gift_card_ids, seqs = zip(*rows, strict=True)
    await conn.execute(INSERT_SOLD_SQL, merchant_id, sale_id, list(positions), list(gift_card_ids), list(seqs))
    return tuple(made)


async def sold_before(
    conn: Conn, basket: Basket, *, merchant_id: MerchantId, sale_id: SaleId, mint: Mint, now: datetime
) -> tuple[SoldGiftCard, ...]:
    """What `sell` returned for the sale, while its answer may still have been lost; nothing later.

    `mint` makes the numbers of then again, in their order. What it makes is shown only where the hash of it is kept.
    """
    rows = await conn.fetch(MADE_SQL, merchant_id, sale_id)
    if not rows or now >= rows[0]["posted_at"] + REPEATED_FOR:
        return ()
    again = {each.number_hash: each for each in (mint() for _ in range(len(rows) + NUMBERS_TRIED_MAX))}
    return tuple(
        SoldGiftCard(
            basket.lines[row["position"] - 1].line_id,
            again[row["number_hash"]],
            Money(row["balance_after_minor"], row["currency"]),
        )
        for row in rows
        if row["number_hash"] in again
    )
