"""How often and to how many: counted over the last 24 hours, and a refusal says when the next gift would pass."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_card, make_points
from tests.wallet.gifts.scenes import Scene, cancel, make_scene, send
from tests.web.contents import all_rows
from wallet.database import Conn
from wallet.errors import GiftLimitReached
from wallet.gifts.limits import SentLately, next_gift_at, next_recipient_at
from wallet.rules import GiftRules, Rules

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(hours=24)


def sent(*gifts: tuple[int, str]) -> list[SentLately]:
    """Gifts so many hours after the start, to these recipients."""
    return [SentLately(START + timedelta(hours=hours), recipient) for hours, recipient in gifts]


def test_next_gift_may_leave_when_the_oldest_that_fills_the_limit_is_a_day_old() -> None:
    gifts = sent((0, "a"), (1, "a"), (2, "a"))

    assert next_gift_at([], 1) is None
    assert next_gift_at(gifts, 4) is None
    assert next_gift_at(gifts, 3) == START + DAY
    assert next_gift_at(gifts, 2) == START + timedelta(hours=1) + DAY
    assert next_gift_at(gifts, 1) == START + timedelta(hours=2) + DAY


def test_recipient_counts_until_a_day_after_the_last_gift_to_them() -> None:
    gifts = sent((0, "a"), (1, "b"), (5, "a"))

    assert next_recipient_at(gifts, "c", 3) is None
    assert next_recipient_at(gifts, "a", 2) is None
    assert next_recipient_at(gifts, "c", 2) == START + timedelta(hours=1) + DAY
    assert next_recipient_at(gifts, "c", 1) == START + timedelta(hours=5) + DAY


async def scene_with(conn: Conn, rules: GiftRules, now: datetime) -> Scene:
    return await make_scene(conn, now=now, rules=Rules(gifts=rules))


async def test_one_gift_more_than_a_day_allows_is_refused_until_the_first_is_a_day_old(
    conn: Conn, now: datetime
) -> None:
    scene = await scene_with(conn, GiftRules(per_day=2), now)
    await send(conn, scene, points=10, now=now)
    await send(conn, scene, points=10, now=now + timedelta(hours=3))
    before = await all_rows(conn)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, now=now + timedelta(hours=4))

    assert (limit.value.phrase.code, limit.value.phrase.facts) == ("gifts_per_day", {"gifts": 2})
    assert limit.value.retry_at == now + DAY
    assert await all_rows(conn) == before
    with pytest.raises(GiftLimitReached):
        await send(conn, scene, points=10, now=now + DAY - timedelta(microseconds=1))
    assert (await send(conn, scene, points=10, now=limit.value.retry_at)).replayed is False


async def test_cancelled_gift_still_counts(conn: Conn, now: datetime) -> None:
    scene = await scene_with(conn, GiftRules(per_day=1), now)
    gift = (await send(conn, scene, points=10, now=now)).gift
    await cancel(conn, gift, now=now)

    with pytest.raises(GiftLimitReached):
        await send(conn, scene, points=10, now=now)


async def test_one_recipient_more_than_a_day_allows_is_refused_and_known_ones_are_not(
    conn: Conn, now: datetime
) -> None:
    scene = await scene_with(conn, GiftRules(recipients_per_day=2), now)
    await send(conn, scene, points=10, to="a@example.com", now=now)
    await send(conn, scene, points=10, to="b@example.com", now=now)
    before = await all_rows(conn)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, to="c@example.com", now=now)

    assert limit.value.phrase.code == "gift_recipients_per_day"
    assert limit.value.retry_at == now + DAY
    assert await all_rows(conn) == before
    assert (await send(conn, scene, points=10, to="A@Example.com", now=now)).replayed is False


async def test_two_senders_do_not_count_for_each_other(conn: Conn, now: datetime) -> None:
    scene = await scene_with(conn, GiftRules(per_day=1), now)
    await send(conn, scene, points=10, now=now)
    card_id = await make_card(conn, scene.shop, scene.friend, now=now)
    await make_points(conn, scene.shop, card_id, 10, now=now)

    other = Scene(scene.shop, scene.friend, card_id, scene.sender)
    assert (await send(conn, other, points=10, now=now)).replayed is False


@pytest.mark.parametrize("rules", [GiftRules(per_day=0), GiftRules(recipients_per_day=0)])
async def test_program_without_gifts_says_so_and_gives_no_time(conn: Conn, now: datetime, rules: GiftRules) -> None:
    scene = await scene_with(conn, rules, now)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, now=now)

    assert (limit.value.phrase.code, limit.value.retry_at) == ("gifts_not_offered", None)
