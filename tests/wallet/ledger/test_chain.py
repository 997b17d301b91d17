"""Each entry carries the hash of the one before it, and a stranger comes to the same hashes."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.pool import create_pool
from tests.database import Database
from tests.factories import make_card, make_points, make_shop
from tests.wallet.ledger.stranger import hashes_of, written
from wallet import audit, ledger
from wallet.database import Conn
from wallet.ledger import Cause
from wallet.ledger.chain import Link, canonical, follow, reasons_text, start
from wallet.values import CardId, EntryKind, MerchantId, Phrase, Points

LEDGER_MD = Path(__file__).parents[3] / "docs" / "LEDGER.md"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MERCHANT = MerchantId(UUID("01900000-0000-7000-8000-000000000001"))
CARD = CardId(UUID("01900000-0000-7000-8000-000000000002"))

EXAMPLE = Link(
    seq=1,
    kind="EARNED",
    points=50,
    pending_points=0,
    reserved_points=0,
    active_after=50,
    pending_after=0,
    reserved_after=0,
    lifetime_after=50,
    occurred_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    posted_at=datetime(2026, 11, 22, 9, 30, 0, 250_000, tzinfo=UTC),
    store_id=UUID("01900000-0000-7000-8000-000000000003"),
    sale_id=UUID("01900000-0000-7000-8000-000000000004"),
    gift_id=None,
    voucher_id=None,
    reverses_seq=None,
    reverses_wholly=False,
    reasons=reasons_text((Phrase("earned_for_purchase", {"currency": "INR", "amount_minor": 50_000}),)),
)
EXAMPLE_TEXT = (
    "1|EARNED|50|0|0|50|0|0|50|1795339800000000|1795339800250000|01900000-0000-7000-8000-000000000003"
    '|01900000-0000-7000-8000-000000000004||||0|[{"code":"earned_for_purchase","facts":{"amount_minor":50000,'
    '"currency":"INR"}}]'
)
EXAMPLE_START = "ec22d7e437ba29d162cb15fd004255d118554066f1af500fbbc1d35baf1cbf8d"
EXAMPLE_HASH = "a825772ea7c2f7c2e8964f3a13da1bae1e2a3c115229ac6a2ba1f3b380de771e"


def test_the_example_of_the_documentation() -> None:
    assert canonical(EXAMPLE) == EXAMPLE_TEXT
    beginning = start(merchant_id=MERCHANT, card_id=CARD)
    assert beginning.hex() == EXAMPLE_START
    assert follow(beginning, EXAMPLE_TEXT).hex() == EXAMPLE_HASH
    assert follow(beginning, EXAMPLE_TEXT) == sha256(beginning + EXAMPLE_TEXT.encode()).digest()


def test_the_documentation_has_the_same_example() -> None:
    documentation = LEDGER_MD.read_text(encoding="utf-8")
    assert all(part in documentation for part in (EXAMPLE_TEXT, EXAMPLE_START, EXAMPLE_HASH, str(MERCHANT), str(CARD)))


def test_no_two_cards_begin_alike() -> None:
    beginnings = {start(merchant_id=m, card_id=c) for m in (MERCHANT, CARD) for c in (MERCHANT, CARD)}
    assert len(beginnings) == 4


def test_a_moment_is_the_same_in_every_zone() -> None:
    moment = datetime(2026, 11, 22, 15, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert canonical(EXAMPLE).split("|")[9] == str(int(moment.timestamp()) * 1_000_000)


def test_reasons_have_one_text_for_one_value() -> None:
    said = (Phrase("b", {"z": 1, "aa": 'ü|"\\\n', "a": "😀"}), Phrase("a"))
    same = (Phrase("b", {"a": "😀", "aa": 'ü|"\\\n', "z": 1}), Phrase("a", {}))
    assert reasons_text(said) == reasons_text(same)
    assert reasons_text(said) == ('[{"code":"b","facts":{"a":"😀","aa":"ü|\\"\\\\\\n","z":1}},{"code":"a","facts":{}}]')


async def test_a_new_card_stands_at_the_start_of_its_chain(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    card_id = await make_card(conn, shop, now=now)
    chain = await conn.fetchval("SELECT chain FROM cards WHERE card_id = $1", card_id)
    assert chain == start(merchant_id=shop.merchant_id, card_id=card_id)


async def test_a_stranger_comes_to_the_same_hashes(conn: Conn, now: datetime) -> None:
    # given: entries of several kinds, with and without what may be left out
    shop = await make_shop(conn, now=now)
    card_id = await make_card(conn, shop, now=now)
    await make_points(conn, shop, card_id, 100, now=now, expires_at=now + timedelta(days=9))
    await make_points(conn, shop, card_id, 50, now=now, activates_at=now + timedelta(days=3, microseconds=7))
    later = now + timedelta(days=30)
    async with conn.transaction():
        [card] = (await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=later)).values()
        cause = Cause(occurred_at=later, reasons=(Phrase("gift_sent", {"recipient": 'Ünal | "Ö" \\ 😀'}),))
        await ledger.reserve_for_gift(conn, card, points=Points(30), cause=cause, now=later)
    # when
    entries = await written(conn, card_id)
    expected = hashes_of(shop.merchant_id, card_id, entries)
    # then
    assert [entry["kind"] for entry in entries] == ["BONUS", "BONUS", "ACTIVATED", "EXPIRED", "GIFT_SENT"]
    assert [entry["hash"] for entry in entries] == expected[1:]
    assert await conn.fetchval("SELECT chain FROM cards WHERE card_id = $1", card_id) == expected[-1]


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
phrases = st.builds(
    Phrase,
    code=anything.filter(bool),
    facts=st.dictionaries(anything, anything | st.integers(-(2**53), 2**53) | st.booleans(), max_size=4),
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


async def post_and_look(conn: Conn, said: list[tuple[list[Phrase], datetime]]) -> None:
    shop = await make_shop(conn, now=NOW)
    card_id = await make_card(conn, shop, now=NOW)
    for reasons, moment in said:
        async with conn.transaction():
            cards = await ledger.lock_cards(conn, merchant_id=shop.merchant_id, card_ids=[card_id], now=NOW)
            await ledger.earn(
                conn,
                cards[card_id],
                kind=EntryKind.EARNED,
                points=Points(1),
                activates_at=NOW,
                expires_at=None,
                cause=Cause(occurred_at=moment, reasons=tuple(reasons)),
                now=NOW,
            )
    entries = await written(conn, card_id)
    assert [entry["hash"] for entry in entries] == hashes_of(shop.merchant_id, card_id, entries)[1:]
    assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []


def test_what_is_stored_reproduces_what_was_hashed(database: Database) -> None:
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database.dsn, max_size=1))
        held = pool.acquire()
        conn = runner.run(held.__aenter__())

        @settings(max_examples=40)
        @given(st.lists(st.tuples(st.lists(phrases, max_size=3), moments), min_size=1, max_size=4))
        def looked_at(said: list[tuple[list[Phrase], datetime]]) -> None:
            runner.run(post_and_look(conn, said))

        looked_at()
        runner.run(held.__aexit__(None, None, None))
        runner.run(pool.close())
