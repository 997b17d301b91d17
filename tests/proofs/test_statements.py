"""How many statements a request takes, BEGIN and COMMIT counted, over the real application.

The application has one connection here: what it says is in order, and a request that held one while it asked for
another would never be answered.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.changes import NOTIFY_SQL
from schema.connection import seq_cursor
from schema.ids import RewardKey, VoucherKey, encode
from tests.database import Database, StatementCounter
from tests.factories import make_points, make_reward
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    claim_of,
    deliver_gift,
    device_of,
    member,
    mint,
    new_key,
    open_reward,
    open_shop,
    open_visit,
    opened,
    phone_of,
    send_gift,
    show_code,
    signed_in,
    till,
)
from tests.proofs import documents as say
from tests.proofs.crowd import LONG_HISTORY, named
from tests.wallet.counter import Member as Counted
from tests.wallet.sales.till import claimed
from wallet.rules import Bonuses, Caps, Multiplier, ReviewRules, Rules, TierLevel, TierRules
from wallet.values import CardId, CheckInPurpose, CustomerId, MerchantId, Minor, Points, RewardKind, TerminalId

HOME_MAX = 4
PAGE_MAX = 2
SCAN_MAX = 6
CHECKOUT_MAX = 12
REWARDED_MAX = 14
CLAIM_MAX = 15
CANCEL_MAX = 13
WALLET_MAX = 5
TODAY_MAX = 6
TERMINAL_MAX = 3

NOTIFY = " ".join(NOTIFY_SQL.split())
"""Said later, for all cards that changed meanwhile: no part of a request."""

Request = Callable[[], Awaitable[Callable[[], Awaitable[dict[str, Any]]]]]
"""Makes ready, and returns what is to be counted."""


@pytest.fixture
async def scene(database: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    async with opened(database, on_query=statements, pool_min=1, pool_max=1) as found:
        yield found


@pytest.fixture
async def busy(crowd: Database, statements: StatementCounter) -> AsyncIterator[Scene]:
    """The same application on a full database."""
    async with opened(crowd, on_query=statements, pool_min=1, pool_max=1) as found:
        yield found


async def said(statements: StatementCounter, request: Request) -> list[str]:
    """What the second such request makes the application say: during the first the driver gets to know the types."""
    await (await request())()
    ask = await request()
    async with statements.counted() as seen:
        answer = await ask()
    assert "message" not in answer, answer
    return [statement for statement in seen if statement != NOTIFY]


def home(owner: Member) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: owner.app.ask(say.HOME)

    return ready


def page(owner: Member, *, first: int = 50, before: int | None = None) -> Request:
    given = {"id": owner.card, "first": first, "after": seq_cursor(before) if before else None}

    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: owner.app.ask(say.PAGE, given)

    return ready


def day(at: Till) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: at.pos.ask(say.TODAY)

    return ready


def scan(scene: Scene, owner: Member, at: Till) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        code = await show_code(scene, owner)
        return lambda: at.pos.do(say.SCAN, {"code": code})

    return ready


def checkout(scene: Scene, owner: Member, at: Till, *, by_visit: bool) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        code = None if by_visit else await show_code(scene, owner)
        customer = {"code": code} if code else {"visitId": await open_visit(scene, owner, at)}
        given = {"sale": {**basket(), "customer": customer}, "idempotencyKey": new_key()}
        return lambda: at.pos.do(say.CHECKOUT, given)

    return ready


TWENTY_LINES = [{"lineId": str(at), "amountMinor": 1_000 * at, "sku": f"S-{at}"} for at in range(1, 21)]


def checkout_with_rewards(
    scene: Scene, owner: Member, at: Till, named: dict[str, list[list[str]]], *, by_visit: bool
) -> Request:
    """Of twenty lines, with rewards or vouchers by their ids: the first of them the first time, and so on."""
    left = [dict(zip(named, ids, strict=True)) for ids in zip(*named.values(), strict=True)]

    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
        customer = {"code": token}
        if by_visit:
            customer = {"visitId": (await at.pos.do(say.SCAN, {"code": token}))["id"]}
        sale = {**basket(), "lines": TWENTY_LINES, "customer": customer, **left.pop(0)}
        return lambda: at.pos.do(say.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})

    return ready


async def eventful(scene: Scene) -> Member:
    """A member whose history has a line of every kind that comes about, with the reasons of each."""
    shop = await open_shop(scene, rules=Rules(pending_days=1, expiry_months=1))
    owner, at = await member(scene, shop, points=500), await till(scene, shop)
    recorded = await (await checkout(scene, owner, at, by_visit=False)())()
    await at.pos.do(say.REFUND, {"saleId": recorded["sale"]["id"], "lineIds": ["2"], "idempotencyKey": new_key()})
    friend = await member(scene, shop, points=20)
    token = await deliver_gift(scene, await send_gift(scene, friend, 20))
    await owner.app.do(say.CLAIM, {"token": token, "idempotencyKey": new_key()})
    for days in (0, 2, 60):
        scene.live.clock.advance(timedelta(days=days))
        phone = await phone_of(scene, owner.person.customer_id, owner.person.email)
        owner = Member(phone, owner.merchant_id, owner.card_id)
        gift = await send_gift(scene, owner, 1)
        await owner.app.do(say.CANCEL_GIFT, {"giftId": gift, "idempotencyKey": new_key()})
    return owner


# ---------------------------------------------------------------- what is promised


@pytest.mark.parametrize("cards", [1, 5])
async def test_a_home_screen_takes_four_statements_however_many_cards(
    scene: Scene, statements: StatementCounter, cards: int
) -> None:
    # given: on each card more lines than the screen shows
    person = await signed_in(scene)
    shops = [await open_shop(scene) for _ in range(cards)]
    owners = [await member(scene, shop, person) for shop in shops]
    async with scene.live.runtime.pool.acquire() as conn:
        for shop, owner in zip(shops * 22, owners * 22, strict=True):
            await make_points(conn, shop, owner.card_id, 1, now=scene.now)
    # when
    seen = await said(statements, home(owners[0]))
    # then
    shown = (await person.app.ask(say.HOME))["viewer"]["cards"]
    assert [len(card["history"]["edges"]) for card in shown] == [20] * cards
    assert len(seen) <= HOME_MAX, seen


async def test_reasons_of_every_kind_cost_nothing_more(scene: Scene, statements: StatementCounter) -> None:
    owner = await eventful(scene)
    shown = await owner.app.ask(say.PAGE, {"id": owner.card, "first": 50})
    lines = [edge["node"] for edge in shown["node"]["history"]["edges"]]
    assert {line["kind"] for line in lines if line["reasons"]} >= {
        "EARNED", "ACTIVATED", "REFUNDED", "EXPIRED", "GIFT_SENT", "GIFT_RETURNED", "GIFT_RECEIVED",
    }  # fmt: skip
    assert len(await said(statements, page(owner))) <= PAGE_MAX
    assert len(await said(statements, home(owner))) <= HOME_MAX


@pytest.mark.parametrize("sales", [1, 12])
async def test_a_day_at_the_counter_takes_six_statements_however_many_sales(
    scene: Scene, statements: StatementCounter, sales: int
) -> None:
    # given as many members, each of whom has bought a reward at the till, and half of whom brought something back
    shop = await open_shop(scene)
    at = await till(scene, shop)
    reward = str(await open_reward(scene, shop))
    for number in range(sales):
        ready = checkout_with_rewards(
            scene, await member(scene, shop, points=900), at, {"rewardIds": [[reward]]}, by_visit=False
        )
        recorded = await (await ready())()
        if number % 2:
            given = {"saleId": recorded["sale"]["id"], "lineIds": ["2"], "idempotencyKey": new_key()}
            await at.pos.do(say.REFUND, given)
    # when
    seen = await said(statements, day(at))
    # then
    shown = (await at.pos.ask(say.TODAY))["today"]
    assert (shown["salesCount"], len(shown["sales"]["edges"])) == (sales, sales)
    assert all(edge["node"]["sale"]["discounts"] for edge in shown["sales"]["edges"])
    assert len(seen) <= TODAY_MAX, seen


async def test_a_till_knows_itself_and_its_program_by_two_statements(
    scene: Scene, statements: StatementCounter
) -> None:
    at = await till(scene, await open_shop(scene))

    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: at.pos.ask(say.TERMINAL)

    assert len(await said(statements, ready)) <= TERMINAL_MAX


async def test_a_scan_takes_six_statements(scene: Scene, statements: StatementCounter) -> None:
    shop = await open_shop(scene)
    seen = await said(statements, scan(scene, await member(scene, shop, points=9), await till(scene, shop)))
    assert len(seen) <= SCAN_MAX, seen


@pytest.mark.parametrize("by_visit", [True, False], ids=["visit", "code"])
async def test_a_checkout_takes_twelve_statements(scene: Scene, statements: StatementCounter, by_visit: bool) -> None:
    shop = await open_shop(scene)
    owner, at = await member(scene, shop, points=9), await till(scene, shop)
    seen = await said(statements, checkout(scene, owner, at, by_visit=by_visit))
    assert len(seen) <= CHECKOUT_MAX, seen


def claim(owner: Member, reward: str) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        given = claim_of(owner, reward)
        return lambda: owner.app.do(say.CLAIM_REWARD, given)

    return ready


def cancel(owner: Member, reward: str) -> Request:
    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        claimed = await owner.app.do(say.CLAIM_REWARD, claim_of(owner, reward))
        given = {"voucherId": claimed["voucher"]["id"], "idempotencyKey": new_key()}
        return lambda: owner.app.do(say.CANCEL_VOUCHER, given)

    return ready


async def test_buying_a_reward_and_giving_it_back_take_few_statements(
    scene: Scene, statements: StatementCounter
) -> None:
    shop = await open_shop(scene)
    owner, reward = await member(scene, shop, points=99), await open_reward(scene, shop, cost_points=9, stock=9)
    for request, most in ((claim(owner, reward), CLAIM_MAX), (cancel(owner, reward), CANCEL_MAX)):
        seen = await said(statements, request)
        assert len(seen) <= most, seen


@pytest.mark.parametrize("cards", [1, 4])
async def test_rewards_and_vouchers_take_one_statement_each_however_many_cards(
    scene: Scene, statements: StatementCounter, cards: int
) -> None:
    # given: on each card a voucher, and a reward that is too dear, whose price is said in the program's own points
    person = await signed_in(scene)
    for _ in range(cards):
        shop = await open_shop(scene)
        owner = await member(scene, shop, person, points=9)
        cheap, _ = await open_reward(scene, shop, cost_points=9), await open_reward(scene, shop, cost_points=50)
        await owner.app.do(say.CLAIM_REWARD, claim_of(owner, cheap))

    async def ready() -> Callable[[], Awaitable[dict[str, Any]]]:
        return lambda: person.app.ask(say.WALLET)

    # when
    seen = await said(statements, ready)
    # then
    shown = (await person.app.ask(say.WALLET))["viewer"]["cards"]
    assert [(len(card["rewards"]), len(card["vouchers"])) for card in shown] == [(2, 1)] * cards
    assert len(seen) <= WALLET_MAX, seen


REWARDS: list[tuple[RewardKind, dict[str, Any]]] = [
    (RewardKind.AMOUNT_OFF, {"amount_minor": Minor(500)}),
    (RewardKind.PERCENT_OFF, {"percent": 10}),
]
RICH = Rules(
    points=Points(1),
    per_minor=Minor(100),
    carry_remainder=True,
    multipliers=(Multiplier("Double Sundays", 200, weekdays=(7,)),),
    bonuses=Bonuses(visit=Points(5)),
    caps=Caps(per_day=Points(5_000)),
    tiers=TierRules((TierLevel("Silver", 500, 125), TierLevel("Gold", 100_000))),
    expiry_months=12,
    review=ReviewRules(sales_per_day=50),
)


@pytest.mark.parametrize("by_visit", [True, False], ids=["visit", "code"])
@pytest.mark.parametrize("kind", ["bought", "claimed", "both"])
async def test_a_checkout_with_two_rewards_and_twenty_lines_takes_fourteen_statements(
    scene: Scene, statements: StatementCounter, kind: str, by_visit: bool
) -> None:
    # given a member of a program with rules of every kind, and rewards of which there are a few
    shop = await open_shop(scene, rules=RICH)
    owner, at = await member(scene, shop, points=900), await till(scene, shop)
    async with scene.live.runtime.pool.acquire() as conn:
        rewards = [
            await make_reward(conn, shop, kind=kind_of, cost_points=20, stock=20, now=scene.now, **gives)
            for kind_of, gives in REWARDS
        ]
        person = Counted(owner.person.customer_id, owner.card_id)
        vouchers = [
            str(encode(VoucherKey(shop.merchant_id, await claimed(conn, shop, person, reward, now=scene.now))))
            for reward in rewards * 2
        ]
    bought = [str(encode(RewardKey(shop.merchant_id, reward.reward_id))) for reward in rewards]
    named: dict[str, list[list[str]]] = {
        "bought": {"rewardIds": [bought, bought]},
        "claimed": {"voucherIds": [vouchers[:2], vouchers[2:]]},
        "both": {"rewardIds": [bought[:1], bought[1:]], "voucherIds": [vouchers[:1], vouchers[1:2]]},
    }[kind]
    # when
    seen = await said(statements, checkout_with_rewards(scene, owner, at, named, by_visit=by_visit))
    # then
    assert len(seen) <= REWARDED_MAX, seen
    async with scene.live.runtime.pool.acquire() as conn:
        assert await conn.fetchval("SELECT COUNT(*) FROM sale_discounts") >= 4
        assert await conn.fetchval("SELECT COUNT(*) FROM vouchers WHERE state = 'USED'") == 4


# ---------------------------------------------------------------- whatever the size


async def regular(busy: Scene, n: int) -> tuple[Member, Till]:
    """The n-th customer of the crowd, and a till of their shop."""
    merchant_id = MerchantId(named("merchant", 0))
    phone = await phone_of(busy, CustomerId(named("customer", n)), f"{n}@example.com")
    at = await device_of(busy, merchant_id, TerminalId(named("terminal", 0)))
    return Member(phone, merchant_id, CardId(named("card", n))), at


async def test_a_long_history_takes_no_statement_more(busy: Scene, statements: StatementCounter) -> None:
    # given: the same requests for a card with a few lines and for one with two hundred thousand
    short, long = [await regular(busy, n) for n in (2, 0)]
    said_of = []
    for owner, at in (short, long):
        requests = [
            home(owner),
            page(owner),
            page(owner, first=2, before=3),
            scan(busy, owner, at),
            checkout(busy, owner, at, by_visit=True),
            checkout(busy, owner, at, by_visit=False),
        ]
        # when
        said_of.append([await said(statements, request) for request in requests])
    # then
    assert said_of[0] == said_of[1]
    allowed = [HOME_MAX, PAGE_MAX, PAGE_MAX, SCAN_MAX, CHECKOUT_MAX, CHECKOUT_MAX]
    assert all(len(seen) <= most for seen, most in zip(said_of[1], allowed, strict=True)), said_of[1]
    middle = await long[0].app.ask(say.PAGE, {"id": long[0].card, "first": 100, "after": seq_cursor(LONG_HISTORY // 2)})
    edges = middle["node"]["history"]["edges"]
    assert [edge["cursor"] for edge in edges] == [seq_cursor(LONG_HISTORY // 2 - n) for n in range(1, 101)]
