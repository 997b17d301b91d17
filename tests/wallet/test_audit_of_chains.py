"""Whatever somebody with every right does to an entry, the audit names exactly that entry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from tests.database import Database
from tests.factories import Shop, make_card, make_points, make_shop
from tests.wallet.ledger.stranger import hashes_of, written
from wallet import audit, ledger
from wallet.audit import chains
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.values import CardId, EntryKind, Phrase, Points, StoreId

FOLLOWS, ENDS = (law for law, _ in chains.LAWS)
ELSE = UUID("01900000-0000-7000-8000-000000000009")
LENGTH = 5
"""The entries of the card; the third one is tampered with."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A card with LENGTH entries, another with one, and somebody with every right, the walls down."""

    conn: Conn
    owner: asyncpg.Connection
    shop: Shop
    card_id: CardId
    other: CardId

    async def broken(self) -> dict[str, tuple[str, ...]]:
        """What breaks the laws of chains."""
        found = {verdict.law: verdict.broken async for verdict in audit.verdicts(self.owner) if verdict.count}
        return {law: lines for law, lines in found.items() if law in (FOLLOWS, ENDS)}

    def entry(self, seq: int, said: str, card_id: CardId | None = None) -> str:
        return f"card {card_id or self.card_id}, entry {seq}: {said}"


@pytest.fixture
async def scene(conn: Conn, database: Database, now: datetime) -> AsyncIterator[Scene]:
    shop = await make_shop(conn, now=now)
    card_id, other = await make_card(conn, shop, now=now), await make_card(conn, shop, now=now)
    await make_points(conn, shop, other, 7, now=now)
    for n in range(LENGTH):
        async with conn.transaction():
            cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=now)
            cause = Cause(now, (Phrase("by_rule", {"points": n}),), store_id=StoreId(shop.store_id))
            await ledger.earn(
                conn,
                cards[card_id],
                kind=EntryKind.EARNED,
                points=Points(10 + n),
                activates_at=now,
                expires_at=None,
                cause=cause,
                now=now,
            )
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    yield Scene(conn, owner, shop, card_id, other)
    await owner.close()


@asynccontextmanager
async def taken_back(conn: asyncpg.Connection) -> AsyncIterator[None]:
    """What is done in this block has not been done after it."""
    undone = conn.transaction()
    await undone.start()
    try:
        yield
    finally:
        await undone.rollback()


async def test_nothing_is_wrong_with_what_was_written(scene: Scene) -> None:
    assert await scene.broken() == {}


TAMPERINGS = {
    "kind": "'BONUS'",
    "points": "points + 1",
    "pending_points": "1",
    "reserved_points": "-1",
    "active_after": "active_after - 1",
    "pending_after": "1",
    "reserved_after": "1",
    "lifetime_after": "lifetime_after + 1",
    "occurred_at": "occurred_at - interval '1 microsecond'",
    "posted_at": "posted_at + interval '1 microsecond'",
    "store_id": "NULL",
    "sale_id": f"'{ELSE}'",
    "gift_id": f"'{ELSE}'",
    "voucher_id": f"'{ELSE}'",
    "reverses_seq": "seq - 1",
    "reverses_wholly": "true, reverses_seq = seq - 1",
    "reasons": "replace(reasons::text, 'points', 'point')::json",
    "hash": "sha256(hash)",
}
MOVES = {
    "merchant_id": f"'{ELSE}'",
    "card_id": f"'{ELSE}'",
    "seq": "99",
}


async def test_every_column_is_tampered_with(conn: Conn) -> None:
    columns = await conn.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'entries'")
    assert {row["column_name"] for row in columns} == TAMPERINGS.keys() | MOVES.keys()


@pytest.mark.parametrize("seq", [1, 3, LENGTH])
async def test_a_changed_column_is_told_by_its_entry(scene: Scene, seq: int) -> None:
    for column, value in TAMPERINGS.items():
        # when
        async with taken_back(scene.owner):
            changed = await scene.owner.execute(
                f"UPDATE entries SET {column} = {value} WHERE card_id = $1 AND seq = $2", scene.card_id, seq
            )
            found = await scene.broken()
        # then: nothing but that entry is named, whichever law notices
        assert changed == "UPDATE 1"
        assert found.pop(FOLLOWS) == (scene.entry(seq, "it is not what was written"),), column
        assert all(line.startswith(scene.entry(seq, "")) for lines in found.values() for line in lines), column
        assert not found or seq == LENGTH, column
    assert await scene.broken() == {}


async def test_an_entry_that_was_put_elsewhere_is_missing_where_it_was(scene: Scene) -> None:
    for column, value in MOVES.items():
        async with taken_back(scene.owner):
            await scene.owner.execute(
                f"UPDATE entries SET {column} = {value} WHERE card_id = $1 AND seq = 3", scene.card_id
            )
            found = await scene.broken()
        assert scene.entry(3, "it is missing") in found[FOLLOWS], column


async def test_a_spelling_of_the_reasons_is_a_change(scene: Scene) -> None:
    await scene.owner.execute(
        "UPDATE entries SET reasons = reasons::jsonb::json WHERE card_id = $1 AND seq = 3", scene.card_id
    )
    assert await scene.broken() == {FOLLOWS: (scene.entry(3, "it is not what was written"),)}


async def test_a_deleted_entry_is_missing(scene: Scene) -> None:
    await scene.owner.execute("DELETE FROM entries WHERE card_id = $1 AND seq = 3", scene.card_id)
    assert await scene.broken() == {FOLLOWS: (scene.entry(3, "it is missing"),)}


async def test_of_several_deleted_entries_the_first_is_named(scene: Scene) -> None:
    await scene.owner.execute("DELETE FROM entries WHERE card_id = $1 AND seq IN (2, 3)", scene.card_id)
    assert await scene.broken() == {FOLLOWS: (scene.entry(2, "it is missing"),)}


async def test_of_two_that_were_swapped_the_first_is_named(scene: Scene) -> None:
    for seq, to in ((2, 99), (4, 2), (99, 4)):
        await scene.owner.execute("UPDATE entries SET seq = $3 WHERE card_id = $1 AND seq = $2", scene.card_id, seq, to)
    assert await scene.broken() == {FOLLOWS: (scene.entry(2, "it is not what was written"),)}


async def test_a_tail_that_was_cut_off_is_missing(scene: Scene) -> None:
    await scene.owner.execute("DELETE FROM entries WHERE card_id = $1 AND seq > 3", scene.card_id)
    assert await scene.broken() == {ENDS: (scene.entry(4, "it is missing"),)}


async def test_a_tail_that_was_cut_off_is_found_out_even_if_the_card_is_made_to_agree(scene: Scene) -> None:
    # when: everything is taken back to the third entry, but the end of the chain
    await scene.owner.execute("DELETE FROM entries WHERE card_id = $1 AND seq > 3", scene.card_id)
    await scene.owner.execute(
        """
        UPDATE cards AS c SET revision = 3, lifetime_earned = e.lifetime_after
        FROM entries AS e WHERE e.card_id = c.card_id AND e.seq = 3 AND c.card_id = $1
        """,
        scene.card_id,
    )
    # then
    assert await scene.broken() == {ENDS: (scene.entry(3, "it is not what the card's chain ends with"),)}


async def test_a_card_without_entries_stands_at_its_start(scene: Scene) -> None:
    await scene.owner.execute("DELETE FROM entries WHERE card_id = $1", scene.other)
    assert await scene.broken() == {ENDS: (scene.entry(1, "it is missing", scene.other),)}
    await scene.owner.execute("UPDATE cards SET revision = 0, lifetime_earned = 0 WHERE card_id = $1", scene.other)
    assert await scene.broken() == {ENDS: (scene.entry(0, "it is not what the card's chain ends with", scene.other),)}


async def test_an_entry_that_the_card_does_not_know_of_is_named(scene: Scene) -> None:
    await scene.owner.execute("UPDATE cards SET revision = 3 WHERE card_id = $1", scene.card_id)
    assert await scene.broken() == {ENDS: (scene.entry(4, "the card does not know of it"),)}


async def test_whoever_writes_the_chain_anew_must_write_it_to_its_end(scene: Scene) -> None:
    # given: an entry is changed, and all hashes from there on are made to fit
    await scene.owner.execute(
        "UPDATE entries SET occurred_at = occurred_at - interval '1 day' WHERE card_id = $1 AND seq = 3",
        scene.card_id,
    )
    entries = await written(scene.conn, scene.card_id)
    for seq, forged in enumerate(hashes_of(scene.shop.merchant_id, scene.card_id, entries)[1:], start=1):
        await scene.owner.execute(
            "UPDATE entries SET hash = $3 WHERE card_id = $1 AND seq = $2", scene.card_id, seq, forged
        )
    # then: the card's own end gives it away; a statement that a customer has taken away would too
    assert await scene.broken() == {ENDS: (scene.entry(LENGTH, "it is not what the card's chain ends with"),)}


async def test_what_a_program_error_wrote_is_told_from_what_somebody_changed(scene: Scene) -> None:
    # given: an entry that was hashed as it stands, and does not lead on from the one before it
    await scene.owner.execute(
        "UPDATE entries SET active_after = active_after + 1 WHERE card_id = $1 AND seq >= 3", scene.card_id
    )
    entries = await written(scene.conn, scene.card_id)
    hashes = hashes_of(scene.shop.merchant_id, scene.card_id, entries)
    for seq, fitting in enumerate(hashes[1:], start=1):
        await scene.owner.execute(
            "UPDATE entries SET hash = $3 WHERE card_id = $1 AND seq = $2", scene.card_id, seq, fitting
        )
    await scene.owner.execute("UPDATE cards SET chain = $2 WHERE card_id = $1", scene.card_id, hashes[-1])
    # then
    found = await scene.broken()
    assert found[FOLLOWS] == (scene.entry(3, "it does not lead from what stood before it to what stands after it"),)


async def test_one_line_a_card(scene: Scene) -> None:
    await scene.owner.execute("UPDATE entries SET points = points + 1")
    found = await scene.broken()
    assert sorted(found[FOLLOWS]) == sorted(
        scene.entry(1, "it is not what was written", card_id) for card_id in (scene.card_id, scene.other)
    )
