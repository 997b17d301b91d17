"""Gifts whose mail must not leave yet, and gifts whose money is blocked: for nobody, whoever asks and however."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.wallet.gifts.scenes import assert_lawful, events_of, make_scene, prepare, read
from tests.wallet.gifts.test_kinds import VALUE, give, leave, mailed_value, pay
from tests.wallet.payments.scenes import mint
from wallet import gifts, payments
from wallet.database import Conn
from wallet.errors import GiftNotClaimable
from wallet.gifts import Gift, paying
from wallet.payments import Dispute, Seen, SeenState, Source, Told
from wallet.values import GiftStatus, Points

JOBS_SQL = "SELECT payload, run_at FROM outbox WHERE topic = 'mail.gift' ORDER BY outbox_id"


async def disputed(conn: Conn, gift: Gift, *, won: bool = False, now: datetime) -> None:
    """The payer's bank takes the money back, or gives it back again."""
    payment = await payments.of_gift(conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id)
    assert payment is not None
    async with conn.transaction():
        await paying.hear(
            conn,
            merchant_id=gift.merchant_id,
            payment_id=payment.payment_id,
            seen=Seen(SeenState.PAID, payment.ref, disputes=(Dispute("dp_1", won=won),)),
            told=Told(Source.WEBHOOK, "evt_2"),
            mint=mint,
            now=now,
        )


async def mail_jobs(conn: Conn) -> list[tuple[int, datetime]]:
    """The how-manieth mail, and when."""
    return [(row["payload"]["delivery"], row["run_at"]) for row in await conn.fetch(JOBS_SQL)]


async def test_mail_of_a_gift_that_is_held_does_not_leave_before_its_moment_whoever_calls(
    conn: Conn, now: datetime
) -> None:
    # given a large first gift, and one for tomorrow
    scene = await make_scene(conn, now=now)
    large = await give(conn, scene, value_minor=900_000, now=now)
    await pay(conn, large, now=now)
    held = await read(conn, scene, large.gift)
    assert held.held_until == now + timedelta(hours=24)
    small = await give(conn, scene, points=Points(10), deliver_at=now + timedelta(days=2), now=now)
    # when their mails are made at once
    mails = [(await prepare(conn, each, now=now))[1] for each in (held, small.gift)]
    # then none is, each is on its way for its moment again, and then it leaves
    assert mails == [None, None]
    assert await conn.fetchval("SELECT count(*) FROM gift_links") == 0
    moments = [now + timedelta(hours=24), now + timedelta(days=2)]
    assert await mail_jobs(conn) == [(1, each) for each in (*moments, *moments)]
    assert [
        (await prepare(conn, each, now=at))[1] is not None for each, at in zip((held, small.gift), moments, strict=True)
    ] == [True, True]
    await assert_lawful(conn)


async def test_link_of_disputed_money_shows_says_and_does_nothing_until_the_dispute_is_won(
    conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    await disputed(conn, gift, now=now)

    async with conn.transaction():
        assert await gifts.mark_viewed(conn, link_hash=link, now=now) is None
    with pytest.raises(GiftNotClaimable):
        async with conn.transaction():
            await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)

    assert (await read(conn, scene, gift)).status is GiftStatus.SENT
    assert await events_of(conn, gift) == ["CREATED", "PAID", "SENT"]
    await assert_lawful(conn)
    # and when it is won, all is as before, and nothing is mailed again
    jobs = await mail_jobs(conn)
    await disputed(conn, gift, won=True, now=now)
    assert await mail_jobs(conn) == jobs
    async with conn.transaction():
        assert await gifts.mark_viewed(conn, link_hash=link, now=now) is not None
    async with conn.transaction():
        await gifts.decline(conn, link_hash=link, idempotency_key=uuid4(), now=now)
    assert (await read(conn, scene, gift)).status is GiftStatus.DECLINED
    await assert_lawful(conn)


async def test_gift_that_is_disputed_before_its_mail_leaves_is_mailed_when_the_dispute_is_won(
    conn: Conn, now: datetime
) -> None:
    # given a gift for the day after tomorrow, whose payment is disputed
    scene = await make_scene(conn, now=now)
    leaves, later = now + timedelta(days=2), now + timedelta(days=9)
    sent = await give(conn, scene, value_minor=VALUE, deliver_at=leaves, now=now)
    await pay(conn, sent, now=now)
    await disputed(conn, sent.gift, now=now)
    # when its moment comes, nothing is mailed
    link, mail = await prepare(conn, sent.gift, now=leaves)
    assert mail is None
    assert await conn.fetchval("SELECT count(*) FROM gift_links") == 0
    assert await gifts.preview(conn, link_hash=link, now=leaves) is None
    # then, when the dispute is won, its mail is on its way, and its days begin
    await disputed(conn, sent.gift, won=True, now=later)
    gift = await read(conn, scene, sent.gift)
    assert (gift.status, gift.claimable_until) == (GiftStatus.SCHEDULED, later + timedelta(days=30))
    assert await mail_jobs(conn) == [(1, leaves), (2, later)]
    gift, link = await leave(conn, scene, gift, now=later)
    assert gift.status is GiftStatus.SENT
    assert await gifts.preview(conn, link_hash=link, now=later) is not None
    await assert_lawful(conn)


async def test_dispute_that_is_won_before_the_moment_of_the_mail_leaves_it_at_that_moment(
    conn: Conn, now: datetime
) -> None:
    scene = await make_scene(conn, now=now)
    leaves = now + timedelta(days=2)
    sent = await give(conn, scene, value_minor=VALUE, deliver_at=leaves, now=now)
    await pay(conn, sent, now=now)
    await disputed(conn, sent.gift, now=now)
    await disputed(conn, sent.gift, won=True, now=now + timedelta(days=1))

    # one of the two jobs mails it
    assert await mail_jobs(conn) == [(1, leaves), (2, leaves)]
    mails = [(await prepare(conn, sent.gift, delivery=each, now=leaves))[1] for each in (1, 2)]
    assert [each is not None for each in mails] == [False, True]
