"""The list of sent gifts: newest first, page by page, over every card, and nobody else's."""

from datetime import datetime, timedelta
from uuid import uuid4

from tests.database import Database, StatementCounter, run_sql
from tests.factories import make_points
from tests.wallet.gifts.scenes import Scene, make_scene, send
from wallet import cards, gifts
from wallet.database import Conn
from wallet.gifts import Gift, Place
from wallet.gifts.closing import DUE_GIFTS_SQL
from wallet.gifts.limits import MAILED_SINCE_SQL
from wallet.gifts.reading import FIND_GIFT_SQL, PREVIEW_SQL, SENT_GIFTS_SQL
from wallet.rules import GiftRules, Rules
from wallet.values import Points

COPY_EVENTS_SQL = """
    INSERT INTO gift_events (merchant_id, gift_id, kind, at, customer_id, idempotency_key, input_hash,
                             recipient_email_key)
    SELECT merchant_id, gift_id, 'CREATED', created_at, sender_customer_id, gift_id, sha256(''), recipient_email_key
    FROM gifts
"""

COPY_GIFTS_SQL = """
    INSERT INTO gifts (merchant_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points,
                       recipient_name, recipient_email, recipient_email_key, locale, status, created_at, deliver_at,
                       claimable_until, return_days)
    SELECT merchant_id, program_id, sender_customer_id, sender_card_id, sent_seq, account_id, points, recipient_name,
           recipient_email, recipient_email_key, locale, status, created_at - n * INTERVAL '1 hour', deliver_at,
           claimable_until + n * INTERVAL '1 hour', return_days
    FROM gifts
    CROSS JOIN generate_series(1, 20000) AS n
"""

MANY = Rules(gifts=GiftRules(per_day=100))


async def scenes_of_one_sender(conn: Conn, now: datetime) -> tuple[Scene, Scene]:
    """One customer with a card in each of two shops."""
    here = await make_scene(conn, now=now, rules=MANY)
    there = await make_scene(conn, now=now, rules=MANY, friend="other.friend@example.com")
    async with conn.transaction():
        card_id, _ = await cards.ensure_member(
            conn,
            merchant_id=there.shop.merchant_id,
            program_id=there.shop.program_id,
            customer_id=here.sender,
            now=now,
        )
    moved = Scene(there.shop, here.sender, card_id, there.friend)
    await make_points(conn, there.shop, card_id, 500, now=now)
    return here, moved


def place(gift: Gift) -> Place:
    return Place(gift.created_at, gift.gift_id)


async def test_pages_are_newest_first_over_all_cards_without_gap_or_repeat(conn: Conn, now: datetime) -> None:
    # given seven gifts from two cards, some in the same moment
    here, there = await scenes_of_one_sender(conn, now)
    sent = [
        (await send(conn, scene, points=1, now=now + timedelta(minutes=n // 2))).gift
        for n, scene in enumerate((here, there, here, there, there, here, here))
    ]

    # when they are read three at a time, a new one arriving in between
    seen, after, more = [], None, True
    while more:
        page = await gifts.sent_by(conn, customer_id=here.sender, first=3, after=after)
        seen += page.gifts
        after, more = place(page.gifts[-1]), page.has_next_page
        if len(seen) == 3:
            await send(conn, here, points=1, now=now + timedelta(hours=1))

    # then each is there once, the newest first
    assert [gift.gift_id for gift in seen] == [
        gift.gift_id for gift in sorted(sent, key=lambda g: (g.created_at, g.gift_id), reverse=True)
    ]


async def test_others_see_nothing_of_them(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift

    page = await gifts.sent_by(conn, customer_id=scene.friend, first=20, after=None)
    found = await gifts.find(conn, customer_id=scene.friend, merchant_id=gift.merchant_id, gift_id=gift.gift_id)

    assert (page.gifts, page.has_next_page, found) == ([], False, None)


async def test_exact_page_has_no_next_one(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, rules=MANY)
    for _ in range(3):
        await send(conn, scene, points=1, now=now)

    assert (await gifts.sent_by(conn, customer_id=scene.sender, first=3, after=None)).has_next_page is False
    assert (await gifts.sent_by(conn, customer_id=scene.sender, first=2, after=None)).has_next_page is True


async def test_page_is_one_statement(conn: Conn, now: datetime, statements: StatementCounter) -> None:
    scene = await make_scene(conn, now=now)
    await send(conn, scene, points=Points(1), now=now)

    async with statements.counted() as said:
        await gifts.sent_by(conn, customer_id=scene.sender, first=20, after=None)

    assert len(said) == 1


async def test_reading_gifts_scans_no_table_that_grows(conn: Conn, database: Database, now: datetime) -> None:
    # given twenty thousand gifts of one sender
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    await conn.execute("SET statement_timeout = '60s'")
    await conn.execute(COPY_GIFTS_SQL)
    await conn.execute(COPY_EVENTS_SQL)
    await run_sql(database.owner_dsn, "ANALYZE gifts, gift_events")

    # then no statement that reads one or a page of them reads them all
    for sql, args in (
        (SENT_GIFTS_SQL, (scene.sender, now, gift.gift_id, 21)),
        (FIND_GIFT_SQL, (gift.merchant_id, gift.gift_id, scene.sender)),
        (PREVIEW_SQL, (b"\x00" * 32, now)),
        (MAILED_SINCE_SQL, (gift.merchant_id, scene.sender, now - timedelta(days=1), gift.card_id, uuid4())),
        (DUE_GIFTS_SQL, (now, 50)),
    ):
        plan = "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {sql}", *args))
        assert "Seq Scan" not in plan
        assert " on gifts" in plan
