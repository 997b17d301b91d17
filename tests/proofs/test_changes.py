"""Live changes of a card over a real socket: from any process, in order, none missing, and for its owner alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth import access_tokens
from auth.access_tokens import LIFE
from tests.database import Database
from tests.factories import Shop, make_points
from tests.faults import processes
from tests.infra.edge import talk
from tests.journeys import (
    Member,
    Scene,
    basket,
    deliver_gift,
    member,
    new_key,
    open_reward,
    open_shop,
    opened,
    send_gift,
    show_code,
    till,
)
from tests.live import Caller
from tests.proofs import documents as say
from tests.proofs.giving import send_reward
from tests.proofs.racing import race
from tests.proofs.sockets import Change, changes, connected, refusal, subscribe, until_watched, watchers
from tests.wire import KeepAlive

NEVER = 3600.0
SOON = 0.1


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """Changes are heard of by message or not at all."""
    async with opened(database, compare_seconds=NEVER) as found:
        yield found


@pytest.fixture
async def shop(scene: Scene) -> Shop:
    return await open_shop(scene)


@pytest.fixture
async def owner(scene: Scene, shop: Shop) -> Member:
    return await member(scene, shop, points=100)


def sale(code: str, n: int = 1) -> dict[str, Any]:
    return {"sale": {**basket(receipt=f"R-{n}"), "customer": {"code": code}}, "idempotencyKey": new_key()}


def told(change: Change) -> tuple[object, ...]:
    """A change in short: the card's revision and balances, and its line."""
    balance, entry = change["card"]["balance"], change["entry"]
    line = (entry["kind"], entry["points"], entry["balanceAfter"], entry["receiptNumber"]) if entry else None
    return change["card"]["revision"], balance["active"], balance["reserved"], line


# ---------------------------------------------------------------- from wherever, in order


async def test_what_another_process_commits_arrives_in_order(
    scene: Scene, shop: Shop, owner: Member, database: Database, tmp_path: Path
) -> None:
    # given: the phone listens to this process, and the till talks to another
    at = await till(scene, shop)
    async with (
        processes.api(processes.settings_of(database), tmp_path) as other,
        httpx.AsyncClient(base_url=other.base_url, transport=KeepAlive()) as http,
        connected(scene, owner.app.token) as socket,
    ):
        pos = Caller(http, "/pos/graphql", at.pos.token)
        await subscribe(socket, owner.card)
        await until_watched(scene, 1)
        # when
        await pos.do(say.CHECKOUT, sale(await show_code(scene, owner), 1))
        sold = await pos.do(say.CHECKOUT, sale(await show_code(scene, owner), 2))
        await pos.do(say.REFUND, {"saleId": sold["sale"]["id"], "lineIds": ["2"], "idempotencyKey": new_key()})
        heard = await changes(socket, 3)
    # then
    assert [told(change) for change in heard] == [
        (2, 350, 0, ("EARNED", 250, 350, "R-1")),
        (3, 600, 0, ("EARNED", 250, 600, "R-2")),
        (4, 550, 0, ("REFUNDED", -50, 550, "R-2")),
    ]
    assert [change["card"]["balance"]["lifetimeEarned"] for change in heard] == [350, 600, 550]
    assert heard[0]["card"]["id"] == owner.card
    assert heard[0]["entry"]["storeName"].startswith("Store ")
    assert all(change["entry"]["reasons"] for change in heard)


async def test_none_is_missing_and_none_comes_twice_however_many_change_the_card_at_once(
    scene: Scene, shop: Shop, owner: Member
) -> None:
    # given
    tills = [await till(scene, shop) for _ in range(4)]
    rounds, racers = 5, 8
    async with connected(scene, owner.app.token) as first, connected(scene, owner.app.token) as second:
        await subscribe(first, owner.card)
        await until_watched(scene, 1)
        # when: a second phone begins to listen in the middle of it
        for n in range(rounds):
            if n == 2:
                await subscribe(second, owner.card)
            sales = [sale(await show_code(scene, owner)) for _ in range(racers)]
            await race([partial(tills[i % 4].pos.do, say.CHECKOUT, sales[i]) for i in range(racers)])
        last = 1 + rounds * racers
        heard = await changes(first, rounds * racers)
        heard_late = await changes(second, 1)
        heard_late += await changes(second, last - heard_late[0]["card"]["revision"])
    # then
    assert [told(change) for change in heard] == [
        (n, 100 + 250 * (n - 1), 0, ("EARNED", 250, 100 + 250 * (n - 1), "R-1")) for n in range(2, last + 1)
    ]
    assert heard_late == heard[-len(heard_late) :]


async def test_a_change_that_nobody_told_of_is_found_by_comparison(database: Database) -> None:
    async with opened(database, compare_seconds=SOON) as scene:
        shop = await open_shop(scene)
        owner = await member(scene, shop, points=100)
        async with connected(scene, owner.app.token) as socket:
            await subscribe(socket, owner.card)
            await until_watched(scene, 1)
            # when: committed, and no message sent, as by a process that was killed in between
            async with scene.live.runtime.pool.acquire() as conn:
                for points in (5, 6):
                    await make_points(conn, shop, owner.card_id, points, now=scene.now)
            # then
            heard = await changes(socket, 2)
    assert [told(change)[:2] for change in heard] == [(2, 105), (3, 111)]


# ---------------------------------------------------------------- gifts


async def test_the_sender_hears_that_a_gift_was_claimed_by_a_change_without_a_line(
    scene: Scene, shop: Shop, owner: Member
) -> None:
    # given
    friend = await member(scene, shop)
    gift = await send_gift(scene, owner, 30)
    token = await deliver_gift(scene, gift)
    async with connected(scene, owner.app.token) as senders, connected(scene, friend.app.token) as friends:
        await subscribe(senders, owner.card)
        await subscribe(friends, friend.card)
        await until_watched(scene, 2)
        # when
        await friend.app.do(say.CLAIM, {"token": token, "idempotencyKey": new_key()})
        # then
        assert [told(change) for change in await changes(senders, 1)] == [(3, 70, 0, None)]
        assert [told(change) for change in await changes(friends, 1)] == [(1, 30, 0, ("GIFT_RECEIVED", 30, 30, None))]


async def test_a_gift_that_is_sent_and_cancelled_is_two_changes(scene: Scene, owner: Member) -> None:
    async with connected(scene, owner.app.token) as socket:
        await subscribe(socket, owner.card)
        await until_watched(scene, 1)
        gift = await send_gift(scene, owner, 30)
        await owner.app.do(say.CANCEL_GIFT, {"giftId": gift, "idempotencyKey": new_key()})
        assert [told(change) for change in await changes(socket, 2)] == [
            (2, 70, 30, ("GIFT_SENT", -30, 70, None)),
            (3, 100, 0, ("GIFT_RETURNED", 30, 100, None)),
        ]


async def test_a_gift_of_a_reward_is_heard_as_a_purchase_and_its_return(
    scene: Scene, shop: Shop, owner: Member
) -> None:
    reward = await open_reward(scene, shop, cost_points=30)
    friend = await member(scene, shop)
    async with connected(scene, owner.app.token) as socket:
        await subscribe(socket, owner.card)
        await until_watched(scene, 1)
        # when
        token = await deliver_gift(scene, await send_reward(owner, reward))
        await friend.app.do(say.DECLINE, {"token": token, "idempotencyKey": new_key()})
        # then
        heard = await changes(socket, 2)
    assert [change["card"]["balance"]["active"] for change in heard] == [70, 100]
    assert all(change["entry"] for change in heard)


# ---------------------------------------------------------------- for its owner, and while they are signed in


async def test_somebody_elses_card_is_refused_before_the_first_event(scene: Scene, shop: Shop, owner: Member) -> None:
    stranger = await member(scene, shop)
    async with connected(scene, stranger.app.token) as socket:
        await subscribe(socket, owner.card)
        assert await refusal(socket) == "BAD_USER_INPUT"
    async with connected(scene, None) as socket:
        await subscribe(socket, owner.card)
        assert await refusal(socket) == "UNAUTHENTICATED"
    assert watchers(scene) == 0


async def test_who_signs_out_hears_nothing_more(scene: Scene, shop: Shop, owner: Member) -> None:
    async with connected(scene, owner.app.token) as socket:
        await subscribe(socket, owner.card)
        await until_watched(scene, 1)
        # when
        signed_out = await owner.app.ask("mutation { signOut { __typename } }")
        assert signed_out["signOut"]["__typename"] == "SignedOut"
        at = await till(scene, shop)
        await at.pos.do(say.CHECKOUT, sale(await show_code(scene, owner)))
        # then
        assert await refusal(socket) == "UNAUTHENTICATED"


async def test_a_socket_ends_with_its_access_token(scene: Scene, owner: Member) -> None:
    # given: a token with a second left
    runtime = scene.live.runtime
    ring = await runtime.rings.current(scene.now)
    session_id = owner.person.tokens.session_id
    token = access_tokens.issue_to_customer(
        ring,
        customer_id=owner.person.customer_id,
        session_id=session_id,
        now=scene.now - LIFE + timedelta(seconds=1),
    )
    async with connected(scene, token.text) as socket:
        await subscribe(socket, owner.card)
        assert await talk.close_code(socket) == 4403
        assert scene.now >= token.expires_at
    await until_watched(scene, 0)


async def test_a_socket_ends_when_the_clock_is_moved_past_its_token(scene: Scene, owner: Member) -> None:
    async with connected(scene, owner.app.token) as socket:
        await subscribe(socket, owner.card)
        await until_watched(scene, 1)
        scene.live.clock.advance(LIFE)
        await talk.send(socket, talk.PING)
        assert await talk.close_code(socket) == 4403
    await until_watched(scene, 0)


# ---------------------------------------------------------------- and leaves nothing behind


async def test_a_thousand_subscriptions_leave_no_watcher_behind(scene: Scene, owner: Member) -> None:
    async with connected(scene, owner.app.token) as socket:
        await subscribe(socket, owner.card, id="warm")
        await until_watched(scene, 1)
        tasks = len(asyncio.all_tasks())
        for _ in range(100):
            for n in range(9):
                await subscribe(socket, owner.card, id=str(n))
            await until_watched(scene, 10)
            for n in range(9):
                await talk.send(socket, {"type": "complete", "id": str(n)})
            await until_watched(scene, 1)
        async with asyncio.timeout(talk.PATIENCE_SECONDS):
            while len(asyncio.all_tasks()) > tasks:  # a statement that was given up is still being cancelled
                await asyncio.sleep(0)
    for _ in range(100):
        async with connected(scene, owner.app.token) as socket:
            await subscribe(socket, owner.card)
            await until_watched(scene, 1)
        await until_watched(scene, 0)
    assert scene.live.runtime.changes._watchers == {}
    assert scene.live.runtime.changes._revisions == {}
    assert scene.live.runtime.pool.idle == scene.live.runtime.pool.size
