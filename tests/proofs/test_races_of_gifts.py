"""Gifts that several send, claim, cancel and resend at the same moment over HTTP: the points are in one place."""

from functools import partial

import pytest

from tests.factories import Shop
from tests.journeys import (
    Member,
    Person,
    Scene,
    deliver_gift,
    gift_of,
    member,
    new_key,
    open_shop,
    send_gift,
    signed_in,
)
from tests.proofs import documents as say
from tests.proofs.racing import Size, Tally, assert_lawful, counts, late, one, only, race, sizes

POINTS = 7

BALANCES_SQL = """
    SELECT kind, SUM(balance)::bigint AS points, count(*) FILTER (WHERE balance > 0) AS filled
    FROM accounts
    WHERE balance IS NOT NULL
    GROUP BY kind
"""


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene)


async def new_sender(scene: Scene, shop: Shop) -> Member:
    """Somebody whose points are enough for one gift: nobody reaches a day's limit in the long run."""
    return await member(scene, shop, points=POINTS)


@pytest.fixture
async def friends(scene: Scene, size: Size) -> list[Person]:
    """As many customers as there are racers; none has a card yet."""
    return [await signed_in(scene) for _ in range(size.racers)]


async def in_escrow(scene: Scene) -> tuple[int, int]:
    """The points on active accounts, and in gifts."""
    async with scene.live.runtime.pool.acquire() as conn:
        found = {row["kind"]: row["points"] for row in await conn.fetch(BALANCES_SQL)}
    return found["active"], found.get("gift", 0)


# ---------------------------------------------------------------- sending


@sizes(10)
async def test_one_key_sends_one_gift_and_everybody_gets_its_answer(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("gifts with one key")
    for n in range(1, size.rounds + 1):
        sender = await new_sender(scene, shop)
        given = gift_of(sender, POINTS)
        answers = await race([partial(sender.app.do, say.SEND_GIFT, given)] * size.racers)
        assert tally.add(answers) == {"GiftSent": size.racers}
        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["card"]["balance"] == {
            "active": 0,
            "pending": 0,
            "reserved": POINTS,
        }
        assert await counts(scene, "gifts", "gift_events", "outbox") == {"gifts": n, "gift_events": n, "outbox": n}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_gifts_that_exceed_the_balance_together_are_sent_as_far_as_it_goes(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("gifts of 60 each, from a card that has 100")
    for n in range(1, size.rounds + 1):
        # given
        poor = await member(scene, shop, points=100)
        # when
        answers = await race([partial(poor.app.do, say.SEND_GIFT, gift_of(poor, 60)) for _ in range(size.racers)])
        # then
        assert tally.add(answers) == {"GiftSent": 1, "InsufficientPoints": size.racers - 1}
        assert one(answers, "GiftSent")["card"]["balance"] == {"active": 40, "pending": 0, "reserved": 60}
        assert {(a["needed"], a["available"]) for a in only(answers, "InsufficientPoints")} == {(60, 40)}
        assert await counts(scene, "gifts", "gift_events") == {"gifts": n, "gift_events": n}
        assert await in_escrow(scene) == (n * 40, n * 60)
    await assert_lawful(scene)
    tally.print(capsys)


# ---------------------------------------------------------------- claiming


@sizes(50)
async def test_one_link_is_claimed_once(
    scene: Scene, shop: Shop, friends: list[Person], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims of one link by as many customers")
    for n in range(1, size.rounds + 1):
        token = await deliver_gift(scene, await send_gift(scene, await new_sender(scene, shop), POINTS))
        answers = await race(
            [partial(f.app.do, say.CLAIM, {"token": token, "idempotencyKey": new_key()}) for f in friends]
        )
        assert tally.add(answers) == {"GiftClaimed": 1, "GiftNotClaimable": size.racers - 1}
        assert one(answers, "GiftClaimed")["points"] == POINTS
        assert await in_escrow(scene) == (n * POINTS, 0)
    found = await counts(scene, "gifts", "gift_events", "entries")
    assert found == {"gifts": size.rounds, "gift_events": 3 * size.rounds, "entries": 4 * size.rounds}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_one_key_claims_once_and_everybody_gets_its_answer(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims with one key")
    for n in range(1, size.rounds + 1):
        # given: somebody who has no card yet, so that the claim makes one
        friend = await signed_in(scene)
        token = await deliver_gift(scene, await send_gift(scene, await new_sender(scene, shop), POINTS))
        given = {"token": token, "idempotencyKey": new_key()}
        # when
        answers = await race([partial(friend.app.do, say.CLAIM, given)] * size.racers)
        # then
        assert tally.add(answers) == {"GiftClaimed": size.racers}
        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["card"]["balance"] == {"active": POINTS}
        assert await counts(scene, "cards", "entries") == {"cards": 2 * n, "entries": 4 * n}
        assert await in_escrow(scene) == (n * POINTS, 0)
    await assert_lawful(scene)
    tally.print(capsys)


# ---------------------------------------------------------------- against each other


@sizes(10)
async def test_one_key_cancels_once_and_everybody_gets_its_answer(
    scene: Scene, shop: Shop, size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("cancellations, half with one key and half with others")
    for n in range(1, size.rounds + 1):
        sender = await new_sender(scene, shop)
        gift, key = await send_gift(scene, sender, POINTS), new_key()
        asked = [{"giftId": gift, "idempotencyKey": key if i % 2 else new_key()} for i in range(size.racers)]
        answers = await race([partial(sender.app.do, say.CANCEL_GIFT, given) for given in asked])
        won = tally.add(answers)
        # One of the others may be first; then nobody with the shared key is.
        assert won in (
            {"GiftCancelled": size.racers // 2, "GiftNotOpen": size.racers // 2},
            {"GiftCancelled": 1, "GiftNotOpen": size.racers - 1},
        )
        assert await in_escrow(scene) == (n * POINTS, 0)
        assert await counts(scene, "entries", "gift_events") == {"entries": 3 * n, "gift_events": 2 * n}
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_a_gift_is_claimed_or_cancelled(
    scene: Scene, shop: Shop, friends: list[Person], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims against cancellations")
    for n in range(1, size.rounds + 1):
        sender = await new_sender(scene, shop)
        gift = await send_gift(scene, sender, POINTS)
        token = await deliver_gift(scene, gift)
        half = size.racers // 2
        claims = [partial(f.app.do, say.CLAIM, {"token": token, "idempotencyKey": new_key()}) for f in friends[:half]]
        cancels = [
            late(n, partial(sender.app.do, say.CANCEL_GIFT, {"giftId": gift, "idempotencyKey": new_key()}))
            for _ in range(half)
        ]
        won = tally.add(await race([racer for pair in zip(claims, cancels, strict=True) for racer in pair]))
        assert won in (
            {"GiftClaimed": 1, "GiftNotClaimable": half - 1, "GiftNotOpen": half},
            {"GiftCancelled": 1, "GiftNotOpen": half - 1, "GiftNotClaimable": half},
        )
        assert await in_escrow(scene) == (n * POINTS, 0)
    await assert_lawful(scene)
    tally.print(capsys)


@sizes(10)
async def test_a_gift_is_claimed_by_a_link_or_the_link_is_ended_by_a_resend(
    scene: Scene, shop: Shop, friends: list[Person], size: Size, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally("claims against one resend")
    for n in range(1, size.rounds + 1):
        sender = await new_sender(scene, shop)
        gift = await send_gift(scene, sender, POINTS)
        token = await deliver_gift(scene, gift)
        again = {"giftId": gift, "correctedEmail": "right@example.com", "idempotencyKey": new_key()}
        claims = [
            late(n, partial(f.app.do, say.CLAIM, {"token": token, "idempotencyKey": new_key()})) for f in friends[1:]
        ]
        won = tally.add(await race([*claims, partial(sender.app.do, say.RESEND_GIFT, again)]))
        # then: where the resend was first, the new link opens what the old one no longer does
        if won == {"GiftResent": 1, "GiftNotClaimable": size.racers - 1}:
            fresh = await deliver_gift(scene, gift, delivery=2)
            claimed = await friends[0].app.do(say.CLAIM, {"token": fresh, "idempotencyKey": new_key()})
            assert claimed["__typename"] == "GiftClaimed"
        else:
            assert won == {"GiftClaimed": 1, "GiftNotClaimable": size.racers - 2, "GiftNotOpen": 1}
        assert await in_escrow(scene) == (n * POINTS, 0)
    await assert_lawful(scene)
    tally.print(capsys)
