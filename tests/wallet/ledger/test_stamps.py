"""Stamps: every change leaves a row, and the rows sum to what stands on the card."""

from datetime import datetime

import asyncpg
import pytest

from tests.factories import make_card, make_shop
from wallet import audit, ledger
from wallet.database import Conn
from wallet.ledger import Cause, StampMove

MOVES_SQL = "SELECT kind, stamps, stamps_after FROM stamp_movements ORDER BY movement_id"


async def test_stamps_come_and_go_and_may_fall_below_zero(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    card_id, other = await make_card(conn, shop, now=now), await make_card(conn, shop, now=now)
    # when
    async with conn.transaction():
        card = (await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now))[card_id]
        revision = card.revision
        card = await ledger.move_stamps(conn, card, moves=[StampMove("COLLECTED", 3)], cause=Cause(now), now=now)
        assert card.stamps == 3
        card = await ledger.move_stamps(conn, card, moves=[StampMove("SPENT", -2)], cause=Cause(now), now=now)
        card = await ledger.move_stamps(conn, card, moves=[StampMove("TAKEN_BACK", -3)], cause=Cause(now), now=now)
    # then one entry tells of all of it
    assert (card.stamps, card.revision) == (-2, revision + 1)
    rows = [(row["kind"], row["stamps"], row["stamps_after"]) for row in await conn.fetch(MOVES_SQL)]
    assert rows == [("COLLECTED", 3, 3), ("SPENT", -2, 1), ("TAKEN_BACK", -3, -2)]
    assert await conn.fetchval("SELECT stamps FROM cards WHERE card_id = $1", other) == 0
    assert [verdict.law async for verdict in audit.verdicts(conn) if verdict.count] == []


async def test_stamps_that_come_are_not_written_as_going(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    card_id = await make_card(conn, shop, now=now)
    cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.move_stamps(conn, cards[card_id], moves=[StampMove("SPENT", 2)], cause=Cause(now), now=now)
    assert await conn.fetchval("SELECT count(*) FROM stamp_movements") == 0
