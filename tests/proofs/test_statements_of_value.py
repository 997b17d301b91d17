"""How many statements gifts of money and of rewards take, and gift cards in the app and at the till.

BEGIN and COMMIT are counted, and so is what the built-in provider says, which is somebody else's program elsewhere.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from schema.ids import MemberGiftCardKey, RewardKey, encode
from tests.database import Database, StatementCounter
from tests.factories import Shop, make_reward
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    deliver_gift,
    member,
    mint,
    new_key,
    open_gift_card,
    open_reward,
    open_shop,
    opened,
    till,
)
from tests.proofs import documents as say
from tests.proofs.giving import claim_money, money_of, reward_of, send_money, send_reward
from tests.proofs.test_statements import REWARDS, RICH, TWENTY_LINES, Request, said
from tests.wallet.ledger.value.scenes import make_gift_card
from wallet.values import CheckInPurpose

Ready = Callable[[], Awaitable[dict[str, Any]]]
Given = Awaitable[dict[str, Any]]


@pytest.fixture
async def scene(database: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    async with opened(database, on_query=statements, pool_min=1, pool_max=1, payments="builtin") as found:
        yield found


# ---------------------------------------------------------------- between people


@dataclass(frozen=True, slots=True)
class Giving:
    """Two members of a shop that has a reward, and what each of their mutations is told."""

    scene: Scene
    shop: Shop
    sender: Member
    friend: Member
    reward: str

    async def money(self) -> dict[str, Any]:
        return money_of(self.sender)

    async def treat(self) -> dict[str, Any]:
        return reward_of(self.sender, self.reward)

    async def sent_money(self) -> dict[str, Any]:
        return {"giftId": await send_money(self.scene, self.sender)}

    async def sent_treat(self) -> dict[str, Any]:
        return {"giftId": await send_reward(self.sender, self.reward)}

    async def link_of_money(self) -> dict[str, Any]:
        return {"token": await deliver_gift(self.scene, await send_money(self.scene, self.sender))}

    async def link_of_treat(self) -> dict[str, Any]:
        return {"token": await deliver_gift(self.scene, await send_reward(self.sender, self.reward))}

    async def claimed(self) -> dict[str, Any]:
        gift, _ = await claim_money(self.scene, self.sender, self.friend)
        return {"giftId": gift, "message": "Thank you!"}

    async def scheduled(self) -> dict[str, Any]:
        tomorrow = self.scene.now + timedelta(days=1)
        gift = await send_money(self.scene, self.sender, deliverAt=tomorrow.isoformat())
        return {"giftId": gift, "deliverAt": (tomorrow + timedelta(days=1)).isoformat()}

    async def two_cards(self) -> dict[str, Any]:
        place = self.shop.merchant_id, self.shop.program_id, self.sender.person.customer_id
        one, two = [await open_gift_card(self.scene, *place, 500) for _ in range(2)]
        return {"fromId": one, "toId": two, "amountMinor": 100}


@pytest.fixture
async def giving(scene: Scene) -> Giving:
    shop = await open_shop(scene)
    sender, friend = await member(scene, shop, points=1_000), await member(scene, shop)
    return Giving(scene, shop, sender, friend, await open_reward(scene, shop, cost_points=5, stock=99))


BY_SENDER: dict[str, tuple[str, Callable[[Giving], Given], int]] = {
    "send money": (say.SEND_GIFT, Giving.money, 26),
    "send a reward": (say.SEND_GIFT, Giving.treat, 19),
    "cancel money": (say.CANCEL_GIFT, Giving.sent_money, 15),
    "cancel a reward": (say.CANCEL_GIFT, Giving.sent_treat, 15),
    "reschedule": (say.RESCHEDULE_GIFT, Giving.scheduled, 9),
    "transfer": (say.TRANSFER, Giving.two_cards, 7),
}
"""Of sending money three are the built-in provider's, and five are of noting what it said."""
BY_FRIEND: dict[str, tuple[str, Callable[[Giving], Given], int]] = {
    "decline money": (say.DECLINE, Giving.link_of_money, 16),
    "decline a reward": (say.DECLINE, Giving.link_of_treat, 15),
    "claim money": (say.CLAIM, Giving.link_of_money, 18),
    "claim a reward": (say.CLAIM, Giving.link_of_treat, 19),
    "thank": (say.THANK, Giving.claimed, 8),
}


@pytest.mark.parametrize("what", [*BY_SENDER, *BY_FRIEND])
async def test_what_is_done_with_a_gift_takes_so_many_statements(
    giving: Giving, statements: StatementCounter, what: str
) -> None:
    document, given, exactly = {**BY_SENDER, **BY_FRIEND}[what]
    person = giving.sender if what in BY_SENDER else giving.friend

    async def ready() -> Ready:
        told = {**await given(giving), "idempotencyKey": new_key()}
        return lambda: person.app.do(document, told)

    seen = await said(statements, ready)
    assert len(seen) == exactly, seen


@pytest.mark.parametrize(("before", "exactly"), [(0, 6), (1, 5)], ids=["first", "again"])
async def test_seeing_a_gift_takes_so_many_statements(
    giving: Giving, statements: StatementCounter, before: int, exactly: int
) -> None:
    async def ready() -> Ready:
        given = await giving.link_of_money()
        for _ in range(before):
            await giving.friend.app.ask(say.MARK_VIEWED, given)
        return lambda: giving.friend.app.ask(say.MARK_VIEWED, given)

    seen = await said(statements, ready)
    assert len(seen) == exactly, seen


# ---------------------------------------------------------------- in the app


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(("document", "exactly"), [(say.STORED, 3), (say.SENT, 5), (say.RECEIVED, 4)])
async def test_pages_of_gifts_and_gift_cards_take_as_many_however_long(
    scene: Scene, statements: StatementCounter, document: str, exactly: int, count: int
) -> None:
    # given gifts of money and of rewards between two, some of them claimed
    shop = await open_shop(scene)
    sender, friend = await member(scene, shop, points=1_000), await member(scene, shop)
    reward = await open_reward(scene, shop, cost_points=5)
    for _ in range(count):
        await claim_money(scene, sender, friend)
        token = await deliver_gift(scene, await send_reward(sender, reward))
        await friend.app.do(say.CLAIM, {"token": token, "idempotencyKey": new_key()})
    owner = sender if document == say.SENT else friend

    async def ready() -> Ready:
        return lambda: owner.app.ask(document)

    # when
    seen = await said(statements, ready)
    # then
    [shown] = (await owner.app.ask(document))["viewer"].values()
    assert len(shown if document == say.STORED else shown["edges"]) == (count if document == say.STORED else 2 * count)
    assert len(seen) == exactly, seen


# ---------------------------------------------------------------- at the till


def paying(scene: Scene, shop: Shop, owner: Member, at: Till, *, tenders: int, rewards: int, document: str) -> Request:
    """A basket of twenty lines, with so many rewards and paid with so many gift cards of the customer's."""

    async def ready() -> Ready:
        async with scene.live.runtime.pool.acquire() as conn:
            cards = [
                await make_gift_card(conn, shop, 100, owner=owner.person.customer_id, now=scene.now)
                for _ in range(tenders)
            ]
            bought = [
                await make_reward(conn, shop, kind=kind, cost_points=20, stock=20, now=scene.now, **gives)
                for kind, gives in REWARDS[:rewards]
            ]
        token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
        sale = {
            **basket(),
            "lines": TWENTY_LINES,
            "customer": {"code": token},
            "rewardIds": [encode(RewardKey(shop.merchant_id, each.reward_id)) for each in bought],
            "tenders": [{"giftCard": {"id": encode(MemberGiftCardKey(shop.merchant_id, card))}} for card in cards],
        }
        given = sale if document == say.QUOTE else {"sale": sale, "idempotencyKey": new_key()}
        return lambda: at.pos.do(document, given)

    return ready


@pytest.mark.parametrize(
    ("document", "tenders", "rewards", "exactly"),
    [
        (say.QUOTE, 0, 2, 6),
        (say.QUOTE, 2, 2, 7),
        (say.CHECKOUT, 0, 2, 14),
        (say.CHECKOUT, 1, 0, 14),
        (say.CHECKOUT, 2, 0, 14),
        (say.CHECKOUT, 2, 2, 17),
        (say.CHECKOUT, 5, 2, 17),
    ],
)
async def test_a_bill_paid_with_gift_cards_takes_so_many_statements(
    scene: Scene, statements: StatementCounter, document: str, tenders: int, rewards: int, exactly: int
) -> None:
    shop = await open_shop(scene, rules=RICH)
    owner, at = await member(scene, shop, points=900), await till(scene, shop)
    request = paying(scene, shop, owner, at, tenders=tenders, rewards=rewards, document=document)
    seen = await said(statements, request)
    assert len(seen) == exactly, seen


SOLD = {"lineId": "g", "kind": "GIFT_CARD_SALE", "amountMinor": 3_000}


@pytest.mark.parametrize(("quantity", "exactly"), [(1, 15), (3, 19)])
async def test_selling_gift_cards_takes_so_many_statements(
    scene: Scene, statements: StatementCounter, quantity: int, exactly: int
) -> None:
    shop = await open_shop(scene)
    owner, at = await member(scene, shop), await till(scene, shop)

    async def ready() -> Ready:
        token, _ = await mint(scene, owner)
        sale = {**basket(), "lines": [{**SOLD, "quantity": quantity}], "customer": {"code": token}}
        given = {"sale": sale, "idempotencyKey": new_key()}
        return lambda: at.pos.do(say.CHECKOUT, given)

    seen = await said(statements, ready)
    assert len(seen) == exactly, seen


async def test_loading_a_gift_card_by_its_number_takes_so_many_statements(
    scene: Scene, statements: StatementCounter
) -> None:
    """Twice two are those that count tries of numbers, two find the card and who asks."""
    shop = await open_shop(scene)
    owner, at = await member(scene, shop), await till(scene, shop)
    token, _ = await mint(scene, owner)
    sale = {**basket(), "lines": [SOLD], "customer": {"code": token}}
    made = await at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})
    ref = {"number": made["giftCardsSold"][0]["number"]}

    async def ready() -> Ready:
        token, _ = await mint(scene, owner)
        sale = {**basket(), "lines": [{**SOLD, "loads": ref}], "customer": {"code": token}}
        given = {"sale": sale, "idempotencyKey": new_key()}
        return lambda: at.pos.do(say.CHECKOUT, given)

    seen = await said(statements, ready)
    assert len(seen) == 21, seen


@pytest.mark.parametrize(
    ("what", "exactly"), [("to two cards", 21), ("a second part", 22), ("a card that was sold", 15), ("money", 17)]
)
async def test_refunds_to_and_of_gift_cards_take_so_many_statements(
    scene: Scene, statements: StatementCounter, what: str, exactly: int
) -> None:
    shop = await open_shop(scene)
    owner, at = await member(scene, shop), await till(scene, shop)
    tenders = 2 if what in ("to two cards", "a second part") else 0

    async def ready() -> Ready:
        checkout = await paying(scene, shop, owner, at, tenders=tenders, rewards=0, document=say.CHECKOUT)()
        if what == "a card that was sold":
            token, _ = await mint(scene, owner)
            sale = {**basket(), "lines": [SOLD], "customer": {"code": token}}
            sold = await at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})
        else:
            sold = await checkout()
        sale_id = sold["sale"]["id"]
        if what == "a second part":
            await at.pos.do(say.REFUND, {"saleId": sale_id, "amountMinor": 50, "idempotencyKey": new_key()})
        given = {"saleId": sale_id, "idempotencyKey": new_key()}
        return lambda: at.pos.do(say.REFUND, given)

    seen = await said(statements, ready)
    assert len(seen) == exactly, seen
