"""The audit of sales and refunds holds on what the product writes, and names what somebody tampered with."""

from datetime import datetime

import asyncpg
import pytest

from tests.database import Database
from tests.factories import make_points, make_reward, make_shop
from tests.wallet.counter import make_member
from tests.wallet.sales.histories import assert_lawful
from tests.wallet.sales.till import checkout, receipt, refund, spend, visit
from wallet import audit, reviews
from wallet.database import Conn
from wallet.rules import ReviewRules, Rules, StampRules
from wallet.sales import Wanted
from wallet.values import CheckInPurpose, Minor, Points, RewardKind

RULES = Rules(
    points=Points(1),
    per_minor=Minor(100),
    carry_remainder=True,
    returns_debt=True,
    stamps=StampRules("item", 3, "free-coffee"),
    review=ReviewRules(amount_minor=Minor(20_000)),
)


async def make_history(conn: Conn, now: datetime) -> None:
    """A sale that was released and one that is held, a discount, a full punch card, a part of the money back, a debt,
    and a sale that paid some of it.
    """
    shop = await make_shop(conn, rules=RULES, now=now)
    member = await make_member(conn, shop, now=now)
    await make_reward(conn, shop, slug="free-coffee", now=now)
    off = await make_reward(conn, shop, kind=RewardKind.AMOUNT_OFF, amount_minor=Minor(200), cost_points=5, now=now)
    await make_points(conn, shop, member.card_id, 5, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    released = await checkout(conn, shop.terminal, customer, receipt(20_080), now=now)
    async with conn.transaction():
        await reviews.release(conn, merchant_id=shop.merchant_id, sale_id=released.sale.sale_id, now=now)
    held = await checkout(conn, shop.terminal, customer, receipt(20_070), now=now)
    assert (released.sale.in_review, held.sale.in_review) == (True, True)
    wanted = Wanted((), (off.reward_id,))
    sold = await checkout(conn, shop.terminal, customer, receipt(500, 700, 300), wanted=wanted, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, amount=250, now=now)
    other = await checkout(conn, shop.terminal, customer, receipt(1_000, 100), now=now)
    await spend(conn, shop, member.card_id, other.card.active, now=now)
    await refund(conn, shop.terminal, other.sale.sale_id, "1", now=now)
    paying = await checkout(conn, shop.terminal, customer, receipt(400), now=now)
    assert paying.card.active == 0


TAMPERINGS = {
    "the lines of a sale and their discounts are the money it took": (
        "UPDATE sale_discounts SET amount_minor = amount_minor + 1 WHERE position = 1",
        "UPDATE sales SET discount_minor = discount_minor + 1",
        "UPDATE sale_lines SET paid_minor = paid_minor - 1 WHERE paid_minor = 400",
    ),
    "no more of a line came back than was paid for it": (
        "UPDATE refund_lines SET amount_minor = amount_minor + 1000000",
        "UPDATE refund_lines SET wholly = NOT wholly",
    ),
    "what is kept of a sale is what its refunds left": (
        "UPDATE sales SET kept_points = kept_points + 1",
        "UPDATE sales SET kept_minor = kept_minor - 1",
        "UPDATE sales SET wholly_returned = NOT wholly_returned",
    ),
    "a card owes what its refunds left owing and nothing has paid": (
        "UPDATE cards SET debt = debt + 1",
        "UPDATE refunds SET debt = debt - 1 WHERE debt > 0",
    ),
    "each movement of stamps leads to the next": ("UPDATE stamp_movements SET stamps_after = stamps_after + 1",),
    "a sale earned once what its lines say": (
        "UPDATE sales SET bonus_points = bonus_points + 1",
        "UPDATE sale_lines SET points = points + 1",
    ),
    "refunds took back what their entries say": (
        "UPDATE refunds SET points_taken_back = 0 WHERE points_taken_back > 0",
    ),
    "a lot is held as long as its sale is": (
        "UPDATE lots SET held = FALSE WHERE held",
        "UPDATE sales SET review = 'RELEASED', reviewed_at = posted_at WHERE review = 'HELD'",
        "UPDATE lots SET held = TRUE, activated_at = NULL WHERE NOT held",
    ),
    "points are the whole steps of the money that counts, and a card carries the rest": (
        "UPDATE cards SET carries = jsonb_set(carries, '{1/100}', to_jsonb((carries ->> '1/100')::bigint + 1))",
        """UPDATE cards SET carries = '{}'""",
        """UPDATE cards SET carries = carries || '{"2/100": 1}'""",
        "UPDATE sales SET review = 'RELEASED', reviewed_at = posted_at WHERE review = 'HELD'",
        "UPDATE sale_lines SET hundredths = 200 WHERE amount_minor = 20070",
        "UPDATE sales SET points = points + 1",
        "UPDATE refunds SET points_due = points_due + 1",
    ),
    "the stamps of a card are what their movements sum to": ("UPDATE cards SET stamps = stamps + 1",),
}


async def test_every_law_holds_on_what_was_sold(conn: Conn, now: datetime) -> None:
    await make_history(conn, now)

    await assert_lawful(conn)

    assert await conn.fetchval("SELECT debt FROM cards") > 0
    assert {law for law, _ in audit.LAWS} >= TAMPERINGS.keys()


@pytest.mark.parametrize("law", TAMPERINGS)
async def test_what_an_owner_tampers_with_is_named(law: str, conn: Conn, database: Database, now: datetime) -> None:
    await make_history(conn, now)
    query = dict(audit.LAWS)[law]
    owner = await asyncpg.connect(database.superuser_dsn)
    try:
        for tampering in TAMPERINGS[law]:
            undone = owner.transaction()
            await undone.start()
            await owner.execute("SET session_replication_role = replica")
            # when: with the walls down, as only the owner of the tables can take them down
            assert await owner.execute(tampering) != "UPDATE 0"
            # then
            assert await owner.fetch(query), tampering
            await undone.rollback()
            assert not await owner.fetch(query)
    finally:
        await owner.close()
