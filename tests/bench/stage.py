"""Where it is measured: a PostgreSQL that writes every commit to its disk, a shop with its members, and who calls."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import strawberry

from auth import sessions
from auth.keys import KeyRing
from infra import settings as environment
from infra.clock import system_clock
from infra.postgres.server import running as postgres
from infra.runtime import Runtime, running
from schema.ids import CardKey, VisitKey, encode
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.live import SECRET
from wallet import check_ins, sales, visits
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.rules import Rules
from wallet.values import CardId, CheckInPurpose, CustomerId, Minor, Points, SignedCode, VisitId

BUYERS = 256
READERS = 16
LINES_OF_HISTORY = 60
RULES = Rules(points=Points(1), per_minor=Minor(1_000), carry_remainder=True)


@dataclass(frozen=True, slots=True)
class Member:
    """A customer with a card, an open visit, and a phone that is signed in."""

    customer_id: CustomerId
    session_id: UUID
    access_token: str
    card_id: CardId
    reference: int
    visit_id: VisitId
    card: strawberry.ID
    visit: strawberry.ID


@dataclass(frozen=True, slots=True)
class Stage:
    """Buyers scan and buy; readers have a history and look at it."""

    data_dir: Path
    dsn: str
    runtime: Runtime
    shop: Shop
    ring: KeyRing
    terminal_session_id: UUID
    terminal_token: str
    buyers: Sequence[Member]
    readers: Sequence[Member]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Everything is there, and gone after the block."""
    folder = _new_folder()
    try:
        settings = environment.load(environment="development", data_dir=folder / "data", secret_key=SECRET)
        async with (
            postgres(settings.data_dir) as server,
            running(settings, system_clock, name="regulars bench") as runtime,
        ):
            yield await _set(runtime, settings.data_dir, server.app_dsn)
    finally:
        shutil.rmtree(folder)


def _new_folder() -> Path:
    """Everybody can enter it: a server that root starts runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    folder.chmod(0o755)
    return folder


async def _set(runtime: Runtime, data_dir: Path, dsn: str) -> Stage:
    now = system_clock()
    async with runtime.pool.acquire() as conn, conn.transaction():
        shop = await make_shop(conn, now=now, rules=RULES)
        opened = await sessions.open_for_terminal(
            conn,
            box=runtime.box,
            ring=await runtime.rings.current(now),
            merchant_id=shop.merchant_id,
            terminal_id=shop.terminal_id,
            device_name="Till",
            now=now,
        )
        buyers = [await _member(conn, runtime, shop, now=now) for _ in range(BUYERS)]
    readers = await asyncio.gather(*(_reader(runtime, shop, now=now) for _ in range(READERS)))
    return Stage(
        data_dir=data_dir,
        dsn=dsn,
        runtime=runtime,
        shop=shop,
        ring=await runtime.rings.current(now),
        terminal_session_id=opened.session_id,
        terminal_token=opened.access.text,
        buyers=buyers,
        readers=readers,
    )


async def _reader(runtime: Runtime, shop: Shop, *, now: datetime) -> Member:
    async with runtime.pool.acquire() as conn, conn.transaction():
        member = await _member(conn, runtime, shop, now=now)
        for number in range(LINES_OF_HISTORY):
            await sales.checkout(
                conn,
                terminal=shop.terminal,
                customer=member.visit_id,
                basket=basket(f"R-{number}"),
                idempotency_key=uuid4(),
                now=now,
            )
    return member


async def _member(conn: Conn, runtime: Runtime, shop: Shop, *, now: datetime) -> Member:
    customer_id = await make_customer(conn, now=now)
    card_id = await make_card(conn, shop, customer_id, now=now)
    tokens = await sessions.open_for_customer(
        conn,
        box=runtime.box,
        ring=await runtime.rings.current(now),
        customer_id=customer_id,
        device_name="Phone",
        now=now,
    )
    minted = await check_ins.mint(
        conn,
        customer_id=customer_id,
        merchant_id=shop.merchant_id,
        card_id=card_id,
        purpose=CheckInPurpose.EARN,
        now=now,
    )
    code = SignedCode(minted.purpose, minted.program_number, minted.card_reference, minted.expires_at, minted.jti)
    visit = await visits.open_by_scan(conn, terminal=shop.terminal, code=code, now=now)
    return Member(
        customer_id=customer_id,
        session_id=tokens.session_id,
        access_token=tokens.access.text,
        card_id=card_id,
        reference=minted.card_reference,
        visit_id=visit.visit_id,
        card=encode(CardKey(shop.merchant_id, card_id)),
        visit=encode(VisitKey(shop.merchant_id, visit.visit_id)),
    )


def basket(receipt: str) -> Basket:
    """Two things that earn, and a tip that does not."""
    return Basket(
        receipt_number=receipt,
        currency="INR",
        lines=(
            Line(line_id="1", amount_minor=Minor(18_000), description="Two filter coffees", quantity=2),
            Line(line_id="2", amount_minor=Minor(14_500), description="Banana bread"),
        ),
    )
