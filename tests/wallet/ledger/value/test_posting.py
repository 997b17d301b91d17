"""What can be done with a gift card in which state, and what is left behind by it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from tests.factories import Shop, make_customer, make_shop
from tests.wallet.ledger.value.scenes import (
    activities,
    assert_lawful,
    balances,
    locked,
    make_gift_card,
    mint,
    state,
)
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InsufficientValue, NotFound, Refusal
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, PostedActivity, ValueCause
from wallet.ledger.value.opening import NumbersTaken
from wallet.values import MINOR_MAX, GiftCardId, Minor, MintedGiftCard, ProgramId

Move = Callable[[Conn, LockedGiftCard, datetime], Awaitable[PostedActivity]]
SOME = Minor(300)


def because(now: datetime, reason: str | None = None) -> ValueCause:
    return ValueCause(occurred_at=now, reason=reason)


async def activate(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.activate(conn, card, amount=SOME, expires_at=None, cause=because(now), now=now)


async def import_(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.import_value(conn, card, amount=SOME, expires_at=None, cause=because(now), now=now)


async def load(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.load(conn, card, amount=SOME, expires_at=None, cause=because(now), now=now)


async def redeem(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.redeem(conn, card, amount=SOME, cause=because(now), now=now)


async def refund(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.refund(conn, card, amount=SOME, expires_at=None, cause=because(now), now=now)


async def refund_anew(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.refund_anew(conn, card, amount=SOME, expires_at=None, cause=because(now), now=now)


async def give(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.adjust(conn, card, amount=SOME, cause=because(now, "Sorry"), now=now)


async def take(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.adjust(conn, card, amount=-SOME, cause=because(now, "Mistake"), now=now)


async def block(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.block(conn, card, cause=because(now, "Lost"), now=now)


async def unblock(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.unblock(conn, card, cause=because(now, "Found"), now=now)


async def deactivate(conn: Conn, card: LockedGiftCard, now: datetime) -> PostedActivity:
    return await value.deactivate(conn, card, cause=because(now), now=now)


MOVES: dict[str, Move] = {
    "ACTIVATE": activate,
    "IMPORT": import_,
    "LOAD": load,
    "REDEEM": redeem,
    "REFUND": refund,
    "REFUND ANEW": refund_anew,
    "GIVE": give,
    "TAKE": take,
    "BLOCK": block,
    "UNBLOCK": unblock,
    "DEACTIVATE": deactivate,
}

ALLOWED: dict[str, dict[str, tuple[int, str]]] = {
    "PENDING": {
        "ACTIVATE": (300, "ACTIVE"),
        "IMPORT": (300, "ACTIVE"),
        "REFUND ANEW": (300, "ACTIVE"),
        "DEACTIVATE": (0, "DEACTIVATED"),
    },
    "ACTIVE": {
        "LOAD": (1300, "ACTIVE"),
        "REDEEM": (700, "ACTIVE"),
        "REFUND": (1300, "ACTIVE"),
        "GIVE": (1300, "ACTIVE"),
        "TAKE": (700, "ACTIVE"),
        "BLOCK": (1000, "BLOCKED"),
        "DEACTIVATE": (0, "DEACTIVATED"),
    },
    "BLOCKED": {
        "REFUND": (1300, "BLOCKED"),
        "GIVE": (1300, "BLOCKED"),
        "TAKE": (700, "BLOCKED"),
        "UNBLOCK": (1000, "ACTIVE"),
        "DEACTIVATE": (0, "DEACTIVATED"),
    },
    "DEACTIVATED": {},
    "PAST": {"REFUND": (300, "ACTIVE"), "BLOCK": (0, "BLOCKED"), "DEACTIVATE": (0, "DEACTIVATED")},
}
"""What is left, and the state, after each move that is allowed in a state. Every other one is refused."""


async def card_in(conn: Conn, shop: Shop, wanted: str, now: datetime) -> GiftCardId:
    """1,000 on a card in this state; 0 where the state allows no more."""
    if wanted == "PENDING":
        return await make_gift_card(conn, shop, None, now=now)
    gift_card_id = await make_gift_card(conn, shop, 1000, expires_at=now if wanted == "PAST" else None, now=now)
    if wanted in ("BLOCKED", "DEACTIVATED"):
        await tried(conn, shop, gift_card_id, "BLOCK" if wanted == "BLOCKED" else "DEACTIVATE", now)
    return gift_card_id


async def tried(conn: Conn, shop: Shop, gift_card_id: GiftCardId, name: str, now: datetime) -> PostedActivity:
    async with conn.transaction():
        [card] = await locked(conn, shop, gift_card_id, now=now)
        return await MOVES[name](conn, card, now)


@pytest.mark.parametrize("before", ALLOWED)
@pytest.mark.parametrize("name", MOVES)
async def test_each_state_allows_what_it_allows_and_a_refusal_changes_nothing(
    conn: Conn, before: str, name: str, now: datetime
) -> None:
    # given
    shop = await make_shop(conn, now=now)
    gift_card_id = await card_in(conn, shop, before, now)
    stood = await balances(conn, shop), await state(conn, gift_card_id), await activities(conn, gift_card_id)
    # when
    if name in ALLOWED[before]:
        posted = await tried(conn, shop, gift_card_id, name, now)
        # then
        left = ALLOWED[before][name]
        assert (posted.card.balance, posted.card.state) == left
        assert (await balances(conn, shop), await state(conn, gift_card_id)) == ([left[0]], left[1])
        assert posted.seq == len(await activities(conn, gift_card_id))
    else:
        with pytest.raises(GiftCardNotUsable) as refused:
            await tried(conn, shop, gift_card_id, name, now)
        # then
        assert refused.value.gift_card_id == gift_card_id
        assert (
            await balances(conn, shop),
            await state(conn, gift_card_id),
            await activities(conn, gift_card_id),
        ) == stood
    await assert_lawful(conn)


async def test_a_life_is_written_down_number_by_number(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 1000, now=now)
    # when
    for name in ("REDEEM", "REFUND", "BLOCK", "UNBLOCK", "LOAD", "TAKE", "DEACTIVATE"):
        await tried(conn, shop, gift_card_id, name, now)
    # then
    assert await activities(conn, gift_card_id) == [
        (1, "ACTIVATE", 1000, 1000),
        (2, "REDEEM", -300, 700),
        (3, "REFUND", 300, 1000),
        (4, "BLOCK", 0, 1000),
        (5, "UNBLOCK", 0, 1000),
        (6, "LOAD", 300, 1300),
        (7, "ADJUST", -300, 1000),
        (8, "DEACTIVATE", -1000, 0),
    ]
    await assert_lawful(conn)


async def test_no_more_is_spent_than_there_is(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 299, now=now)

    for name in ("REDEEM", "TAKE"):
        with pytest.raises(InsufficientValue) as refused:
            await tried(conn, shop, gift_card_id, name, now)
        assert (refused.value.needed.amount_minor, refused.value.available.amount_minor) == (300, 299)
    assert await balances(conn, shop) == [299]


@pytest.mark.parametrize("name", ["LOAD", "REFUND", "GIVE"])
async def test_no_card_holds_more_than_an_amount_can_say(conn: Conn, name: str, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    almost = await make_gift_card(conn, shop, MINOR_MAX - SOME, now=now)
    full = await make_gift_card(conn, shop, MINOR_MAX - SOME + 1, now=now)
    # when
    posted = await tried(conn, shop, almost, name, now)
    with pytest.raises(GiftCardNotUsable) as refused:
        await tried(conn, shop, full, name, now)
    # then
    assert posted.card.balance == MINOR_MAX
    assert refused.value.phrase.code == "gift_card_full"
    assert refused.value.phrase.facts["room_minor"] == SOME - 1
    assert await balances(conn, shop) == [MINOR_MAX, MINOR_MAX - SOME + 1]


async def test_to_lock_a_card_past_its_date_is_to_let_it_expire_once(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    date = now + timedelta(days=3)
    gift_card_id = await make_gift_card(conn, shop, 1000, expires_at=date, now=now)
    late = date + timedelta(days=9)
    # when
    for moment in (date - timedelta(microseconds=1), late, late):
        async with conn.transaction():
            await locked(conn, shop, gift_card_id, now=moment)
    # then
    assert await activities(conn, gift_card_id) == [(1, "ACTIVATE", 1000, 1000), (2, "EXPIRE", -1000, 0)]
    row = await conn.fetchrow("SELECT occurred_at, posted_at FROM gift_card_activities WHERE kind = 'EXPIRE'")
    assert row is not None
    assert (row["occurred_at"], row["posted_at"]) == (date, late)
    await assert_lawful(conn)


async def test_money_that_comes_back_to_a_card_past_its_date_lives_again(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    date, late = now + timedelta(days=3), now + timedelta(days=4)
    gift_card_id = await make_gift_card(conn, shop, 1000, expires_at=date, now=now)
    await tried(conn, shop, gift_card_id, "REDEEM", now)
    again = late + timedelta(days=365)
    # when
    async with conn.transaction():
        [card] = await locked(conn, shop, gift_card_id, now=late)
        posted = await value.refund(conn, card, amount=SOME, expires_at=again, cause=because(late), now=late)
    # then what had expired is gone, and what came back can be spent
    assert (posted.card.balance, posted.card.expires_at) == (300, again)
    assert (await tried(conn, shop, gift_card_id, "REDEEM", late)).card.balance == 0


async def test_a_load_lengthens_the_life_and_never_shortens_it(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    date = now + timedelta(days=30)
    gift_card_id = await make_gift_card(conn, shop, 1000, expires_at=date, now=now)

    lives = []
    for expires_at in (date - timedelta(days=1), date + timedelta(days=1), None, date):
        async with conn.transaction():
            [card] = await locked(conn, shop, gift_card_id, now=now)
            posted = await value.load(conn, card, amount=SOME, expires_at=expires_at, cause=because(now), now=now)
            lives.append(posted.card.expires_at)

    assert lives == [date, date + timedelta(days=1), None, None]


async def test_a_transfer_is_two_activities_that_name_each_other(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    soon, far = now + timedelta(days=3), now + timedelta(days=30)
    one = await make_gift_card(conn, shop, 1000, expires_at=far, now=now)
    two = await make_gift_card(conn, shop, 50, expires_at=soon, now=now)
    # when
    async with conn.transaction():
        source, target = await locked(conn, shop, one, two, now=now)
        taken, put = await value.transfer(conn, source, target, amount=Minor(400), cause=because(now), now=now)
    # then
    assert (taken.card.balance, put.card.balance) == (600, 450)
    assert (taken.card.expires_at, put.card.expires_at) == (far, far)
    assert (await activities(conn, one))[1:] == [(2, "TRANSFER_OUT", -400, 600)]
    assert (await activities(conn, two))[1:] == [(2, "TRANSFER_IN", 400, 450)]
    rows = await conn.fetch(
        "SELECT gift_card_id, other_gift_card_id, other_seq FROM gift_card_activities WHERE seq = 2"
        " ORDER BY amount_minor"
    )
    pairs = [(row["gift_card_id"], row["other_gift_card_id"], row["other_seq"]) for row in rows]
    assert pairs == [(one, two, 2), (two, one, 2)]
    await assert_lawful(conn)


@pytest.mark.parametrize(
    ("amount", "source", "target", "refusal"),
    [
        (1001, "ACTIVE", "ACTIVE", InsufficientValue),
        (1, "BLOCKED", "ACTIVE", GiftCardNotUsable),
        (1, "ACTIVE", "BLOCKED", GiftCardNotUsable),
        (1, "PAST", "ACTIVE", GiftCardNotUsable),
        (1, "ACTIVE", "PAST", GiftCardNotUsable),
        (1, "ACTIVE", "PENDING", GiftCardNotUsable),
        (1, "DEACTIVATED", "ACTIVE", GiftCardNotUsable),
    ],
)
async def test_a_transfer_that_is_refused_moves_nothing(
    conn: Conn, amount: int, source: str, target: str, refusal: type[Refusal], now: datetime
) -> None:
    # given
    shop = await make_shop(conn, now=now)
    one, two = await card_in(conn, shop, source, now), await card_in(conn, shop, target, now)
    stood = await balances(conn, shop), await activities(conn, one), await activities(conn, two)

    async def transfer() -> None:
        async with conn.transaction():
            cards = await locked(conn, shop, one, two, now=now)
            await value.transfer(conn, *cards, amount=Minor(amount), cause=because(now), now=now)

    # when
    with pytest.raises(refusal):
        await transfer()
    # then
    assert (await balances(conn, shop), await activities(conn, one), await activities(conn, two)) == stood


async def test_a_number_that_is_taken_is_not_given_twice(conn: Conn, now: datetime) -> None:
    # given a mint that says the same number three times
    shop = await make_shop(conn, now=now)
    first, second = mint(), mint()
    drawn = iter([first, first, first, second])

    def again() -> MintedGiftCard:
        return next(drawn)

    # when
    async with conn.transaction():
        opened = [
            await value.open(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=again, now=now)
            for _ in range(2)
        ]
    # then
    assert [each.minted for each in opened] == [first, second]
    assert [each.card.last4 for each in opened] == [first.number[-4:], second.number[-4:]]
    assert first.number not in repr(opened[0])
    assert first.pin not in repr(opened[0])


async def test_a_mint_that_makes_taken_numbers_alone_is_a_fault_and_no_card_that_is_not_there(
    conn: Conn, now: datetime
) -> None:
    shop, taken = await make_shop(conn, now=now), mint()

    def stuck() -> MintedGiftCard:
        return taken

    await value.open(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=stuck, now=now)
    with pytest.raises(NumbersTaken) as raised:
        await value.open(conn, merchant_id=shop.merchant_id, program_id=shop.program_id, mint=stuck, now=now)
    assert not isinstance(raised.value, Refusal)


async def test_a_card_is_opened_in_the_merchant_s_own_program_alone(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)

    for program_id in (other.program_id, ProgramId(uuid4())):
        with pytest.raises(NotFound):
            await value.open(conn, merchant_id=shop.merchant_id, program_id=program_id, mint=mint, now=now)
    assert await conn.fetchval("SELECT COUNT(*) FROM gift_cards") == 0


async def test_another_merchant_s_card_is_not_locked(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, other, 10, now=now)

    with pytest.raises(NotFound):
        async with conn.transaction():
            await locked(conn, shop, gift_card_id, now=now)


async def test_a_card_is_given_to_a_customer_without_an_activity(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 10, now=now)
    customer_id = await make_customer(conn, now=now)
    # when
    async with conn.transaction():
        [card] = await locked(conn, shop, gift_card_id, now=now)
        given = await value.give(conn, card, owner_customer_id=customer_id, expires_at=now + timedelta(days=400))
    # then
    assert (given.owner_customer_id, given.expires_at) == (customer_id, now + timedelta(days=400))
    row = await conn.fetchrow("SELECT owner_customer_id, expires_at FROM gift_cards")
    assert row is not None
    assert tuple(row[at] for at in range(2)) == (customer_id, now + timedelta(days=400))
    assert len(await activities(conn, gift_card_id)) == 1


async def test_the_chain_of_the_documentation_s_format(conn: Conn, now: datetime) -> None:
    # given
    shop = await make_shop(conn, now=now)
    gift_card_id = await make_gift_card(conn, shop, 1000, now=now)
    await tried(conn, shop, gift_card_id, "BLOCK", now)
    # when a stranger computes it
    micro = int(now.timestamp()) * 1_000_000
    before = sha256(f"regulars gift card 1|{shop.merchant_id}|{gift_card_id}".encode()).digest()
    for text in (f"1|ACTIVATE|1000|1000|{micro}|{micro}||||||||||", f"2|BLOCK|0|1000|{micro}|{micro}||||||||||Lost"):
        before = sha256(before + text.encode()).digest()
    # then
    assert await conn.fetchval("SELECT chain FROM gift_cards") == before
