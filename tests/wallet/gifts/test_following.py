"""Money of a claimed gift that was moved on before its payment is taken back: it is called back from wherever it is."""

from datetime import datetime
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.auth.racing import second_waits_for_first
from tests.factories import make_customer
from tests.wallet.counter import Member
from tests.wallet.gifts.scenes import Scene, assert_lawful, card_of, claim, make_scene, prepare
from tests.wallet.gifts.test_held_back import disputed
from tests.wallet.gifts.test_kinds import VALUE, give, mailed_value
from tests.wallet.ledger.value.scenes import activities, locked, make_gift_card
from tests.wallet.payments.scenes import mint
from tests.wallet.sales.till import checkout, receipt, refund, visit
from wallet import gifts
from wallet import value as stored
from wallet.database import Conn
from wallet.gifts import Gift
from wallet.gifts.checking import Purse
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.sales import Tender
from wallet.values import CheckInPurpose, CustomerId, GiftCardId, NamedGiftCard, SaleId, ShownBy

OWN = 700
STANDS_SQL = "SELECT state, balance_minor FROM gift_cards WHERE gift_card_id = $1"
STATUS_SQL = "SELECT status FROM gifts WHERE gift_id = $1"


async def claimed(conn: Conn, *, now: datetime) -> tuple[Scene, Gift, GiftCardId]:
    """A gift of 50,000 that the friend has claimed, and its card."""
    scene = await make_scene(conn, now=now)
    gift, link = await mailed_value(conn, scene, now=now)
    card = (await claim(conn, link, customer_id=scene.friend, now=now)).gift_card_id
    assert card is not None
    return scene, gift, card


async def another(conn: Conn, scene: Scene, minor: int = OWN, *, now: datetime) -> GiftCardId:
    """One more card of the friend's, with money of its own."""
    return await make_gift_card(conn, scene.shop, minor, owner=scene.friend, now=now)


async def move(conn: Conn, scene: Scene, source: GiftCardId, target: GiftCardId, minor: int, *, now: datetime) -> None:
    async with conn.transaction():
        await stored.transfer(
            conn,
            customer_id=scene.friend,
            merchant_id=scene.shop.merchant_id,
            from_gift_card_id=source,
            to_gift_card_id=target,
            amount_minor=minor,
            idempotency_key=uuid4(),
            now=now,
        )


async def stands(conn: Conn, *cards: GiftCardId) -> list[tuple[str, int]]:
    rows = [await conn.fetchrow(STANDS_SQL, card) for card in cards]
    return [(row["state"], row["balance_minor"]) for row in rows if row is not None]


async def buy(conn: Conn, scene: Scene, card: GiftCardId, minor: int, *, now: datetime) -> SaleId:
    """The friend pays with the card at the till; the sale."""
    points = await card_of(conn, scene, scene.friend)
    assert points is not None
    seen = await visit(conn, scene.shop, Member(scene.friend, points.card_id), CheckInPurpose.REDEEM, now=now)
    paid = (Tender(NamedGiftCard(card, ShownBy.OWNER)),)
    done = await checkout(conn, scene.shop.terminal, seen, receipt(minor), tendered=paid, now=now)
    return done.sale.sale_id


async def test_what_was_moved_over_several_cards_comes_back_and_nothing_else_does(conn: Conn, now: datetime) -> None:
    # given money that went to one card, and from there partly to another, both with money of their own
    scene, gift, card = await claimed(conn, now=now)
    near, far = await another(conn, scene, now=now), await another(conn, scene, now=now)
    await move(conn, scene, card, near, VALUE, now=now)
    await move(conn, scene, near, far, 30_000, now=now)
    apart = await another(conn, scene, now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near, far, apart) == [("BLOCKED", VALUE), *[("ACTIVE", OWN)] * 3]
    moved = [(kind, amount) for _, kind, amount, _ in await activities(conn, card)]
    assert sorted(moved[2:4]) == [("TRANSFER_IN", 20_000), ("TRANSFER_IN", 30_000)]
    assert moved[4] == ("BLOCK", 0)
    await assert_lawful(conn)
    # and when the dispute is won, all of it can be spent again
    await disputed(conn, gift, won=True, now=now)
    assert await stands(conn, card, near) == [("ACTIVE", VALUE), ("ACTIVE", OWN)]
    await move(conn, scene, card, near, VALUE, now=now)
    await assert_lawful(conn)


async def test_what_was_spent_of_it_is_gone_and_what_came_back_for_its_goods_is_there(
    conn: Conn, now: datetime
) -> None:
    # given 50,000 moved onto a card with 700, and 20,000 spent there: no other money than the gift's
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    await move(conn, scene, card, near, VALUE, now=now)
    sale_id = await buy(conn, scene, near, 20_000, now=now)
    assert await stands(conn, near) == [("ACTIVE", 30_700)]
    # and a part of the goods brought back
    await refund(conn, scene.shop.terminal, sale_id, amount=5_000, now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near) == [("BLOCKED", 35_000), ("ACTIVE", OWN)]
    await assert_lawful(conn)


async def test_what_went_there_and_back_counts_once(conn: Conn, now: datetime) -> None:
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    for _ in range(3):
        await move(conn, scene, card, near, VALUE, now=now)
        await move(conn, scene, near, card, VALUE, now=now)
    await move(conn, scene, near, card, 100, now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near) == [("BLOCKED", VALUE + 100), ("ACTIVE", OWN - 100)]
    await assert_lawful(conn)


async def test_money_on_a_card_that_is_blocked_itself_comes_back_and_it_stays_blocked(
    conn: Conn, now: datetime
) -> None:
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    await move(conn, scene, card, near, VALUE, now=now)
    async with conn.transaction():
        for held in await locked(conn, scene.shop, near, card, now=now):
            await value.block(conn, held, cause=ValueCause(now, "lost"), now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near) == [("BLOCKED", VALUE), ("BLOCKED", OWN)]
    await assert_lawful(conn)


async def test_card_that_its_merchant_has_ended_takes_nothing(conn: Conn, now: datetime) -> None:
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    await move(conn, scene, card, near, VALUE, now=now)
    async with conn.transaction():
        [held] = await locked(conn, scene.shop, card, now=now)
        await value.deactivate(conn, held, cause=ValueCause(now, "lost"), now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near) == [("DEACTIVATED", 0), ("ACTIVE", VALUE + OWN)]
    await assert_lawful(conn)


async def passed_on(conn: Conn, scene: Scene, source: GiftCardId, minor: int, *, now: datetime) -> tuple[Gift, bytes]:
    """A gift of the friend's out of their card, and its link."""
    points = await card_of(conn, scene, scene.friend)
    assert points is not None
    theirs = Scene(scene.shop, scene.friend, points.card_id, await make_customer(conn, now=now))
    purse = Purse(source, mint)
    sent = await give(conn, theirs, to="third@example.com", value_minor=minor, purse=purse, now=now)
    link, mail = await prepare(conn, sent.gift, now=now)
    assert mail is not None
    return sent.gift, link


async def test_what_was_passed_on_and_is_not_claimed_comes_back_too(conn: Conn, now: datetime) -> None:
    # given a gift that is made of 40,000 of the gift's money and 700 of another card's
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    await move(conn, scene, card, near, 40_000, now=now)
    onward, link = await passed_on(conn, scene, near, 40_700, now=now)
    assert await stands(conn, card, near) == [("ACTIVE", 10_000), ("ACTIVE", 0)]

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, near) == [("BLOCKED", VALUE), ("ACTIVE", OWN)]
    assert await conn.fetchval(STATUS_SQL, onward.gift_id) == "CANCELLED"
    assert await gifts.preview(conn, link_hash=link, now=now) is None
    await assert_lawful(conn)


async def test_what_somebody_else_has_claimed_or_was_never_the_gifts_stays_where_it_is(
    conn: Conn, now: datetime
) -> None:
    # given a gift of the gift's money that was claimed, and one of other money that was not
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    third = await make_customer(conn, email="third@example.com", now=now)
    onward, link = await passed_on(conn, scene, card, 40_000, now=now)
    theirs = (await claim(conn, link, customer_id=third, now=now)).gift_card_id
    assert theirs is not None
    other, _ = await passed_on(conn, scene, near, OWN, now=now)

    await disputed(conn, gift, now=now)

    assert await stands(conn, card, theirs) == [("BLOCKED", 10_000), ("ACTIVE", 40_000)]
    assert await conn.fetchval(STATUS_SQL, other.gift_id) == "SCHEDULED"
    assert onward.gift_id != other.gift_id
    await assert_lawful(conn)


@pytest.mark.parametrize("known", [False, True])
async def test_money_that_is_moved_on_at_that_moment_is_found(
    pool: Pool, conn: Conn, now: datetime, known: bool
) -> None:
    # given a card that the money may have come to already
    scene, gift, card = await claimed(conn, now=now)
    near = await another(conn, scene, now=now)
    if known:
        await move(conn, scene, card, near, 1, now=now)

    async def moves(other: Conn) -> object:
        await move(other, scene, card, near, VALUE - known, now=now)
        return None

    async def disputes(other: Conn) -> object:
        await disputed(other, gift, now=now)
        return "done"

    assert await second_waits_for_first(pool, moves, disputes) == "done"

    assert await stands(conn, card, near) == [("BLOCKED", VALUE), ("ACTIVE", OWN)]
    await assert_lawful(conn)


async def test_gift_that_is_claimed_at_that_moment_is_the_claimants(pool: Pool, conn: Conn, now: datetime) -> None:
    scene, gift, card = await claimed(conn, now=now)
    third: CustomerId = await make_customer(conn, email="third@example.com", now=now)
    onward, link = await passed_on(conn, scene, card, VALUE, now=now)

    async def claims(other: Conn) -> object:
        return await claim(other, link, customer_id=third, now=now)

    async def disputes(other: Conn) -> object:
        await disputed(other, gift, now=now)
        return "done"

    assert await second_waits_for_first(pool, claims, disputes) == "done"

    assert await stands(conn, card) == [("BLOCKED", 0)]
    assert await conn.fetchval(STATUS_SQL, onward.gift_id) == "CLAIMED"
    await assert_lawful(conn)
