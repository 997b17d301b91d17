"""Many who change the same gift cards at the same moment: no unit of money appears, and none is lost."""

import asyncio
import random
from datetime import datetime

from infra.pool import Pool
from tests.auth.racing import pid_of, until_blocked
from tests.factories import Shop, make_shop
from tests.wallet.ledger.value.scenes import activities, assert_lawful, balances, locked, make_gift_card, state
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InsufficientValue
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import GiftCardId, Minor

ROUNDS = 1_000
RACERS = 4
SUM = 2_000


async def transfer(pool: Pool, shop: Shop, source: GiftCardId, target: GiftCardId, amount: int, now: datetime) -> int:
    """How much moved: all of it or nothing."""
    try:
        async with pool.acquire() as conn, conn.transaction():
            cards = await locked(conn, shop, source, target, now=now)
            await value.transfer(conn, *cards, amount=Minor(amount), cause=ValueCause(now), now=now)
    except InsufficientValue:
        return 0
    return amount


async def test_a_thousand_rounds_of_parallel_transfers_between_two_cards_create_no_unit(
    pool: Pool, conn: Conn, now: datetime
) -> None:
    """The race by which money was made out of nothing on a coffee chain's cards: one balance moved twice at once."""
    # given
    shop = await make_shop(conn, now=now)
    one = await make_gift_card(conn, shop, SUM // 2, now=now)
    two = await make_gift_card(conn, shop, SUM // 2, now=now)
    draw = random.Random(4)
    stood, moves, refused = SUM // 2, 0, 0
    # when
    for _ in range(ROUNDS):
        # The first is twice the same: all that stands on the card, as in the attack.
        everything = stood or 1
        wanted = [(one, two, everything), (one, two, everything)]
        for _ in range(RACERS - 2):
            source, target = (one, two) if draw.random() < 0.5 else (two, one)
            wanted.append((source, target, draw.randint(1, SUM)))
        moved = await asyncio.gather(*(transfer(pool, shop, *each, now) for each in wanted))
        # then
        stood -= sum(amount if source == one else -amount for (source, _, _), amount in zip(wanted, moved, strict=True))
        moves, refused = moves + sum(map(bool, moved)), refused + moved.count(0)
        assert await balances(conn, shop) == [stood, SUM - stood]
    assert (moves + refused, len(await activities(conn, one)), len(await activities(conn, two))) == (
        ROUNDS * RACERS,
        moves + 1,
        moves + 1,
    )
    assert min(moves, refused) > ROUNDS // 10, "both happened"
    await assert_lawful(conn)


async def test_a_spend_that_waited_for_a_block_is_refused(pool: Pool, conn: Conn, now: datetime) -> None:
    # given a card that is being blocked
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 1000, now=now)

    async def spend(till: Conn) -> None:
        async with till.transaction():
            [card] = await locked(till, shop, gift_card_id, now=now)
            await value.redeem(till, card, amount=Minor(1000), cause=ValueCause(now), now=now)

    async with pool.acquire() as office, pool.acquire() as till:
        pid = await pid_of(till)
        async with office.transaction():
            [card] = await locked(office, shop, gift_card_id, now=now)
            await value.block(office, card, cause=ValueCause(now, "Lost"), now=now)
            # when somebody spends from it
            spending = asyncio.create_task(spend(till))
            await until_blocked(conn, pid)
        [outcome] = await asyncio.gather(spending, return_exceptions=True)
    # then
    assert isinstance(outcome, GiftCardNotUsable)
    assert (await balances(conn, shop), await state(conn, gift_card_id)) == ([1000], "BLOCKED")
    await assert_lawful(conn)


async def test_two_who_spend_all_of_it_spend_it_once(pool: Pool, conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 1000, now=now)

    async def spend() -> bool:
        try:
            async with pool.acquire() as till, till.transaction():
                [card] = await locked(till, shop, gift_card_id, now=now)
                await value.redeem(till, card, amount=Minor(1000), cause=ValueCause(now), now=now)
        except InsufficientValue:
            return False
        return True

    spent = await asyncio.gather(*(spend() for _ in range(16)))

    assert sum(spent) == 1
    assert await activities(conn, gift_card_id) == [(1, "ACTIVATE", 1000, 1000), (2, "REDEEM", -1000, 0)]
