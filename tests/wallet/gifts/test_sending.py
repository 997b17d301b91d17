"""Sending a gift: the points are out of reach at once, the mail is on its way, and a refusal leaves no trace."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import make_card, make_customer, make_points
from tests.wallet.gifts.scenes import (
    OUTBOX_SQL,
    assert_lawful,
    balance,
    events_of,
    lots,
    make_scene,
    read,
    send,
)
from tests.web.contents import all_rows
from wallet import gifts
from wallet.database import Conn
from wallet.errors import GiftLimitReached, IdempotencyKeyReused, InsufficientPoints, InvalidInput, NotFound
from wallet.gifts import sending
from wallet.rules import GiftRules, Rules
from wallet.values import GiftStatus, Points


async def test_sent_points_are_reserved_and_the_mail_is_due_now(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, points=500)

    sent = await send(conn, scene, points=120, now=now)

    gift = sent.gift
    assert (sent.replayed, gift.status, gift.points, gift.card_id) == (False, GiftStatus.SCHEDULED, 120, scene.card_id)
    assert (gift.created_at, gift.deliver_at, gift.sent_at, gift.closed_at) == (now, now, None, None)
    assert gift.claimable_until == now + timedelta(days=30)
    assert await balance(conn, scene, scene.sender) == (380, 120)
    assert await events_of(conn, gift) == ["CREATED"]
    [job] = await conn.fetch(OUTBOX_SQL)
    assert (job["topic"], job["run_at"]) == ("mail.gift", now)
    assert job["payload"] == {"merchantId": str(gift.merchant_id), "giftId": str(gift.gift_id), "delivery": 1}
    await assert_lawful(conn)


async def test_points_that_lapse_soonest_are_given_away_first(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, points=0)
    soon, late = now + timedelta(days=10), now + timedelta(days=100)
    await make_points(conn, scene.shop, scene.card_id, 80, now=now, expires_at=late)
    await make_points(conn, scene.shop, scene.card_id, 50, now=now, expires_at=soon)

    await send(conn, scene, points=60, now=now)

    assert await lots(conn, scene, scene.card_id) == [(0, soon), (70, late)]


async def test_gift_for_a_birthday_is_reserved_now_and_mailed_then(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    birthday = now + timedelta(days=40)

    gift = (await send(conn, scene, deliver_at=birthday, now=now)).gift

    assert (gift.deliver_at, gift.claimable_until) == (birthday, birthday + timedelta(days=30))
    assert (await conn.fetch(OUTBOX_SQL))[0]["run_at"] == birthday
    assert await balance(conn, scene, scene.sender) == (400, 100)


async def test_phone_whose_clock_is_a_little_behind_means_now(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)

    gift = (await send(conn, scene, deliver_at=now - timedelta(seconds=90), now=now)).gift

    assert gift.deliver_at == now


async def test_same_key_and_input_give_the_same_gift_again_whatever_became_of_it(conn: Conn, now: datetime) -> None:
    # given a gift that was sent for tomorrow, its answer lost
    scene, key = await make_scene(conn, now=now), uuid4()
    tomorrow = now + timedelta(days=1)
    first = await send(conn, scene, deliver_at=tomorrow, key=key, now=now)
    before = await all_rows(conn)

    # when the phone asks again, the day after
    again = await send(conn, scene, deliver_at=tomorrow, key=key, now=now + timedelta(days=2))

    # then nothing happened a second time, and the moment that is past by now is no mistake
    assert (again.replayed, again.gift) == (True, first.gift)
    assert await all_rows(conn) == before


async def test_same_key_with_other_input_is_refused_and_changes_nothing(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    await send(conn, scene, points=100, key=key, now=now)
    before = await all_rows(conn)

    with pytest.raises(IdempotencyKeyReused):
        await send(conn, scene, points=101, key=key, now=now)

    assert await all_rows(conn) == before


async def test_refused_request_does_not_use_its_key_up(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now, points=50), uuid4()
    with pytest.raises(InsufficientPoints):
        await send(conn, scene, points=100, key=key, now=now)
    await make_points(conn, scene.shop, scene.card_id, 50, now=now)

    sent = await send(conn, scene, points=100, key=key, now=now)

    assert sent.replayed is False
    assert await balance(conn, scene, scene.sender) == (0, 100)


async def test_two_customers_may_use_the_same_key(conn: Conn, now: datetime) -> None:
    scene, key = await make_scene(conn, now=now), uuid4()
    other = await make_customer(conn, now=now)
    other_card = await make_card(conn, scene.shop, other, now=now)
    await make_points(conn, scene.shop, other_card, 100, now=now)
    mine = await send(conn, scene, key=key, now=now)

    async with conn.transaction():
        theirs = await gifts.send(
            conn,
            customer_id=other,
            merchant_id=scene.shop.merchant_id,
            card_id=other_card,
            points=Points(100),
            recipient_name="Ravi",
            recipient_email="ravi@example.com",
            recipient_email_key="ravi@example.com",
            message=None,
            deliver_at=None,
            locale="en-IN",
            idempotency_key=key,
            now=now,
        )

    assert theirs.replayed is False
    assert theirs.gift.gift_id != mine.gift.gift_id


async def test_more_points_than_are_spendable_are_refused(conn: Conn, now: datetime) -> None:
    # given 50 points to spend, and 500 that cannot be spent yet
    scene = await make_scene(conn, now=now, points=50)
    await make_points(conn, scene.shop, scene.card_id, 500, activates_at=now + timedelta(days=1), now=now)
    before = await all_rows(conn)

    with pytest.raises(InsufficientPoints) as refusal:
        await send(conn, scene, points=51, now=now)

    assert (refusal.value.needed, refusal.value.available) == (51, 50)
    assert await all_rows(conn) == before


async def test_somebody_elses_card_is_not_found(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    before = await all_rows(conn)

    with pytest.raises(NotFound):
        await send(conn, scene, customer_id=scene.friend, now=now)

    assert await all_rows(conn) == before


async def test_too_few_points_are_a_mistake_and_too_many_a_limit(conn: Conn, now: datetime) -> None:
    rules = Rules(gifts=GiftRules(min_points=Points(10), max_points=Points(100)))
    scene = await make_scene(conn, now=now, rules=rules)
    before = await all_rows(conn)

    for points in (-5, 0, 9):
        with pytest.raises(InvalidInput) as mistake:
            await send(conn, scene, points=points, now=now)
        [problem] = mistake.value.problems
        assert (problem.field, problem.phrase.code, problem.phrase.facts) == (
            "points",
            "gift_too_small",
            {"least_points": 10},
        )
    with pytest.raises(GiftLimitReached) as limit:
        await send(conn, scene, points=101, now=now)

    assert (limit.value.phrase.code, limit.value.retry_at) == ("gift_too_large", None)
    assert await all_rows(conn) == before
    assert (await send(conn, scene, points=10, now=now)).gift.points == 10
    assert (await send(conn, scene, points=100, now=now)).gift.points == 100


@pytest.mark.parametrize(
    ("name", "message", "fields"),
    [
        ("", "Hello", {"recipientName": "blank"}),
        ("  \u200b ", "Hello", {"recipientName": "blank"}),
        ("R" * 81, "Hello", {"recipientName": "too_long"}),
        ("Ravi\nBcc: x", "Hello", {"recipientName": "unprintable"}),
        ("Ravi\x00", "Hello", {"recipientName": "unprintable"}),
        ("www.example.com", "Hello", {"recipientName": "has_link"}),
        ("Ravi", "x" * 281, {"message": "too_long"}),
        ("Ravi", "a\x07b", {"message": "unprintable"}),
        ("Ravi", "Log in at example.com", {"message": "has_link"}),
        ("", "https://x", {"recipientName": "blank", "message": "has_link"}),
    ],
)
async def test_text_that_is_not_plain_is_refused_by_field(
    conn: Conn, now: datetime, name: str, message: str, fields: dict[str, str]
) -> None:
    scene = await make_scene(conn, now=now)
    before = await all_rows(conn)

    with pytest.raises(InvalidInput) as mistake:
        await send(conn, scene, name=name, message=message, now=now)

    assert {problem.field: problem.phrase.code for problem in mistake.value.problems} == fields
    assert await all_rows(conn) == before


@pytest.mark.parametrize(
    ("name", "message", "fields"),
    [
        ("a." * 12000, "Hello", {"recipientName"}),
        (" " * 320 + "R", "Hello", {"recipientName"}),
        ("Ravi", "\u0344" * 12000, {"message"}),
        ("Ravi", " " * 1120 + "x", {"message"}),
        ("a." * 12000, "a." * 12000, {"recipientName", "message"}),
    ],
)
async def test_text_that_is_far_too_long_is_refused_before_it_is_looked_at(
    conn: Conn, now: datetime, monkeypatch: pytest.MonkeyPatch, name: str, message: str, fields: set[str]
) -> None:
    # given a sender, and eyes on how much text is looked at
    scene = await make_scene(conn, now=now)
    before = await all_rows(conn)
    looked_at: list[str] = []

    def watched(text: str) -> str:
        looked_at.append(text)
        return text

    monkeypatch.setattr(sending, "clean", watched)
    monkeypatch.setattr(sending, "clean_name", watched)

    # when a text comes that is more than four times too long
    with pytest.raises(InvalidInput) as mistake:
        await send(conn, scene, name=name, message=message, now=now)

    # then it is called too long, with what may be kept, and nothing was done to it or to any other
    most = {"recipientName": 80, "message": 280}
    assert [(p.field, p.phrase.code, p.phrase.facts) for p in mistake.value.problems] == [
        (field, "too_long", {"most": most[field]}) for field in most if field in fields
    ]
    assert looked_at == []
    assert await all_rows(conn) == before


async def test_text_that_is_short_enough_once_cleaned_is_sent(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)

    sent = await send(conn, scene, name=" " * 240 + "R" * 80, message=" " * 840 + "x" * 280, now=now)

    assert (sent.gift.recipient_name, sent.gift.message) == ("R" * 80, "x" * 280)


async def test_texts_are_kept_cleaned(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)

    gift = (await send(conn, scene, name=" K.R.Meera ", message=" Cafe\u0301\r\nfor you\u200b ", now=now)).gift
    silent = (await send(conn, scene, message="  \n ", now=now)).gift

    assert (gift.recipient_name, gift.message) == ("K. R. Meera", "Caf\u00e9\nfor you")
    assert silent.message is None


async def test_message_of_280_characters_in_any_script_fits(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now)
    message = ("ജന്മദിനാശംസകൾ " * 30)[:279] + "!"

    gift = (await send(conn, scene, message=message, now=now)).gift

    assert gift.message == message
    assert len(message) == 280


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-121, "in_past"), (366 * 86400 + 1, "too_far_ahead"), (-120, None), (366 * 86400, None)],
)
async def test_moment_of_delivery_is_between_now_and_a_year_ahead(
    conn: Conn, now: datetime, seconds: int, code: str | None
) -> None:
    scene = await make_scene(conn, now=now)
    deliver_at = now + timedelta(seconds=seconds)
    if code is None:
        assert (await send(conn, scene, deliver_at=deliver_at, now=now)).gift.deliver_at == max(deliver_at, now)
        return
    before = await all_rows(conn)

    with pytest.raises(InvalidInput) as mistake:
        await send(conn, scene, deliver_at=deliver_at, now=now)

    [problem] = mistake.value.problems
    assert (problem.field, problem.phrase.code) == ("deliverAt", code)
    assert await all_rows(conn) == before


async def test_days_until_return_are_those_of_the_rules_when_it_was_sent(conn: Conn, now: datetime) -> None:
    scene = await make_scene(conn, now=now, rules=Rules(gifts=GiftRules(return_days=7)))

    gift = (await send(conn, scene, now=now)).gift

    assert (gift.return_days, gift.claimable_until) == (7, now + timedelta(days=7))
    assert await read(conn, scene, gift) == gift
