"""Gifts against a plain model over random lives: the same status, the same links, and the points in one place."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from infra.pool import create_pool
from tests.database import Database
from tests.wallet.gifts import scenes
from wallet import audit, gifts
from wallet.database import Conn
from wallet.errors import GiftNotClaimable, GiftNotOpen, InsufficientPoints, TooManyAttempts
from wallet.gifts import DeliveryProblem, Gift
from wallet.gifts.resending import RESENDS_A_DAY
from wallet.rules import GiftRules, Rules
from wallet.values import GiftStatus

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
POINTS = 300
DAYS = 10
MANY = Rules(gifts=GiftRules(per_day=1000, recipients_per_day=1000, return_days=DAYS))

CLOSED = {GiftStatus.CLAIMED, GiftStatus.CANCELLED, GiftStatus.RETURNED}


@dataclass(slots=True)
class ModelGift:
    """What a gift must be: written down from the rules, without a database."""

    gift: Gift
    deliver_at: datetime
    claimable_until: datetime
    status: GiftStatus = GiftStatus.SCHEDULED
    delivery: int = 1
    sent: bool = False
    live: set[bytes] = field(default_factory=set)
    resent_at: list[datetime] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status not in CLOSED


class LifeOfGifts(RuleBasedStateMachine):
    """Each rule does the same thing to the gifts and to the model; after each, both must stand alike."""

    loop: asyncio.AbstractEventLoop
    conn: Conn

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.gifts: list[ModelGift] = []
        self.links: list[tuple[bytes, ModelGift]] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def refused(self, work: Coroutine[Any, Any, Any], *how: type[Exception]) -> bool:
        """Does it, and says whether it was refused in one of these ways."""
        try:
            self.run(work)
        except how:
            return True
        return False

    def draw(self, data: st.DataObject) -> ModelGift:
        return data.draw(st.sampled_from(self.gifts))

    @initialize()
    def open_shop(self) -> None:
        # Friends' mailboxes differ, since one database sees all the lives of a run.
        friend = f"friend{self.run(self.conn.fetchval('SELECT gen_random_uuid()'))}@example.com"
        self.scene = self.run(scenes.make_scene(self.conn, points=POINTS, rules=MANY, friend=friend, now=self.now))

    @rule(points=st.integers(1, 120), days=st.sampled_from([0, 0, 0, 2]))
    def send(self, points: int, days: int) -> None:
        deliver_at = self.now + timedelta(days=days)
        enough = points <= POINTS - sum(m.gift.points for m in self.gifts if m.open or m.status is GiftStatus.CLAIMED)

        async def work() -> None:
            sent = await scenes.send(self.conn, self.scene, points=points, deliver_at=deliver_at, now=self.now)
            self.gifts.append(ModelGift(sent.gift, deliver_at, deliver_at + timedelta(days=DAYS)))

        assert self.refused(work(), InsufficientPoints) is not enough

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def worker_prepares(self, data: st.DataObject) -> None:
        model = self.draw(data)
        link, mail = self.run(scenes.prepare(self.conn, model.gift, delivery=model.delivery, now=self.now))
        due = model.status is GiftStatus.SCHEDULED and model.deliver_at <= self.now < model.claimable_until
        assert (mail is not None) is due
        self.links.append((link, model))
        if due:
            model.live.add(link)

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def mail_left(self, data: st.DataObject) -> None:
        model = self.draw(data)
        noted = self.run(scenes.record_sent(self.conn, model.gift, delivery=model.delivery, now=self.now))
        assert noted is not model.sent
        if noted and model.open:
            # That it was refused is the last word on a mail.
            if model.status is GiftStatus.SCHEDULED:
                model.status = GiftStatus.SENT
            model.claimable_until = self.now + timedelta(days=DAYS)
        model.sent = True

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def mail_was_refused(self, data: st.DataObject) -> None:
        model = self.draw(data)

        async def work() -> bool:
            async with self.conn.transaction():
                return await gifts.record_bounced(
                    self.conn,
                    merchant_id=model.gift.merchant_id,
                    gift_id=model.gift.gift_id,
                    delivery=model.delivery,
                    problem=DeliveryProblem.REFUSED,
                    now=self.now,
                )

        assert self.run(work()) is (model.status is GiftStatus.SCHEDULED)
        if model.status is GiftStatus.SCHEDULED:
            model.status = GiftStatus.BOUNCED

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        model = self.draw(data)
        lately = [at for at in model.resent_at if at > self.now - timedelta(days=1)]
        allowed = model.open and len(lately) < RESENDS_A_DAY

        refused = self.refused(scenes.resend(self.conn, model.gift, now=self.now), GiftNotOpen, TooManyAttempts)

        assert refused is not allowed
        if allowed:
            model.status, model.sent, model.delivery = GiftStatus.SCHEDULED, False, model.delivery + 1
            model.claimable_until = max(model.deliver_at, self.now) + timedelta(days=DAYS)
            model.live.clear()
            model.resent_at.append(self.now)

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        model = self.draw(data)
        refused = self.refused(scenes.cancel(self.conn, model.gift, now=self.now), GiftNotOpen)
        assert refused is not model.open
        if model.open:
            model.status = GiftStatus.CANCELLED

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        link, model = data.draw(st.sampled_from(self.links))
        allowed = model.open and link in model.live and self.now < model.claimable_until

        refused = self.refused(
            scenes.claim(self.conn, link, customer_id=self.scene.friend, now=self.now), GiftNotClaimable
        )

        assert refused is not allowed
        if allowed:
            model.status = GiftStatus.CLAIMED

    @rule()
    def sweep(self) -> None:
        async def work() -> int:
            async with self.conn.transaction():
                return len(await gifts.return_due(self.conn, limit=50, now=self.now))

        due = [m for m in self.gifts if m.open and m.claimable_until <= self.now]
        assert self.run(work()) == len(due)
        for model in due:
            model.status = GiftStatus.RETURNED

    @rule(hours=st.sampled_from([1, 12, 24, 24 * 9]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def both_stand_alike(self) -> None:
        if not hasattr(self, "scene"):
            return

        async def work() -> None:
            claimed = sum(m.gift.points for m in self.gifts if m.status is GiftStatus.CLAIMED)
            waiting = sum(m.gift.points for m in self.gifts if m.open)
            scene = self.scene
            assert await scenes.balance(self.conn, scene, scene.friend) == (claimed, 0)
            assert await scenes.balance(self.conn, scene, scene.sender) == (POINTS - claimed - waiting, waiting)
            for model in self.gifts:
                gift = await scenes.read(self.conn, scene, model.gift)
                assert (gift.status, gift.delivery, gift.claimable_until, gift.sent_at is not None) == (
                    model.status,
                    model.delivery,
                    model.claimable_until,
                    model.sent,
                )
            for link, model in self.links[-5:]:
                shown = await gifts.preview(self.conn, link_hash=link, now=self.now)
                alive = model.open and link in model.live and self.now < model.claimable_until
                assert (shown is not None) is alive

        self.run(work())

    def teardown(self) -> None:
        async def work() -> list[audit.Verdict]:
            # This life is over: what it leaves behind is no other life's.
            async with self.conn.transaction():
                await gifts.return_due(self.conn, limit=1000, now=self.now + timedelta(days=400))
            return [verdict async for verdict in audit.verdicts(self.conn)]

        if self.gifts:
            assert [verdict for verdict in self.run(work()) if verdict.count] == []


def live(database: Database, *, examples: int, steps: int) -> None:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        pool = runner.run(create_pool(database.dsn, max_size=2))
        held = pool.acquire()
        conn = runner.run(held.__aenter__())
        machine = type("Machine", (LifeOfGifts,), {"loop": loop, "conn": conn})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(held.__aexit__(None, None, None))
        runner.run(pool.close())


def test_gifts_agree_with_a_plain_model_over_random_lives(database: Database) -> None:
    live(database, examples=30, steps=30)


@pytest.mark.soak
def test_gifts_agree_with_a_plain_model_over_a_thousand_lives(database: Database) -> None:
    live(database, examples=1_000, steps=50)
    print("\ngifts against their model: 1,000 lives of up to 50 steps")  # noqa: T201
