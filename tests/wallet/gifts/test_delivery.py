"""What the worker does with a gift: a link for each mail, what became of it, and no gift lost when the worker dies."""

import hashlib
from datetime import datetime, timedelta

import pytest

from tests.factories import make_customer
from tests.wallet.gifts.scenes import (
    FRIEND,
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
from wallet import gifts
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, Gift
from wallet.values import GiftStatus, Points

LINKS_SQL = """
    SELECT link_hash, revoked_at
    FROM gift_links
    WHERE gift_id = $1
    ORDER BY created_at, link_hash
"""


async def bounce(conn: Conn, gift: Gift, problem: DeliveryProblem, *, delivery: int = 1, now: datetime) -> bool:
    async with conn.transaction():
        return await gifts.record_bounced(
            conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=delivery, problem=problem, now=now
        )


async def refuse(conn: Conn, link_hash: bytes, *, now: datetime) -> None:
    async with conn.transaction():
        await gifts.refuse_mail(conn, link_hash=link_hash, now=now)


async def test_mail_says_who_what_and_until_when_and_its_link_is_kept_as_a_hash(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, sender_name="Meera Nair")
    gift = (await send(conn, scene, points=120, now=now)).gift
    later = now + timedelta(minutes=3)

    link_hash, mail = await prepare(conn, gift, now=later)

    assert mail is not None
    assert (mail.recipient_email, mail.recipient_name, mail.sender_name) == (FRIEND, "Ravi", "Meera Nair")
    assert (mail.points, mail.point_name, mail.point_name_plural) == (Points(120), "bean", "beans")
    assert (mail.merchant_name, mail.timezone) == (scene.shop.terminal.merchant_name, "Asia/Kolkata")
    assert mail.claimable_until == later + timedelta(days=30)
    assert [(row["link_hash"], row["revoked_at"]) for row in await conn.fetch(LINKS_SQL, gift.gift_id)] == [
        (link_hash, None)
    ]
    assert await read(conn, scene, gift) == gift


@pytest.mark.parametrize(("known", "locale"), [("ml-IN", "ml-IN"), (None, "en-IN")])
async def test_mail_speaks_the_recipients_language_if_we_know_it_else_the_senders(
    conn: Conn, now: datetime, known: str | None, locale: str
) -> None:
    scene = await make_scene(conn, now=now)
    if known:
        await make_customer(conn, email="anil@example.com", locale=known, now=now)
    gift = (await send(conn, scene, to="Anil@Example.com", now=now)).gift

    _, mail = await prepare(conn, gift, now=now)

    assert mail is not None
    assert mail.locale == locale


async def test_gift_is_sent_and_its_days_begin_when_its_mail_has_left(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    later = now + timedelta(hours=5)
    await prepare(conn, gift, now=later)

    assert await record_sent(conn, gift, now=later) is True

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.sent_at, gift.claimable_until) == (
        GiftStatus.SENT,
        later,
        later + timedelta(days=30),
    )
    assert await events_of(conn, gift) == ["CREATED", "SENT"]


async def test_mail_that_was_sent_is_not_prepared_or_noted_again(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift, _ = await mailed(conn, scene, now=now)
    before = await all_rows(conn)

    _, mail = await prepare(conn, gift, now=now)
    again = await record_sent(conn, gift, now=now + timedelta(hours=1))

    assert (mail, again) == (None, False)
    assert await all_rows(conn) == before


async def test_worker_that_died_after_the_mail_left_mails_again_and_both_links_work(conn: Conn, now: datetime) -> None:
    # given a mail that arrived, from a worker that did not live to note it
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    first, _ = await prepare(conn, gift, now=now)

    # when the job comes back and is carried out wholly
    second, mail = await prepare(conn, gift, now=now + timedelta(minutes=2))
    assert mail is not None
    await record_sent(conn, gift, now=now + timedelta(minutes=2))

    # then either link shows the gift, and claiming by the first ends both
    for link in (first, second):
        assert await gifts.preview(conn, link_hash=link, now=now + timedelta(hours=1)) is not None
    await claim(conn, first, customer_id=scene.friend, now=now + timedelta(hours=1))
    for link in (first, second):
        assert await gifts.preview(conn, link_hash=link, now=now + timedelta(hours=1)) is None
    await assert_lawful(conn)


async def test_gift_can_be_claimed_before_the_worker_has_noted_that_it_left(conn: Conn, now: datetime) -> None:
    # given a friend who is quicker than the worker
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    link, _ = await prepare(conn, gift, now=now)
    await claim(conn, link, customer_id=scene.friend, now=now)

    # when the worker notes it
    assert await record_sent(conn, gift, now=now + timedelta(seconds=1)) is True

    # then the gift stays claimed, and says when its mail left
    gift = await read(conn, scene, gift)
    assert (gift.status, gift.sent_at, gift.claimed_at) == (GiftStatus.CLAIMED, now + timedelta(seconds=1), now)
    await assert_lawful(conn)


async def test_refused_mail_makes_the_gift_bounce_with_the_reason_and_stay_open(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    await prepare(conn, gift, now=now)

    assert await bounce(conn, gift, DeliveryProblem.MAILBOX_UNKNOWN, now=now) is True

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem, gift.sent_at) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_UNKNOWN, None)
    assert gift.claimable_until == now + timedelta(days=30)
    assert await events_of(conn, gift) == ["CREATED", "BOUNCED"]
    assert await balance(conn, scene, scene.sender) == (400, 100)
    await assert_lawful(conn)


async def test_bounce_of_a_mail_that_was_sent_or_overtaken_changes_nothing(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    sent, _ = await mailed(conn, scene, now=now)
    overtaken = (await send(conn, scene, now=now)).gift
    await resend(conn, overtaken, now=now)
    before = await all_rows(conn)

    assert await bounce(conn, sent, DeliveryProblem.BLOCKED, now=now) is False
    assert await bounce(conn, overtaken, DeliveryProblem.BLOCKED, delivery=1, now=now) is False

    assert await all_rows(conn) == before


async def test_mail_that_was_given_up_but_left_after_all_counts_as_sent(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    await prepare(conn, gift, now=now)
    await bounce(conn, gift, DeliveryProblem.UNREACHABLE, now=now)

    assert await record_sent(conn, gift, now=now) is True

    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.SENT, None)


async def test_mail_that_was_overtaken_by_another_is_not_prepared(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, now=now)).gift
    await resend(conn, gift, to="right@example.com", now=now)
    before = await all_rows(conn)

    _, mail = await prepare(conn, gift, delivery=1, now=now)

    assert mail is None
    assert await all_rows(conn) == before


async def test_mail_of_a_cancelled_or_lapsed_gift_is_not_prepared(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    cancelled = (await send(conn, scene, now=now)).gift
    await cancel(conn, cancelled, now=now)
    lapsed = (await send(conn, scene, now=now)).gift
    before = await all_rows(conn)

    assert (await prepare(conn, cancelled, now=now))[1] is None
    assert (await prepare(conn, lapsed, now=lapsed.claimable_until))[1] is None

    assert await all_rows(conn) == before


async def test_mailbox_that_wants_no_gift_mail_gets_none_and_the_sender_is_told(conn: Conn, now: datetime) -> None:
    # given somebody who asked for no more, by the link of a gift that was mailed
    scene = await make_scene(conn, now=now)
    first, link = await mailed(conn, scene, now=now)
    await refuse(conn, link, now=now)
    assert await conn.fetchval("SELECT email_hash FROM mail_suppressions") == hashlib.sha256(FRIEND.encode()).digest()

    # when another gift is sent there
    gift = (await send(conn, scene, to="Friend@Example.com", now=now)).gift
    _, mail = await prepare(conn, gift, now=now)

    # then nothing is mailed and the gift says why; the first one can still be claimed
    assert mail is None
    gift = await read(conn, scene, gift)
    assert (gift.status, gift.problem) == (GiftStatus.BOUNCED, DeliveryProblem.UNWANTED)
    assert await conn.fetch(LINKS_SQL, gift.gift_id) == []
    assert await gifts.preview(conn, link_hash=link, now=now) is not None
    assert (await prepare(conn, (await send(conn, scene, to="other@example.com", now=now)).gift, now=now))[1]
    assert (await read(conn, scene, first)).status is GiftStatus.SENT


async def test_link_of_an_address_that_was_corrected_since_stops_only_the_mail_it_came_with(
    conn: Conn, now: datetime
) -> None:
    # given a gift whose first mail went to a stranger, and whose second to the friend
    scene = await make_scene(conn, now=now)
    gift = (await send(conn, scene, to="Stranger@Example.com", now=now)).gift
    strangers, _ = await prepare(conn, gift, now=now)
    await record_sent(conn, gift, now=now)
    gift = (await resend(conn, gift, to=FRIEND, now=now)).gift
    friends, _ = await prepare(conn, gift, now=now)

    # when the stranger wants no more
    await refuse(conn, strangers, now=now)

    # then that is the stranger's mailbox and not the friend's
    refused = await conn.fetch("SELECT email_hash FROM mail_suppressions")
    assert [row["email_hash"] for row in refused] == [hashlib.sha256(b"stranger@example.com").digest()]
    assert (await prepare(conn, (await send(conn, scene, now=now)).gift, now=now))[1] is not None
    assert (await prepare(conn, (await send(conn, scene, to="stranger@example.com", now=now)).gift, now=now))[1] is None

    # and the friend can still say so too
    await refuse(conn, friends, now=now)
    assert (await prepare(conn, (await send(conn, scene, now=now)).gift, now=now))[1] is None


async def test_refusing_mail_twice_or_by_a_link_that_is_none_changes_nothing(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    _, link = await mailed(conn, scene, now=now)
    await refuse(conn, link, now=now)
    before = await all_rows(conn)

    await refuse(conn, link, now=now + timedelta(days=1))
    await refuse(conn, b"\x00" * 32, now=now)

    assert await all_rows(conn) == before
