"""kill -9 of the API at every statement of what is done with money value: sell, spend, give back, give, claim, decline.

Whoever heard nothing asks again with the same key: it was done once, and every unit is in one place.
"""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from auth import links
from schema.ids import GiftKey, MemberGiftCardKey, RewardKey, encode
from tests import journeys
from tests.database import Database
from tests.faults.history import Deed, Unknown, answer_to
from tests.faults.processes import audit, settings_of
from tests.faults.proxy import Cut
from tests.faults.shop import scene_of
from tests.faults.test_killed_payments import STRANGE_SQL, Town, started, town_of
from tests.journeys import Member, Scene, Till, member, mint, new_key, open_reward
from tests.proofs import documents as say
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.payments.scenes import Paying
from wallet import gifts
from wallet.payments import PaymentState
from wallet.values import CheckInPurpose, GiftCardId, MerchantId

FULL, PART, POINTS = 1_000, 300, 50

CARD_SQL = "SELECT balance_minor FROM gift_cards WHERE gift_card_id = $1"
ACTIVITIES_SQL = "SELECT count(*) FROM gift_card_activities WHERE gift_card_id = $1"
SALE_SQL = "SELECT sale_id FROM sales WHERE idempotency_key = $1"
SOLD_SQL = """
    SELECT e.kind, e.amount_minor, g.balance_minor
    FROM gift_cards_sold AS s
    JOIN gift_card_activities AS e ON e.gift_card_id = s.gift_card_id AND e.seq = s.seq
    JOIN gift_cards AS g ON g.gift_card_id = s.gift_card_id
    WHERE s.sale_id = $1
"""
STOOD_SQL = """
    SELECT (SELECT stock FROM rewards WHERE merchant_id = $1 AND reward_id = $3) AS stock,
           SUM(balance) FILTER (WHERE kind = 'active')::bigint AS active,
           COALESCE(SUM(balance) FILTER (WHERE kind = 'gift'), 0)::bigint AS reserved
    FROM accounts
    WHERE merchant_id = $1 AND card_id = $2
"""
GIFT_SQL = """
    SELECT g.status, p.state, c.state AS card, c.balance_minor, c.owner_customer_id
    FROM gifts AS g
    JOIN payments AS p ON p.gift_id = g.gift_id
    JOIN gift_cards AS c ON c.gift_id = g.gift_id
    WHERE g.gift_id = $1
"""

Check = Callable[[dict[str, Any]], Awaitable[None]]
Begun = tuple[Deed, Check]


@dataclass(slots=True)
class Counted:
    """What was killed, and whether it had been done by then."""

    kills: Counter[str] = field(default_factory=Counter)
    done: int = 0

    def __str__(self) -> str:
        kills = ", ".join(f"{times} at {what}" for what, times in sorted(self.kills.items()))
        return f"{self.kills.total()} kills ({kills}), {self.done} of which had been done before"


@dataclass(slots=True)
class Desk:
    """A shop with a till, a reward of which there are three, and a member who has points and a gift card."""

    town: Town
    scene: Scene
    till: Till
    owner: Member
    reward: str

    @property
    def merchant_id(self) -> MerchantId:
        return self.town.shop.merchant_id

    async def card(self) -> GiftCardId:
        conn, now = self.town.conn, self.town.now()
        return await make_gift_card(conn, self.town.shop, FULL, owner=self.owner.person.customer_id, now=now)

    async def balance(self, card: GiftCardId) -> tuple[int, int]:
        """What is on the card, and how many activities led there."""
        conn = self.town.conn
        return await conn.fetchval(CARD_SQL, card), await conn.fetchval(ACTIVITIES_SQL, card)

    async def sale(self, **chosen: Any) -> dict[str, Any]:
        token, _ = await mint(self.scene, self.owner, CheckInPurpose.REDEEM)
        return {"customer": {"code": token}, "receiptNumber": "R-1", "currency": "INR", **chosen}

    async def paying(self, *cards: GiftCardId) -> Deed:
        """A sale of twice as much as a card has, to which each card gives a part."""
        tenders = [
            {"giftCard": {"id": encode(MemberGiftCardKey(self.merchant_id, card))}, "amountMinor": PART}
            for card in cards
        ]
        sale = await self.sale(lines=[{"lineId": "1", "amountMinor": 2 * FULL}], tenders=tenders)
        return self.deed(say.CHECKOUT, "SaleRecorded", sale=sale)

    def deed(self, document: str, wanted: str, **given: Any) -> Deed:
        caller = self.till.pos if document in (say.CHECKOUT, say.REFUND) else self.owner.app
        return Deed(self.owner.card_id, caller, document, {**given, "idempotencyKey": new_key()}, wanted)

    async def paid_gift(self) -> tuple[Paying, str]:
        """A gift of money that was paid at the bank and mailed; the token of its link."""
        paying = await started(self.town)
        await self.town.press(paying, "approve")
        await self.town.until_state(paying, PaymentState.PAID)
        link, conn, now = links.new_link(), self.town.conn, self.town.now()
        async with conn.transaction():
            # The worker may have mailed it by now; this is one more link of the same delivery.
            await conn.execute(
                "UPDATE gifts SET status = 'SCHEDULED', sent_at = NULL WHERE gift_id = $1", paying.gift_id
            )
            mail = await gifts.prepare_delivery(
                conn, merchant_id=self.merchant_id, gift_id=paying.gift_id, delivery=1, link_hash=link.hash, now=now
            )
            assert mail is not None
            await gifts.record_sent(conn, merchant_id=self.merchant_id, gift_id=paying.gift_id, delivery=1, now=now)
        return paying, link.token


async def spend(at: Desk) -> Begun:
    cards = [await at.card(), await at.card()]

    async def check(_answer: dict[str, Any]) -> None:
        assert [await at.balance(card) for card in cards] == [(FULL - PART, 2)] * 2

    return await at.paying(*cards), check


async def give_back(at: Desk) -> Begun:
    cards = [await at.card(), await at.card()]
    sold = await answer_to(await at.paying(*cards))

    async def check(_answer: dict[str, Any]) -> None:
        assert [await at.balance(card) for card in cards] == [(FULL, 3)] * 2

    return at.deed(say.REFUND, "SaleRefunded", saleId=sold["sale"]["id"]), check


async def sell(at: Desk) -> Begun:
    line = {"lineId": "g", "amountMinor": 2 * FULL, "kind": "GIFT_CARD_SALE", "quantity": 2}
    deed = at.deed(say.CHECKOUT, "SaleRecorded", sale=await at.sale(lines=[line]))

    async def check(_answer: dict[str, Any]) -> None:
        sale_id = await at.town.conn.fetchval(SALE_SQL, deed.key)
        rows = await at.town.conn.fetch(SOLD_SQL, sale_id)
        assert [(row["kind"], row["amount_minor"], row["balance_minor"]) for row in rows] == [
            ("ACTIVATE", FULL, FULL)
        ] * 2

    return deed, check


async def give_reward(at: Desk) -> Begun:
    given = {"cardId": at.owner.card, "rewardId": at.reward, "recipientName": "Friend"}
    deed = at.deed(say.SEND_GIFT, "GiftSent", **given, recipientEmail="friend@example.com")

    async def check(answer: dict[str, Any]) -> None:
        assert await stood(at) == (2, POINTS, POINTS)
        await answer_to(at.deed(say.CANCEL_GIFT, "GiftCancelled", giftId=answer["gift"]["id"]))
        assert await stood(at) == (3, 2 * POINTS, 0)

    return deed, check


async def cancel_reward(at: Desk) -> Begun:
    given = {"cardId": at.owner.card, "rewardId": at.reward, "recipientName": "Friend"}
    sent = await answer_to(at.deed(say.SEND_GIFT, "GiftSent", **given, recipientEmail="friend@example.com"))

    async def check(_answer: dict[str, Any]) -> None:
        assert await stood(at) == (3, 2 * POINTS, 0)

    return at.deed(say.CANCEL_GIFT, "GiftCancelled", giftId=sent["gift"]["id"]), check


async def ended(at: Desk, paying: Paying) -> tuple[object, ...]:
    """How the gift, its payment and its gift card stand, with what on it, and whose."""
    row = await at.town.conn.fetchrow(GIFT_SQL, paying.gift_id)
    assert row is not None
    return tuple(row[column] for column in ("status", "state", "card", "balance_minor", "owner_customer_id"))


async def stood(at: Desk) -> tuple[int, int, int]:
    """How many of the reward are left, and the member's active and reserved points."""
    key = journeys.key_of(at.reward)
    assert isinstance(key, RewardKey)
    row = await at.town.conn.fetchrow(STOOD_SQL, at.merchant_id, at.owner.card_id, key.reward_id)
    assert row is not None
    return row["stock"], row["active"], row["reserved"]


async def claim(at: Desk) -> Begun:
    paying, token = await at.paid_gift()

    async def check(_answer: dict[str, Any]) -> None:
        row = await ended(at, paying)
        amount, owner = paying.payment.amount.amount_minor, at.owner.person.customer_id
        assert row == ("CLAIMED", "PAID", "ACTIVE", amount, owner)

    return at.deed(say.CLAIM, "GiftClaimed", token=token), check


async def decline(at: Desk) -> Begun:
    paying, token = await at.paid_gift()

    async def check(_answer: dict[str, Any]) -> None:
        await at.town.until_state(paying, PaymentState.REFUNDED)
        row = await ended(at, paying)
        assert row == ("DECLINED", "REFUNDED", "DEACTIVATED", 0, None)

    return at.deed(say.DECLINE, "GiftDeclined", token=token), check


async def cancel_money(at: Desk) -> Begun:
    paying, _ = await at.paid_gift()
    sender = await journeys.phone_of(at.scene, paying.sender, "sender@example.com")
    gift = encode(GiftKey(at.merchant_id, paying.gift_id))
    said = {"giftId": gift, "idempotencyKey": new_key()}

    async def check(_answer: dict[str, Any]) -> None:
        await at.town.until_state(paying, PaymentState.REFUNDED)
        row = await ended(at, paying)
        assert row == ("CANCELLED", "REFUNDED", "DEACTIVATED", 0, None)

    return Deed(paying.card_id, sender.app, say.CANCEL_GIFT, said, "GiftCancelled"), check


KINDS = (spend, give_back, sell, give_reward, cancel_reward, claim, decline, cancel_money)


async def killed(town: Town, deed: Deed, statement: int, where: Cut, counted: Counted) -> tuple[bool, dict[str, Any]]:
    """Whether the API died at it, and what the caller is told in the end. It asks again until it is told."""
    victim = town.api.running
    town.proxy.kill_at(statement, where, victim.child.kill)
    answer: dict[str, Any] | None = None
    try:
        answer = await answer_to(deed)
    except Unknown:
        assert town.proxy.has_cut
    died = town.proxy.has_cut
    town.proxy.disarm()
    if died:
        await town.dead(victim)
        await town.api.start()
    for _ in range(100):
        try:
            again = await answer_to(deed)
        except Unknown:
            await asyncio.sleep(0.1)
            continue
        assert again["__typename"] == deed.wanted, again
        counted.done += died and answer is None and bool(again.get("replayed"))
        return died, again
    raise AssertionError("it is never answered")


async def opened(town: Town, scene: Scene) -> Desk:
    reward = await open_reward(scene, town.shop, slug=f"coffee-{new_key()}", cost_points=POINTS, stock=3)
    owner = await member(scene, town.shop, points=2 * POINTS)
    return Desk(town, scene, await journeys.till(scene, town.shop), owner, reward)


@pytest.mark.parametrize("kinds", [pytest.param(1, id="some"), pytest.param(None, id="all", marks=pytest.mark.soak)])
async def test_api_killed_at_any_statement_moves_money_value_once(
    database: Database, conn: Any, tmp_path: Path, kinds: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = Counted()
    async with (
        town_of(database, conn, tmp_path, victim="api") as town,
        scene_of(database, town.api.base_url) as scene,
    ):
        await town.start_worker()
        for kind in KINDS if kinds is None else random.sample(KINDS, kinds):
            for statement in count(1) if kinds is None else [random.randint(2, 9)]:
                reached = False
                for where in Cut if kinds is None else [random.choice(list(Cut))]:
                    at = await opened(town, scene)
                    deed, check = await kind(at)
                    died, answer = await killed(town, deed, statement, where, counted)
                    await check(answer)
                    counted.kills[kind.__name__] += died
                    reached |= died
                # A statement that is never reached: there are no more.
                if not reached:
                    break
        assert await conn.fetchval(STRANGE_SQL) == 0
        await audit(settings_of(database))
    with capsys.disabled():
        sys.stdout.write(f"\nkill -9 of the API while money value moves: {counted}\n")
