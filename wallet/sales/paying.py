"""The stored value of a sale: what gift cards pay of it, and what it puts onto gift cards."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from wallet import value as stored
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.ledger import LockedCard, value
from wallet.ledger.value import LockedGiftCard, Mint, ValueCause
from wallet.rules import Rules
from wallet.sales import selling, tenders
from wallet.sales.planning import Plan
from wallet.sales.request import Request
from wallet.sales.selling import SoldGiftCard
from wallet.sales.serving import Served
from wallet.sales.tenders import Paid, Payer, Tender
from wallet.value import law
from wallet.values import CustomerId, GiftCardId, SaleId, Terminal

COUNTRY_SQL = """
    SELECT country
    FROM merchants
    WHERE merchant_id = $1
"""

Cards = Mapping[GiftCardId, LockedGiftCard]


def named(basket: Basket, paying: Sequence[Tender]) -> list[GiftCardId]:
    """Every gift card that a till names."""
    return [*(tender.card.gift_card_id for tender in paying), *selling.loaded(basket)]


async def payer(
    conn: Conn, terminal: Terminal, rules: Rules, basket: Basket, served: Served, *, customer_id: CustomerId
) -> Payer:
    """Who is served, and what the rules and the law say of it. No statement for a basket that sells no gift cards."""
    most = rules.gifts.card_max_minor
    if selling.sells(basket):
        country = await conn.fetchval(COUNTRY_SQL, terminal.merchant_id)
        most = law.most_on_card(country, stated=most, currency=terminal.currency)
    return Payer(
        customer_id=customer_id,
        program_id=served.program_id,
        purpose=served.purpose,
        by_code=served.by_code,
        pin_above=rules.gifts.pin_above_minor,
        card_max=most,
    )


def judge(
    basket: Basket, paying: Sequence[Tender], cards: Cards, *, payer: Payer, plan: Plan, now: datetime
) -> tuple[Paid, ...]:
    """What each tender pays, the cards to load being such as can be.

    Raises as `tenders.share`, and GiftCardNotUsable for a card that cannot be loaded, InvalidInput for a line that puts
    more on a card than may stand on one.
    """
    for line in basket.lines:
        if line.loads is not None:
            tenders.check_named(cards[line.loads.gift_card_id], line.loads.by, payer)
            cards[line.loads.gift_card_id].check_usable(now)
    selling.check_most(basket, cards, most=payer.card_max)
    return tenders.share(paying, cards, payer=payer, basket=basket, plan=plan, now=now) if paying else ()


async def hold(conn: Conn, terminal: Terminal, request: Request, *, now: datetime) -> Cards:
    """The named cards are this transaction's: after the sale and the card of points. No statement for none."""
    gift_card_ids = named(request.basket, request.tenders)
    if not gift_card_ids:
        return {}
    return await value.lock_gift_cards(conn, merchant_id=terminal.merchant_id, gift_card_ids=gift_card_ids, now=now)


async def do(
    conn: Conn,
    terminal: Terminal,
    request: Request,
    card: LockedCard,
    cards: Cards,
    shares: Sequence[Paid],
    *,
    sale_id: SaleId,
    mint: Mint,
    now: datetime,
) -> tuple[SoldGiftCard, ...]:
    """What `judge` said is done, and what is sold is on its cards; the new ones are returned. No statement for nothing.

    The sale's own rows are written by now.
    """
    cause = ValueCause(
        occurred_at=request.occurred_at,
        store_id=terminal.store_id,
        operator_id=request.operator_id,
        sale_id=sale_id,
    )
    merchant_id = terminal.merchant_id
    if shares:
        await tenders.spend(conn, shares, cards, merchant_id=merchant_id, sale_id=sale_id, cause=cause, now=now)
    if not selling.sells(request.basket):
        return ()
    expires_at = await stored.expires_at(conn, merchant_id=merchant_id, program_id=card.program_id, now=now)
    return await selling.sell(
        conn,
        request.basket,
        cards,
        merchant_id=merchant_id,
        program_id=card.program_id,
        sale_id=sale_id,
        mint=mint,
        expires_at=expires_at,
        cause=cause,
        now=now,
    )
