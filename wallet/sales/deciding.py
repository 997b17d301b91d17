"""What a sale will do to a card that is held, and whether it is what was quoted."""

from collections.abc import Sequence
from datetime import datetime

from wallet.database import Conn
from wallet.errors import QuoteChanged
from wallet.ledger import LockedCard
from wallet.rules import Rules
from wallet.sales import circumstances, offers, planning, quoting
from wallet.sales.offers import Taken
from wallet.sales.planning import Plan
from wallet.sales.request import Request
from wallet.sales.serving import Served
from wallet.sales.tenders import Paid
from wallet.values import Phrase, SaleId, Terminal


async def decide(
    conn: Conn,
    terminal: Terminal,
    request: Request,
    served: Served,
    rules: Rules,
    card: LockedCard,
    *,
    sale_id: SaleId,
    suspicion: Phrase | None,
    now: datetime,
) -> tuple[Plan, tuple[Taken, ...]]:
    """What the sale does to the card, which is locked, so that it stays what it does."""
    facts = await circumstances.load(
        conn,
        terminal=terminal,
        card_id=served.card_id,
        sale_id=sale_id,
        rules=rules,
        occurred_at=request.occurred_at,
    )
    taken = await offers.load(
        conn,
        request.wanted,
        terminal=terminal,
        card_id=served.card_id,
        program_id=served.program_id,
        purpose=served.purpose,
        active=card.active,
        stamps=card.stamps,
        tier=facts.standing.tier,
        now=now,
    )
    plan = planning.plan(
        rules,
        request.basket,
        terminal=terminal,
        facts=facts,
        carry=card.carry_at(rules.rate),
        offers=[each.offer for each in taken],
        occurred_at=request.occurred_at,
        suspicion=suspicion,
    )
    offers.check_use(taken, plan.discounts)
    return plan, taken


def check_quote(
    terminal: Terminal, request: Request, plan: Plan, card: LockedCard, shares: Sequence[Paid], *, now: datetime
) -> None:
    """Raises QuoteChanged, with what the quote would be now, unless it is what the request was given."""
    if request.quote_id is None:
        return
    until = quoting.expiry_of(request.quote_id)
    good = until is not None and now < until <= now + quoting.LIFE
    quote = quoting.described(
        terminal,
        request.customer,
        request.basket,
        request.wanted,
        plan,
        shares,
        active=card.active,
        debt=card.debt,
        expires_at=until if until is not None and good else now + quoting.LIFE,
        now=now,
    )
    if not good or quote.quote_id != request.quote_id:
        raise QuoteChanged(quote)
