"""A gift that nobody claimed goes back whence it came: into the same lots, with the same dates, once."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import make_points
from tests.wallet.gifts.scenes import (
    Scene,
    assert_lawful,
    balance,
    cancel,
    claim,
    events_of,
    lots,
    mailed,
    make_scene,
    read,
    send,
)
from tests.web.contents import all_rows
from wallet import gifts
from wallet.database import Conn
from wallet.errors import GiftNotOpen, IdempotencyKeyReused, NotFound
from wallet.rules import GiftRules, Rules
from wallet.values import CardId, GiftStatus, MerchantId

LAST_ENTRY_SQL = """
    SELECT kind, points, reverses_seq, reverses_wholly, reasons
    FROM entries
    WHERE merchant_id = $1 AND card_id = $2
    ORDER BY seq DESC
    LIMIT 1
"""


async def sweep(conn: Conn, *, limit: int = 50, now: datetime) -> list[tuple[MerchantId, CardId]]:
    async with conn.transaction():
        return await gifts.return_due(conn, limit=limit, now=now)


async def scene_with_lots(conn: Conn, now: datetime) -> tuple[Scene, list[tuple[int, datetime | None]]]:
    """50 points that lapse soon, 80 that lapse late and 30 that never do."""
    scene = await make_scene(conn, now=now, points=30)
    soon, late = now + timedelta(days=10), now + timedelta(days=100)
    await make_points(conn, scene.shop, scene.card_id, 80, now=now, expires_at=late)
    await make_points(conn, scene.shop, scene.card_id, 50, now=now, expires_at=soon)
    return scene, [(50, soon), (80, late), (30, None)]


async def test_cancelled_gift_is_back_in_the_lots_it_came_from(conn: Conn, now: datetime) -> None:
    scene, before = await scene_with_lots(conn, now)
    gift = (await send(conn, scene, points=140, now=now)).gift
    assert [left for left, _ in await lots(conn, scene, scene.card_id)] == [0, 0, 20]

    cancelled = await cancel(conn, gift, now=now + timedelta(days=1))

    assert await lots(conn, scene, scene.card_id) == before
    assert await balance(conn, scene, scene.sender) == (160, 0)
    assert (cancelled.replayed, cancelled.gift.status) == (False, GiftStatus.CANCELLED)
    assert cancelled.gift.closed_at == now + timedelta(days=1)
    assert await events_of(conn, gift) == ["CREATED", "CANCELLED"]
    entry = await conn.fetchrow(LAST_ENTRY_SQL, gift.merchant_id, gift.card_id)
    assert entry is not None
    assert (entry["kind"], entry["points"], entry["reverses_seq"], entry["reverses_wholly"]) == (
        "GIFT_RETURNED",
        140,
        gift.sent_seq,
        True,
    )
    assert entry["reasons"] == [{"code": "gift_cancelled", "facts": {"recipient": "Ravi"}}]
    await assert_lawful(conn)


async def test_points_that_lapsed_while_they_were_away_come_back_and_lapse(conn: Conn, now: datetime) -> None:
    # given a gift of points that lapse in ten days
    scene = await make_scene(conn, now=now, points=0)
    await make_points(conn, scene.shop, scene.card_id, 100, now=now, expires_at=now + timedelta(days=10))
    gift = (await send(conn, scene, points=100, now=now)).gift

    # when it is cancelled after that, and the card is next looked after
    await cancel(conn, gift, now=now + timedelta(days=11))
    await make_points(conn, scene.shop, scene.card_id, 1, now=now + timedelta(days=11))

    # then the way through a gift has not made them last longer
    assert await balance(conn, scene, scene.sender) == (1, 0)
    await assert_lawful(conn)


async def test_same_key_cancels_once(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    gift, _ = await mailed(conn, scene, now=now)
    first = await cancel(conn, gift, key=key, now=now)
    before = await all_rows(conn)

    again = await cancel(conn, gift, key=key, now=now + timedelta(days=1))

    assert (again.replayed, again.gift) == (True, first.gift)
    assert await all_rows(conn) == before


async def test_key_of_another_operation_or_gift_is_refused(conn: Conn, now: datetime) -> None:
    scene, sending, cancelling = await make_scene(conn, now=now), uuid4(), uuid4()
    one = (await send(conn, scene, key=sending, now=now)).gift
    other = (await send(conn, scene, now=now)).gift
    await cancel(conn, one, key=cancelling, now=now)
    before = await all_rows(conn)

    for key in (sending, cancelling):
        with pytest.raises(IdempotencyKeyReused):
            await cancel(conn, other, key=key, now=now)

    assert await all_rows(conn) == before


async def test_closed_gift_cannot_be_cancelled(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    cancelled = (await send(conn, scene, now=now)).gift
    await cancel(conn, cancelled, now=now)
    claimed, link = await mailed(conn, scene, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)
    returned, _ = await mailed(conn, scene, now=now)
    await sweep(conn, now=returned.claimable_until)
    before = await all_rows(conn)

    for gift in (cancelled, claimed, returned):
        with pytest.raises(GiftNotOpen) as refusal:
            await cancel(conn, gift, now=now)
        assert (refusal.value.merchant_id, refusal.value.gift_id) == (gift.merchant_id, gift.gift_id)

    assert await all_rows(conn) == before


async def test_links_of_a_cancelled_gift_are_revoked(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)

    await cancel(conn, gift, now=now + timedelta(hours=1))

    assert await conn.fetchval("SELECT revoked_at FROM gift_links") == now + timedelta(hours=1)


async def test_somebody_elses_gift_is_not_found(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    before = await all_rows(conn)

    with pytest.raises(NotFound):
        await cancel(conn, gift, customer_id=scene.friend, now=now)

    assert await all_rows(conn) == before


async def test_gift_whose_time_is_over_goes_back_to_the_lots_it_came_from_once(conn: Conn, now: datetime) -> None:
    scene, before = await scene_with_lots(conn, now)
    gift, link = await mailed(conn, scene, points=140, now=now)

    assert await sweep(conn, now=gift.claimable_until - timedelta(microseconds=1)) == []
    assert await sweep(conn, now=gift.claimable_until) == [(gift.merchant_id, gift.card_id)]
    assert await sweep(conn, now=gift.claimable_until) == []

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.closed_at) == (GiftStatus.RETURNED, gift.claimable_until)
    assert await conn.fetchval("SELECT revoked_at FROM gift_links") == gift.claimable_until
    assert await gifts.preview(conn, link_hash=link, now=now) is None
    assert await events_of(conn, gift) == ["CREATED", "SENT", "RETURNED"]
    # The soonest lot lapsed on the way; the two others are as they were.
    assert (await lots(conn, scene, scene.card_id))[1:] == before[1:]
    assert await balance(conn, scene, scene.sender) == (160, 0)
    await assert_lawful(conn)


async def test_gift_whose_mail_never_left_goes_back_too(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, rules=Rules(gifts=GiftRules(return_days=7)))
    gift = (await send(conn, scene, deliver_at=now + timedelta(days=3), now=now)).gift

    assert await sweep(conn, now=now + timedelta(days=10) - timedelta(seconds=1)) == []
    assert len(await sweep(conn, now=now + timedelta(days=10))) == 1

    assert (await read(conn, scene, gift)).status is GiftStatus.RETURNED
    assert await balance(conn, scene, scene.sender) == (500, 0)


async def test_sweep_takes_many_gifts_of_many_shops_no_more_than_asked_for_longest_due_first(
    conn: Conn, now: datetime
) -> None:
    # given three gifts in one shop, two of one card, and two in another
    here, there = await make_scene(conn, now=now), await make_scene_elsewhere(conn, now)
    sent = [
        (await send(conn, scene, points=10, now=now + timedelta(seconds=n))).gift
        for n, scene in enumerate((here, there, here, there, here))
    ]
    over = now + timedelta(days=31)

    first, rest = await sweep(conn, limit=3, now=over), await sweep(conn, limit=3, now=over)

    assert first == [(gift.merchant_id, gift.card_id) for gift in sent[:3]]
    assert rest == [(gift.merchant_id, gift.card_id) for gift in sent[3:]]
    for scene in (here, there):
        assert await balance(conn, scene, scene.sender) == (500, 0)
    await assert_lawful(conn)


async def make_scene_elsewhere(conn: Conn, now: datetime) -> Scene:
    """Another shop with another sender, and no new friend."""
    return await make_scene(conn, now=now, friend="other.friend@example.com")
