"""How often and to how many: counted over the last 24 hours, and a refusal says when the next gift would pass."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from infra.pool import Pool
from tests.factories import make_card, make_points
from tests.wallet.gifts.scenes import Scene, cancel, make_scene, resend, send
from tests.web.contents import all_rows
from wallet.database import Conn
from wallet.errors import GiftLimitReached, TooManyAttempts
from wallet.gifts import Gift
from wallet.gifts.limits import SentLately, next_gift_at, next_recipient_at
from wallet.rules import GiftRules, Rules
from wallet.values import Minor

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(hours=24)

RECIPIENTS_SQL = "SELECT count(DISTINCT recipient_email_key) FROM gift_events"


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


async def test_a_mailbox_is_sent_no_more_than_its_share_by_whomsoever(conn: Conn, now: datetime) -> None:
    # given a friend who gives too, and two gifts a mailbox and day
    scene = await scene_with(conn, GiftRules(per_recipient_per_day=2), now)
    card_id = await make_card(conn, scene.shop, scene.friend, now=now)
    await make_points(conn, scene.shop, card_id, 100, now=now)
    other = Scene(scene.shop, scene.friend, card_id, scene.sender)
    await send(conn, scene, points=10, to="a@example.com", now=now)
    await send(conn, other, points=10, to="A@example.com", now=now + timedelta(hours=1))
    before = await all_rows(conn)

    # when
    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, other, points=10, to="a@example.com", now=now + timedelta(hours=2))

    # then
    assert (limit.value.phrase.code, limit.value.retry_at) == ("gift_mailbox_full", now + DAY)
    assert await all_rows(conn) == before
    assert (await send(conn, other, points=10, to="b@example.com", now=now + timedelta(hours=2))).replayed is False
    assert (await send(conn, other, points=10, to="a@example.com", now=now + DAY)).replayed is False


async def test_who_joined_lately_sends_fewer_until_the_days_are_over(conn: Conn, now: datetime) -> None:
    rules = GiftRules(new_account_days=7, new_account_per_day=1)
    scene = await scene_with(conn, rules, now)
    await send(conn, scene, points=10, now=now)
    before = await all_rows(conn)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, now=now + timedelta(hours=1))

    assert (limit.value.phrase.facts, limit.value.retry_at) == ({"gifts": 1}, now + DAY)
    assert await all_rows(conn) == before
    week = now + timedelta(days=7)
    for minutes in range(3):
        assert (await send(conn, scene, points=10, now=week + timedelta(minutes=minutes))).replayed is False


def test_the_limits_of_the_new_are_never_more_than_those_of_all() -> None:
    rules = GiftRules(per_day=2, new_account_days=7, new_account_per_day=5, new_account_value_minor=Minor(900))

    new = rules.for_account_of(6.99)

    assert (new.per_day, new.value_per_day_minor) == (2, 900)
    assert rules.for_account_of(7) == rules


@pytest.mark.parametrize("rules", [GiftRules(per_day=0), GiftRules(recipients_per_day=0)])
async def test_program_without_gifts_says_so_and_gives_no_time(conn: Conn, now: datetime, rules: GiftRules) -> None:
    scene = await scene_with(conn, rules, now)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, now=now)

    assert (limit.value.phrase.code, limit.value.retry_at) == ("gifts_not_offered", None)


async def test_corrected_address_is_one_recipient_more_and_the_wrong_one_stays_one(conn: Conn, now: datetime) -> None:
    # given two recipients a day, and a gift that went to both, the second by a correction
    scene = await scene_with(conn, GiftRules(recipients_per_day=2), now)
    gift = (await send(conn, scene, points=10, to="a@example.com", now=now)).gift
    corrected = await resend(conn, gift, to="b@example.com", now=now + timedelta(hours=1))
    before = await all_rows(conn)

    # when a third is tried, by a correction and by a gift
    with pytest.raises(TooManyAttempts) as refusal:
        await resend(conn, corrected.gift, to="c@example.com", now=now + timedelta(hours=2))
    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, to="c@example.com", now=now + timedelta(hours=2))

    # then neither passes until the first mail is a day old, and nothing is mailed
    assert (refusal.value.retry_at, limit.value.retry_at) == (now + DAY, now + DAY)
    assert limit.value.phrase.code == "gift_recipients_per_day"
    assert await all_rows(conn) == before

    # and those who had a mail can have another
    assert (await resend(conn, gift, to="A@Example.com", now=now + timedelta(hours=3))).gift.delivery == 3
    assert (await send(conn, scene, points=10, to="b@example.com", now=now + timedelta(hours=3))).replayed is False


async def test_correction_passes_when_it_was_said_that_it_would(conn: Conn, now: datetime) -> None:
    scene = await scene_with(conn, GiftRules(recipients_per_day=1), now)
    gift = (await send(conn, scene, points=10, to="a@example.com", now=now)).gift

    with pytest.raises(TooManyAttempts) as refusal:
        await resend(conn, gift, to="b@example.com", now=now + DAY - timedelta(microseconds=1))

    again = await resend(conn, gift, to="b@example.com", now=refusal.value.retry_at)
    assert again.gift.recipient_email == "b@example.com"


async def test_old_gift_that_is_sent_again_unchanged_counts_its_recipient_today(conn: Conn, now: datetime) -> None:
    scene = await scene_with(conn, GiftRules(recipients_per_day=1), now)
    old = (await send(conn, scene, points=10, to="a@example.com", now=now)).gift
    later = now + timedelta(days=3)
    await resend(conn, old, now=later)

    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, to="b@example.com", now=later)

    assert limit.value.phrase.code == "gift_recipients_per_day"


async def test_sending_again_is_no_gift_more(conn: Conn, now: datetime) -> None:
    scene = await scene_with(conn, GiftRules(per_day=2), now)
    gift = (await send(conn, scene, points=10, now=now)).gift
    for _ in range(3):
        await resend(conn, gift, now=now)

    assert (await send(conn, scene, points=10, now=now)).replayed is False
    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=10, now=now)
    assert limit.value.phrase.code == "gifts_per_day"


async def test_two_corrections_at_once_are_no_recipient_more_than_a_day_allows(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    # given room for one more recipient, and two gifts to correct
    scene = await scene_with(conn, GiftRules(recipients_per_day=2), now)
    gifts = [(await send(conn, scene, points=10, to="a@example.com", now=now)).gift for _ in range(2)]

    # when both are corrected at once, to different strangers
    async def correct(gift: Gift, to: str) -> bool:
        async with pool.acquire() as mine:
            try:
                await resend(mine, gift, to=to, now=now)
            except TooManyAttempts:
                return False
            return True

    passed = await asyncio.gather(correct(gifts[0], "b@example.com"), correct(gifts[1], "c@example.com"))

    # then one waited for the other and saw it
    assert sorted(passed) == [False, True]
    assert await conn.fetchval(RECIPIENTS_SQL) == 2
