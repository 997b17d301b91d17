"""The audit holds on what the product writes, and names the row that somebody tampered with."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from tests.database import Database
from tests.factories import make_card, make_points, make_shop
from wallet import audit, ledger
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.values import Points

LAWS = [law for law, _ in audit.LAWS]


async def broken_laws(conn: Conn) -> dict[str, tuple[str, ...]]:
    return {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}


async def make_history(conn: Conn, now: datetime) -> None:
    """Two cards with lots, one of them with a gift in escrow."""
    shop = await make_shop(conn, now=now)
    sender, other = await make_card(conn, shop, now=now), await make_card(conn, shop, now=now)
    await make_points(conn, shop, sender, 100, now=now, expires_at=now + timedelta(days=30))
    await make_points(conn, shop, sender, 50, now=now, activates_at=now + timedelta(days=3))
    await make_points(conn, shop, other, 7, now=now)
    async with conn.transaction():
        cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[sender], now=now)
        await ledger.reserve_for_gift(conn, cards[sender], points=Points(30), cause=Cause(now), now=now)


async def test_every_law_holds_on_what_the_ledger_wrote(conn: Conn, now: datetime) -> None:
    # given
    await make_history(conn, now)
    # when
    verdicts = [verdict async for verdict in audit.verdicts(conn)]
    extent = await audit.extent(conn)
    # then
    assert [verdict.law for verdict in verdicts] == LAWS
    assert [verdict.count for verdict in verdicts] == [0] * len(LAWS)
    assert (extent.cards, extent.entries, extent.transfers, extent.lots) == (2, 4, 4, 3)
    assert extent.points_owed == 157


TAMPERINGS = {
    "every account holds what its transfers say": "UPDATE accounts SET balance = balance + 1 WHERE kind = 'pending'",
    "every entry follows from the one before it, without gaps, as it was written": (
        "UPDATE entries SET points = points + 1 WHERE seq = 1"
    ),
    "every card stands where its chain of entries ends": "UPDATE cards SET lifetime_earned = lifetime_earned + 1",
    "what a program issued, took back for rewards and let expire is what its entries say": (
        "UPDATE transfers SET to_account_id = (SELECT expired_account_id FROM programs) WHERE seq = 1"
    ),
    "every entry moves what it says, between accounts and in lots": "UPDATE transfers SET points = points + 1",
    "every lot has left what its movements say": "UPDATE lots SET remaining = remaining - 1",
    "the lots of a card sum to its balance": "UPDATE lots SET activated_at = NULL",
}


@pytest.mark.parametrize("law", TAMPERINGS)
async def test_what_an_owner_tampers_with_is_named(law: str, conn: Conn, database: Database, now: datetime) -> None:
    # given
    await make_history(conn, now)
    owner = await asyncpg.connect(database.superuser_dsn)
    try:
        # when: with the walls down, as only the owner of the tables can take them down
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(TAMPERINGS[law])
    finally:
        await owner.close()
    # then
    broken = await broken_laws(conn)
    assert law in broken
    assert broken[law]


WRITES = (
    "UPDATE entries SET points = 1",
    "DELETE FROM entries",
    "TRUNCATE entries",
    "UPDATE transfers SET points = 1",
    "DELETE FROM transfers",
    "UPDATE lot_movements SET points = 1",
    "DELETE FROM lot_movements",
    "UPDATE program_revisions SET revision = 9",
    "UPDATE gift_events SET kind = 'SENT'",
    "UPDATE sale_lines SET points = 1",
    "UPDATE refund_lines SET position = 9",
    "DROP TABLE entries",
    "ALTER TABLE entries DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
)


@pytest.mark.parametrize("statement", WRITES)
async def test_the_application_cannot_rewrite_what_happened(statement: str, conn: Conn, now: datetime) -> None:
    # given
    await make_history(conn, now)
    # when
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute(statement)
    # then
    assert await broken_laws(conn) == {}


@pytest.mark.parametrize("table", ["entries", "transfers", "lot_movements", "program_revisions"])
async def test_not_even_the_owner_changes_a_fact_by_accident(
    table: str, conn: Conn, database: Database, now: datetime
) -> None:
    # given
    await make_history(conn, now)
    owner = await asyncpg.connect(database.owner_dsn)
    try:
        # when
        with pytest.raises(asyncpg.RestrictViolationError) as refused:
            await owner.execute(f"DELETE FROM {table}")
    finally:
        await owner.close()
    # then
    assert str(refused.value) == f"table {table} is append-only"
