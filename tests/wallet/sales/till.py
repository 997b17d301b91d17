"""A till in tests: receipts that it prints, and what it says to us."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from auth import gift_cards
from auth.secrets import SecretBox
from tests.factories import Shop
from tests.wallet.counter import Member, qr, show
from wallet import ledger, refunds, rewards, sales, visits
from wallet.baskets import Basket, Line
from wallet.database import Conn, Row
from wallet.ledger import Cause
from wallet.refunds import Refunded
from wallet.rewards import Reward
from wallet.sales import NOTHING, CustomerRef, Quote, Recorded, Tender, Wanted
from wallet.values import CardId, CheckInPurpose, LineKind, Minor, Points, SaleId, Terminal, VisitId, VoucherId

BOX = SecretBox(b"k" * 32)

TABLES = (
    "sales",
    "sale_lines",
    "refunds",
    "refund_lines",
    "used_codes",
    "entries",
    "transfers",
    "lots",
    "lot_movements",
)

REWARD_TABLES = ("vouchers", "sale_discounts", "stamp_movements")

CARD_SQL = """
    SELECT a.balance AS active, p.balance AS pending, c.revision, c.lifetime_earned,
           (SELECT COALESCE(SUM(value::bigint), 0)::bigint FROM jsonb_each_text(c.carries)) AS carry
    FROM cards AS c
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    JOIN accounts AS p ON p.merchant_id = c.merchant_id AND p.account_id = c.pending_account_id
    WHERE c.card_id = $1
"""


def receipt(*amounts: int, number: str = "R-1", occurred_at: datetime | None = None, currency: str = "INR") -> Basket:
    """A receipt of goods, the lines called "1", "2" and so on."""
    lines = tuple(Line(str(at), Minor(amount)) for at, amount in enumerate(amounts, start=1))
    return Basket(number, currency, lines, occurred_at)


def mixed_receipt() -> Basket:
    return Basket(
        "R-9",
        "INR",
        (
            Line("1", Minor(25_000), LineKind.ITEM, "C-1", "coffee", "Flat white", 2),
            Line("2", Minor(4_000), LineKind.TIP),
            Line("3", Minor(0)),
            Line("4", Minor(9_900)),
        ),
    )


async def visit(
    conn: Conn, shop: Shop, member: Member, purpose: CheckInPurpose = CheckInPurpose.EARN, *, now: datetime
) -> VisitId:
    """The member's code was scanned: the visit that the till may name for fifteen minutes."""
    minted = await show(conn, shop, member, purpose, now=now)
    async with conn.transaction():
        opened = await visits.open_by_scan(conn, terminal=shop.terminal, code=qr(minted), now=now)
    return opened.visit_id


async def checkout(
    conn: Conn,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    *,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    quote_id: str | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Recorded:
    key = key or uuid4()
    async with conn.transaction():
        return await sales.checkout(
            conn,
            terminal=terminal,
            customer=customer,
            basket=basket,
            wanted=wanted,
            tendered=tendered,
            mint=gift_cards.repeatable(
                BOX, merchant_id=terminal.merchant_id, terminal_id=terminal.terminal_id, key=key
            ),
            quote_id=quote_id,
            idempotency_key=key,
            now=now,
        )


async def quote(
    conn: Conn,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    *,
    wanted: Wanted = NOTHING,
    tendered: tuple[Tender, ...] = (),
    now: datetime,
) -> Quote:
    async with conn.transaction():
        return await sales.quote(
            conn, terminal=terminal, customer=customer, basket=basket, wanted=wanted, tendered=tendered, now=now
        )


async def claimed(conn: Conn, shop: Shop, member: Member, reward: Reward, *, now: datetime) -> VoucherId:
    """The member has bought a voucher for the reward in the app."""
    async with conn.transaction():
        done = await rewards.claim(
            conn,
            customer_id=member.customer_id,
            merchant_id=shop.merchant_id,
            card_id=member.card_id,
            reward_id=reward.reward_id,
            idempotency_key=uuid4(),
            now=now,
        )
    return done.voucher.voucher_id


async def refund(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    *line_ids: str,
    amount: int | None = None,
    key: UUID | None = None,
    now: datetime,
) -> Refunded:
    """The named lines come back, or so much of the money; all that is left, if neither is named."""
    async with conn.transaction():
        return await refunds.refund(
            conn,
            terminal=terminal,
            sale_id=sale_id,
            line_ids=list(line_ids) or None,
            amount_minor=amount,
            mint=gift_cards.minter(BOX, merchant_id=terminal.merchant_id),
            idempotency_key=key or uuid4(),
            now=now,
        )


async def spend(conn: Conn, shop: Shop, card_id: CardId, points: int, *, now: datetime) -> None:
    """So many points are no longer the card's to give back."""
    async with conn.transaction():
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
        cause = Cause(occurred_at=now)
        await ledger.reserve_for_gift(conn, cards[card_id], points=Points(points), cause=cause, now=now)


async def standing(conn: Conn, card_id: CardId) -> dict[str, Any]:
    """What stands on the card."""
    row = await conn.fetchrow(CARD_SQL, card_id)
    return picked(row, "active", "pending", "revision", "carry", "lifetime_earned")


def picked(row: Row | None, *columns: str) -> dict[str, Any]:
    assert row is not None
    return {column: row[column] for column in columns}
