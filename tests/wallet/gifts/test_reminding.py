"""Both hear of a gift before it goes back: once, and only while it waits."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.factories import make_reward
from tests.wallet.gifts.scenes import (
    OUTBOX_SQL,
    Scene,
    assert_lawful,
    cancel,
    claim,
    events_of,
    mailed,
    make_scene,
    prepare,
    read,
    record_sent,
    resend,
    send,
)
from tests.wallet.gifts.test_kinds import give, leave, mailed_value
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, Gift, reporting
from wallet.rules import GiftRules, Rules
from wallet.values import Minor

DAY = timedelta(days=1)
REMINDERS = ["mail.gift_news", "mail.gift_reminder"]


async def remind(conn: Conn, *, limit: int = 50, now: datetime) -> int:
    async with conn.transaction():
        return len(await gifts.remind_due(conn, limit=limit, now=now))


async def topics(conn: Conn) -> list[str]:
    """What is on its way besides the gifts' own mails."""
    return sorted(row["topic"] for row in await conn.fetch(OUTBOX_SQL) if row["topic"] != "mail.gift")


async def test_both_are_reminded_a_week_before_and_once(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    week_before = gift.claimable_until - 7 * DAY

    assert await remind(conn, now=week_before - timedelta(microseconds=1)) == 0
    assert await topics(conn) == []
    assert await remind(conn, now=week_before) == 1
    for days in (0, 1, 6):
        assert await remind(conn, now=week_before + days * DAY) == 0

    assert await topics(conn) == REMINDERS
    assert await events_of(conn, gift) == ["CREATED", "SENT", "REMINDED"]
    assert (await read(conn, scene, gift)).claimable_until == gift.claimable_until
    await assert_lawful(conn)


async def test_late_worker_reminds_until_the_last_moment_and_not_after_it(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)

    assert await remind(conn, now=gift.claimable_until) == 0
    assert await remind(conn, now=gift.claimable_until - timedelta(seconds=1)) == 1


async def test_money_and_rewards_are_reminded_of_too(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    money, _ = await mailed_value(conn, scene, now=now)
    reward = await make_reward(conn, scene.shop, now=now)
    coffee, _ = await leave(conn, scene, (await give(conn, scene, reward_id=reward.reward_id, now=now)).gift, now=now)

    assert await remind(conn, now=now + 24 * DAY) == 2

    assert [(await events_of(conn, gift))[-1] for gift in (money, coffee)] == ["REMINDED", "REMINDED"]


async def claimed(conn: Conn, scene: Scene, gift: Gift, link: bytes, *, now: datetime) -> None:
    await claim(conn, link, customer_id=scene.friend, now=now)


async def cancelled(conn: Conn, scene: Scene, gift: Gift, link: bytes, *, now: datetime) -> None:
    await cancel(conn, gift, now=now)


async def declined(conn: Conn, scene: Scene, gift: Gift, link: bytes, *, now: datetime) -> None:
    async with conn.transaction():
        await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)


async def being_sent_again(conn: Conn, scene: Scene, gift: Gift, link: bytes, *, now: datetime) -> None:
    await resend(conn, gift, now=now)


async def disputed(conn: Conn, scene: Scene, gift: Gift, link: bytes, *, now: datetime) -> None:
    await conn.execute("UPDATE gift_cards SET state = 'BLOCKED' WHERE gift_id = $1", gift.gift_id)


@pytest.mark.parametrize("ended", [claimed, cancelled, declined, being_sent_again, disputed])
async def test_gift_that_does_not_wait_is_not_reminded_of(
    conn: Conn, now: datetime, ended: Callable[..., Awaitable[None]]
) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await ended(conn, scene, gift, link, now=now)
    before = await topics(conn)

    assert await remind(conn, now=now + 24 * DAY) == 0

    assert await topics(conn) == before
    assert "REMINDED" not in await events_of(conn, gift)


async def test_gift_whose_mail_has_not_left_is_not_reminded_of(conn: Conn, now: datetime) -> None:
    # given one for later, and one that is held because it is large
    rules = Rules(gifts=GiftRules(value_hold_minor=Minor(100)))
    scene = await make_scene(conn, rules=rules, now=now)
    await send(conn, scene, deliver_at=now + 30 * DAY, now=now)
    held = (await give(conn, scene, value_minor=50_000, now=now)).gift
    assert held.held_until is not None

    assert await remind(conn, now=now + 29 * DAY) == 0


@pytest.mark.parametrize(("days", "reminded"), [(13, 0), (14, 1)])
async def test_gift_of_a_few_days_is_not_reminded_of(conn: Conn, now: datetime, days: int, reminded: int) -> None:
    scene = await make_scene(conn, rules=Rules(gifts=GiftRules(return_days=days)), now=now)
    await mailed(conn, scene, now=now)

    assert await remind(conn, now=now + (days - 1) * DAY) == reminded


async def test_sender_alone_hears_of_a_gift_whose_mail_came_back(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    await reporting.record_returned(
        conn,
        merchant_id=gift.merchant_id,
        gift_id=gift.gift_id,
        delivery=gift.delivery,
        problem=DeliveryProblem.MAILBOX_FULL,
        now=now,
    )

    assert await remind(conn, now=now + 24 * DAY) == 1

    assert await topics(conn) == ["mail.gift_news"]


async def test_gift_that_is_sent_again_is_reminded_of_again(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    assert await remind(conn, now=now + 24 * DAY) == 1
    again = now + 25 * DAY
    resent = (await resend(conn, gift, now=again)).gift
    await prepare(conn, resent, now=again)
    await record_sent(conn, resent, now=again)

    assert await remind(conn, now=again) == 0
    assert await remind(conn, now=again + 24 * DAY) == 1

    assert (await events_of(conn, gift)).count("REMINDED") == 2


async def test_two_workers_at_once_remind_of_each_gift_once(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, points=1_000, rules=Rules(gifts=GiftRules(per_day=50)), now=now)
    for _ in range(10):
        await mailed(conn, scene, points=10, now=now)

    async def work() -> int:
        done = 0
        async with pool.acquire() as mine:
            for _ in range(10):
                done += await remind(mine, limit=3, now=now + 24 * DAY)
        return done

    assert sum(await asyncio.gather(work(), work())) == 10
    assert await topics(conn) == sorted(REMINDERS * 10)


async def test_second_worker_passes_by_a_gift_that_the_first_one_holds(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    await mailed(conn, scene, now=now)
    later = now + 24 * DAY
    async with pool.acquire() as first, first.transaction():
        assert len(await gifts.remind_due(first, limit=50, now=later)) == 1
        assert await remind(conn, now=later) == 0
    assert await remind(conn, now=later) == 0
    assert await topics(conn) == REMINDERS


async def test_worker_that_dies_before_its_commit_has_reminded_nobody(pool: Pool, conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)

    async def remind_and_die() -> None:
        async with pool.acquire() as dying, dying.transaction():
            assert len(await gifts.remind_due(dying, limit=50, now=now + 24 * DAY)) == 1
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await remind_and_die()
    assert await events_of(conn, gift) == ["CREATED", "SENT"]

    assert await remind(conn, now=now + 24 * DAY) == 1

    assert await topics(conn) == REMINDERS
