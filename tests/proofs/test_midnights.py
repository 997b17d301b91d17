"""The running application while days go by: nobody calls anything, and the card is as the rules promise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import journeys
from tests.database import Database
from tests.journeys import Member, Scene, new_key, opened
from tests.proofs import documents
from tests.proofs.conftest import StandingClock
from wallet import audit
from wallet.midnights import midnight
from wallet.rules import Rules, TierLevel, TierRules
from wallet.values import Minor, Points

KOLKATA = ZoneInfo("Asia/Kolkata")
A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)

RULES = Rules(
    points=Points(1),
    per_minor=Minor(1_000),
    pending_days=2,
    expiry_months=3,
    notice_days=14,
    tiers=TierRules((TierLevel("Silver", 10), TierLevel("Gold", 20)), months=1, at_risk_days=5),
)

CARD = """
    query ($id: ID!) { node(id: $id) { ... on Card {
        balance { active pending }
        expiring { points expiresAt }
        tier { name toNext keepUntil atRisk }
        history(first: 9) { edges { node { kind points } } }
    } } }
"""


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    """The application with its worker, under a clock that stands until it is moved."""
    async with opened(database, with_worker=True, clock=StandingClock()) as found:
        yield found


def move_to(scene: Scene, at: datetime) -> None:
    scene.live.clock.advance(at - scene.now)


async def looked_at(scene: Scene, owner: Member) -> dict[str, Any]:
    """The card, as the member's phone shows it; a new session, since days have gone by."""
    person = await journeys.phone_of(scene, owner.person.customer_id, owner.person.email)
    return dict((await person.app.ask(CARD, {"id": owner.card}))["node"])


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Returns as soon as the worker has made it true."""
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.05)


def kinds(card: dict[str, Any]) -> list[tuple[str, int]]:
    """The history, the oldest line first."""
    return [(edge["node"]["kind"], edge["node"]["points"]) for edge in reversed(card["history"]["edges"])]


async def test_points_come_the_tier_falls_a_mail_is_sent_and_points_go_each_on_its_day(scene: Scene) -> None:
    # given a purchase for 25 points, which are not spendable yet and which bring the second tier at once
    shop = await journeys.open_shop(scene, rules=RULES)
    owner, at = await journeys.member(scene, shop), await journeys.till(scene, shop)
    sale = {"customer": {"code": await journeys.show_code(scene, owner)}, **journeys.basket()}
    bought_on = scene.now.astimezone(KOLKATA).date()
    sold = await at.pos.do(documents.CHECKOUT, {"sale": sale, "idempotencyKey": new_key()})
    assert sold["__typename"] == "SaleRecorded", sold
    card = await looked_at(scene, owner)
    assert card["balance"] == {"active": 0, "pending": 25}
    assert (card["tier"]["name"], card["tier"]["toNext"], card["tier"]["atRisk"]) == ("Gold", None, False)
    keep_until = datetime.fromisoformat(card["tier"]["keepUntil"])

    # when the midnight after two days comes, they are spendable, and not before
    spendable_at = midnight(bought_on + 3 * A_DAY, KOLKATA)
    move_to(scene, spendable_at - AN_INSTANT)
    assert (await looked_at(scene, owner))["balance"] == {"active": 0, "pending": 25}
    move_to(scene, spendable_at)

    async def spendable() -> bool:
        return bool((await looked_at(scene, owner))["balance"] == {"active": 25, "pending": 0})

    await until(spendable)
    [expiring] = (await looked_at(scene, owner))["expiring"]
    gone_at = datetime.fromisoformat(expiring["expiresAt"])
    assert gone_at == midnight(gone_at.astimezone(KOLKATA).date(), KOLKATA)

    # when a month has gone by without another purchase, the tier was said to be at risk, and falls by one
    move_to(scene, keep_until - 5 * A_DAY)
    tier = (await looked_at(scene, owner))["tier"]
    assert (tier["name"], tier["atRisk"]) == ("Gold", True)
    move_to(scene, keep_until)

    async def fallen() -> bool:
        return bool((await looked_at(scene, owner))["tier"]["name"] == "Silver")

    await until(fallen)

    # when the points have two weeks left, a mail says so
    assert scene.live.mailbox.messages == []
    move_to(scene, gone_at - 14 * A_DAY)

    async def reminded() -> bool:
        return len(scene.live.mailbox.messages) == 1

    await until(reminded)
    [mail] = scene.live.mailbox.messages
    assert mail.to == owner.person.email
    assert "25 beans" in mail.subject

    # and when their last day is over, they are gone
    move_to(scene, gone_at - AN_INSTANT)
    assert (await looked_at(scene, owner))["balance"]["active"] == 25
    move_to(scene, gone_at)

    async def gone() -> bool:
        return bool((await looked_at(scene, owner))["balance"]["active"] == 0)

    await until(gone)
    card = await looked_at(scene, owner)
    assert kinds(card) == [("EARNED", 0), ("ACTIVATED", 25), ("EXPIRED", -25)]
    assert card["tier"]["name"] == "Member"
    async with scene.live.runtime.pool.acquire() as conn:
        assert [verdict async for verdict in audit.verdicts(conn) if verdict.count] == []
