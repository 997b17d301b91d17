"""`regulars merchant`, `program`, `store` and `terminal`: setting up a shop."""

from uuid import UUID

from cyclopts import App

from auth import terminals
from infra.cli.app import answer, opened
from infra.clock import system_clock
from infra.wiring import opened_box
from wallet import programs, stores
from wallet.errors import NotFound
from wallet.rules import Rules
from wallet.values import MerchantId, Minor, Points, StoreId, TerminalId

merchant = App(name="merchant", help="Businesses.")
program = App(name="program", help="Loyalty schemes and their rules.")
store = App(name="store", help="Shops.")
terminal = App(name="terminal", help="Tills.")


@merchant.command(name="create")
async def create_merchant(
    *, name: str, currency: str, locale: str = "en-IN", timezone: str = "Asia/Kolkata", json: bool = False
) -> None:
    """Make a merchant. The currency is an ISO 4217 code, e.g. INR."""
    async with opened() as (_, pool), pool.acquire() as conn, conn.transaction():
        merchant_id = await stores.create_merchant(
            conn, name=name, currency=currency, locale=locale, timezone=timezone, now=system_clock()
        )
    answer({"merchantId": merchant_id}, as_json=json)


@program.command(name="create")
async def create_program(
    *,
    merchant: UUID,
    slug: str,
    name: str,
    point_name: str = "point",
    point_name_plural: str = "points",
    points: int = 1,
    per_minor: int = 10_000,
    minimum_minor: int = 0,
    carry_remainder: bool = False,
    pending_days: int = 0,
    expiry_months: int | None = None,
    json: bool = False,
) -> None:
    """Make a program: so many points for so much money (in paise, cents), from when and for how long."""
    rules = Rules(
        points=Points(points),
        per_minor=Minor(per_minor),
        minimum_minor=Minor(minimum_minor),
        carry_remainder=carry_remainder,
        pending_days=pending_days,
        expiry_months=expiry_months,
    )
    async with opened() as (_, pool), pool.acquire() as conn, conn.transaction():
        made = await programs.create(
            conn,
            merchant_id=MerchantId(merchant),
            slug=slug,
            name=name,
            point_name=point_name,
            point_name_plural=point_name_plural,
            rules=rules,
            now=system_clock(),
        )
    answer({"programId": made.program_id, "slug": made.slug, "number": made.number}, as_json=json)


@store.command(name="add")
async def add_store(*, program: str, name: str, locale: str | None = None, json: bool = False) -> None:
    """Add a store to the merchant of a program (by its slug); its counter enrols people into that program."""
    async with opened() as (_, pool), pool.acquire() as conn, conn.transaction():
        found = await programs.find_by_slug(conn, slug=program, now=system_clock())
        if found is None:
            raise NotFound
        store_id = await stores.create_store(
            conn,
            merchant_id=found.merchant_id,
            program_id=found.program_id,
            name=name,
            locale=locale,
            now=system_clock(),
        )
    answer({"merchantId": found.merchant_id, "storeId": store_id}, as_json=json)


@terminal.command(name="add")
async def add_terminal(*, merchant: UUID, store: UUID, name: str, json: bool = False) -> None:
    """Add a till to a store and print the code that activates it, once, within fifteen minutes."""
    async with opened() as (settings, pool):
        box = await opened_box(settings, pool, system_clock)
        async with pool.acquire() as conn, conn.transaction():
            terminal_id = await stores.create_terminal(
                conn, merchant_id=MerchantId(merchant), store_id=StoreId(store), name=name, now=system_clock()
            )
            code = await terminals.new_activation_code(
                conn, box=box, merchant_id=MerchantId(merchant), terminal_id=terminal_id, now=system_clock()
            )
    answer({"terminalId": terminal_id, "activationCode": code}, as_json=json)


@terminal.command(name="code")
async def new_code(*, merchant: UUID, terminal: UUID, json: bool = False) -> None:
    """Print a new activation code for a till; using it signs the earlier device out."""
    async with opened() as (settings, pool):
        box = await opened_box(settings, pool, system_clock)
        async with pool.acquire() as conn, conn.transaction():
            code = await terminals.new_activation_code(
                conn,
                box=box,
                merchant_id=MerchantId(merchant),
                terminal_id=TerminalId(terminal),
                now=system_clock(),
            )
    answer({"activationCode": code}, as_json=json)


@terminal.command(name="revoke")
async def revoke(*, merchant: UUID, terminal: UUID, json: bool = False) -> None:
    """Take a till's credential away, at once and for good."""
    async with opened() as (_, pool), pool.acquire() as conn, conn.transaction():
        await terminals.revoke(
            conn, merchant_id=MerchantId(merchant), terminal_id=TerminalId(terminal), now=system_clock()
        )
    answer({"revoked": terminal}, as_json=json)
