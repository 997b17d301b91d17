"""What tills do in a life: scan, quote, sell online and offline, give back and undo, enrol."""

from dataclasses import replace
from datetime import timedelta

from auth import gift_cards
from tests.proofs.lives import stored
from tests.proofs.lives.world import Life, Quoted
from tests.wallet.counter import Member, qr, show, typed
from tests.wallet.sales.histories import assert_as_quoted
from tests.wallet.sales.till import BOX
from wallet import enrolments, offline, operations, refunds, sales, visits
from wallet.baskets import Basket, Line
from wallet.customers import Contact
from wallet.errors import QuoteChanged
from wallet.rewards import Reward
from wallet.sales import CustomerRef, Recorded, Tender, Wanted
from wallet.values import CardId, CheckInPurpose, LineKind, Minor, SaleId, Terminal, VoucherId

MOST_LATE = timedelta(hours=71)

USABLE_SQL = """
    SELECT voucher_id
    FROM vouchers
    WHERE card_id = $1 AND state = 'USABLE' AND (usable_until > $2 OR usable_until IS NULL OR $3)
    ORDER BY voucher_id
"""
COSTS_SQL = "SELECT COALESCE(SUM(points), 0)::bigint FROM vouchers WHERE voucher_id = ANY($1::uuid[])"
LEFT_SQL = """
    SELECT l.line_id, l.paid_minor - COALESCE(SUM(r.amount_minor), 0)::bigint AS minor
    FROM sale_lines AS l
    LEFT JOIN refund_lines AS r ON r.sale_id = l.sale_id AND r.position = l.position
    WHERE l.sale_id = $1
    GROUP BY l.position, l.line_id, l.paid_minor
    HAVING NOT COALESCE(bool_or(r.wholly), FALSE)
    ORDER BY l.position
"""
UNSOLD_SQL = """
    SELECT COALESCE(SUM(r.amount_minor), 0)::bigint
    FROM refund_lines AS r
    JOIN sale_lines AS l ON l.sale_id = r.sale_id AND l.position = r.position
    WHERE r.sale_id = $1 AND l.kind = 'GIFT_CARD_SALE'
"""
USED_SQL = """
    SELECT COALESCE(SUM(points), 0)::bigint
    FROM vouchers
    WHERE used_sale_id = $1 AND state = 'USED' AND origin = 'CLAIMED'
"""
DEBT_SQL = "SELECT debt FROM cards WHERE card_id = $1"
CARD_OF_SALE_SQL = "SELECT card_id FROM sales WHERE sale_id = $1"


def some_basket(life: Life, *sold: Line) -> Basket:
    rng = life.rng
    lines = tuple(
        Line(
            line_id=str(at),
            amount_minor=Minor(rng.choice((240, 700, 1_999, 100, 55, 150, 0))),
            kind=rng.choice([LineKind.ITEM] * 5 + [LineKind.TIP]),
            sku=rng.choice((None, "A", "B")),
            category=rng.choice(("coffee", "bread", "tobacco", None)),
            quantity=rng.randint(1, 4),
        )
        for at in range(1, rng.randint(1, 4) + 1)
    )
    return Basket("R-1", "INR", (*lines, *sold))


async def some_gift_cards(life: Life, owner: Member) -> list[Line]:
    """Lines that sell a gift card or two, or load one; mostly none."""
    sold = list[Line]()
    if life.chance(0.12):
        quantity = life.rng.choice((1, 1, 2))
        sold.append(Line("g", Minor(500 * quantity), LineKind.GIFT_CARD_SALE, quantity=quantity))
    if life.chance(0.08):
        loads = await stored.named(life, owner)
        sold.append(Line("l", Minor(250), LineKind.GIFT_CARD_SALE, loads=loads))
    return sold


async def some_sale(life: Life, owner: Member) -> tuple[Basket, Wanted, tuple[Tender, ...]]:
    """What somebody buys, with which vouchers and rewards, and the gift cards that pay for it."""
    basket = some_basket(life, *await some_gift_cards(life, owner))
    return basket, await some_wanted(life, owner.card_id), await stored.some_tenders(life, owner)


async def some_wanted(life: Life, card_id: CardId) -> Wanted:
    """Vouchers and rewards, mostly such as can be had."""
    rows = await life.conn.fetch(USABLE_SQL, card_id, life.now, life.chance(0.1))
    usable = [VoucherId(row["voucher_id"]) for row in rows]
    used = life.rng.sample(usable, min(len(usable), life.rng.choice((0, 1, 1, 2))))
    bought = life.rng.sample(list(life.catalogue), life.rng.choice((0, 0, 0, 1, 2)))
    return Wanted(tuple(used), tuple(reward.reward_id for reward in bought))


async def scan(life: Life) -> None:
    """A code is shown and scanned, by its picture or its digits; or one that was shown before is scanned again."""
    at = life.rng.choice(life.tills)
    if life.codes and life.chance(0.2):
        owner, minted = life.rng.choice(life.codes)
    else:
        owner = life.rng.choice(life.members)
        purpose = CheckInPurpose.REDEEM if life.chance(0.8) else CheckInPurpose.EARN
        minted = await show(life.conn, life.shop, owner, purpose, now=life.now)
        life.codes.append((owner, minted))
    code = typed(minted) if life.chance(0.2) else qr(minted)
    visit = await visits.open_by_scan(life.conn, terminal=at, code=code, now=life.now)
    life.opened.append((at, visit.visit_id, owner))


async def somebody(life: Life, at: Terminal) -> tuple[CustomerRef, Member]:
    """Who stands at the till: somebody with an open visit, or with a code that is shown now."""
    here = [(visit, owner) for till, visit, owner in life.opened[-6:] if till == at]
    if here and life.chance(0.5):
        return life.rng.choice(here)
    owner = life.rng.choice(life.members)
    purpose = CheckInPurpose.REDEEM if life.chance(0.8) else CheckInPurpose.EARN
    return qr(await show(life.conn, life.shop, owner, purpose, now=life.now)), owner


async def quote(life: Life) -> None:
    """A till asks what a sale would do, and keeps the answer."""
    at = life.rng.choice(life.tills)
    customer, owner = await somebody(life, at)
    basket, wanted, tendered = await some_sale(life, owner)
    quoted = await sales.quote(
        life.conn, terminal=at, customer=customer, basket=basket, wanted=wanted, tendered=tendered, now=life.now
    )
    life.quotes.append(Quoted(quoted, at, customer, owner.card_id, basket, wanted, tendered))


async def sell(life: Life) -> None:
    """A sale that nobody had asked about."""
    at = life.rng.choice(life.tills)
    customer, owner = await somebody(life, at)
    await checkout(life, Quoted(None, at, customer, owner.card_id, *await some_sale(life, owner)))


async def sell_as_quoted(life: Life) -> None:
    """A sale does exactly what its quote had said, however long ago that was, or nothing."""
    if not life.quotes:
        await quote(life)
    asked = life.quotes.pop(life.rng.randrange(len(life.quotes)))
    assert asked.quote is not None
    try:
        recorded = await checkout(life, asked)
    except QuoteChanged as changed:
        if changed.quote.quote_id == asked.quote.quote_id:
            raise AssertionError("the new quote is the old one") from changed
        raise
    assert_as_quoted(asked.quote, recorded, at_once=False)


async def checkout(life: Life, asked: Quoted) -> Recorded:
    conn, key = life.conn, life.key()
    quote_id = asked.quote.quote_id if asked.quote else None
    debt = await conn.fetchval(DEBT_SQL, asked.card_id)

    async def ask() -> Recorded:
        return await sales.checkout(
            conn,
            terminal=asked.terminal,
            customer=asked.customer,
            basket=asked.basket,
            wanted=asked.wanted,
            tendered=asked.tendered,
            mint=gift_cards.repeatable(
                BOX, merchant_id=asked.terminal.merchant_id, terminal_id=asked.terminal.terminal_id, key=key
            ),
            quote_id=quote_id,
            idempotency_key=key,
            now=life.now,
        )

    recorded: Recorded = await life.keyed(
        ask, lambda done: (done.sale.sale_id, done.sale.points, done.sale.tenders, done.sale.due)
    )
    life.sold.append((asked.terminal, recorded.sale.sale_id))
    life.told_minor += sum(line.amount_minor for line in asked.basket.lines if line.is_gift_card)
    life.told_minor -= sum(tender.paid.amount_minor for tender in recorded.sale.tenders)
    bought = [cost_of(life.catalogue_by_id[each]) for each in asked.wanted.reward_ids]
    used = await conn.fetchval(COSTS_SQL, asked.wanted.voucher_ids)
    paid = debt - await conn.fetchval(DEBT_SQL, asked.card_id)
    life.told += recorded.sale.points - sum(bought) - used - paid
    return recorded


def cost_of(reward: Reward) -> int:
    return reward.cost_points or 0


async def settle(life: Life) -> None:
    """A till that had no network tells of a sale of the last days; some codes two tills had read."""
    at = life.rng.choice(life.tills)
    if life.codes and life.chance(0.6):
        owner, minted = life.rng.choice(life.codes)
    else:
        owner = life.rng.choice(life.members)
        minted = await show(life.conn, life.shop, owner, now=life.now)
        life.codes.append((owner, minted))
    scanned_at = minted.expires_at - timedelta(seconds=30)
    if not life.now - MOST_LATE < scanned_at <= life.now and life.chance(0.9):
        scanned_at = life.now
    basket, key = replace(some_basket(life), occurred_at=scanned_at), life.key()
    debt = await life.conn.fetchval(DEBT_SQL, owner.card_id)

    async def ask() -> Recorded:
        return await offline.settle(
            life.conn,
            terminal=at,
            customer=qr(minted),
            basket=basket,
            scanned_at=scanned_at,
            idempotency_key=key,
            now=life.now,
        )

    recorded: Recorded = await life.keyed(ask, lambda done: (done.sale.sale_id, done.sale.points))
    life.sold.append((at, recorded.sale.sale_id))
    life.told += recorded.sale.points - (debt - await life.conn.fetchval(DEBT_SQL, owner.card_id))


async def refund(life: Life) -> None:
    """Goods come back: some lines, some money, or all that is left; or more than there is."""
    if not life.sold:
        return
    at, sale_id = life.rng.choice(life.sold[-12:])
    left = await life.conn.fetch(LEFT_SQL, sale_id)
    money = sum(row["minor"] for row in left)
    way = life.rng.choice(("lines", "lines", "amount", "rest"))
    if way == "lines" and left:
        lines = [row["line_id"] for row in left]
        await bring_back(life, at, sale_id, lines=life.rng.sample(lines, life.rng.randint(1, len(lines))))
    elif way == "amount":
        await bring_back(life, at, sale_id, amount=life.rng.randint(1, money + 20))
    else:
        await bring_back(life, at, sale_id)


async def bring_back(
    life: Life, at: Terminal, sale_id: SaleId, *, lines: list[str] | None = None, amount: int | None = None
) -> None:
    key = life.key()
    card_id = await life.conn.fetchval(CARD_OF_SALE_SQL, sale_id)
    debt, used = await life.conn.fetchval(DEBT_SQL, card_id), await life.conn.fetchval(USED_SQL, sale_id)
    unsold = await life.conn.fetchval(UNSOLD_SQL, sale_id)

    async def ask() -> refunds.Refunded:
        return await refunds.refund(
            life.conn,
            terminal=at,
            sale_id=sale_id,
            line_ids=lines,
            amount_minor=amount,
            mint=gift_cards.minter(BOX, merchant_id=at.merchant_id),
            idempotency_key=key,
            now=life.now,
        )

    told = await life.keyed(ask, lambda done: (done.points_taken_back, done.points_given_back, done.due, done.returned))
    assert told.debt == await life.conn.fetchval(DEBT_SQL, card_id) - debt
    reopened = used - await life.conn.fetchval(USED_SQL, sale_id)
    life.told += told.points_given_back + reopened - told.points_taken_back
    life.told_minor += sum(tender.paid.amount_minor for tender in told.returned)
    life.told_minor -= await life.conn.fetchval(UNSOLD_SQL, sale_id) - unsold


async def undo(life: Life) -> None:
    """Of what the list at the till says can be undone something is; the rest it says why not."""
    if not life.opened:
        return
    at, visit_id, _ = life.opened[-1]
    listed = await operations.of_visit(life.conn, terminal=at, visit_id=visit_id, now=life.now)
    fit = [each.sale.sale_id for each in listed if each.why_not is None]
    if fit:
        await bring_back(life, at, life.rng.choice(fit))


async def enrol(life: Life) -> None:
    """A till enrols somebody by address or number, new or known."""
    at, key, digit = life.rng.choice(life.tills), life.key(), life.rng.randint(1, 4)
    email, phone = f"e{digit}.{life.shop.slug}@example.com", f"+9198{life.shop.program_number % 10**7:07}{digit}"
    said = life.rng.choice(((email, None), (None, phone), (email, phone)))
    contact = Contact(said[0], said[0], said[1])
    rules = await life.rules()

    async def ask() -> enrolments.Enrolled:
        return await enrolments.enrol(
            life.conn,
            terminal=at,
            contact=contact,
            name=None,
            locale=None,
            idempotency_key=key,
            input_hash=str(said).encode().ljust(32)[:32],
            now=life.now,
        )

    enrolled: enrolments.Enrolled = await life.keyed(ask, lambda done: done.visit.visit_id)
    if not enrolled.already_member:
        life.told += rules.bonuses.joining
        await life.meet(enrolled.visit.card_id)
