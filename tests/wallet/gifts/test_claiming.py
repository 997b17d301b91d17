"""Claiming: the points arrive once, on the right card, and whatever cannot be claimed is refused in one way."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.database import StatementCounter
from tests.factories import make_card, make_customer, make_points
from tests.wallet.gifts.scenes import (
    assert_lawful,
    balance,
    cancel,
    card_of,
    claim,
    events_of,
    lots,
    mailed,
    make_scene,
    read,
    resend,
)
from tests.wallet.ledger.midnight import KOLKATA, there
from tests.web.contents import all_rows
from wallet import gifts
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, IdempotencyKeyReused
from wallet.rules import Rules
from wallet.values import GiftStatus

ENTRIES_SQL = """
    SELECT kind, points, reserved_points, gift_id, reasons
    FROM entries
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY seq DESC
    LIMIT 1
"""


async def test_friend_without_a_card_joins_the_program_and_has_the_points(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, points=500)
    gift, link = await mailed(conn, scene, points=120, now=now)
    assert await card_of(conn, scene, scene.friend) is None
    later = now + timedelta(days=2)

    claimed = await claim(conn, link, customer_id=scene.friend, now=later)

    card = await card_of(conn, scene, scene.friend)
    assert card is not None
    assert (claimed.card_id, claimed.points, claimed.sender_name, claimed.replayed) == (
        card.card_id,
        120,
        "Meera",
        False,
    )
    assert claimed.changed == [(gift.merchant_id, card.card_id), (gift.merchant_id, scene.card_id)]
    assert await balance(conn, scene, scene.friend) == (120, 0)
    assert await balance(conn, scene, scene.sender) == (380, 0)
    gift = await read(conn, scene, gift)
    assert (gift.status, gift.claimed_at, gift.claimed_card_id) == (GiftStatus.CLAIMED, later, card.card_id)
    assert await events_of(conn, gift) == ["CREATED", "SENT", "CLAIMED"]
    await assert_lawful(conn)


async def test_both_cards_say_what_happened(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, points=120, now=now)

    claimed = await claim(conn, link, customer_id=scene.friend, now=now)

    received = await conn.fetchrow(ENTRIES_SQL, gift.merchant_id, claimed.card_id)
    settled = await conn.fetchrow(ENTRIES_SQL, gift.merchant_id, scene.card_id)
    assert received is not None
    assert settled is not None
    assert (received["kind"], received["points"], received["gift_id"]) == ("GIFT_RECEIVED", 120, gift.gift_id)
    assert received["reasons"] == [{"code": "gift_received", "facts": {"sender": "Meera"}}]
    assert (settled["kind"], settled["points"], settled["reserved_points"]) == ("GIFT_SETTLED", 0, -120)


async def test_friend_with_a_card_gets_a_lot_of_its_own_with_the_dates_of_the_rules(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, rules=Rules(expiry_months=6))
    card_id = await make_card(conn, scene.shop, scene.friend, now=now)
    await make_points(conn, scene.shop, card_id, 30, now=now)
    _, link = await mailed(conn, scene, points=100, now=now)
    later = now + timedelta(days=1)

    claimed = await claim(conn, link, customer_id=scene.friend, now=later)

    assert claimed.card_id == card_id
    assert await lots(conn, scene, card_id) == [(100, there(KOLKATA, 2027, 5, 24)), (30, None)]
    assert await balance(conn, scene, scene.friend) == (130, 0)


async def test_same_key_gives_the_same_answer_again(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    _, link = await mailed(conn, scene, now=now)
    first = await claim(conn, link, customer_id=scene.friend, key=key, now=now)
    before = await all_rows(conn)

    again = await claim(conn, link, customer_id=scene.friend, key=key, now=now + timedelta(days=90))

    assert again.replayed is True
    assert (again.card_id, again.points, again.sender_name) == (first.card_id, first.points, first.sender_name)
    assert await all_rows(conn) == before


async def test_same_key_with_another_link_is_refused_and_changes_nothing(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    _, one = await mailed(conn, scene, now=now)
    _, other = await mailed(conn, scene, now=now)
    await claim(conn, one, customer_id=scene.friend, key=key, now=now)
    before = await all_rows(conn)

    with pytest.raises(IdempotencyKeyReused):
        await claim(conn, other, customer_id=scene.friend, key=key, now=now)

    assert await all_rows(conn) == before


async def test_second_claim_of_a_gift_is_refused_even_by_the_same_friend(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    _, link = await mailed(conn, scene, now=now)
    stranger = await make_customer(conn, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    before = await all_rows(conn)

    for customer_id in (scene.friend, stranger):
        with pytest.raises(GiftNotClaimable):
            await claim(conn, link, customer_id=customer_id, now=now)

    assert await all_rows(conn) == before


async def test_whatever_cannot_be_claimed_is_refused_alike_in_one_statement(
    conn: Conn, now: datetime, statements: StatementCounter
) -> None:
    # given links that are unknown, claimed, cancelled, replaced, lapsed, and the sender's own
    scene = await make_scene(conn, now=now)
    stranger = await make_customer(conn, now=now)
    (_, claimed), (cancelled_gift, cancelled), (replaced_gift, replaced), (lapsed_gift, lapsed) = [
        await mailed(conn, scene, points=10, now=now) for _ in range(4)
    ]
    await claim(conn, claimed, customer_id=scene.friend, now=now)
    await cancel(conn, cancelled_gift, now=now)
    await resend(conn, replaced_gift, now=now)
    before = await all_rows(conn)

    # when somebody tries each
    said = set()
    for link, customer_id, at in (
        (b"\x01" * 32, stranger, now),
        (claimed, stranger, now),
        (cancelled, stranger, now),
        (replaced, stranger, now),
        (lapsed, stranger, lapsed_gift.claimable_until),
        (lapsed, scene.sender, now),
    ):
        async with statements.counted() as statement:
            with pytest.raises(GiftNotClaimable):
                await claim(conn, link, customer_id=customer_id, now=at)
        said.add(tuple(statement))

    # then all were told the same after the same statements, and nothing changed
    assert len(said) == 1
    assert len(said.pop()) == 3
    assert await all_rows(conn) == before


async def test_gift_can_be_claimed_until_the_last_moment(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)

    claimed = await claim(conn, link, customer_id=scene.friend, now=gift.claimable_until - timedelta(microseconds=1))

    assert claimed.replayed is False


async def test_own_gift_cannot_be_claimed_so_its_points_keep_their_dates(conn: Conn, now: datetime) -> None:
    # given points that lapse in ten days, under rules that would give a claimed gift six months
    scene = await make_scene(conn, now=now, points=0, rules=Rules(expiry_months=6))
    soon = now + timedelta(days=10)
    await make_points(conn, scene.shop, scene.card_id, 100, now=now, expires_at=soon)
    gift, link = await mailed(conn, scene, points=100, now=now)

    # when the sender tries to claim them, then takes them back
    with pytest.raises(GiftNotClaimable):
        await claim(conn, link, customer_id=scene.sender, now=now)
    await cancel(conn, gift, now=now)

    # then they lapse when they always did
    assert await lots(conn, scene, scene.card_id) == [(100, soon)]


async def test_refused_claim_makes_nobody_a_member(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    await cancel(conn, gift, now=now)

    with pytest.raises(GiftNotClaimable):
        await claim(conn, link, customer_id=scene.friend, now=now)

    assert await card_of(conn, scene, scene.friend) is None


async def test_preview_shows_what_may_be_shown_and_writes_nothing(
    conn: Conn, now: datetime, statements: StatementCounter
) -> None:
    scene = await make_scene(conn, now=now, sender_name=None)
    gift, link = await mailed(conn, scene, points=120, now=now)
    before = await all_rows(conn)

    async with statements.counted() as said:
        preview = await gifts.preview(conn, link_hash=link, now=now)

    assert preview is not None
    assert (preview.points, preview.recipient_name, preview.message) == (120, "Ravi", "Have a coffee on me.")
    assert (preview.program.slug, preview.claimable_until) == (scene.shop.slug, gift.claimable_until)
    assert preview.sender_name.startswith("Customer")
    assert "@" not in preview.sender_name
    assert all(statement.startswith("SELECT") for statement in said)
    assert await all_rows(conn) == before


async def test_preview_shows_nothing_of_what_cannot_be_claimed(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    (_, claimed), (cancelled_gift, cancelled), (replaced_gift, replaced), (lapsed_gift, lapsed) = [
        await mailed(conn, scene, points=10, now=now) for _ in range(4)
    ]
    await claim(conn, claimed, customer_id=scene.friend, now=now)
    await cancel(conn, cancelled_gift, now=now)
    await resend(conn, replaced_gift, now=now)

    for link in (b"\x01" * 32, claimed, cancelled, replaced):
        assert await gifts.preview(conn, link_hash=link, now=now) is None
    assert await gifts.preview(conn, link_hash=lapsed, now=lapsed_gift.claimable_until) is None
    assert await gifts.preview(conn, link_hash=lapsed, now=now) is not None
