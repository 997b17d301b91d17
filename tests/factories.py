"""Shops, customers, cards and points for tests, made the way the product makes them."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wallet import cards, ledger, programs, rewards, stores
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.rewards import NewReward, Reward
from wallet.rules import Rules
from wallet.values import (
    CardId,
    CustomerId,
    EntryKind,
    MerchantId,
    Points,
    ProgramId,
    RewardKind,
    StoreId,
    Terminal,
    TerminalId,
)

_count = itertools.count(1)

INSERT_CUSTOMER_SQL = """
    INSERT INTO customers (email, email_key, name, locale, confirmed_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $5)
    RETURNING customer_id
"""

INSERT_TERMINAL_SESSION_SQL = """
    INSERT INTO sessions (merchant_id, terminal_id, device_name, created_at, last_seen_at)
    VALUES ($1, $2, 'Till', $3, $3)
    RETURNING session_id
"""


@dataclass(frozen=True, slots=True)
class Shop:
    merchant_id: MerchantId
    program_id: ProgramId
    program_number: int
    slug: str
    store_id: StoreId
    terminal_id: TerminalId
    session_id: uuid.UUID
    terminal: Terminal


async def make_shop(
    conn: Conn,
    *,
    now: datetime,
    rules: Rules | None = None,
    currency: str = "INR",
    timezone: str = "Asia/Kolkata",
    country: str | None = None,
    merchant_name: str | None = None,
    program_name: str | None = None,
) -> Shop:
    """A merchant with one program, one store and one live terminal."""
    n = next(_count)
    merchant_id = await stores.create_merchant(
        conn,
        name=merchant_name or f"Merchant {n}",
        currency=currency,
        locale="en-IN",
        timezone=timezone,
        country=country,
        now=now,
    )
    program = await programs.create(
        conn,
        merchant_id=merchant_id,
        slug=f"program-{n}-{uuid.uuid4().hex[:8]}",
        name=program_name or f"Program {n}",
        point_name="bean",
        point_name_plural="beans",
        rules=rules or Rules(),
        now=now,
    )
    store_id = await stores.create_store(
        conn, merchant_id=merchant_id, program_id=program.program_id, name=f"Store {n}", now=now
    )
    terminal_id = await stores.create_terminal(conn, merchant_id=merchant_id, store_id=store_id, name="Till 1", now=now)
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, merchant_id, terminal_id, now)
    terminal = await stores.load_terminal(
        conn, merchant_id=merchant_id, terminal_id=terminal_id, session_id=session_id, now=now
    )
    return Shop(
        merchant_id=merchant_id,
        program_id=program.program_id,
        program_number=program.number,
        slug=program.slug,
        store_id=store_id,
        terminal_id=terminal_id,
        session_id=session_id,
        terminal=terminal,
    )


async def make_customer(
    conn: Conn, *, email: str | None = None, name: str | None = None, locale: str = "en-IN", now: datetime
) -> CustomerId:
    email = email or f"customer{next(_count)}.{uuid.uuid4().hex[:8]}@example.com"
    return CustomerId(await conn.fetchval(INSERT_CUSTOMER_SQL, email, email.casefold(), name, locale, now))


async def make_card(conn: Conn, shop: Shop, customer_id: CustomerId | None = None, *, now: datetime) -> CardId:
    """The customer's card in the shop's program; a new customer's if none is given."""
    customer_id = customer_id or await make_customer(conn, now=now)
    card_id, _ = await cards.ensure_member(
        conn, merchant_id=shop.merchant_id, program_id=shop.program_id, customer_id=customer_id, now=now
    )
    return card_id


async def make_points(
    conn: Conn,
    shop: Shop,
    card_id: CardId,
    points: int,
    *,
    now: datetime,
    expires_at: datetime | None = None,
    activates_at: datetime | None = None,
    notice_days: int = 0,
) -> int:
    """The card has earned one more lot. Returns the entry's seq."""
    async with conn.transaction():
        locked = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
        posted = await ledger.earn(
            conn,
            locked[card_id],
            kind=EntryKind.BONUS,
            points=Points(points),
            activates_at=activates_at or now,
            expires_at=expires_at,
            notice_days=notice_days,
            cause=Cause(occurred_at=now),
            now=now,
        )
    return posted.seq


async def make_reward(
    conn: Conn,
    shop: Shop,
    *,
    now: datetime,
    slug: str | None = None,
    name: str = "Free coffee",
    kind: RewardKind = RewardKind.FREE_ITEM,
    cost_points: int | None = 50,
    cost_stamps: int | None = None,
    **more: Any,
) -> Reward:
    """One more reward of the shop's program: a free coffee for 50 points, unless told otherwise."""
    new = NewReward(
        slug=slug or f"reward-{next(_count)}",
        name=name,
        kind=kind,
        cost_points=None if cost_points is None or cost_stamps is not None else Points(cost_points),
        cost_stamps=cost_stamps,
        **more,
    )
    return await rewards.create(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, new=new, now=now)
