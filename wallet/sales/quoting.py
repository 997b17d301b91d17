"""What a checkout with the same input would do. Writes nothing, locks nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from wallet import baskets, fingerprint, ledger, programs
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.fingerprint import Json
from wallet.ledger import value
from wallet.rules import carries_from_json
from wallet.sales import circumstances, offers, paying, planning, selling, serving, tenders
from wallet.sales.offers import NOTHING, Wanted
from wallet.sales.planning import Plan
from wallet.sales.serving import CustomerRef, Served
from wallet.sales.tenders import Paid, Tender
from wallet.tiers import Standing
from wallet.values import MerchantId, Minor, Points, Terminal

LIFE = timedelta(minutes=15)
"""So long a checkout does exactly what a quote said, if it still would."""

# The balances as the ledger would find them under lock: what is due by now to activate or to expire is counted.
QUOTED_CARD_SQL = """
    SELECT c.customer_id, c.carries, c.debt, c.revision, (a.balance + d.activating - d.expiring)::bigint AS active,
           COALESCE(c.tier_review_at <= $3, FALSE) OR COALESCE(d.due, FALSE) AS due
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(l.remaining) FILTER (
                   WHERE l.activated_at IS NULL AND l.activates_at <= $3 AND (l.expires_at IS NULL OR l.expires_at > $3)
               ), 0) AS activating,
               COALESCE(SUM(l.remaining) FILTER (
                   WHERE l.activated_at IS NOT NULL AND l.expires_at <= $3
               ), 0) AS expiring,
               bool_or(l.expires_at <= $3 OR (l.activated_at IS NULL AND l.activates_at <= $3)) AS due
        FROM lots AS l
        WHERE l.merchant_id = c.merchant_id AND l.card_id = c.card_id AND l.remaining > 0 AND NOT l.held
    ) AS d
    WHERE c.merchant_id = $1 AND c.card_id = $2
"""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a sale would do. `tenders` are what gift cards would pay of it.

    `balance_after` is the active balance after such a checkout: points that would wait are not in it. `quote_id` names
    the outcome until `expires_at`: a checkout that is given it does exactly this or nothing.
    """

    merchant_id: MerchantId
    quote_id: str
    expires_at: datetime
    plan: Plan
    basket: Basket
    quoted_at: datetime
    balance_after: Points
    tenders: tuple[Paid, ...] = ()

    @property
    def due_minor(self) -> Minor:
        """What is left to pay."""
        return Minor(self.plan.due_minor - sum(share.amount for share in self.tenders))


async def quote(
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    now: datetime,
) -> Quote:
    """What a checkout of this basket would do now.

    Raises what that checkout would raise: InvalidInput, NotFound, CodeInvalid, CodeExpired, CodeAlreadyUsed,
    RedeemCodeNeeded, VoucherNotUsable, RewardUnavailable, InsufficientPoints, GiftCardNotUsable, InsufficientValue.
    """
    baskets.check(basket, currency=terminal.currency, now=now)
    offers.check(wanted)
    tenders.check(tendered)
    selling.check(basket, tendered)
    served = await serving.whom(conn, terminal=terminal, customer=customer)
    serving.judge(served, at=now)
    occurred_at = min(basket.occurred_at or now, now)
    revision = await programs.revision_at(
        conn, merchant_id=terminal.merchant_id, program_id=served.program_id, at=occurred_at
    )
    rules = revision.rules
    card = await conn.fetchrow(QUOTED_CARD_SQL, terminal.merchant_id, served.card_id, now)
    if card is None:
        raise NotFound
    facts = await circumstances.load(
        conn,
        terminal=terminal,
        card_id=served.card_id,
        sale_id=None,
        rules=rules,
        occurred_at=occurred_at,
    )
    if card["due"]:
        standing = await _standing(conn, terminal, served, facts.standing, card["revision"], now=now)
        facts = replace(facts, standing=standing)
    taken = await offers.load(
        conn,
        wanted,
        terminal=terminal,
        card_id=served.card_id,
        program_id=served.program_id,
        purpose=served.purpose,
        active=card["active"],
        stamps=facts.stamps,
        tier=facts.standing.tier,
        now=now,
    )
    plan = planning.plan(
        rules,
        basket,
        terminal=terminal,
        facts=facts,
        carry=carries_from_json(card["carries"]).get(rules.rate, 0),
        offers=[each.offer for each in taken],
        occurred_at=occurred_at,
    )
    offers.check_use(taken, plan.discounts)
    payer = await paying.payer(conn, terminal, rules, basket, served, customer_id=card["customer_id"])
    shares = await _shares(conn, terminal, basket, tendered, plan, payer, now=now)
    return described(
        terminal,
        customer,
        basket,
        wanted,
        plan,
        shares,
        active=card["active"],
        debt=card["debt"],
        expires_at=now + LIFE,
        now=now,
    )


async def _shares(
    conn: Conn,
    terminal: Terminal,
    basket: Basket,
    tendered: Sequence[Tender],
    plan: Plan,
    payer: tenders.Payer,
    *,
    now: datetime,
) -> tuple[Paid, ...]:
    """What gift cards would pay, as they are now. No statement where the till names none."""
    gift_card_ids = paying.named(basket, tendered)
    cards: paying.Cards = {}
    if gift_card_ids:
        cards = await value.look_at_gift_cards(conn, merchant_id=terminal.merchant_id, gift_card_ids=gift_card_ids)
    return paying.judge(basket, tendered, cards, payer=payer, plan=plan, now=now)


async def _standing(
    conn: Conn, terminal: Terminal, served: Served, standing: Standing, revision: int, *, now: datetime
) -> Standing:
    """The tier that a checkout would find: it settles the card first."""
    return await ledger.standing_due(
        conn,
        merchant_id=terminal.merchant_id,
        card_id=served.card_id,
        program_id=served.program_id,
        revision=revision,
        standing=standing,
        now=now,
    )


def described(
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    wanted: Wanted,
    plan: Plan,
    shares: Sequence[Paid],
    *,
    active: Points,
    debt: Points,
    expires_at: datetime,
    now: datetime,
) -> Quote:
    """The plan as a quote, for a card that has `active` points and owes `debt`."""
    paid_back = min(debt, plan.points)
    at_once = plan.points - paid_back if plan.activates_at <= now and not plan.held else 0
    balance_after = Points(active - plan.spent + at_once)
    until = int(expires_at.timestamp())
    outcome = {
        "customer": serving.facts(customer),
        "basket": baskets.facts(basket),
        **wanted.facts(),
        "until": until,
        "lines": [
            [line.points, line.status.value, line.reason.code, dict(line.reason.facts)] for line in plan.earning.lines
        ],
        "bonusPoints": plan.earning.bonus_points,
        "paid": list(plan.paid),
        "discounts": [[part.offer_index, part.position, part.amount_minor] for part in plan.discounts],
        "held": plan.held is not None,
        "activeAt": plan.activates_at.isoformat() if plan.activates_at > now else None,
        "stamps": [plan.earning.stamps, plan.stamps_after, plan.full_cards],
        "tier": plan.standing.tier if plan.standing else None,
        "balanceAfter": balance_after,
        **_tendered(shares),
    }
    return Quote(
        merchant_id=terminal.merchant_id,
        quote_id=f"{until:x}-{fingerprint.of('quote', outcome).hex()}",
        expires_at=datetime.fromtimestamp(until, UTC),
        plan=plan,
        basket=basket,
        quoted_at=now,
        balance_after=balance_after,
        tenders=tuple(shares),
    )


def _tendered(shares: Sequence[Paid]) -> dict[str, Json]:
    if not shares:
        return {}
    return {"tenders": [[str(each.gift_card_id), each.amount, each.balance_after] for each in shares]}


def expiry_of(quote_id: str) -> datetime | None:
    """Until when a quote with this id is good; None for what is no id of a quote."""
    until, _, _ = quote_id.partition("-")
    try:
        return datetime.fromtimestamp(int(until, 16), UTC)
    except (ValueError, OverflowError, OSError):
        return None
