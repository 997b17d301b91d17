"""What a statement says of a time, and whether the ledger still says the same."""

from datetime import datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest

from tests.database import Database, StatementCounter
from tests.factories import make_customer, make_points
from tests.resolvers.world import asked
from tests.wallet.ledger.stranger import hashes_of, text_of, written
from tests.wallet.statements.scenes import A_DAY, Scene, collect, make_scene
from wallet import ledger, statements
from wallet.database import Conn
from wallet.errors import NotFound, PeriodTooLong
from wallet.ledger import Cause
from wallet.statements import ENTRIES_MAX, Flaw, Wrong, check
from wallet.values import EntryKind, Points


@pytest.fixture
async def scene(conn: Conn, now: datetime) -> Scene:
    return await make_scene(conn, now=now)


async def test_the_whole_life_of_a_card_is_there_word_for_word(conn: Conn, scene: Scene, now: datetime) -> None:
    # when
    facts = await collect(conn, scene, now - 9 * A_DAY, now + 9 * A_DAY, now=now)
    # then
    entries = await written(conn, scene.card_id)
    hashes = hashes_of(scene.shop.merchant_id, scene.card_id, entries)
    assert [entry.text for entry in facts.entries] == [text_of(entry) for entry in entries]
    assert [entry.hash for entry in facts.entries] == hashes[1:]
    assert (facts.opening.seq, facts.opening.active, facts.opening.hash) == (0, 0, hashes[0])
    assert (facts.closing.seq, facts.closing.hash) == (len(entries), hashes[-1])
    assert (facts.closing.active, facts.closing.pending, facts.closing.reserved) == (87, 0, 0)
    assert facts.number_last4 == scene.number[-4:]
    assert (facts.since, facts.until, facts.issued_at) == (now - 9 * A_DAY, now, now)
    assert check(facts) is None
    assert await statements.compare(conn, facts) is None


async def test_the_time_holds_its_first_moment_and_not_its_last(conn: Conn, scene: Scene, now: datetime) -> None:
    begins, instant = now - 5 * A_DAY, timedelta(microseconds=1)
    for since, until, numbers in (
        (begins, begins + A_DAY, [1, 2]),
        (begins + instant, begins + A_DAY, []),
        (begins, begins + instant, [1, 2]),
        (begins - A_DAY, begins, []),
        (begins + A_DAY, begins + A_DAY + instant, [3]),
        (begins + A_DAY, begins + 4 * A_DAY, [3, 4, 5, 6]),
        (begins + 4 * A_DAY, now, [7]),
        (now + A_DAY, now + 2 * A_DAY, []),
    ):
        facts = await collect(conn, scene, since, until, now=now)
        assert [entry.read().seq for entry in facts.entries] == numbers, (since, until)
        assert facts.opening.seq == (numbers[0] - 1 if numbers else facts.closing.seq)
        assert check(facts) is None
        assert await statements.compare(conn, facts) is None


async def test_one_statement_goes_on_where_the_one_before_it_ended(conn: Conn, scene: Scene, now: datetime) -> None:
    days = [now - 6 * A_DAY + n * A_DAY for n in range(7)]
    pages = [await collect(conn, scene, since, until, now=now) for since, until in pairwise(days)]
    assert [page.opening for page in pages[1:]] == [page.closing for page in pages[:-1]]
    whole = await collect(conn, scene, days[0], days[-1], now=now)
    assert tuple(entry for page in pages for entry in page.entries) == whole.entries


async def test_it_takes_two_statements_however_long(
    conn: Conn, scene: Scene, statements_said: StatementCounter, now: datetime
) -> None:
    await collect(conn, scene, now - 9 * A_DAY, now, now=now)
    async with statements_said.counted() as seen:
        await collect(conn, scene, now - 9 * A_DAY, now, now=now)
    assert len(asked(seen)) == 2


@pytest.fixture
def statements_said(statements: StatementCounter) -> StatementCounter:
    return statements


async def test_a_time_with_too_much_in_it_is_refused_with_what_would_do(
    conn: Conn, scene: Scene, now: datetime
) -> None:
    # given: as many entries as one statement holds, and one more
    await earn_often(conn, scene, ENTRIES_MAX + 1, now)
    until = now + A_DAY
    # when
    with pytest.raises(PeriodTooLong) as refused:
        await collect(conn, scene, now, until, now=until)
    # then
    last = now + ENTRIES_MAX * timedelta(microseconds=1)
    assert (refused.value.most, refused.value.until) == (ENTRIES_MAX, last)
    page = await collect(conn, scene, now, last, now=until)
    assert len(page.entries) == ENTRIES_MAX
    rest = await collect(conn, scene, last, until, now=until)
    assert (len(rest.entries), rest.opening) == (1, page.closing)
    assert check(page) is None


async def earn_often(conn: Conn, scene: Scene, times: int, now: datetime) -> None:
    """So many entries, a microsecond after each other."""
    async with conn.transaction():
        cards = await ledger.lock_cards(
            conn, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=now - A_DAY / 2
        )
        card = cards[scene.card_id]
        for n in range(times):
            moment = now + n * timedelta(microseconds=1)
            posted = await ledger.earn(
                conn,
                card,
                kind=EntryKind.BONUS,
                points=Points(1),
                activates_at=moment,
                expires_at=None,
                cause=Cause(moment),
                now=moment,
            )
            card = posted.card


async def test_nobody_elses_card_has_a_statement(conn: Conn, scene: Scene, now: datetime) -> None:
    stranger = Scene(scene.shop, await make_customer(conn, now=now), scene.card_id, scene.number)
    with pytest.raises(NotFound):
        await collect(conn, stranger, now - 9 * A_DAY, now, now=now)


async def test_history_that_was_written_anew_is_not_what_the_statement_says(
    conn: Conn, scene: Scene, database: Database, now: datetime
) -> None:
    # given: a statement that somebody took away
    facts = await collect(conn, scene, now - 9 * A_DAY, now, now=now)
    # when: an entry is changed afterwards, and all hashes are made to fit, up to the card's own
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(
        "UPDATE entries SET lifetime_after = lifetime_after - 1 WHERE card_id = $1 AND seq >= 4", scene.card_id
    )
    hashes = hashes_of(scene.shop.merchant_id, scene.card_id, await written(conn, scene.card_id))
    for seq, fitting in enumerate(hashes[1:], start=1):
        await owner.execute("UPDATE entries SET hash = $3 WHERE card_id = $1 AND seq = $2", scene.card_id, seq, fitting)
    await owner.close()
    # then: the statement still holds together, and names the first entry that the ledger has no more
    assert check(facts) is None
    assert await statements.compare(conn, facts) == Wrong(4, Flaw.LEDGER)


async def test_what_a_statement_begins_with_is_compared_too(
    conn: Conn, scene: Scene, database: Database, now: datetime
) -> None:
    facts = await collect(conn, scene, now - A_DAY, now, now=now)
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("UPDATE entries SET hash = sha256(hash) WHERE seq = $1", facts.opening.seq)
    assert await statements.compare(conn, facts) == Wrong(facts.opening.seq, Flaw.LEDGER)
    await owner.execute("DELETE FROM entries WHERE seq >= $1", facts.opening.seq)
    await owner.close()
    assert await statements.compare(conn, facts) == Wrong(facts.opening.seq, Flaw.LEDGER)


@pytest.mark.parametrize(
    "change",
    [
        "points = points + 1000, active_after = active_after + 1000",
        "occurred_at = occurred_at - interval '1 microsecond'",
        "posted_at = posted_at - interval '1 microsecond'",
        "reasons = '[]'",
        "kind = 'EARNED'",
    ],
)
async def test_an_entry_that_was_edited_where_it_stands_is_not_what_the_statement_says(
    conn: Conn, scene: Scene, database: Database, now: datetime, change: str
) -> None:
    # given: somebody who changes an entry, and leaves its hash as it is
    facts = await collect(conn, scene, now - 9 * A_DAY, now, now=now)
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(f"UPDATE entries SET {change} WHERE card_id = $1 AND seq = 3", scene.card_id)
    await owner.close()
    # then
    assert await statements.compare(conn, facts) == Wrong(3, Flaw.LEDGER)


async def test_the_balance_that_a_statement_begins_with_is_compared_too(
    conn: Conn, scene: Scene, database: Database, now: datetime
) -> None:
    facts = await collect(conn, scene, now - A_DAY, now, now=now)
    owner = await asyncpg.connect(database.superuser_dsn)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("UPDATE entries SET active_after = active_after + 1 WHERE seq = $1", facts.opening.seq)
    await owner.close()
    assert await statements.compare(conn, facts) == Wrong(facts.opening.seq, Flaw.LEDGER)


async def test_of_two_tills_at_once_the_one_that_came_second_posts_second(
    conn: Conn, scene: Scene, now: datetime
) -> None:
    # given: two tills on one card that nothing is due on, of which the one that began later held it first
    async with conn.transaction():
        await ledger.lock_cards(conn, merchant_id=scene.shop.merchant_id, card_ids=[scene.card_id], now=now - A_DAY)
    earlier, later = now + timedelta(milliseconds=100), now + timedelta(milliseconds=200)
    await make_points(conn, scene.shop, scene.card_id, 5, now=later)
    await make_points(conn, scene.shop, scene.card_id, 7, now=earlier)
    # then: the card's entries are posted in the order of their numbers
    rows = await conn.fetch("SELECT occurred_at, posted_at FROM entries ORDER BY seq")
    posted = [row["posted_at"] for row in rows]
    assert posted == sorted(posted)
    assert [(row["occurred_at"], row["posted_at"]) for row in rows[-2:]] == [(later, later), (earlier, later)]
    # and wherever one statement ends, the next one begins
    for cut in (earlier, now + timedelta(milliseconds=150), later, later + timedelta(microseconds=1)):
        first = await collect(conn, scene, now, cut, now=now + A_DAY)
        second = await collect(conn, scene, cut, now + A_DAY, now=now + A_DAY)
        assert first.closing == second.opening, cut
        assert len(first.entries) + len(second.entries) == 2
