"""The laws of money value name the gift card that somebody tampered with."""

from datetime import datetime

import asyncpg
import pytest

from tests.database import Database
from tests.factories import make_shop
from tests.wallet.counter import make_member
from tests.wallet.ledger.value.scenes import locked, make_gift_card
from tests.wallet.payments.scenes import claim, end, heard, make_paying
from tests.wallet.sales.till import checkout, receipt, refund, visit
from wallet import audit
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.payments import Seen, SeenState
from wallet.sales import Tender
from wallet.values import CheckInPurpose, GiftCardId, LineKind, Minor, NamedGiftCard, ShownBy

CHAIN = "every activity of a gift card follows from the one before it, as it was written"
STANDS = "every gift card stands where its activities leave it"
PAIRS = "what left one gift card came to the other"
OWED = "money that came in is money that went out and money on gift cards"
TENDERS = "gift cards paid for sales what their activities say, and no more came back"
RETURNED = "what was returned went to the gift cards that had paid, and then as money"
SOLD = "a line that sold a gift card is on that gift card"
SOLD_SUMS = "what was paid for stored value at the till came onto gift cards"
UNSOLD_SUMS = "stored value whose money went back is off its gift cards"
ONE_PLACE = "every payment's money is in exactly one place"
PAID_ONCE = "a gift of money holds what was paid for it, once"
NOTED = "a payment stands as what was noted of it last"

TAMPERINGS = {
    "an amount": ("UPDATE gift_card_activities SET amount_minor = 999 WHERE kind = 'LOAD'", {CHAIN, OWED}),
    "a reason": ("UPDATE gift_card_activities SET reason = 'Found' WHERE kind = 'BLOCK'", {CHAIN}),
    "a moment": ("UPDATE gift_card_activities SET posted_at = posted_at + interval '1 us' WHERE seq = 1", {CHAIN}),
    "one that is gone": ("DELETE FROM gift_card_activities WHERE kind = 'LOAD'", {CHAIN, OWED}),
    "the newest that is gone": ("DELETE FROM gift_card_activities WHERE kind = 'BLOCK'", {STANDS}),
    "a balance": ("UPDATE gift_cards SET balance_minor = balance_minor + 1 WHERE balance_minor > 0", {STANDS, OWED}),
    "a state": ("UPDATE gift_cards SET state = 'ACTIVE'", {STANDS}),
    "a chain": ("UPDATE gift_cards SET chain = sha256('') WHERE revision = 0", {STANDS}),
    "the other side": ("UPDATE gift_card_activities SET amount_minor = 1 WHERE kind = 'TRANSFER_IN'", {CHAIN, PAIRS}),
    "a tender": (
        (
            "INSERT INTO sale_tenders (merchant_id, sale_id, position, gift_card_id, seq, amount_minor)"
            " SELECT merchant_id, gen_random_uuid(), 1, gift_card_id, seq, 1 FROM gift_card_activities"
            " WHERE kind = 'LOAD'"
        ),
        {TENDERS},
    ),
    "a refund of what was not paid": (
        "UPDATE gift_card_activities SET sale_id = gen_random_uuid(), kind = 'REFUND' WHERE kind = 'LOAD'",
        {CHAIN, TENDERS},
    ),
    "a sale of none": (
        (
            "INSERT INTO gift_cards_sold (merchant_id, sale_id, position, gift_card_id, seq)"
            " SELECT merchant_id, gen_random_uuid(), 1, gift_card_id, seq FROM gift_card_activities WHERE kind = 'LOAD'"
        ),
        {SOLD},
    ),
    "value that a sale put on without a line": (
        "UPDATE gift_card_activities SET sale_id = gen_random_uuid() WHERE kind = 'LOAD'",
        {CHAIN, SOLD_SUMS},
    ),
    "value that a refund took off without a line": (
        (
            "UPDATE gift_card_activities SET refund_id = gen_random_uuid(), kind = 'ADJUST', amount_minor = -100,"
            " balance_after_minor = balance_after_minor - 200, reason = 'Back' WHERE kind = 'LOAD'"
        ),
        {CHAIN, OWED, UNSOLD_SUMS},
    ),
}


async def make_history(conn: Conn, now: datetime) -> list[GiftCardId]:
    """A card with 300 of 500, one with 250 that is blocked, and one on which nothing is yet."""
    shop = await make_shop(conn, now=now)
    one, two = await make_gift_card(conn, shop, 400, now=now), await make_gift_card(conn, shop, 50, now=now)
    async with conn.transaction():
        source, target = await locked(conn, shop, one, two, now=now)
        source = (
            await value.load(conn, source, amount=Minor(100), expires_at=None, cause=ValueCause(now), now=now)
        ).card
        _, put = await value.transfer(conn, source, target, amount=Minor(200), cause=ValueCause(now), now=now)
        await value.block(conn, put.card, cause=ValueCause(now, "Lost"), now=now)
    return [one, two, await make_gift_card(conn, shop, None, now=now)]


@pytest.mark.parametrize("tampered", TAMPERINGS)
async def test_what_was_tampered_with_breaks_its_laws_and_no_others(
    database: Database, conn: Conn, tampered: str, now: datetime
) -> None:
    # given
    cards = await make_history(conn, now)
    assert {verdict.law async for verdict in audit.verdicts(conn) if verdict.count} == set()
    sql, laws = TAMPERINGS[tampered]
    # when somebody who may do everything changes something
    await tamper(database, sql)
    # then
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    assert set(broken) == laws
    named = " ".join(line for law in laws - {OWED} for line in broken[law])
    assert any(str(card) in named for card in cards)


TILL_TAMPERINGS = {
    "a return": "UPDATE refund_lines SET amount_minor = amount_minor - 1",
    "a payment": "UPDATE sale_tenders SET amount_minor = amount_minor - 1",
    "money given back": "UPDATE gift_card_activities SET amount_minor = amount_minor - 1 WHERE kind = 'REFUND'",
}
BROKEN = {"a return": RETURNED, "a payment": TENDERS, "money given back": RETURNED}


@pytest.mark.parametrize("tampered", TILL_TAMPERINGS)
async def test_what_a_till_wrote_breaks_its_laws_where_it_is_tampered_with(
    database: Database, conn: Conn, tampered: str, now: datetime
) -> None:
    # given a sale that a gift card paid in part, of which a part came back
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    card = await make_gift_card(conn, shop, 900, owner=member.customer_id, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    tendered = (Tender(NamedGiftCard(card, ShownBy.OWNER)),)
    sold = await checkout(conn, shop.terminal, customer, receipt(1_000), tendered=tendered, now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, amount=300, now=now)
    assert {verdict.law async for verdict in audit.verdicts(conn) if verdict.count} == set()
    # when somebody who may do everything changes something
    await tamper(database, TILL_TAMPERINGS[tampered])
    # then
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    assert str(sold.sale.sale_id) in " ".join(broken[BROKEN[tampered]])


SELLING_TAMPERINGS = {
    "what a line cost": (
        "UPDATE sale_lines SET amount_minor = amount_minor + 1 WHERE kind = 'GIFT_CARD_SALE' AND position = 1",
        {SOLD_SUMS},
    ),
    "which line sold it": (
        "UPDATE gift_cards_sold SET position = position + 1 WHERE position = 2",
        {SOLD_SUMS},
    ),
    "that a line sold it": ("DELETE FROM gift_cards_sold WHERE position = 2", {SOLD_SUMS}),
    "which activity sold it": (
        (
            "UPDATE gift_cards_sold SET seq = 2 WHERE position = 2"
            " AND gift_card_id = (SELECT gift_card_id FROM gift_cards WHERE state = 'ACTIVE' LIMIT 1)"
        ),
        {SOLD_SUMS},
    ),
    "how much came back": (
        "UPDATE refund_lines SET amount_minor = amount_minor - 1 WHERE position = 1",
        {UNSOLD_SUMS},
    ),
    "that it is off its card": (
        "UPDATE gift_card_activities SET refund_id = NULL WHERE kind = 'DEACTIVATE'",
        {CHAIN, UNSOLD_SUMS},
    ),
}


@pytest.mark.parametrize("tampered", SELLING_TAMPERINGS)
async def test_what_a_till_sold_breaks_its_laws_where_it_is_tampered_with(
    database: Database, conn: Conn, tampered: str, now: datetime
) -> None:
    # given a sale of a gift card, of two more and of a coffee, of which the first comes back
    shop = await make_shop(conn, now=now)
    member = await make_member(conn, shop, now=now)
    customer = await visit(conn, shop, member, CheckInPurpose.REDEEM, now=now)
    lines = (
        Line("g", Minor(700), LineKind.GIFT_CARD_SALE),
        Line("h", Minor(900), LineKind.GIFT_CARD_SALE, quantity=2),
        Line("1", Minor(500)),
    )
    sold = await checkout(conn, shop.terminal, customer, Basket("R-1", "INR", lines), now=now)
    await refund(conn, shop.terminal, sold.sale.sale_id, "g", now=now)
    assert {verdict.law async for verdict in audit.verdicts(conn) if verdict.count} == set()
    # when
    sql, laws = SELLING_TAMPERINGS[tampered]
    await tamper(database, sql)
    # then, beside whatever else is no longer right
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    refund_id = await conn.fetchval("SELECT refund_id FROM refunds")
    for law in laws - {CHAIN}:
        assert str(sold.sale.sale_id) in broken[law][0] or str(refund_id) in broken[law][0]
    assert set(broken) >= laws


GIFT_TAMPERINGS = {
    "a gift that is cancelled and whose money stays": (
        "UPDATE gifts SET status = 'CANCELLED', closed_at = created_at WHERE status = 'SCHEDULED'",
        {ONE_PLACE},
    ),
    "a gift whose money nobody paid": (
        (
            "UPDATE payments SET state = 'PENDING', paid_at = NULL FROM gifts AS g"
            " WHERE g.gift_id = payments.gift_id AND g.status = 'SCHEDULED'"
        ),
        {ONE_PLACE, NOTED},
    ),
    "a claimed gift whose money went back": (
        (
            "UPDATE payments SET state = 'REFUNDED', closed_at = paid_at, refunded_minor = amount_minor FROM gifts AS g"
            " WHERE g.gift_id = payments.gift_id AND g.status = 'CLAIMED'"
        ),
        {ONE_PLACE, NOTED},
    ),
    "money that was paid and went nowhere": (
        ("UPDATE payments SET state = 'PAID', refunded_minor = 0, closed_at = NULL WHERE state = 'REFUNDING'"),
        {ONE_PLACE, NOTED},
    ),
    "somebody else's gift card": (
        "UPDATE gift_cards SET owner_customer_id = uuidv7() WHERE owner_customer_id IS NOT NULL",
        {ONE_PLACE},
    ),
    "an escrow with an owner": (
        "UPDATE gift_cards SET owner_customer_id = uuidv7() WHERE owner_customer_id IS NULL AND state = 'ACTIVE'",
        {ONE_PLACE},
    ),
    "what was paid": ("UPDATE payments SET amount_minor = amount_minor + 1", {PAID_ONCE}),
    "what paid for it": (
        "UPDATE gift_card_activities SET payment_id = NULL WHERE kind = 'ACTIVATE'",
        {CHAIN, PAID_ONCE},
    ),
}


@pytest.mark.parametrize("tampered", GIFT_TAMPERINGS)
async def test_a_gift_of_money_breaks_its_laws_where_it_is_tampered_with(
    database: Database, conn: Conn, tampered: str, now: datetime
) -> None:
    # given a gift that waits for its mail, one that was claimed, and one that was cancelled
    shop = await make_shop(conn, now=now)
    gifts = [await make_paying(conn, shop=shop, now=now) for _ in range(3)]
    for number, each in enumerate(gifts):
        await heard(conn, each, Seen(SeenState.PAID, f"pi_{number}"), now=now)
    await claim(conn, gifts[1], now=now)
    await end(conn, gifts[2], now=now)
    assert {verdict.law async for verdict in audit.verdicts(conn) if verdict.count} == set()
    # when
    sql, laws = GIFT_TAMPERINGS[tampered]
    await tamper(database, sql)
    # then
    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    assert set(broken) == laws
    named = " ".join(line for law in laws - {CHAIN} for line in broken[law])
    assert any(str(each.payment.payment_id) in named or str(each.gift_id) in named for each in gifts)


async def test_the_audit_says_how_much_money_value_it_looked_at(conn: Conn, now: datetime) -> None:
    await make_history(conn, now)
    await make_paying(conn, now=now)

    looked_at = await audit.extent(conn)

    assert (looked_at.gift_cards, looked_at.activities, looked_at.payments, looked_at.gifts) == (3, 6, 1, 1)


async def tamper(database: Database, sql: str) -> None:
    """Somebody who may do everything changes something."""
    superuser = await asyncpg.connect(database.superuser_dsn)
    await superuser.execute("SET session_replication_role = replica")
    changed = await superuser.execute(sql)
    await superuser.close()
    assert not changed.endswith(" 0"), "something was changed"
