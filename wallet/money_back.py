"""Money that goes back with goods: to the gift cards that had paid, and out of those that had been sold.

The last gift card of the sale is given back first, then the one before it, and what no card had paid goes back as
money. How much each is given back is a function of what has come back by then, so that any way to split a return ends
where one of all of it does. A line that sold stored value was paid with money, and comes back as money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wallet import value as stored
from wallet.database import Conn, Row
from wallet.errors import InvalidInput
from wallet.ledger import LockedCard, value
from wallet.ledger.value import LockedGiftCard, Mint, PostedActivity, ValueCause
from wallet.returns import Returned, SoldCard, SoldSale, Tendered
from wallet.sales.receipts import Tender
from wallet.values import (
    MINOR_MAX,
    GiftCardId,
    GiftCardState,
    MerchantId,
    Minor,
    Money,
    OperatorId,
    RefundId,
    SaleId,
    Terminal,
)

# A new card stands where the tender does that was at its end.
RETURNED_TENDERS_SQL = """
    SELECT g.last4, e.amount_minor AS paid_minor, e.balance_after_minor AS after_minor
    FROM gift_card_activities AS e
    JOIN gift_cards AS g ON g.merchant_id = e.merchant_id AND g.gift_card_id = e.gift_card_id
    LEFT JOIN gift_cards_replaced AS r
      ON r.merchant_id = e.merchant_id AND r.sale_id = e.sale_id AND r.by_gift_card_id = e.gift_card_id
    JOIN sale_tenders AS t
      ON t.merchant_id = e.merchant_id AND t.sale_id = e.sale_id
         AND t.gift_card_id = COALESCE(r.gift_card_id, e.gift_card_id)
    WHERE e.merchant_id = $1 AND e.sale_id = $2 AND e.refund_id = $3 AND e.kind = 'REFUND'
    ORDER BY t.position DESC
"""


# What a payment or a refund ends says so.
ENDED_BY_HAND_SQL = """
    SELECT payment_id IS NULL AND refund_id IS NULL
    FROM gift_card_activities
    WHERE merchant_id = $1 AND gift_card_id = $2 AND kind = 'DEACTIVATE'
    ORDER BY seq DESC
    LIMIT 1
"""

REPLACED_SQL = """
    SELECT gift_card_id, array_agg(by_gift_card_id ORDER BY by_gift_card_id) AS made
    FROM gift_cards_replaced
    WHERE merchant_id = $1 AND sale_id = $2
    GROUP BY gift_card_id
"""

INSERT_REPLACED_SQL = """
    INSERT INTO gift_cards_replaced (merchant_id, sale_id, gift_card_id, by_gift_card_id)
    VALUES ($1, $2, $3, $4)
"""


@dataclass(frozen=True, slots=True)
class Returning:
    """What a refund moves on gift cards, all of which this transaction holds. `replaced`: the cards that were made for
    earlier parts of the return, by the ones that could not take them.
    """

    cards: Mapping[GiftCardId, LockedGiftCard]
    shares: tuple[tuple[Tendered, Minor], ...]
    unsold: tuple[SoldCard, ...]
    replaced: Mapping[GiftCardId, Sequence[GiftCardId]]

    @property
    def amount_minor(self) -> Minor:
        """So much goes to gift cards, and not as money."""
        return Minor(sum(amount for _, amount in self.shares))

    def taking(self, tender: Tendered, amount: Minor) -> LockedGiftCard:
        """What paid, or what was made for it; what paid, too, if none of them can take the amount."""
        paid = self.cards[tender.gift_card_id]
        made = (self.cards[each] for each in self.replaced.get(tender.gift_card_id, ()))
        return next((card for card in (paid, *made) if _can_take(card, amount)), paid)


NOTHING = Returning({}, (), (), {})


def shares(tenders: Sequence[Tendered], *, before: int, after: int) -> list[tuple[Tendered, Minor]]:
    """What each tender is given back when `after` has come back of what the sale had cost, and `before` had already.
    The last one first.
    """
    given, passed = list[tuple[Tendered, Minor]](), 0
    for tender in reversed(tenders):
        amount = _within(tender, after - passed) - _within(tender, before - passed)
        if amount:
            given.append((tender, Minor(amount)))
        passed += tender.amount_minor
    return given


def _within(tender: Tendered, reached: int) -> int:
    return min(max(reached, 0), tender.amount_minor)


def _can_take(card: LockedGiftCard, amount: Minor) -> bool:
    return card.state is not GiftCardState.DEACTIVATED and amount <= MINOR_MAX - card.balance


async def hold(
    conn: Conn, *, terminal: Terminal, sale_id: SaleId, sold: SoldSale, parts: Returned, now: datetime
) -> Returning:
    """What the refund moves on gift cards, which are locked after the sale and the card of points. No statement where
    the sale has nothing to do with any.

    Raises InvalidInput where stored value that was sold has been spent, or only a part of its line comes back.
    """
    back = parts.wholly - {line.position for line in sold.lines if line.wholly}
    unsold = tuple(each for each in sold.cards_sold if each.position in back)
    selling = {each.position for each in sold.cards_sold}
    if any(part.position in selling and not part.wholly for part in parts.lines):
        raise InvalidInput.of("amountMinor", "sold_gift_card_whole")
    payable = [line for line in sold.lines if line.position not in selling]
    before = sum(line.returned_minor for line in payable)
    after = sum(line.paid_minor - parts.kept_after(line) for line in payable)
    given = tuple(shares(sold.tenders, before=before, after=after))
    gift_card_ids = [tender.gift_card_id for tender, _ in given] + [each.gift_card_id for each in unsold]
    if not gift_card_ids:
        return NOTHING
    replaced = await _replaced(conn, terminal.merchant_id, sale_id) if given and before else {}
    gift_card_ids += [made for each in replaced.values() for made in each]
    cards = await value.lock_gift_cards(conn, merchant_id=terminal.merchant_id, gift_card_ids=gift_card_ids, now=now)
    for each in unsold:
        _check_unspent(each, cards[each.gift_card_id], now)
    return Returning(cards, given, unsold, replaced)


async def _replaced(conn: Conn, merchant_id: MerchantId, sale_id: SaleId) -> dict[GiftCardId, list[GiftCardId]]:
    """As they stand under the lock of the sale."""
    rows = await conn.fetch(REPLACED_SQL, merchant_id, sale_id)
    return {row["gift_card_id"]: row["made"] for row in rows}


def _check_unspent(sold: SoldCard, card: LockedGiftCard, now: datetime) -> None:
    """All that was sold is still there, and on a card that is made by the sale nothing else."""
    there = card.balance == sold.amount_minor if sold.made else card.balance >= sold.amount_minor
    if card.state is not GiftCardState.ACTIVE or card.is_past(now) or not there:
        raise InvalidInput.of("lineIds", "sold_gift_card_spent", last4=card.last4)


async def give_back(
    conn: Conn,
    returning: Returning,
    card: LockedCard,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    refund_id: RefundId,
    operator_id: OperatorId | None,
    mint: Mint,
    now: datetime,
) -> tuple[Tender, ...]:
    """What gift cards had paid is on them again, the last first, and what was sold is off its cards: those that the
    sale had made are at their end.

    What paid and is at its end itself, or full, is given back on a new card, of the same owner; where nobody owned it,
    of the customer whose sale it is. Further parts of the return go onto that one too. In the place of a card that the
    merchant ended by hand it is BLOCKED until they say otherwise: whoever paid with it may have stolen it.
    """
    cause = ValueCause(
        occurred_at=now, store_id=terminal.store_id, operator_id=operator_id, sale_id=sale_id, refund_id=refund_id
    )
    for each in returning.unsold:
        await _unsell(conn, each, returning.cards[each.gift_card_id], cause=cause, now=now)
    if not returning.shares:
        return ()
    lives_until = await stored.expires_at(conn, merchant_id=terminal.merchant_id, program_id=card.program_id, now=now)
    given = list[Tender]()
    for tender, amount in returning.shares:
        taking = returning.taking(tender, amount)
        if _can_take(taking, amount):
            posted = await value.refund(conn, taking, amount=amount, expires_at=lives_until, cause=cause, now=now)
        else:
            posted = await _give_anew(conn, taking, card, amount, lives_until, mint=mint, cause=cause, now=now)
            new = posted.card.gift_card_id
            await conn.execute(INSERT_REPLACED_SQL, terminal.merchant_id, sale_id, taking.gift_card_id, new)
        after = posted.card
        given.append(Tender(after.last4, after.money(amount), after.money(after.balance)))
    return tuple(given)


async def _give_anew(
    conn: Conn,
    ended: LockedGiftCard,
    card: LockedCard,
    amount: Minor,
    expires_at: datetime | None,
    *,
    mint: Mint,
    cause: ValueCause,
    now: datetime,
) -> PostedActivity:
    opened = await value.open(
        conn,
        merchant_id=ended.merchant_id,
        program_id=ended.program_id,
        mint=mint,
        owner_customer_id=ended.owner_customer_id or card.customer_id,
        now=now,
    )
    posted = await value.refund_anew(conn, opened.card, amount=amount, expires_at=expires_at, cause=cause, now=now)
    if not await conn.fetchval(ENDED_BY_HAND_SQL, ended.merchant_id, ended.gift_card_id):
        return posted
    blocking = replace(cause, reason=f"in the place of gift card {ended.last4}, which was deactivated by hand")
    return await value.block(conn, posted.card, cause=blocking, now=now)


async def _unsell(conn: Conn, sold: SoldCard, card: LockedGiftCard, *, cause: ValueCause, now: datetime) -> None:
    if sold.made:
        await value.deactivate(conn, card, cause=cause, now=now)
        return
    taken = ValueCause(
        occurred_at=cause.occurred_at,
        reason=sold.receipt_number,
        store_id=cause.store_id,
        operator_id=cause.operator_id,
        sale_id=cause.sale_id,
        refund_id=cause.refund_id,
    )
    await value.adjust(conn, card, amount=-sold.amount_minor, cause=taken, now=now)


async def given_before(
    conn: Conn, *, merchant_id: MerchantId, sale_id: SaleId, refund_id: RefundId, currency: str
) -> tuple[Tender, ...]:
    """What `give_back` returned for the refund."""
    rows: Sequence[Row] = await conn.fetch(RETURNED_TENDERS_SQL, merchant_id, sale_id, refund_id)
    return tuple(
        Tender(row["last4"], Money(row["paid_minor"], currency), Money(row["after_minor"], currency)) for row in rows
    )
