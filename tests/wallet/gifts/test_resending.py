"""Sending again: a corrected address, a new link, the old one dead, and not without end."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.wallet.gifts.scenes import (
    OUTBOX_SQL,
    assert_lawful,
    balance,
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
from tests.web.contents import all_rows
from wallet import gifts, programs
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, GiftNotOpen, IdempotencyKeyReused, NotFound, TooManyAttempts
from wallet.gifts import DeliveryProblem
from wallet.rules import GiftRules, Rules
from wallet.values import GiftStatus

DAY = timedelta(hours=24)


async def test_corrected_gift_waits_for_its_mail_again_and_its_days_begin_anew(conn: Conn, now: datetime) -> None:
    # given a gift that went to a wrong address
    scene = await make_scene(conn, now=now)
    gift, wrong = await mailed(conn, scene, now=now)
    later = now + timedelta(days=20)

    # when it is sent to the right one
    resent = await resend(conn, gift, to="right@example.com", now=later)

    # then the wrong link is dead, and a new mail is due to the right address
    assert (resent.replayed, resent.gift.status, resent.gift.sent_at) == (False, GiftStatus.SCHEDULED, None)
    assert (resent.gift.recipient_email, resent.gift.delivery) == ("right@example.com", 2)
    assert resent.gift.claimable_until == later + timedelta(days=30)
    with pytest.raises(GiftNotClaimable):
        await claim(conn, wrong, customer_id=scene.friend, now=later)
    job = (await conn.fetch(OUTBOX_SQL))[-1]
    assert (job["topic"], job["run_at"], job["payload"]["delivery"]) == ("mail.gift", later, 2)

    # and the right one works
    right, mail = await prepare(conn, resent.gift, now=later)
    assert mail is not None
    assert mail.recipient_email == "right@example.com"
    await record_sent(conn, resent.gift, now=later)
    await claim(conn, right, customer_id=scene.friend, now=later)
    assert await balance(conn, scene, scene.friend) == (100, 0)
    assert await events_of(conn, gift) == ["CREATED", "SENT", "RESENT", "SENT", "CLAIMED"]
    await assert_lawful(conn)


async def test_gift_that_bounced_can_be_sent_again_to_the_same_address(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, to="full@example.com", now=now)).gift
    await prepare(conn, gift, now=now)
    async with conn.transaction():
        await gifts.record_bounced(
            conn,
            merchant_id=gift.merchant_id,
            gift_id=gift.gift_id,
            delivery=1,
            problem=DeliveryProblem.MAILBOX_FULL,
            now=now,
        )

    resent = await resend(conn, gift, now=now)

    assert (resent.gift.status, resent.gift.problem, resent.gift.recipient_email) == (
        GiftStatus.SCHEDULED,
        None,
        "full@example.com",
    )


async def test_gift_for_a_birthday_is_corrected_and_keeps_its_day(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    birthday = now + timedelta(days=40)
    gift = (await send(conn, scene, to="wrong@example.com", deliver_at=birthday, now=now)).gift

    resent = await resend(conn, gift, to="right@example.com", now=now + timedelta(days=1))

    assert (resent.gift.deliver_at, resent.gift.claimable_until) == (birthday, birthday + timedelta(days=30))
    assert [job["run_at"] for job in await conn.fetch(OUTBOX_SQL)] == [birthday, birthday]
    assert (await prepare(conn, gift, delivery=1, now=birthday))[1] is None
    mail = (await prepare(conn, resent.gift, now=birthday))[1]
    assert mail is not None
    assert mail.recipient_email == "right@example.com"


async def test_same_key_sends_again_once(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    gift, _ = await mailed(conn, scene, now=now)
    first = await resend(conn, gift, to="right@example.com", key=key, now=now)
    before = await all_rows(conn)

    again = await resend(conn, gift, to="right@example.com", key=key, now=now + timedelta(days=3))
    with pytest.raises(IdempotencyKeyReused):
        await resend(conn, gift, to="other@example.com", key=key, now=now)

    assert (again.replayed, again.gift) == (True, first.gift)
    assert await all_rows(conn) == before


async def test_sixth_time_in_a_day_is_refused_until_the_first_is_a_day_old(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    for hour in range(5):
        await resend(conn, gift, now=now + timedelta(hours=hour))
    before = await all_rows(conn)

    with pytest.raises(TooManyAttempts) as refusal:
        await resend(conn, gift, now=now + timedelta(hours=5))

    assert refusal.value.retry_at == now + DAY
    assert await all_rows(conn) == before
    with pytest.raises(TooManyAttempts):
        await resend(conn, gift, now=now + DAY - timedelta(microseconds=1))
    assert (await resend(conn, gift, now=now + DAY)).gift.delivery == 7


async def test_closed_gift_cannot_be_sent_again(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    await cancel(conn, gift, now=now)
    before = await all_rows(conn)

    with pytest.raises(GiftNotOpen):
        await resend(conn, gift, to="right@example.com", now=now)

    assert await all_rows(conn) == before
    assert (await read(conn, scene, gift)).recipient_email == gift.recipient_email


async def test_somebody_elses_gift_is_not_found(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, link = await mailed(conn, scene, now=now)
    before = await all_rows(conn)

    with pytest.raises(NotFound):
        await resend(conn, gift, to="thief@example.com", customer_id=scene.friend, now=now)

    assert await all_rows(conn) == before
    assert await gifts.preview(conn, link_hash=link, now=now) is not None


async def test_each_mail_is_remembered_with_the_mailbox_it_was_for(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, to="Wrong@Example.com", now=now)).gift
    await resend(conn, gift, now=now)
    await resend(conn, gift, to="Right@Example.com", now=now)
    await resend(conn, gift, now=now)
    await cancel(conn, gift, now=now)

    rows = await conn.fetch("SELECT kind, recipient_email_key FROM gift_events ORDER BY event_id")

    assert [(row["kind"], row["recipient_email_key"]) for row in rows] == [
        ("CREATED", "wrong@example.com"),
        ("RESENT", "wrong@example.com"),
        ("RESENT", "right@example.com"),
        ("RESENT", "right@example.com"),
        ("CANCELLED", None),
    ]


async def test_open_gift_of_a_program_that_offers_none_any_more_can_be_mended_once_a_day(
    conn: Conn, now: datetime
) -> None:
    # given a gift on its way, in a program that has since stopped offering gifts
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    none = Rules(gifts=GiftRules(per_day=0, recipients_per_day=0))
    merchant_id, program_id = scene.shop.merchant_id, scene.shop.program_id
    async with conn.transaction():
        await programs.revise(conn, merchant_id=merchant_id, program_id=program_id, rules=none, valid_from=now, now=now)
    later = now + DAY

    # then it goes to one corrected address, and not to another the same day
    assert (await resend(conn, gift, to="right@example.com", now=later)).gift.delivery == 2
    with pytest.raises(TooManyAttempts) as refusal:
        await resend(conn, gift, to="other@example.com", now=later)
    assert refusal.value.retry_at == later + DAY
